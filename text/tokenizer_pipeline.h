/* tokenizer_pipeline: the inside of a tokenizer, shared by the tokenizer's own files and by nothing else.
 *
 * tokenizer_json and tokenizer_gguf fill a tokenizer; tokenizer_split holds the text steps before BPE, tokenizer_bpe the
 * merging, tokenizer_decode the way back, tokenizer the public functions.
 */
#ifndef AIGC_TEXT_TOKENIZER_PIPELINE_H
#define AIGC_TEXT_TOKENIZER_PIPELINE_H

#include "text/tokenizer.h"
#include "text/tokenizer_regex.h"
#include "text/tokenizer_unicode.h"
#include "text/tokenizer_vocab.h"

enum {
    TOKENIZER_MAX_STEPS = 16,    /* of normalising, and of pre-tokenising */
    TOKENIZER_MAX_AROUND = 8,    /* special tokens before, and after, a text */
    TOKENIZER_MAX_END = 16,      /* tokens that end an answer */
    TOKENIZER_MAX_PIECE = 256,   /* bytes of a replacement or a literal pattern */
    TOKENIZER_MAX_GROWTH = 64,   /* times its size may be put into a text by the steps */
    TOKENIZER_MAX_TEMPLATES = 8,
};

/* A short text of a step's settings. */
typedef struct {
    char data[TOKENIZER_MAX_PIECE];
    size_t size;
} tokenizer_text;
bool tokenizer_text_set(tokenizer_text *out, const char *data, size_t size, const char *where, status *st);

/* What a step looks for: a literal text, a regular expression, or a class of characters. */
typedef struct {
    enum { PATTERN_LITERAL, PATTERN_REGEX, PATTERN_NUMERIC } kind;
    tokenizer_text literal;
    tokenizer_regex *regex;
} tokenizer_pattern;

typedef struct {
    enum { NORMALISE_UNICODE, NORMALISE_LOWER, NORMALISE_REPLACE, NORMALISE_PREPEND, NORMALISE_STRIP } kind;
    tokenizer_unicode_form form; /* of NORMALISE_UNICODE */
    tokenizer_pattern pattern;   /* of NORMALISE_REPLACE */
    tokenizer_text text;         /* of REPLACE and PREPEND */
    bool left, right;            /* of STRIP */
} tokenizer_normaliser;

/* What becomes of the matches and of the text between them (the tokenizers library's SplitDelimiterBehavior). */
typedef enum { SPLIT_ISOLATED, SPLIT_REMOVED, SPLIT_CONTIGUOUS, SPLIT_WITH_PREVIOUS, SPLIT_WITH_NEXT } split_behaviour;

typedef struct {
    enum { STEP_SPLIT, STEP_PREPEND_SPACE, STEP_METASPACE } kind;
    tokenizer_pattern pattern; /* of SPLIT; what METASPACE puts for a space is pattern.literal */
    split_behaviour behaviour;
    bool invert;               /* the matches are what lies between */
    bool split;                /* METASPACE: a piece begins at each */
    enum { PREPEND_ALWAYS, PREPEND_FIRST, PREPEND_NEVER } prepend;
} tokenizer_step;

/* A token looked for in the text as it stands. */
typedef struct {
    uint32_t offset, length; /* of its text, in added_text */
    int32_t id;
    bool special, normalised, single_word, left_strip, right_strip;
} added_token;

/* Added tokens sorted by their bytes. first[b] .. first[b + 1] are those that begin with byte b. */
typedef struct {
    added_token *token;
    int32_t count;
    int32_t first[257];
} added_set;

struct tokenizer {
    tokenizer_vocab vocab;
    char *added_text;
    size_t added_text_size, added_text_room;
    added_set raw, normal; /* looked for before and after normalising */
    int32_t added_room[2];
    uint8_t *added;        /* [vocab.size] ADDED_… of each id */

    tokenizer_normaliser normaliser[TOKENIZER_MAX_STEPS];
    tokenizer_step step[TOKENIZER_MAX_STEPS];
    int normalisers, steps;

