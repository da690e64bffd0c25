#include "audio/speak.h"

#include <math.h>
#include <string.h>

#include "audio/kokoro_voice.h"
#include "core/alloc.h"

struct speak {
    speak_options o;
    op_ctx c;
    voice *voice;
    phonemizer *phonemes;
    const char *language; /* that the phonemizer was opened for; NULL: American English */
    int64_t number; /* of the sentence */
    double time;    /* seconds made so far */
    bool inside;    /* the piece before was cut inside a sentence */
};

enum { FADE_MS = 5, REST_MS = 160 };
static const float LOUDEST = 0.98f, QUIET = 0.01f;

/* ---- opening ---- */
typedef struct {
    speak *s;
    phoneme_options options;
    status voice_status; /* of the voice: parts are opened by several threads */
} opening;

/* Part 0 is the voice, the others are the phonemizer's. */
static void open_part(void *arg, int64_t part)
{
    opening *o = arg;
    if (part == 0) o->s->voice = voice_open(o->s->o.voice, &o->voice_status);
    else phoneme_open_part(o->s->phonemes, &o->options, (int)part - 1);
}

static bool open_phonemizer(opening *o, pool *threads, bool with_voice)
{
    speak *s = o->s;
    s->phonemes = phoneme_open_begin(&o->options, s->c.st);
    if (!s->phonemes) return false;
    if (with_voice) pool_run(threads, open_part, o, 1 + PHONEME_PARTS);
    else
        for (int i = 0; i < PHONEME_PARTS; i++) phoneme_open_part(s->phonemes, &o->options, i);
    if (!status_ok(&o->voice_status)) return status_set(s->c.st, o->voice_status.code, "%s", o->voice_status.msg);
    if (with_voice) voice_ready(s->voice, threads);
    s->phonemes = phoneme_open_end(s->phonemes, &o->options, s->c.st);
    return s->phonemes != NULL;
}

static bool same_language(const char *a, const char *b)
{
    if (!a) a = "en-us";
    if (!b) b = "en-us";
    return strcmp(a, b) == 0;
}

/* The phonemizer that the voice wants as it is set; another one goes. */
static bool open_for_voice(opening *o, pool *threads)
{
    speak *s = o->s;
    phoneme_close(s->phonemes);
    s->phonemes = NULL;
    o->options.alphabet = voice_alphabet(s->voice);
    o->options.longest = voice_longest(s->voice);
    s->language = o->options.language = voice_language(s->voice, &s->o.settings);
    return voice_check(s->voice, &s->o.settings, s->c.st) && open_phonemizer(o, threads, false);
}

/* What looks like a voice that our phonemes are for is opened at once with what reads for it; a Piper voice says itself what it
 * wants. */
static bool open_all(speak *s, pool *threads)
{
    bool kokoro = strstr(s->o.voice, "kokoro") != NULL, likely = (kokoro || strstr(s->o.voice, "hibari") != NULL) && s->o.assets;
    opening o = {.s = s, .options = {.folder = s->o.assets, .heteronyms = s->o.heteronyms, .pronunciations = s->o.pronunciations}};
    if (likely && kokoro) {
        s->language = o.options.language = kokoro_voice_language(s->o.settings.speaker);
        o.options.longest = KOKORO_VOICE_LONGEST;
        if (s->language && strncmp(s->language, "en-", 3) != 0) likely = false;
    }
    if (likely && !open_phonemizer(&o, threads, true)) return false;
    if (!likely && !(s->voice = voice_open(s->o.voice, s->c.st))) return false;
    if (!likely) voice_ready(s->voice, threads);
    bool fits = likely && voice_alphabet(s->voice) == PHONEME_MISAKI && voice_longest(s->voice) == o.options.longest &&
                same_language(voice_language(s->voice, &s->o.settings), s->language);
    return fits ? voice_check(s->voice, &s->o.settings, s->c.st) : open_for_voice(&o, threads);
}

speak *speak_open(const speak_options *options, pool *threads, status *st)
{
    speak *s = alloc_zeroed(1, sizeof *s, st);
    if (!s) return NULL;
    s->o = *options;
    s->c = (op_ctx){.mem = arena_new(st), .threads = threads, .st = st};
    if (s->c.mem && open_all(s, threads)) return s;
    speak_close(s);
    return NULL;
}

