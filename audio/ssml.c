#include "audio/ssml.h"

#include <expat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/normalize.h"
#include "core/alloc.h"

enum { LONGEST_BREAK = 60 /* seconds */ };
static const double SLOWEST = 0.25, FASTEST = 4;

/* What an open element does with its text. */
typedef enum { PLAIN, SKIPPED, SUBSTITUTED, SPOKEN_AS, PRONOUNCED } element_kind;

typedef struct {
    element_kind kind;
    double rate;      /* to return to at its end */
    const char *name; /* static */
    char *value;      /* alias, interpret-as or ph, in the arena */
} element;

typedef struct {
    XML_Parser parser;
    ssml_document *out;
    size_t room; /* of events */
    element open[SSML_DEEPEST];
    int depth, held_at; /* held_at: depth of the element whose text is held back; 0: none */
    mapped_text held;
    double rate;
    arena *mem;
    status *st;
} ssml_parser;

static void *library_alloc(size_t size)
{
    return alloc_for_library(size);
}

static void *library_resize(void *p, size_t size)
{
    status ignored = {0};
    return alloc_resize(p, size, 1, &ignored);
}

static void fault(ssml_parser *p, const char *what, const char *detail)
{
    status_set(p->st, STATUS_INPUT, "SSML, line %lu, column %lu: %s%s",
               (unsigned long)XML_GetCurrentLineNumber(p->parser),
               (unsigned long)XML_GetCurrentColumnNumber(p->parser) + 1, what, detail);
    XML_StopParser(p->parser, XML_FALSE);
}

static void add_event(ssml_parser *p, ssml_event_kind kind, double value)
{
    ssml_document *d = p->out;
    if (d->events == p->room) {
        size_t room = p->room ? p->room * 2 : 64;
        ssml_event *grown = arena_alloc(p->mem, room * sizeof *grown, p->st);
        if (!grown) {
            XML_StopParser(p->parser, XML_FALSE);
            return;
        }
        if (d->events) memcpy(grown, d->event, d->events * sizeof *grown);
        d->event = grown;
        p->room = room;
    }
    d->event[d->events++] = (ssml_event){d->text.size, kind, value};
}

/* ---- attributes ---- */

static const char *attribute(const char **attributes, const char *name)
{
    for (; attributes[0]; attributes += 2) {
        const char *colon = strrchr(attributes[0], ':');
        if (strcmp(colon ? colon + 1 : attributes[0], name) == 0) return attributes[1];
    }
    return NULL;
}

/* "500ms", "1.5s" in seconds; negative when it is neither. */
static double read_time(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || !isfinite(value) || value < 0) return -1;
    if (strcmp(end, "ms") == 0)
        value /= 1000;
    else if (strcmp(end, "s") != 0)
        return -1;
    return value > LONGEST_BREAK ? LONGEST_BREAK : value;
}

typedef struct {
    const char *name;
    double value;
} named_value;

static double named(const char *text, const named_value *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, text) == 0) return list[i].value;
    return -1;
}

static void read_break(ssml_parser *p, const char **attributes)
{
    static const named_value strengths[] = {{"none", 0},     {"x-weak", 0.15}, {"weak", 0.3},
                                            {"medium", 0.5}, {"strong", 0.8},  {"x-strong", 1.2}};
    const char *time = attribute(attributes, "time"), *strength = attribute(attributes, "strength");
    double seconds =
        time ? read_time(time) : named(strength ? strength : "medium", strengths, sizeof strengths / sizeof *strengths);
    if (seconds < 0)
        fault(p, "a break's time like 500ms or 1.5s, or a strength from none to x-strong, was expected, found ",
              time ? time : strength);
    else
        add_event(p, SSML_BREAK, seconds);
}

