#include "engine/text_cut.h"

#include <string.h>

#include "audio/segment.h"
#include "core/alloc.h"

bool text_cut_of(const char *name, text_cut *how, status *st)
{
    static const char *const NAMES[] = {"keep", "warn", "fail", "sentence"};
    *how = TEXT_CUT_OPEN;
    if (!name) return true;
    for (int i = 0; i < 4; i++)
        if (strcmp(name, NAMES[i]) == 0) *how = (text_cut)(TEXT_CUT_KEEP + i);
    return *how != TEXT_CUT_OPEN || status_set(st, STATUS_USAGE, "--on-length: '%.40s' found, keep, warn, fail or sentence wanted", name);
}

bool text_cut_is(const generate_result *r) { return r->reason == GENERATE_LENGTH || r->reason == GENERATE_CONTEXT; }

/* A sentence is whole when another could follow it: one more word is put behind the text, and what then stands alone is whole. */
bool text_cut_sentences(const char *text, size_t size, size_t *whole, status *st)
{
    static const char NEXT[] = " Next";
    char *longer = alloc_array(size + sizeof NEXT, 1, st);
    segment s;
    *whole = 0;
    if (!longer) return false;
    memcpy(longer, text, size);
    memcpy(longer + size, NEXT, sizeof NEXT);
    for (size_t at = 0; segment_next(longer, size + sizeof NEXT - 1, &at, &s) && s.to <= size;)
        if (s.ends_sentence) *whole = s.to;
    alloc_free(longer);
    return true;
}

bool text_cut_take(const generate_result *r, text_cut how, char **text, size_t *size, status *st)
{
    const char *all = r->text ? r->text : "";
    *text = NULL;
    *size = r->text ? r->text_size : 0;
    if (text_cut_is(r) && how == TEXT_CUT_FAIL)
        return status_set(st, STATUS_FAIL, "the text is cut after %lld tokens, where %s; it was to fail then (--on-length)", (long long)r->count,
                          r->reason == GENERATE_LENGTH ? "its limit lies (--tokens)" : "the context is full");
    if (text_cut_is(r) && how == TEXT_CUT_SENTENCE) {
        size_t whole;
        if (!text_cut_sentences(all, *size, &whole, st)) return false;
        if (whole) *size = whole;
    }
    *text = alloc_string(all, *size, st);
    return *text != NULL;
}