void speak_close(speak *s)
{
    if (!s) return;
    voice_close(s->voice);
    phoneme_close(s->phonemes);
    arena_free(s->c.mem);
    alloc_free(s);
}

bool speak_set(speak *s, const voice_settings *settings, double sentence_silence, uint64_t seed, phoneme_markup markup, status *st)
{
    s->o.settings = *settings;
    s->o.sentence_silence = sentence_silence;
    s->o.seed = seed;
    s->o.markup = markup;
    s->c.st = st;
    if (same_language(voice_language(s->voice, settings), s->language)) return voice_check(s->voice, settings, st);
    opening o = {.s = s, .options = {.folder = s->o.assets, .heteronyms = s->o.heteronyms, .pronunciations = s->o.pronunciations}};
    return open_for_voice(&o, s->c.threads);
}

int speak_rate(const speak *s) { return voice_rate(s->voice); }

bool speak_uses_espeak(const speak *s) { return phoneme_uses_espeak(s->phonemes); }

/* ---- one sentence ---- */

/* Fades the ends and keeps the whole within what a file can hold. */
static void smooth(float *x, int64_t n, int rate)
{
    float peak = 0;
    for (int64_t i = 0; i < n; i++) peak = fabsf(x[i]) > peak ? fabsf(x[i]) : peak;
    float gain = peak > LOUDEST ? LOUDEST / peak : 1.0f;
    int64_t fade = rate * FADE_MS / 1000;
    if (fade > n / 2) fade = n / 2;
    if (gain < 1)
        for (int64_t i = 0; i < n; i++) x[i] *= gain;
    for (int64_t i = 0; i < fade; i++) {
        x[i] *= (float)i / (float)fade;
        x[n - 1 - i] *= (float)i / (float)fade;
    }
}

/* The words' times, from those of the symbols they consist of; both go through the phoneme string in order. */
static speak_word *time_words(speak *s, const phoneme_sentence *sentence, const voice_speech *speech, int64_t samples)
{
    speak_word *words = arena_alloc(s->c.mem, (sentence->words + 1) * sizeof *words, s->c.st);
    double rate = voice_rate(s->voice);
    const char *rest = sentence->phonemes;
    int64_t at = 0;
    double time = s->time;
    for (size_t w = 0; words && w < sentence->words; w++) {
        words[w] = (speak_word){.word = &sentence->word[w], .start = time, .end = time};
        const char *phonemes = sentence->word[w].phonemes, *place = *phonemes ? strstr(rest, phonemes) : NULL;
        if (!place) continue;
        rest = place + strlen(phonemes);
        while (at < speech->symbols && speech->symbol[at].text < place) at++;
        if (at < speech->symbols && samples > 0) words[w].start = s->time + (double)speech->symbol[at].from / rate;
        for (; at < speech->symbols && speech->symbol[at].text < rest; at++)
            time = s->time + (double)(speech->symbol[at].from + speech->symbol[at].samples) / rate;
        words[w].end = time;
    }
    return words;
}

static double pause_after(const speak *s, const phoneme_sentence *sentence)
{
    if (sentence->pause >= 0) return sentence->pause < 3600 ? sentence->pause : 3600;
    if (!sentence->ends_sentence) return 0;
    return s->o.sentence_silence * (sentence->ends_paragraph ? 2 : 1);
}

/* Samples before the first that is heard, walking from x by step. */
static int64_t silent_samples(const float *x, int64_t n, int64_t step)
{
    float peak = 0;
    int64_t i = 0;
    for (int64_t k = 0; k < n; k++) peak = fabsf(x[k * step]) > peak ? fabsf(x[k * step]) : peak;
    while (i < n && !(fabsf(x[i * step]) > QUIET * peak)) i++;
    return i;
}

/* Where a sentence was cut into pieces, a voice that rests at the ends of each would pause too long: so much silence goes there
 * that a comma's pause is left. */
