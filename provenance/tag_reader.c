/* tag_reader: which container it is, and the readers of pictures. Sources: PNG, ISO/IEC 15948; JPEG, ITU-T T.81; XMP in
 * files, ISO 16684-3; boxes, ISO/IEC 14496-12; C2PA 2.1, annex A (where each format keeps its manifest). */
#include "provenance/tag_reader.h"

#include <zlib.h>

#include "provenance/tag_reader_parts.h"
#include "core/alloc.h"
#include "core/text_out.h"

bool tag_broken(tag_reader *r, const char *what)
{
    if (!r->broken) r->broken = what;
    return false;
}

/* Many tags may name the same bytes, and few compressed bytes become many: what is looked at altogether is bounded. */
bool tag_spend(tag_reader *r, size_t bytes)
{
    if (bytes > TAG_READER_IN_ALL - r->spent) return false;
    r->spent += bytes;
    return true;
}

bool tag_tell(tag_reader *r, const char *place, const void *key, size_t key_size, const void *value, size_t size, bool latin)
{
    if (r->stopped) return false;
    if (size > TAG_READER_LONGEST) return tag_broken(r, "a tag is too long") || true; /* the others are read */
    if (r->told >= TAG_READER_MOST || !tag_spend(r, size)) {
        r->stopped = true;
        return tag_broken(r, "more tags than are read");
    }
    tag_reader_tag tag = {.place = place};
    text_out text = {.st = r->st};
    const unsigned char *bytes = value, *end = size ? memchr(value, 0, size) : NULL;
    if (end) size = (size_t)(end - bytes);
    if (!latin) text_out_bytes(&text, bytes, size);
    for (size_t i = 0; i < size && latin; i++) {
        if (bytes[i] < 0x80) text_out_bytes(&text, bytes + i, 1);
        else text_out_bytes(&text, (char[]){(char)(0xC0 | bytes[i] >> 6), (char)(0x80 | (bytes[i] & 0x3F))}, 2);
    }
    text_out_bytes(&text, "", 0);
    if (key_size >= sizeof tag.key) key_size = sizeof tag.key - 1;
    for (size_t i = 0; i < key_size; i++) tag.key[i] = ((const char *)key)[i] > ' ' && ((const char *)key)[i] < 127 ? ((const char *)key)[i] : '_';
    if (status_ok(r->st)) {
        tag.value = text.data;
        tag.size = text.size;
        r->told++;
        r->stopped = !r->see(r->arg, &tag);
    } else r->stopped = true;
    text_out_free(&text);
    return !r->stopped;
}

/* ---- PNG ---- */

/* A zlib stream, of at most TAG_READER_LONGEST bytes when it is large again. */
static void tell_deflated(tag_reader *r, const char *place, const void *key, size_t key_size, const unsigned char *from, size_t size, bool latin)
{
    z_stream z = {0};
    text_out text = {.st = r->st};
    unsigned char piece[4096];
    if (r->stopped || size > UINT32_MAX || inflateInit(&z) != Z_OK) return;
    z.next_in = (unsigned char *)(uintptr_t)from;
    z.avail_in = (uInt)size;
    int end = Z_OK;
    while (end == Z_OK && text.size <= TAG_READER_LONGEST && tag_spend(r, sizeof piece)) {
        z.next_out = piece;
        z.avail_out = sizeof piece;
        end = inflate(&z, Z_NO_FLUSH);
        if (end == Z_OK || end == Z_STREAM_END) text_out_bytes(&text, piece, sizeof piece - z.avail_out);
        if (end == Z_OK && z.avail_in == 0 && z.avail_out) end = Z_BUF_ERROR;
    }
    inflateEnd(&z);
    if (end != Z_STREAM_END) tag_broken(r, "a compressed text is damaged or too long"), r->stopped |= r->spent + sizeof piece > TAG_READER_IN_ALL;
    else tag_tell(r, place, key, key_size, text.data, text.size, latin);
    text_out_free(&text);
}

