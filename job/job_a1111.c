#include "job/job_a1111.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PICTURES = 100000 };

/* What becomes of a switch's value. */
typedef enum { OPTION, SAMPLER, COUNT, SKIPPED, MUST_BE_OFF } use;

static const struct {
    const char *name;
    use use;
    const char *option;
} SWITCHES[] = {
    {"prompt", OPTION, "prompt"}, {"negative_prompt", OPTION, "negative-prompt"}, {"steps", OPTION, "steps"}, {"cfg_scale", OPTION, "cfg-scale"},
    {"width", OPTION, "width"}, {"height", OPTION, "height"}, {"seed", OPTION, "seed"}, {"subseed", OPTION, "variation-seed"},
    {"subseed_strength", OPTION, "variation-strength"}, {"sd_model", OPTION, "model"}, {"sampler_name", SAMPLER, NULL},
    {"batch_size", COUNT, NULL}, {"n_iter", COUNT, NULL}, {"restore_faces", MUST_BE_OFF, NULL}, {"tiling", MUST_BE_OFF, NULL},
    {"outpath_samples", SKIPPED, NULL}, {"outpath_grids", SKIPPED, NULL}, {"prompt_for_display", SKIPPED, NULL}, {"styles", SKIPPED, NULL},
    {"do_not_save_samples", SKIPPED, NULL}, {"do_not_save_grid", SKIPPED, NULL},
};

static const struct {
    const char *theirs, *ours;
} SAMPLERS[] = {
    {"euler", "euler"}, {"euler a", "euler_a"}, {"heun", "heun"}, {"dpm++ 2m", "dpm++2m"}, {"dpm++ 2m karras", "dpm++2m_karras"},
    {"dpm++ sde", "dpm++sde"}, {"ddim", "ddim"}, {"ddpm", "ddpm"}, {"plms", "pndm"}, {"unipc", "unipc"}, {"lcm", "lcm"},
};

bool job_a1111_is(const char *text, size_t size)
{
    while (size && (*text == ' ' || *text == '\t')) text++, size--;
    return size > 2 && text[0] == '-' && text[1] == '-';
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* Where the next word ends, *at at its beginning: how far its quotes and backslashes reach. */
static size_t end_of_word(const char *text, size_t size, size_t *at, char *open_quote)
{
    char quote = 0;
    while (*at < size && is_blank(text[*at])) ++*at;
    size_t i = *at;
    for (; i < size && (quote || !is_blank(text[i])); i++) {
        char c = text[i];
        if (quote ? c == quote : c == '"' || c == '\'') quote = quote ? 0 : c;
        else if (c == '\\' && quote != '\'' && i + 1 < size && (!quote || text[i + 1] == '"' || text[i + 1] == '\\')) i++;
    }
    *open_quote = quote;
    return i;
}

/* The next word in mem, *at behind it; NULL at the end, or with st set for a quote that is not closed. */
static const char *next_word(const char *text, size_t size, size_t *at, arena *mem, status *st)
{
    char open_quote, quote = 0;
    size_t end = end_of_word(text, size, at, &open_quote), n = 0;
    if (*at == size) return NULL;
    if (open_quote) status_set(st, STATUS_USAGE, "a quote %c that is never closed", open_quote);
    if (memchr(text + *at, 0, end - *at)) status_set(st, STATUS_USAGE, "a zero byte");
    char *word = status_ok(st) ? arena_alloc(mem, end - *at + 1, st) : NULL;
    if (!word) return NULL;
    for (size_t i = *at; i < end; i++) {
        char c = text[i];
        if (quote ? c == quote : c == '"' || c == '\'') quote = quote ? 0 : c;
        else if (c == '\\' && quote != '\'' && i + 1 < end && (!quote || text[i + 1] == '"' || text[i + 1] == '\\')) word[n++] = text[++i];
        else word[n++] = c;
    }
    *at = end;
    word[n] = 0;
    return word;
}

static bool add_sampler(job_line *line, const char *name, status *st)
{
    char lower[40];
    size_t n = 0;
    for (; name[n] && n + 1 < sizeof lower; n++) lower[n] = (char)(name[n] >= 'A' && name[n] <= 'Z' ? name[n] + 32 : name[n]);
    lower[n] = 0;
    for (size_t i = 0; i < sizeof SAMPLERS / sizeof SAMPLERS[0]; i++)
        if (strcmp(lower, SAMPLERS[i].theirs) == 0) return job_line_add(line, "sampling-method", SAMPLERS[i].ours, st);
    return status_set(st, STATUS_USAGE, "--sampler_name: '%.40s' is not known here", name);
}

static bool set_count(job_line *line, const char *name, const char *value, status *st)
{
    char *end;
    long n = strtol(value, &end, 10);
    if (*end || end == value || n < 1 || n > MAX_PICTURES || line->repeat > MAX_PICTURES / (uint32_t)n)
        return status_set(st, STATUS_USAGE, "--%s: '%.20s' found, a number from 1 to %d wanted", name, value, MAX_PICTURES);
    line->repeat *= (uint32_t)n;
    return true;
}

static bool take(job_line *line, const char *name, const char *value, status *st)
{
    size_t i = 0;
    while (i < sizeof SWITCHES / sizeof SWITCHES[0] && strcmp(SWITCHES[i].name, name) != 0) i++;
    if (i == sizeof SWITCHES / sizeof SWITCHES[0]) return status_set(st, STATUS_USAGE, "--%.40s is not known here", name);
    for (size_t k = 0; SWITCHES[i].option && k < line->count; k++)
        if (strcmp(line->field[k].name, SWITCHES[i].option) == 0) return status_set(st, STATUS_USAGE, "--%s comes twice", name);
    switch (SWITCHES[i].use) {
    case OPTION: /* −1 is a random seed there; here one made from the id, so that a run repeats */
        return (strcmp(name, "seed") == 0 && strcmp(value, "-1") == 0) || job_line_add(line, SWITCHES[i].option, value, st);
    case SAMPLER: return add_sampler(line, value, st);
    case COUNT: return set_count(line, name, value, st);
    case MUST_BE_OFF:
        return strcmp(value, "False") == 0 || strcmp(value, "false") == 0 || status_set(st, STATUS_USAGE, "--%s: this is not done here", name);
    case SKIPPED: break;
    }
    return true;
}

bool job_a1111_read(job_line *line, const char *text, size_t size, arena *mem, status *st)
{
    size_t at = 0;
    line->kind = KIND_IMAGE;
    line->has_kind = true;
    for (;;) {
        const char *word = next_word(text, size, &at, mem, st);
        line->column = at - (word ? strlen(word) : 0) + 1;
        if (!word) break;
        if (word[0] != '-' || word[1] != '-' || !word[2]) return status_set(st, STATUS_USAGE, "'%.40s' found, --SWITCH wanted; a text with blanks needs quotes", word);
        const char *value = next_word(text, size, &at, mem, st);
        if (!value) return status_set(st, STATUS_USAGE, "%.40s: a value is wanted", word);
        if (!take(line, word + 2, value, st)) return false;
    }
    return status_ok(st);
}
