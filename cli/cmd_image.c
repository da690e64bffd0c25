/* image: pictures from words. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "provenance/filter.h"
#include "engine/image_session.h"
#include "engine/image_text.h"
#include "engine/output_ending.h"
#include "engine/request_words.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "core/rng.h"

enum { PROMPT_LIMIT = 16 << 20 };

/* "out.png" and 3 -> "out-3.png"; the first picture has the name as it is. Freed with alloc_free. */
static char *numbered(const char *path, int64_t number, status *st)
{
    size_t size = strlen(path) + 24, stem = strlen(path);
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    if (dot && dot != path && dot[-1] != '/') stem = (size_t)(dot - path);
    char *name = alloc_array(size, 1, st);
    if (!name) return NULL;
    if (number == 1) snprintf(name, size, "%s", path);
    else snprintf(name, size, "%.*s-%lld%s", (int)stem, path, (long long)number, path + stem);
    return name;
}

static bool draw_one(image_session *s, const image_options *o, uint64_t seed, int64_t number, status *st)
{
    image_result result = {0};
    char *path = numbered(o->output, number, st);
    bool ok = path && (o->output_given || output_default_check(path, o->force, st)) && image_session_draw(s, o, seed, path, &result, st);
    if (ok && o->json) {
        json_t *line = image_text_json(o, &result, path, image_session_model_path(s), st);
        ok = line && json_print(line, JSON_COMPACT | JSON_REAL_PRECISION(6), st);
        json_decref(line);
    } else if (ok)
        log_message("%s: %lld x %lld pixels, seed %llu, %.2f s", path, (long long)result.width, (long long)result.height,
                    (unsigned long long)result.seed, result.seconds);
    alloc_free(path);
    return ok;
}

/* Ends the line at s, drops blanks around it, and moves *next past it. */
static char *take_line(char *s, char **next)
{
    size_t n = strcspn(s, "\n");
    *next = s + n + (s[n] == '\n');
    s[n] = 0;
    while (n && strchr(" \t\r", s[n - 1])) s[--n] = 0;
    return s + strspn(s, " \t");
}

static int64_t count_prompts(const image_options *o, const char *text)
{
    int64_t count = 0;
    for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n') {
        s += strspn(s, " \t\r");
        count += *s && *s != '\n' && !(o->comments && *s == '#');
    }
    return count;
}

static bool pass_filter(filter *list, const image_options *o, status *st)
{
    request_words_image(&(filter_lists){{list}}, o, st);
    if (st->code == STATUS_REFUSED && o->json) filter_print_refusal(st);
    return status_ok(st);
}

/* number: of the prompt's first picture, which tells the prompts of a file apart. */
static void tell_doubt(const image_session *s, const image_options *o, int64_t number)
{
    char doubt[IMAGE_SESSION_DOUBT];
    if (!image_session_doubts(s, o->prompt, doubt, sizeof doubt)) return;
    if (o->file) log_warning("picture %lld: %s", (long long)number, doubt);
    else log_warning("%s", doubt);
}

/* Every prompt, count pictures each; seeds count up over all. */
static void draw_all(image_session *s, image_options *o, char *prompts, filter *list, status *st)
{
    uint64_t seed = o->seed_given ? (uint64_t)o->seed : rng_fresh_seed();
    int64_t number = 0;
    for (char *next = prompts; status_ok(st) && (prompts ? *next : number == 0);) {
        if (prompts) o->prompt = take_line(next, &next);
        if (prompts && (!*o->prompt || (o->comments && *o->prompt == '#'))) continue;
        if (!pass_filter(list, o, st)) break;
        if ((uint64_t)(number + o->count) - 1 > OPTION_MOST_SEED - seed)
            status_set(st, STATUS_USAGE, "--seed: %" PRIu64 " and %" PRId64 " more found, seeds up to %" PRIu64 " wanted", seed, number + o->count - 1, OPTION_MOST_SEED);
        tell_doubt(s, o, number + 1);
        for (int64_t i = 0; i < o->count && status_ok(st); i++, number++) {
            if (!prompts && i + 1 == o->count) image_session_last(s);
            draw_one(s, o, seed + (uint64_t)number, number + 1, st);
        }
    }
}

