#include "engine/request_words.h"

#include <stdio.h>
#include <string.h>

#include "audio/normalize.h"
#include "audio/segment.h"
#include "audio/ssml.h"
#include "engine/text_request.h"
#include "core/alloc.h"
#include "core/arena.h"
#include "core/json.h"
#include "core/text_out.h"
#include "text/encoder_prompt.h"

static bool any(const filter_lists *l)
{
    for (size_t i = 0; i < FILTER_LISTS; i++)
        if (l->list[i]) return true;
    return false;
}

static bool pass(const filter_lists *l, const char *what, const char *text, status *st)
{
    return !text || filter_lists_pass(l, FILTER_PROMPT, what, text, strlen(text), st);
}

/* ---- texts ---- */

/* Every name and string in a JSON value. */
static bool pass_value(const filter_lists *l, const char *what, const json_t *value, status *st)
{
    const char *name;
    const json_t *member;
    size_t i;
    if (json_is_string(value)) return filter_lists_pass(l, FILTER_PROMPT, what, json_string_value(value), json_string_length(value), st);
    json_array_foreach(value, i, member)
        if (!pass_value(l, what, member, st)) return false;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
        if (!pass(l, what, name, st) || !pass_value(l, what, member, st)) return false;
    return true;
}

static bool pass_json(const filter_lists *l, const char *what, const char *text, status *st)
{
    json_error_t error;
    json_t *value = any(l) ? json_parse(text, strlen(text), JSON_DECODE_ANY | JSON_ALLOW_NUL, &error) : NULL;
    if (any(l) && !value) return status_set(st, STATUS_INPUT, "%s: no JSON: %s", what, error.text);
    bool ok = !value || pass_value(l, what, value, st);
    json_decref(value);
    return ok;
}

/* NAME=JSON: the name, and what its value holds once it is read. What is no JSON is refused where the template takes it. */
static bool pass_argument(const filter_lists *l, const char *argument, status *st)
{
    json_error_t error;
    const char *equals = strchr(argument, '=');
    json_t *value = equals && any(l) ? json_parse(equals + 1, strlen(equals + 1), JSON_DECODE_ANY | JSON_ALLOW_NUL, &error) : NULL;
    bool ok = pass(l, "--template-arg", argument, st) && (!value || pass_value(l, "--template-arg", value, st));
    if (ok && equals) ok = filter_lists_pass(l, FILTER_PROMPT, "--template-arg", argument, (size_t)(equals - argument), st);
    json_decref(value);
    return ok;
}

static bool pass_template(const filter_lists *l, const text_options *o, status *st)
{
    char *tools = o->tools && any(l) ? text_request_tools(o, st) : NULL;
    bool ok = status_ok(st) && (!tools || pass_json(l, "--tools", tools, st));
    alloc_free(tools);
    for (size_t i = 0; ok && i < o->template_args.count; i++) ok = pass_argument(l, o->template_args.item[i], st);
    return ok;
}

bool request_words_text(const filter_lists *l, const text_options *o, const chat_message *messages, int64_t count, status *st)
{
    for (int64_t i = 0; i < count; i++) {
        const chat_message *m = &messages[i];
        bool ok = m->json ? pass_json(l, "a message", m->json, st) : pass(l, strcmp(m->role, "user") == 0 ? "the prompt" : m->role, m->content, st);
        if (!ok) return false;
    }
    return pass_template(l, o, st);
}

/* ---- pictures ---- */

/* The prompt without its notation: brackets, escapes and numbers of weights, also of notations that are not read here. */
static void add_bare(text_out *to, const char *text)
{
    for (const char *s = text; *s; s++) {
        if (*s == ':') {
            size_t number = strspn(s + 1, "0123456789.");
            s += number;
        } else if (!strchr("()[]{}<>\\|", *s)) text_out_bytes(to, s, 1);
    }
}