/* keyword 0 text | keyword 0 0 deflated | keyword 0 compressed? 0 language 0 translated 0 text */
static void read_png_text(tag_reader *r, const unsigned char *p, size_t size, char kind)
{
    const unsigned char *zero = memchr(p, 0, size);
    if (!zero || zero == p || zero - p > 79) {
        tag_broken(r, "a text chunk has no keyword");
        return;
    }
    size_t key = (size_t)(zero - p), at = key + 1;
    const char *place = kind == 't' ? "PNG tEXt" : kind == 'z' ? "PNG zTXt" : "PNG iTXt";
    if (kind == 't') tag_tell(r, place, p, key, p + at, size - at, true);
    else if (kind == 'z' && size > at + 1) tell_deflated(r, place, p, key, p + at + 1, size - at - 1, true);
    else if (kind == 'i' && size > at + 2) {
        bool deflated = p[at] == 1, is_xmp = key == 17 && memcmp(p, "XML:com.adobe.xmp", 17) == 0;
        at += 2;
        for (int i = 0; i < 2; i++) { /* language, translated keyword */
            zero = memchr(p + at, 0, size - at);
            if (!zero) {
                tag_broken(r, "a text chunk ends too early");
                return;
            }
            at = (size_t)(zero - p) + 1;
        }
        const void *name = is_xmp ? (const void *)"XMP" : p;
        size_t n = is_xmp ? 3 : key;
        if (deflated) tell_deflated(r, place, name, n, p + at, size - at, false);
        else tag_tell(r, place, name, n, p + at, size - at, false);
    }
}

void tag_reader_png(tag_reader *r)
{
    for (size_t at = 8; !r->stopped;) {
        if (r->size - at < 12) {
            tag_broken(r, "the file ends before its last chunk");
            return;
        }
        const unsigned char *p = r->data + at;
        size_t size = tag_big(p);
        if (size > r->size - at - 12) {
            tag_broken(r, "a chunk is longer than the file");
            return;
        }
        if (tag_begins(p + 4, 4, "tEXt")) read_png_text(r, p + 8, size, 't');
        else if (tag_begins(p + 4, 4, "zTXt")) read_png_text(r, p + 8, size, 'z');
        else if (tag_begins(p + 4, 4, "iTXt")) read_png_text(r, p + 8, size, 'i');
        else if (tag_begins(p + 4, 4, "eXIf")) tag_reader_exif(r, "PNG eXIf", p + 8, size);
        else if (tag_begins(p + 4, 4, "caBX")) tag_tell(r, "PNG caBX", "C2PA", 4, "", 0, false);
        else if (tag_begins(p + 4, 4, "IEND")) return;
        at += size + 12;
    }
}

/* ---- JPEG ---- */

void tag_reader_jpeg(tag_reader *r)
{
    static const char XMP[] = "http://ns.adobe.com/xap/1.0/"; /* and a zero byte */
    bool manifest = false;
    for (size_t at = 2; !r->stopped;) {
        if (r->size - at < 4 || r->data[at] != 0xFF) {
            tag_broken(r, "a marker was expected");
            return;
        }
        unsigned char marker = r->data[at + 1];
        if (marker == 0xFF) { /* a fill byte */
            at++;
            continue;
        }
        if (marker == 0xDA || marker == 0xD9) return; /* the picture itself */
        size_t size = (size_t)r->data[at + 2] << 8 | r->data[at + 3];
        const unsigned char *p = r->data + at + 4;
        if (size < 2 || size > r->size - at - 2) {
            tag_broken(r, "a segment is longer than the file");
            return;
        }
        size_t n = size - 2;
        if (marker == 0xE1 && n > sizeof XMP && memcmp(p, XMP, sizeof XMP) == 0) tag_tell(r, "JPEG APP1", "XMP", 3, p + sizeof XMP, n - sizeof XMP, false);
        else if (marker == 0xE1 && n > 6 && memcmp(p, "Exif\0", 6) == 0) tag_reader_exif(r, "JPEG EXIF", p, n);
        else if (marker == 0xEB && !manifest && tag_begins(p, n, "JP") && memmem(p, n, "c2pa", 4)) {
            manifest = true;
            tag_tell(r, "JPEG APP11", "C2PA", 4, "", 0, false);
        } else if (marker == 0xFE) tag_tell(r, "JPEG COM", "comment", 7, p, n, false);
        at += size + 2;
    }
}