static void cut_rests(const speak *s, const phoneme_sentence *sentence, voice_speech *speech)
{
    if (!speech->sound || !voice_rests(s->voice)) return;
    float *x = speech->sound->data;
    int64_t n = tensor_count(speech->sound), kept = voice_rate(s->voice) * REST_MS / 1000;
    int64_t lead = s->inside ? silent_samples(x, n, 1) - kept : 0;
    int64_t tail = sentence->ends_sentence ? 0 : silent_samples(x + n - 1, n, -1) - kept;
    if (lead < 0 || lead >= n) lead = 0;
    if (tail < 0 || tail >= n - lead) tail = 0;
    speech->sound->data = x + lead;
    speech->sound->dim[0] = n = n - lead - tail;
    for (int64_t i = 0; i < speech->symbols; i++) {
        voice_symbol *y = &speech->symbol[i];
        int64_t from = y->from - lead, to = from + y->samples;
        y->from = from < 0 ? 0 : from < n ? from : n;
        y->samples = to < y->from ? 0 : to < n ? to - y->from : n - y->from;
    }
}

/* The sentence's sound followed by its silence, in the arena. */
static bool make_sound(speak *s, const phoneme_sentence *sentence, speak_piece *piece, voice_speech *speech)
{
    voice_settings settings = s->o.settings;
    settings.speed *= (float)sentence->rate;
    uint64_t seed = s->o.seed + (uint64_t)s->number * UINT64_C(0x9E3779B97F4A7C15); /* far apart from sentence to sentence */
    if (*sentence->phonemes && !voice_say(&s->c, s->voice, s->phonemes, sentence->phonemes, &settings, seed, speech)) return false;
    if (speech->sound && !op_finite(&s->c, speech->sound)) return false;
    cut_rests(s, sentence, speech);
    int64_t spoken = speech->sound ? tensor_count(speech->sound) : 0;
    int64_t silent = (int64_t)(pause_after(s, sentence) * voice_rate(s->voice) + 0.5);
    tensor *all = op_new(&s->c, SHAPE(spoken + silent));
    if (!all) return false;
    if (spoken) memcpy(all->data, speech->sound->data, (size_t)spoken * sizeof(float));
    smooth(all->data, spoken, voice_rate(s->voice));
    memset(tensor_f32(all) + spoken, 0, (size_t)silent * sizeof(float));
    piece->samples = all->data;
    piece->count = spoken + silent;
    piece->end = s->time + (double)spoken / voice_rate(s->voice);
    return true;
}

static bool say_sentence(speak *s, const phoneme_sentence *sentence, speak_writer write, void *arg)
{
    size_t mark = arena_mark(s->c.mem);
    voice_speech speech = {0};
    speak_piece piece = {.sentence = sentence, .start = s->time, .end = s->time, .words = sentence->words};
    if (!s->o.phonemes_only && !make_sound(s, sentence, &piece, &speech)) return false;
    piece.word = time_words(s, sentence, &speech, piece.count);
    piece.symbol = speech.symbol;
    piece.symbols = speech.symbols;
    if (!piece.word) return false;
    bool ok = write(arg, &piece, s->c.st);
    s->time += (double)piece.count / voice_rate(s->voice);
    s->number++;
    s->inside = !sentence->ends_sentence;
    arena_reset(s->c.mem, mark);
    return ok;
}

bool speak_text(speak *s, const char *text, size_t size, speak_writer write, void *arg, status *st)
{
    s->c.st = st;
    arena_reset(s->c.mem, 0);
    s->number = 0;
    s->time = 0;
    s->inside = false;
    phoneme_reader *r = phoneme_read(s->phonemes, text, size, s->o.markup, st);
    if (!r) return false;
    bool said = false;
    phoneme_sentence sentence;
    while (status_ok(st) && phoneme_next(r, &sentence, st)) {
        said |= *sentence.phonemes != 0;
        if (!say_sentence(s, &sentence, write, arg)) break;
    }
    phoneme_read_end(r);
    if (!status_ok(st)) return false;
    return said || status_set(st, STATUS_INPUT, "the text holds nothing that can be spoken");
}

static bool drop_piece(void *arg, const speak_piece *piece, status *st)
{
    (void)arg, (void)piece, (void)st;
    return true;
}

bool speak_check(speak *s, const char *text, size_t size, status *st)
{
    bool before = s->o.phonemes_only;
    s->o.phonemes_only = true;
    bool ok = speak_text(s, text, size, drop_piece, NULL, st);
    s->o.phonemes_only = before;
    return ok;
}