/* "slow", "120%", "+20%", "1.2": the speed as a factor of the present one. */
static void read_rate(ssml_parser *p, const char **attributes)
{
    static const named_value rates[] = {{"x-slow", 0.5}, {"slow", 0.75}, {"medium", 1},
                                        {"default", 1},  {"fast", 1.25}, {"x-fast", 1.6}};
    const char *text = attribute(attributes, "rate");
    if (!text) return;
    double factor = named(text, rates, sizeof rates / sizeof *rates);
    if (factor < 0) {
        char *end;
        factor = strtod(text, &end);
        bool percent = end != text && strcmp(end, "%") == 0, relative = text[0] == '+' || text[0] == '-';
        if (percent) factor = relative ? 1 + factor / 100 : factor / 100;
        if (end == text || (*end && !percent) || !isfinite(factor) || factor <= 0) {
            fault(p, "a prosody rate like slow, 120% or 1.2 was expected, found ", text);
            return;
        }
    }
    double rate = p->rate * factor;
    p->rate = rate < SLOWEST ? SLOWEST : rate > FASTEST ? FASTEST : rate;
    add_event(p, SSML_RATE, p->rate);
}

/* ---- elements ---- */

static bool is_one(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0) return true;
    return false;
}

static void hold(ssml_parser *p, element *e, element_kind kind, const char *value, const char *missing)
{
    if (p->held_at) return; /* the outer one decides */
    if (!value) {
        fault(p, missing, "");
        return;
    }
    size_t n = strlen(value) + 1;
    e->value = arena_alloc(p->mem, n, p->st);
    if (!e->value) {
        XML_StopParser(p->parser, XML_FALSE);
        return;
    }
    memcpy(e->value, value, n);
    e->kind = kind;
    p->held_at = p->depth;
    p->held = mapped_text_new(p->mem, p->st);
}

static void XMLCALL on_start(void *user, const char *qualified, const char **attributes)
{
    static const char *const skipped[] = {"meta", "metadata", "lexicon", "desc"};
    ssml_parser *p = user;
    const char *colon = strrchr(qualified, ':'), *name = colon ? colon + 1 : qualified;
    if (p->depth == SSML_DEEPEST) {
        fault(p, "elements nest too deep", "");
        return;
    }
    if (p->depth == 0 && strcmp(name, "speak") != 0) {
        fault(p, "the outermost element must be speak, found ", name);
        return;
    }
    element *e = &p->open[p->depth++];
    *e = (element){.rate = p->rate, .name = ""};
    bool hidden = p->depth > 1 && p->open[p->depth - 2].kind == SKIPPED;
    if (hidden || is_one(name, skipped, sizeof skipped / sizeof *skipped))
        e->kind = SKIPPED;
    else if (strcmp(name, "break") == 0)
        read_break(p, attributes);
    else if (strcmp(name, "prosody") == 0)
        read_rate(p, attributes);
    else if (strcmp(name, "sub") == 0)
        hold(p, e, SUBSTITUTED, attribute(attributes, "alias"), "sub needs an alias");
    else if (strcmp(name, "say-as") == 0)
        hold(p, e, SPOKEN_AS, attribute(attributes, "interpret-as"), "say-as needs interpret-as");
    else if (strcmp(name, "phoneme") == 0)
        hold(p, e, PRONOUNCED, attribute(attributes, "ph"), "phoneme needs ph");
    else if (strcmp(name, "p") == 0 || strcmp(name, "s") == 0) {
        e->name = name[0] == 'p' ? "p" : "s";
        add_event(p, name[0] == 'p' ? SSML_PARAGRAPH : SSML_SENTENCE, 0);
    }
}

