/* tag_reader_more: the readers of AIFF (Apple, version 1.3; XMP in an APPL chunk, ISO 16684-3) and GIF (89a; XMP in its
 * application extension, ISO 16684-3). */
#include "provenance/tag_reader_parts.h"
#include "core/text_out.h"

/* ---- AIFF ---- */

static void read_aiff_chunk(tag_reader *r, const unsigned char *p, size_t size, size_t at)
{
    static const struct {
        const char *id, *key;
    } TEXTS[] = {{"NAME", "Title"}, {"AUTH", "Author"}, {"ANNO", "Comment"}, {"AIGC", "AIGC"}, {"XMP ", "XMP"}, {"_PMX", "XMP"}};
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        if (tag_begins(p, 4, TEXTS[i].id)) tag_tell(r, "AIFF chunk", TEXTS[i].key, strlen(TEXTS[i].key), p + 8, size, false);
    if (tag_begins(p, 4, "APPL") && tag_begins(p + 8, size, "XMP ")) tag_tell(r, "AIFF APPL", "XMP", 3, p + 12, size - 4, false);
    else if (tag_begins(p, 4, "ID3 ") || tag_begins(p, 4, "id3 ")) tag_reader_id3(r, at + 8, size);
    else if (tag_begins(p, 4, "C2PA")) tag_tell(r, "AIFF C2PA", "C2PA", 4, "", 0, false);
}

void tag_reader_aiff(tag_reader *r)
{
    for (size_t at = 12; at < r->size && r->size - at >= 8 && !r->stopped;) {
        const unsigned char *p = r->data + at;
        size_t size = tag_big(p + 4);
        if (size > r->size - at - 8) {
            tag_broken(r, "a chunk is longer than the file");
            return;
        }
        read_aiff_chunk(r, p, size, at);
        at += 8 + size + size % 2;
    }
}

/* ---- GIF ---- */

enum { GIF_TABLE = 0x80, GIF_IMAGE = 0x2C, GIF_EXTENSION = 0x21, GIF_COMMENT = 0xFE, GIF_APPLICATION = 0xFF, XMP_TRAILER = 257 };

static size_t table_of(unsigned char flags) { return flags & GIF_TABLE ? (size_t)3 << ((flags & 7) + 1) : 0; }

/* Past the blocks at `at`, each behind its length; their bytes go to text, unless it is NULL. 0: the file ends before. */
static size_t skip_blocks(const tag_reader *r, size_t at, text_out *text)
{
    while (at < r->size) {
        size_t n = r->data[at];
        if (n == 0) return at + 1;
        if (n > r->size - at - 1) return 0;
        if (text) text_out_bytes(text, r->data + at + 1, n);
        at += 1 + n;
    }
    return 0;
}

/* The extension at `at`, whose label and first block's length are there. Returns where it ends, or 0. */
static size_t read_extension(tag_reader *r, size_t at)
{
    static const char XMP[] = "\x0BXMP DataXMP";
    const unsigned char *p = r->data + at;
    text_out text = {.st = r->st};
    bool comment = p[1] == GIF_COMMENT;
    size_t end = skip_blocks(r, at + 2, comment ? &text : NULL), packet = at + 2 + sizeof XMP - 1;
    if (end && comment && text.size) tag_tell(r, "GIF comment", "comment", 7, text.data, text.size, false);
    /* a packet is no blocks: 257 bytes behind it lead who takes it for some to the end */
    if (p[1] == GIF_APPLICATION && tag_begins(p + 2, r->size - at - 2, XMP) && end > packet + XMP_TRAILER)
        tag_tell(r, "GIF XMP", "XMP", 3, r->data + packet, end - 1 - packet - XMP_TRAILER, false);
    if (p[1] == GIF_APPLICATION && tag_begins(p + 2, r->size - at - 2, "\x0B" "C2PA_GIF")) tag_tell(r, "GIF C2PA", "C2PA", 4, "", 0, false);
    text_out_free(&text);
    return end;
}

void tag_reader_gif(tag_reader *r)
{
    size_t at = r->size >= 13 ? 13 + table_of(r->data[10]) : r->size;
    while (!r->stopped && at < r->size && (r->data[at] == GIF_EXTENSION || r->data[at] == GIF_IMAGE)) {
        size_t left = r->size - at, end = 0;
        if (r->data[at] == GIF_EXTENSION && left > 3) end = read_extension(r, at);
        else if (r->data[at] == GIF_IMAGE && left > 11) {
            size_t pixels = 11 + table_of(r->data[at + 9]);
            end = pixels < left ? skip_blocks(r, at + pixels, NULL) : 0;
        }
        if (!end) break;
        at = end;
    }
    if (!r->stopped && (at >= r->size || r->data[at] != 0x3B)) tag_broken(r, "the file ends before its last block");
}
