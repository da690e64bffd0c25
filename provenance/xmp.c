#include "provenance/xmp.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

#include "core/alloc.h"
#include "provenance/origin.h"
#include "core/text_out.h"

enum { DEEPEST = 64, LONGEST = 1 << 20 };

static const struct {
    const char *space, *name;
} WANTED[] = {
    {ORIGIN_NS_IPTC, "DigitalSourceType"},     {ORIGIN_NS_IPTC, "AISystemUsed"},
    {ORIGIN_NS_IPTC, "AISystemVersionUsed"},   {ORIGIN_NS_IPTC, "AIPromptInformation"},
    {ORIGIN_NS_IPTC, "AIPromptWriterName"},    {ORIGIN_NS_TC260, "AIGC"},
    {ORIGIN_NS_OWN, "origin"},                 {"http://ns.adobe.com/xap/1.0/", "CreatorTool"},
    {"http://ns.adobe.com/photoshop/1.0/", "Credit"}, {"http://purl.org/dc/elements/1.1/", "creator"},
    {"http://purl.org/dc/elements/1.1/", "description"},
};
enum { WANTED_COUNT = sizeof WANTED / sizeof WANTED[0] };

typedef struct {
    XML_Parser parser;
    json_t *out;
    int depth, inside; /* the depth of the wanted element that is open, and which it is */
    int wanted;
    text_out text;
} reader;

static void *resize(void *p, size_t n)
{
    status ignored = {0};
    return alloc_resize(p, n, 1, &ignored);
}

/* name as expat gives it: "NAMESPACE NAME". */
static int find(const char *name)
{
    for (int i = 0; i < WANTED_COUNT; i++) {
        size_t n = strlen(WANTED[i].space);
        if (strncmp(name, WANTED[i].space, n) == 0 && name[n] == ' ' && strcmp(name + n + 1, WANTED[i].name) == 0) return i;
    }
    return -1;
}

/* The first of a name counts. Blanks around the text are the packet's, not the value's. */
static void keep(reader *r, int which, const char *text, size_t size)
{
    while (size && strchr(" \t\r\n", text[size - 1])) size--;
    while (size && strchr(" \t\r\n", *text)) text++, size--;
    if (size && !json_object_get(r->out, WANTED[which].name)) json_object_set_new(r->out, WANTED[which].name, json_stringn(text, size));
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attribute)
{
    reader *r = arg;
    if (++r->depth > DEEPEST) {
        XML_StopParser(r->parser, XML_FALSE);
        return;
    }
    for (; attribute[0]; attribute += 2) {
        int which = find(attribute[0]);
        if (which >= 0) keep(r, which, attribute[1], strlen(attribute[1]));
    }
    int which = r->inside ? -1 : find(name);
    if (which < 0) return;
    r->inside = r->depth;
    r->wanted = which;
    r->text.size = 0;
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
    reader *r = arg;
    (void)name;
    if (r->inside == r->depth) {
        if (r->text.data) keep(r, r->wanted, r->text.data, r->text.size);
        r->inside = 0;
    }
    r->depth--;
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int n)
{
    reader *r = arg;
    if (r->inside && r->text.size < LONGEST) text_out_bytes(&r->text, text, (size_t)n);
}

/* XMP has no document types; their entities only serve to fill memory. */
static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
    reader *r = arg;
    (void)name, (void)system, (void)public, (void)internal;
    XML_StopParser(r->parser, XML_FALSE);
}

json_t *xmp_read(const char *packet, size_t size, status *st)
{
    const XML_Memory_Handling_Suite memory = {alloc_for_library, resize, alloc_free};
    reader r = {.out = json_object(), .text = {.st = st}, .parser = XML_ParserCreate_MM("UTF-8", &memory, " ")};
    if (r.parser && r.out) {
        XML_SetUserData(r.parser, &r);
        XML_SetElementHandler(r.parser, on_start, on_end);
        XML_SetCharacterDataHandler(r.parser, on_text);
        XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
        XML_Parse(r.parser, packet, size < INT_MAX ? (int)size : 0, 1); /* a damaged packet gives what it gave */
    } else status_set(st, STATUS_NOMEM, "out of memory for an XMP packet");
    if (r.parser) XML_ParserFree(r.parser);
    text_out_free(&r.text);
    if (status_ok(st)) return r.out;
    json_decref(r.out);
    return NULL;
}