    /* BPE */
    bool byte_level;     /* the vocabulary writes bytes in GPT-2's alphabet */
    bool by_score;       /* any two tokens whose joined text is a token merge, the highest score first */
    bool ignore_merges;  /* a piece that is a token is that token */
    bool byte_fallback;  /* an unknown character becomes its bytes' tokens <0x..> */
    bool fuse_unknown;   /* unknown characters in a row become one unknown token */
    int32_t unknown;     /* the unknown token of the model, or −1: such a character is dropped */
    int32_t byte_id[256];      /* byte-level: of each byte; else of <0x..>; −1: none */
    int32_t byte_id_last[256]; /* byte-level: of the last byte of a piece */
    tokenizer_text prefix, suffix; /* continuing_subword_prefix, end_of_word_suffix */
    bool space_cuts;         /* no token holds a "▁" behind a byte outside cut_not_after: pieces may be cut there */
    bool cut_not_after[256];

    int32_t before[TOKENIZER_MAX_AROUND], after[TOKENIZER_MAX_AROUND];
    int before_count, after_count;

    /* decoding */
    tokenizer_text space;       /* becomes " " in every token ("▁"); size 0: none */
    int strip_left;             /* spaces dropped at the start of a text */
    bool join_with_space;       /* tokens are words */
    bool suffix_is_space;       /* prefix-free: the suffix ("</w>") becomes " " before the next word */

    tokenizer_special special;
    int32_t end[TOKENIZER_MAX_END];
    int end_count;
    struct {
        char *name, *text;
    } chat[TOKENIZER_MAX_TEMPLATES];
    int chats;
};

enum { ADDED_TOKEN = 1, ADDED_SPECIAL = 2 };

/* Our key of a GGUF file for what its own ones cannot say: pairs of an id and these flags. */
#define TOKENIZER_FLAGS_KEY "aigc.tokenizer.added_flags"
enum { TOKENIZER_LEFT_STRIP = 1, TOKENIZER_RIGHT_STRIP = 2, TOKENIZER_SINGLE_WORD = 4 };

/* ---- tokenizer.c: what the readers call ---- */
tokenizer *tokenizer_new(status *st);
/* Makes a token of the vocabulary (or a new one) an added token. */
bool tokenizer_add_token(tokenizer *t, int64_t id, const char *text, size_t size, added_token flags, const char *where,
                         status *st);
/* After everything was filled: sorts, fills the tables, checks. */
bool tokenizer_finish(tokenizer *t, const char *where, status *st);
void tokenizer_add_end(tokenizer *t, int32_t id);
/* Adds a chat template; the first of a name counts, and no more than TOKENIZER_MAX_TEMPLATES. */
bool tokenizer_add_chat(tokenizer *t, const char *name, size_t name_size, const char *text, size_t size, status *st);

/* ---- tokenizer_preset.c: the pre-tokenisers by the names GGUF gives them ---- */
bool tokenizer_preset_apply(tokenizer *t, const char *name, size_t size, const char *where, status *st);

/* ---- the work of one call of tokenizer_encode ---- */
typedef struct tokenizer_work tokenizer_work;
struct tokenizer_bpe;

struct tokenizer_work {
    const tokenizer *t;
    tokenizer_ids *out;
    status *st;
    int flags;
    const uint8_t *given; /* of the text in hand: where a special token is none; NULL: nowhere */
    bool at_start; /* the piece in hand begins the whole text */
    tokenizer_bytes normal[2];
    tokenizer_bytes step[TOKENIZER_MAX_STEPS];
    struct tokenizer_bpe *bpe; /* tokenizer_bpe.c's own */
    tokenizer_regex_buffers *regex;
    size_t text_size; /* of the whole text */
    size_t put_in;    /* bytes that steps have put into it */
};

/* Normalises and pre-tokenises size bytes and hands each piece to tokenizer_bpe_piece. */
bool tokenizer_split_text(tokenizer_work *w, const char *text, size_t size);
/* The text after normalising: in *out, which lies in the work's buffers or is the text itself. */
bool tokenizer_split_normalise(tokenizer_work *w, const char *text, size_t size, const char **out, size_t *out_size);
bool tokenizer_split_piece(tokenizer_work *w, int step, const char *text, size_t size);
void tokenizer_split_free(tokenizer_work *w);

/* Appends the ids of one piece. */
bool tokenizer_bpe_piece(tokenizer_work *w, const char *text, size_t size);
void tokenizer_bpe_free(tokenizer_work *w);

bool tokenizer_ids_push(tokenizer_ids *ids, const int32_t *id, int64_t count, status *st);
bool tokenizer_bytes_push(tokenizer_bytes *bytes, const char *data, size_t size, status *st);

/* GPT-2's alphabet: the byte that a code point stands for, or −1; and the reverse. */
int tokenizer_alphabet_byte(uint32_t code_point);
uint32_t tokenizer_alphabet_code_point(int byte);

#endif
