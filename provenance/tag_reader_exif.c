/* tag_reader_exif: the program, the description, the user's comment and the XMP of EXIF data and of TIFF, which they are, where AUTOMATIC1111's web UI keeps its settings in JPEG
 * and WebP. Source: Exif 2.32 (CIPA DC-008-2019), 4.5 and 4.6; TIFF 6.0, section 2. */
#include "provenance/tag_reader_parts.h"
#include "core/text_out.h"
#include "core/utf8.h"

enum { DESCRIPTION = 0x010E, SOFTWARE = 0x0131, XMP = 0x02BC, EXIF_FOLDER = 0x8769, USER_COMMENT = 0x9286, ENTRY = 12 };
enum { TYPE_BYTE = 1, TYPE_TEXT = 2, TYPE_LONG = 4, TYPE_UNDEFINED = 7 };

typedef struct {
    tag_reader *r;
    const char *place;
    const unsigned char *data;
    size_t size;
    bool little;
} exif;

static uint32_t number(const exif *e, size_t at, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint32_t)e->data[at + (size_t)i] << 8 * (e->little ? i : bytes - 1 - i);
    return value;
}

/* ---- the comment ---- */

static uint32_t unit_at(const unsigned char *p, size_t i, bool little) { return (uint32_t)p[2 * i + little] << 8 | p[2 * i + !little]; }
static bool is_high(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
static bool is_low(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

/* Writers do not agree whether UTF-16 has the byte order of the data around it. A mark tells; else the side on which more
 * bytes are zero is the upper one. */
static bool is_little(const unsigned char *p, size_t units)
{
    size_t first = 0, second = 0;
    if (units && p[0] == 0xFF && p[1] == 0xFE) return true;
    if (units && p[0] == 0xFE && p[1] == 0xFF) return false;
    for (size_t i = 0; i < units; i++) first += p[2 * i] == 0, second += p[2 * i + 1] == 0;
    return second > first;
}

static void tell_utf16(const exif *e, const unsigned char *p, size_t size)
{
    text_out t = {.st = e->r->st};
    size_t units = size / 2;
    if (!tag_spend(e->r, size)) {
        e->r->stopped = true;
        tag_broken(e->r, "more tags than are read");
        return;
    }
    bool little = is_little(p, units);
    for (size_t i = 0; i < units; i++) {
        uint32_t c = unit_at(p, i, little);
        if (is_high(c) && i + 1 < units) {
            uint32_t low = unit_at(p, i + 1, little);
            if (is_low(low)) c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00), i++;
        }
        if (c == 0xFEFF && i == 0) continue;
        char bytes[4];
        text_out_bytes(&t, bytes, utf8_encode(is_high(c) || is_low(c) ? 0xFFFD : c, bytes));
    }
    if (t.data) tag_tell(e->r, e->place, "UserComment", 11, t.data, t.size, false);
    text_out_free(&t);
}

/* Eight bytes name the character code; a writer that takes a type of its own may leave them out. */
static void tell_comment(const exif *e, uint32_t type, const unsigned char *p, size_t size)
{
    static const char CODES[][9] = {"ASCII\0\0", "UNICODE", "JIS\0\0\0\0", ""};
    bool named = false;
    for (size_t i = 0; size >= 8 && i < sizeof CODES / sizeof CODES[0]; i++) named = named || memcmp(p, CODES[i], 8) == 0;
    if (!named && type != TYPE_UNDEFINED) tag_tell(e->r, e->place, "UserComment", 11, p, size, false);
    if (size <= 8 || (!named && type != TYPE_UNDEFINED)) return;
    if (memcmp(p, "UNICODE", 8) == 0) tell_utf16(e, p + 8, size - 8);
    else tag_tell(e->r, e->place, "UserComment", 11, p + 8, size - 8, false);
}

/* ---- folders of entries ---- */

/* at: the outer folder, or the one inside it. Files have one of those; entries that all point to it would make n entries take
 * n² steps, so the first counts. */
static void read_folder(const exif *e, size_t at, bool outer)
{
    if (at > e->size || e->size - at < 2 || number(e, at, 2) > (e->size - at - 2) / ENTRY) {
        tag_broken(e->r, "the EXIF data are damaged");
        return;
    }
    size_t count = number(e, at, 2);
    bool inner_read = false;
    for (size_t i = 0; i < count && !e->r->stopped; i++) {
        size_t entry = at + 2 + i * ENTRY, size = number(e, entry + 4, 4);
        uint32_t tag = number(e, entry, 2), type = number(e, entry + 2, 2), value = number(e, entry + 8, 4);
        if (tag == EXIF_FOLDER && type == TYPE_LONG && outer && !inner_read) {
            inner_read = true;
            read_folder(e, value, false);
        }
        bool bytes = type == TYPE_BYTE || type == TYPE_TEXT || type == TYPE_UNDEFINED, text = type == TYPE_TEXT && (tag == SOFTWARE || tag == DESCRIPTION);
        if (!text && !(bytes && (tag == USER_COMMENT || tag == XMP))) continue;
        size_t from = size <= 4 ? entry + 8 : value;
        if (from > e->size || size > e->size - from) {
            tag_broken(e->r, "the EXIF data are damaged");
            return;
        }
        if (tag == USER_COMMENT) tell_comment(e, type, e->data + from, size);
        else if (tag == XMP) tag_tell(e->r, e->place, "XMP", 3, e->data + from, size, false);
        else if (tag == SOFTWARE) tag_tell(e->r, e->place, "Software", 8, e->data + from, size, false);
        else tag_tell(e->r, e->place, "Description", 11, e->data + from, size, false);
    }
}

void tag_reader_exif(tag_reader *r, const char *place, const unsigned char *p, size_t size)
{
    if (r->exif) return;
    r->exif = true;
    if (size >= 6 && memcmp(p, "Exif\0", 6) == 0) p += 6, size -= 6;
    exif e = {r, place, p, size, tag_begins(p, size, "II")};
    if (size >= 8 && (e.little || tag_begins(p, size, "MM")) && number(&e, 2, 2) == 42) read_folder(&e, number(&e, 4, 4), true);
    else tag_broken(r, "the EXIF data are damaged");
}
