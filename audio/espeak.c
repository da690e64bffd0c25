#include "audio/espeak.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audio/unicode.h"
#include "core/alloc.h"
#include "core/utf8.h"

extern char **environ;

enum { LONGEST_OUTPUT = 1 << 20, PATIENCE = 10000 /* milliseconds without output before the child is given up */ };
static const char PROGRAM[] = "espeak-ng";

bool espeak_is_installed(void)
{
    const char *path = getenv("PATH");
    char name[4096];
    while (path && *path) {
        size_t n = strcspn(path, ":");
        if (snprintf(name, sizeof name, "%.*s/%s", (int)n, path, PROGRAM) < (int)sizeof name && access(name, X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

/* ---- clauses ---- */

static bool is_closer(uint32_t c)
{
    return c == '"' || c == '\'' || c == ')' || c == ']' || c == 0x201D || c == 0x2019 || c == 0xBB;
}

/* What Piper writes for the mark c that ends a clause; NULL when c ends none. */
static const char *mark_name(uint32_t c)
{
    switch (c) {
    case '.':
    case 0x3002:
        return ".";
    case '!':
    case 0xFF01:
        return "!";
    case '?':
    case 0xFF1F:
        return "?";
    case ',':
    case 0xFF0C:
        return ",";
    case ':':
    case 0xFF1A:
        return ":";
    case ';':
    case 0xFF1B:
    case 0x2014:
    case 0x2013:
        return ";";
    case 0x2026:
        return "";
    default:
        return NULL;
    }
}

static bool needs_space(uint32_t c)
{
    return c < 0x80 || c == 0x2013;
} /* 3.14 and a,b are not cut, nor is 5–10 */

/* A stop that espeak-ng takes for an abbreviation's: a small letter follows, or it stands behind a single letter. */
static bool is_abbreviation(const char *text, size_t size, size_t from, size_t stop, size_t end)
{
    while (end < size && text[end] == ' ') end++;
    uint32_t next = 0, letter;
    if (end < size) unicode_decode(text + end, size - end, &next);
    if (unicode_is_lower(next)) return true;
    size_t start;
    letter = unicode_before(text, stop, &start);
    bool single =
        stop > from && unicode_is_letter(letter) && (start == from || text[start - 1] == ' ' || text[start - 1] == '.');
    return single && unicode_is_letter(next);
}

bool espeak_next_clause(const char *text, size_t size, size_t *at, espeak_clause *c)
{
    uint32_t p;
    size_t i = *at;
    while (i < size) {
        size_t n = unicode_decode(text + i, size - i, &p);
        if (!unicode_is_space(p)) break;
        i += n;
    }
    if (i == size) return false;
    *c = (espeak_clause){.from = i, .to = size, .mark = ""};
    while (i < size) {
        size_t n = unicode_decode(text + i, size - i, &p), end = i + n;
        const char *mark = mark_name(p);
        if (!mark) {
            i = end;
            continue;
        }
        bool dots = p == '.' && end < size && text[end] == '.';
        while (end < size) { /* further marks and closing quotes belong to it: ?! ... ." */
            uint32_t more;
            size_t step = unicode_decode(text + end, size - end, &more);
            if (!mark_name(more) && !is_closer(more)) break;
            end += step;
        }
        uint32_t after = ' ';
        if (end < size) unicode_decode(text + end, size - end, &after);
        if ((needs_space(p) && !unicode_is_space(after)) ||
            (p == '.' && !dots && is_abbreviation(text, size, c->from, i, end))) {
            i = end;
            continue;
        }
        c->to = end;
        c->mark = dots ? "" : mark;
        break;
    }
    *at = c->to;
    return true;
}

/* ---- the child process ---- */

/* A file in memory that holds the clauses, a line each: as standard input it can neither block nor break a pipe. */
static int write_input(const char *text, const espeak_clause *clause, size_t n, status *st)
{
    int fd = memfd_create("clauses", MFD_CLOEXEC);
    bool ok = fd >= 0;
    for (size_t i = 0; i < n && ok; i++) {
        size_t size = clause[i].to - clause[i].from;
        char *line = alloc_string(text + clause[i].from, size, st);
        if (!line) break;
        for (size_t k = 0; k < size; k++)
            if ((unsigned char)line[k] < ' ') line[k] = ' ';
        line[size] = '\n';
        ok = write(fd, line, size + 1) == (ssize_t)(size + 1);
        alloc_free(line);
    }
    if (ok && lseek(fd, 0, SEEK_SET) == 0 && status_ok(st)) return fd;
    if (fd >= 0) close(fd);
    status_set(st, STATUS_IO, "espeak-ng: its input cannot be written: %s", strerror(errno));
    return -1;
}

static bool start(const char *voice, int input, int output, pid_t *child, status *st)
{
    char *const argv[] = {(char *)PROGRAM, "--ipa", "-q", "-b", "1", "-v", (char *)voice, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return status_set(st, STATUS_NOMEM, "espeak-ng: out of memory");
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
    int error = posix_spawnp(child, PROGRAM, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? true : status_set(st, STATUS_FAIL, "espeak-ng cannot be started: %s", strerror(error));
}

/* All that the child writes. */
static char *read_output(int fd, status *st)
{
    size_t room = 8192, used = 0;
    char *out = alloc_array(room, 1, st);
    while (out && status_ok(st)) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int rc = poll(&ready, 1, PATIENCE);
        if (rc < 0 && errno == EINTR) continue;
        if (rc == 0) status_set(st, STATUS_FAIL, "espeak-ng does not answer");
        if (rc <= 0) break;
        ssize_t n = read(fd, out + used, room - used - 1);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        used += (size_t)n;
        if (used > LONGEST_OUTPUT) status_set(st, STATUS_FAIL, "espeak-ng writes without end");
        if (used + 1 == room) {
            char *grown = alloc_resize(out, room *= 2, 1, st);
            if (grown) out = grown;
        }
    }
    if (out) out[used] = 0;
    return out;
}

/* The output for a text of lines, freed with alloc_free; NULL on failure. */
static char *run_program(const char *voice, const char *text, const espeak_clause *clause, size_t n, status *st)
{
    int pipes[2], input = write_input(text, clause, n, st), state = 0;
    if (input < 0) return NULL;
    char *out = NULL;
    pid_t child = 0;
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        status_set(st, STATUS_IO, "espeak-ng: no pipe: %s", strerror(errno));
    } else {
        bool started = start(voice, input, pipes[1], &child, st);
        close(pipes[1]);
        if (started) {
            out = read_output(pipes[0], st);
            if (!status_ok(st)) kill(child, SIGKILL);
            while (waitpid(child, &state, 0) < 0 && errno == EINTR) continue;
            if (status_ok(st) && (!WIFEXITED(state) || WEXITSTATUS(state) != 0))
                status_set(st, STATUS_FAIL, "espeak-ng failed on the voice '%s'", voice);
        }
        close(pipes[0]);
    }
    close(input);
    if (status_ok(st)) return out;
    alloc_free(out);
    return NULL;
}

/* ---- its phonemes ---- */

static size_t append_decomposed(char *out, uint32_t c)
{
    uint32_t base, mark;
    if (!unicode_decompose(c, &base, &mark)) return utf8_encode(c, out);
    size_t n = append_decomposed(out, base);
    return n + utf8_encode(mark, out + n);
}

/* A line as Piper wants it. Debian's espeak-ng 1.51 writes oː where Piper's newer one writes ɔː. */
static size_t append_line(char *out, const char *line, size_t size, bool american)
{
    size_t used = 0;
    uint32_t c;
    for (size_t i = 0; i < size;) {
        size_t n = unicode_decode(line + i, size - i, &c);
        const char *close = c == '(' ? memchr(line + i, ')', size - i) : NULL;
        if (close && close > line + i + 1) { /* (en): another language's voice took over */
            i = (size_t)(close - line) + 1;
            continue;
        }
        if (american && c == 'o' && i + 2 < size && memcmp(line + i + 1, "ː", 2) == 0) c = 0x254;
        if (c >= ' ' && !(c == ' ' && used == 0)) used += append_decomposed(out + used, c);
        i += n;
    }
    while (used > 0 && out[used - 1] == ' ') used--;
    return used;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

/* The lines of output, the ones behind the first set off by `between`, as one string. */
static const char *join_lines(const char *output, bool american, const char *between, arena *mem, status *st)
{
    size_t used = 0;
    char *out =
        arena_alloc(mem, strlen(output) * 4 + 16, st); /* a character decomposes into at most three of its size */
    while (out && *output) {
        size_t n = strcspn(output, "\n");
        if (used > 0 && n > 0) {
            memcpy(out + used, between, strlen(between));
            used += strlen(between);
        }
        used += append_line(out + used, output, n, american);
        output += n + (output[n] == '\n');
    }
    if (out) out[used] = 0;
    return out;
}

const char **espeak_run(const char *voice, const char *text, const espeak_clause *clause, size_t n, arena *mem,
                        status *st)
{
    const char **phonemes = arena_alloc(mem, (n + 1) * sizeof *phonemes, st);
    char *output = phonemes ? run_program(voice, text, clause, n, st) : NULL;
    bool american = strcmp(voice, "en-us") == 0;
    if (output && count_lines(output) == n) {
        char *line = output;
        for (size_t i = 0; i < n; i++) {
            char *end = strchr(line, '\n');
            *end = 0;
            phonemes[i] = join_lines(line, american, "", mem, st);
            line = end + 1;
        }
    } else if (output) { /* it found more clauses, or none, in some line: ask for each alone */
        for (size_t i = 0; i < n && status_ok(st); i++) {
            alloc_free(output);
            output = run_program(voice, text, clause + i, 1, st);
            phonemes[i] = output ? join_lines(output, american, ". ", mem, st) : NULL;
        }
    }
    alloc_free(output);
    return status_ok(st) ? phonemes : NULL;
}

/* ---- without espeak-ng ---- */

typedef struct {
    const char *ours, *theirs;
} spelling;

static const spelling AMERICAN[] = {{"ɜɹ", "ɜː"}, {"əɹ", "ɚ"}, {"ɔɹ", "ɔːɹ"}, {"ɑɹ", "ɑːɹ"},
                                    {"ᵊ", "ə"},   {"ɑ", "ɑː"}, {"ɔ", "ɔː"},   {"u", "uː"}};
static const spelling BRITISH[] = {{"ᵊ", "ə"}, {"a", "a"}};
static const spelling BOTH[] = {{"A", "eɪ"}, {"I", "aɪ"}, {"O", "oʊ"}, {"Q", "əʊ"}, {"W", "aʊ"}, {"Y", "ɔɪ"},
                                {"ʤ", "dʒ"}, {"ʧ", "tʃ"}, {"T", "ɾ"},  {"“", ""},   {"”", ""},   {"(", ""},
                                {")", ""},   {"\"", ""},  {"—", ";"},  {"…", ""},   {"...", ""}};

static const spelling *find_spelling(const spelling *list, size_t count, const char *at)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(at, list[i].ours, strlen(list[i].ours)) == 0) return &list[i];
    return NULL;
}

/* The unstressed i of happy and of area stays short; every other American i is long. */
static bool is_short_i(const char *phonemes, size_t i)
{
    bool stressed = i >= 2 && (strncmp(phonemes + i - 2, "ˈ", 2) == 0 || strncmp(phonemes + i - 2, "ˌ", 2) == 0);
    const char *next = phonemes + i + 1;
    bool ends = !*next || strchr(" ,.;:!?", *next),
         vowel = strncmp(next, "ə", 2) == 0 || strncmp(next, "ᵊ", 3) == 0 || strncmp(next, "ɪ", 2) == 0 || *next == 'O';
    return !stressed && (ends || vowel);
}

const char *espeak_from_misaki(const char *phonemes, bool british, arena *mem, status *st)
{
    size_t size = strlen(phonemes), used = 0;
    char *out = arena_alloc(mem, size * 4 + 1, st);
    if (!out) return NULL;
    bool light = !strstr(phonemes, "ˈ"); /* espeak-ng leaves words such as it, she, is without any stress */
    for (size_t i = 0; i < size;) {
        if (light && strncmp(phonemes + i, "ˌ", 2) == 0) {
            i += 2;
            continue;
        }
        const spelling *s = find_spelling(BOTH, sizeof BOTH / sizeof *BOTH, phonemes + i);
        if (!s)
            s = british ? find_spelling(BRITISH, sizeof BRITISH / sizeof *BRITISH, phonemes + i)
                        : find_spelling(AMERICAN, sizeof AMERICAN / sizeof *AMERICAN, phonemes + i);
        static const spelling long_i = {"i", "iː"};
        if (!s && !british && phonemes[i] == 'i' && !is_short_i(phonemes, i)) s = &long_i;
        if (s) {
            memcpy(out + used, s->theirs, strlen(s->theirs));
            used += strlen(s->theirs);
            i += strlen(s->ours);
            continue;
        }
        uint32_t c;
        i += unicode_decode(phonemes + i, size - i, &c);
        used += append_decomposed(out + used, c);
    }
    out[used] = 0;
    return out;
}