static bool check(const image_options *o, status *st)
{
    bool to_stdout = o->output && strcmp(o->output, "-") == 0;
    if (!o->prompt && !o->file)
        return status_set(st, STATUS_USAGE, "what to draw? -p TEXT or -f FILE says it, as in aigc image -p \"3d rocket\" -o rocket.png; --help lists the options");
    if (o->comments && !o->file) return status_set(st, STATUS_USAGE, "--comments goes with -f FILE");
    if (o->prompt && o->file) return status_set(st, STATUS_USAGE, "-p and -f go not together");
    if (to_stdout && o->count > 1) return status_set(st, STATUS_USAGE, "-o -: one picture alone goes to stdout");
    if (to_stdout && o->json) return status_set(st, STATUS_USAGE, "-o - and --json both want stdout");
    if (to_stdout && o->preview_every) return status_set(st, STATUS_USAGE, "--preview-every needs a file's name after -o");
    if (!image_text_check_captions(o, st)) return false;
    return output_ending_check(OUTPUT_PICTURE, "-o", o->output, st);
}

/* Before the work begins for the first pictures, whose number is known: image.png, image-2.png, … */
static bool default_is_free(const image_options *o, status *st)
{
    for (int64_t i = 1; i <= o->count && status_ok(st); i++) {
        char *path = numbered(o->output, i, st);
        if (path) output_default_check(path, o->force, st);
        alloc_free(path);
    }
    return status_ok(st);
}

static void open_and_draw(image_options *o, status *st)
{
    size_t size;
    char *prompts = o->file ? file_read_text_stream(o->file, PROMPT_LIMIT, &size, st) : NULL;
    bool to_stdout = o->output && strcmp(o->output, "-") == 0;
    if (prompts && to_stdout && count_prompts(o, prompts) > 1) status_set(st, STATUS_USAGE, "-o -: one picture alone goes to stdout, and %s has several prompts", o->file);
    if (prompts && count_prompts(o, prompts) == 0) status_set(st, STATUS_INPUT, "%s: no prompts in it, a line for each picture was wanted", strcmp(o->file, "-") == 0 ? "standard input" : o->file);
    filter *list = o->filter ? filter_open(o->filter, st) : NULL;
    bool passes = status_ok(st) && (o->file || pass_filter(list, o, st)); /* before the model is loaded */
    pool *threads = passes ? pool_new((int)o->threads, st) : NULL;
    double begun = log_seconds();
    image_session *s = threads ? image_session_open(o, threads, st) : NULL;
    if (s) {
        log_verbose("%s: opened in %.3f s", image_session_model_path(s), log_seconds() - begun);
        draw_all(s, o, prompts, list, st);
    }
    image_session_close(s);
    pool_free(threads);
    filter_close(list);
    alloc_free(prompts);
}

static const help_text HELP = {
    "aigc image [OPTION]… [PROMPT]",
    "Draws what the prompt says and writes a PNG file: image.png, unless -o names another. One prompt is the word given or -p TEXT; -f FILE gives "
    "one a line. Pictures may begin from others (--init-img) and be painted into masks (--mask).",
    {{"aigc image -p \"3d rocket on a blue background\" -o rocket.png",
      "a picture by the small model that comes along"},
     {"aigc image -f prompts.txt -s 1 -o picture.png",
      "a picture for each line: picture.png, picture-2.png, …"}},
    NULL};

void cmd_image(int argc, char **argv, status *st)
{
    image_options o = image_options_default();
    option table[IMAGE_OPTION_COUNT];
    image_options_table(&o, table);
    bool help = false;
    if (!arguments_parse_word(table, argc, argv, &HELP, &o.prompt, &help, st) || help) return;
    if (!check(&o, st)) return;
    if (!o.output) {
        o.output = "image.png";
        if (!default_is_free(&o, st)) return;
    }
    open_and_draw(&o, st);
}