/* The text held back is whole: what is said in its place goes to the document. */
static void release(ssml_parser *p, const element *e)
{
    const mapped_text *held = &p->held;
    p->held_at = 0;
    if (held->size == 0) return;
    if (e->kind == SUBSTITUTED) {
        mapped_text_replace(&p->out->text, held, 0, held->size, e->value);
        return;
    }
    if (e->kind == SPOKEN_AS) {
        mapped_text words = normalize_say_as(held, e->value);
        mapped_text_copy(&p->out->text, &words, 0, words.size);
        return;
    }
    if (strpbrk(e->value, "()/\n") || memchr(held->text, ']', held->size)) {
        fault(p, "a phoneme element's ph may have no brackets or slashes, and its text no ]", "");
        return;
    }
    mapped_text_replace(&p->out->text, held, 0, held->size, "[");
    mapped_text_copy(&p->out->text, held, 0, held->size);
    mapped_text_replace(&p->out->text, held, 0, held->size, "](/");
    mapped_text_replace(&p->out->text, held, 0, held->size, e->value);
    mapped_text_replace(&p->out->text, held, 0, held->size, "/)");
}

static void XMLCALL on_end(void *user, const char *name)
{
    (void)name;
    ssml_parser *p = user;
    if (p->depth == 0) return;
    element *e = &p->open[p->depth - 1];
    if (p->held_at == p->depth) release(p, e);
    if (e->name[0]) add_event(p, e->name[0] == 'p' ? SSML_PARAGRAPH : SSML_SENTENCE, 0);
    if (p->rate != e->rate) {
        p->rate = e->rate;
        add_event(p, SSML_RATE, p->rate);
    }
    p->depth--;
}

static void XMLCALL on_text(void *user, const char *text, int size)
{
    ssml_parser *p = user;
    if (p->depth == 0 || p->open[p->depth - 1].kind == SKIPPED || size <= 0) return;
    mapped_text *m = p->held_at ? &p->held : &p->out->text;
    uint32_t from = (uint32_t)XML_GetCurrentByteIndex(p->parser), bytes = (uint32_t)XML_GetCurrentByteCount(p->parser);
    bool same = bytes == (uint32_t)size; /* else an &amp; and the like stands for the text as a whole */
    for (int i = 0; same && i < size; i++) mapped_text_add(m, text + i, 1, from + (uint32_t)i, from + (uint32_t)i + 1);
    if (!same) mapped_text_add(m, text, (size_t)size, from, from + bytes);
    if (!status_ok(p->st)) XML_StopParser(p->parser, XML_FALSE);
}

static void XMLCALL on_doctype(void *user, const char *name, const char *system, const char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    fault(user, "a document type declaration is not accepted", "");
}

bool ssml_parse(ssml_document *d, const char *text, size_t size, arena *mem, status *st)
{
    static const XML_Memory_Handling_Suite memory = {library_alloc, library_resize, alloc_free};
    if (size > SSML_LARGEST)
        return status_set(st, STATUS_INPUT, "SSML of %zu bytes, at most %d are accepted", size, SSML_LARGEST);
    *d = (ssml_document){.text = mapped_text_new(mem, st)};
    ssml_parser *p = alloc_zeroed(1, sizeof *p, st);
    if (!p) return false;
    *p =
        (ssml_parser){.out = d, .rate = 1, .mem = mem, .st = st, .parser = XML_ParserCreate_MM("UTF-8", &memory, NULL)};
    if (!p->parser) {
        alloc_free(p);
        return status_set(st, STATUS_NOMEM, "out of memory for the SSML parser");
    }
    XML_SetUserData(p->parser, p);
    XML_SetElementHandler(p->parser, on_start, on_end);
    XML_SetCharacterDataHandler(p->parser, on_text);
    XML_SetStartDoctypeDeclHandler(p->parser, on_doctype);
    if (XML_Parse(p->parser, text, (int)size, 1) != XML_STATUS_OK && status_ok(st)) {
        enum XML_Error error = XML_GetErrorCode(p->parser);
        if (error == XML_ERROR_NO_MEMORY)
            status_set(st, STATUS_NOMEM, "out of memory for the SSML parser");
        else
            fault(p, XML_ErrorString(error), "");
    }
    XML_ParserFree(p->parser);
    alloc_free(p);
    return status_ok(st);
}