/* ---- MP4, HEIF, AVIF ---- */

void tag_reader_boxes(tag_reader *r)
{
    static const unsigned char C2PA[16] = {0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4, 0x81},
                               XMP[16] = {0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8, 0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC};
    for (size_t at = 0; !r->stopped && r->size - at >= 8;) {
        const unsigned char *p = r->data + at;
        uint64_t size = tag_big(p);
        size_t head = 8;
        if (size == 1 && r->size - at >= 16) size = (uint64_t)tag_big(p + 8) << 32 | tag_big(p + 12), head = 16;
        else if (size == 0) size = r->size - at;
        if (size < head || size > r->size - at) {
            tag_broken(r, "a box is longer than the file");
            return;
        }
        if (tag_begins(p + 4, 4, "uuid") && size >= head + 16) {
            if (memcmp(p + head, C2PA, 16) == 0) tag_tell(r, "box uuid", "C2PA", 4, "", 0, false);
            else if (memcmp(p + head, XMP, 16) == 0) tag_tell(r, "box uuid", "XMP", 3, p + head + 16, (size_t)size - head - 16, false);
        }
        at += (size_t)size;
    }
}

/* ---- which one ---- */

static bool is_text(const tag_reader *r)
{
    size_t looked = r->size < 4096 ? r->size : 4096;
    for (size_t i = 0; i < looked; i++)
        if (r->data[i] < ' ' && !strchr("\t\n\r\f\033\b", r->data[i])) return false;
    return !memchr(r->data, 0, looked);
}

static const char *read_any(tag_reader *r)
{
    const unsigned char *p = r->data;
    size_t n = r->size;
    if (n >= 8 && memcmp(p, "\x89PNG\r\n\x1A\n", 8) == 0) return tag_reader_png(r), "PNG";
    if (n >= 3 && p[0] == 0xFF && p[1] == 0xD8 && p[2] == 0xFF) return tag_reader_jpeg(r), "JPEG";
    if (n >= 12 && memcmp(p, "RIFF", 4) == 0 && memcmp(p + 8, "WEBP", 4) == 0) return tag_reader_riff(r), "WebP";
    if (n >= 12 && memcmp(p, "RIFF", 4) == 0 && memcmp(p + 8, "WAVE", 4) == 0) return tag_reader_riff(r), "WAV";
    if (n >= 12 && memcmp(p + 4, "ftyp", 4) == 0) return tag_reader_boxes(r), "MP4 or HEIF";
    if (n >= 12 && memcmp(p, "FORM", 4) == 0 && memcmp(p + 8, "AIF", 3) == 0) return tag_reader_aiff(r), "AIFF";
    if (tag_begins(p, n, "GIF87a") || tag_begins(p, n, "GIF89a")) return tag_reader_gif(r), "GIF";
    if (n >= 8 && (memcmp(p, "II*\0", 4) == 0 || memcmp(p, "MM\0*", 4) == 0)) return tag_reader_exif(r, "TIFF", p, n), "TIFF";
    if (tag_begins(p, n, "OggS")) return tag_reader_ogg(r), "Ogg";
    size_t id3 = tag_begins(p, n, "ID3") ? tag_reader_id3(r, 0, n) : 0;
    if (tag_begins(p + id3, n - id3, "fLaC")) return tag_reader_flac(r, id3 + 4), "FLAC";
    if (id3 || (n >= 2 && p[0] == 0xFF && (p[1] & 0xE6) == 0xE2)) return "MP3";
    if (n && is_text(r)) return tag_reader_text(r), "text";
    return NULL;
}

bool tag_reader_run(const void *data, size_t size, tag_reader_see see, void *arg, tag_reader_result *result, status *st)
{
    tag_reader r = {.data = data, .size = size, .see = see, .arg = arg, .st = st};
    result->container = read_any(&r);
    result->broken = r.broken;
    return status_ok(st);
}