static bool pass_prompt(const filter_lists *l, const char *what, const char *text, status *st)
{
    int count;
    if (!text || !pass(l, what, text, st)) return status_ok(st);
    arena *mem = arena_new(st);
    text_out read = {.st = st}, bare = {.st = st};
    encoder_prompt_part *part = mem ? encoder_prompt_parse(mem, text, &count, st) : NULL;
    for (int i = 0; part && i < count; i++) text_out_bytes(&read, part[i].text, part[i].size);
    add_bare(&bare, text);
    if (status_ok(st)) pass(l, what, read.data, st);
    if (status_ok(st)) pass(l, what, bare.data, st);
    text_out_free(&read);
    text_out_free(&bare);
    arena_free(mem);
    return status_ok(st);
}

bool request_words_image(const filter_lists *l, const image_options *o, status *st)
{
    return !any(l) || (pass_prompt(l, "the prompt", o->prompt, st) && pass_prompt(l, "--negative-prompt", o->negative, st) &&
                       pass(l, "--caption", o->caption, st) && pass(l, "--label-text", o->label_text, st));
}

/* ---- speech ---- */

static bool pass_phonemes(const filter_lists *l, const char *text, size_t size, status *st)
{
    bool given = memmem(text, size, "[[", 2) || memmem(text, size, "](/", 3);
    return !given || filter_lists_unreadable(l, "phonemes in the text", st);
}

/* The text in the words in which it is said: numbers, signs and abbreviations written out. */
static bool pass_said(const filter_lists *l, const char *text, size_t size, status *st)
{
    text_out said = {.st = st};
    arena *mem = arena_new(st);
    size_t at = 0;
    for (segment s; status_ok(st) && segment_next(text, size, &at, &s);) {
        size_t mark = arena_mark(mem);
        mapped_text in = mapped_text_new(mem, st);
        mapped_text_add(&in, text + s.from, s.to - s.from, 0, 0);
        mapped_text out = status_ok(st) ? normalize_text(&in, &(normalize_options){0}) : in;
        if (status_ok(st)) text_out_bytes(&said, out.text, out.size);
        text_out_add(&said, s.ends_sentence ? "\n" : " ");
        arena_reset(mem, mark);
    }
    arena_free(mem);
    bool ok = status_ok(st) && (!said.size || filter_lists_pass(l, FILTER_PROMPT, "what is said", said.data, said.size, st));
    text_out_free(&said);
    return ok;
}

/* The plain text with its breaks, sentences and paragraphs as spaces: a word ends there, and one that is broken up does not. */
static void add_parted(text_out *to, const ssml_document *d)
{
    size_t from = 0;
    for (size_t i = 0; i < d->events; i++) {
        text_out_bytes(to, d->text.text + from, d->event[i].at - from);
        text_out_add(to, " ");
        from = d->event[i].at;
    }
    text_out_bytes(to, d->text.text + from, d->text.size - from);
}

static bool pass_ssml(const filter_lists *l, const char *text, size_t size, status *st)
{
    ssml_document d;
    arena *mem = arena_new(st);
    text_out parted = {.st = st};
    if (mem && ssml_parse(&d, text, size, mem, st) && pass_phonemes(l, d.text.text, d.text.size, st)) {
        add_parted(&parted, &d);
        if (filter_lists_pass(l, FILTER_PROMPT, "the text", d.text.text, d.text.size, st) && status_ok(st))
            filter_lists_pass(l, FILTER_PROMPT, "the text", parted.data, parted.size, st);
        if (status_ok(st)) pass_said(l, d.text.text, d.text.size, st);
    }
    text_out_free(&parted);
    arena_free(mem);
    return status_ok(st);
}

bool request_words_speech(const filter_lists *l, const speak_flags *f, const char *text, size_t size, status *st)
{
    if (!any(l)) return true;
    if (!filter_lists_pass(l, FILTER_PROMPT, "the text", text, size, st) || !pass(l, "--label-text", f->label_text, st)) return false;
    if (f->pronunciations && !filter_lists_unreadable(l, "--pronunciations", st)) return false;
    if (f->label_text && !pass_phonemes(l, f->label_text, strlen(f->label_text), st)) return false;
    return f->ssml ? pass_ssml(l, text, size, st) : pass_phonemes(l, text, size, st) && pass_said(l, text, size, st);
}
