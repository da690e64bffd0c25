/* tag_reader_sound: the tags of sounds, and of texts. Sources: see audio/sound_tags.h; ID3v2.3.0 and 2.4.0. */
#include "provenance/tag_reader_parts.h"
#include "core/text_out.h"

enum { PAGE_HEADER = 27 };

/* ---- RIFF ---- */

static void read_info(tag_reader *r, const unsigned char *p, size_t size)
{
    for (size_t at = 4; at + 8 <= size && !r->stopped;) {
        size_t n = tag_little(p + at + 4);
        if (n > size - at - 8) {
            tag_broken(r, "an entry of LIST is longer than it");
            return;
        }
        tag_tell(r, "WAV LIST", p + at, 4, p + at + 8, n, false);
        at += 8 + n + n % 2;
    }
}

void tag_reader_riff(tag_reader *r)
{
    for (size_t at = 12; at < r->size && r->size - at >= 8 && !r->stopped;) {
        const unsigned char *p = r->data + at;
        size_t size = tag_little(p + 4), left = r->size - at - 8;
        if (size > left) { /* sound of a length that nobody knew */
            if (!tag_begins(p, 4, "data")) tag_broken(r, "a chunk is longer than the file");
            return;
        }
        if (tag_begins(p, 4, "LIST") && tag_begins(p + 8, size, "INFO")) read_info(r, p + 8, size);
        else if (tag_begins(p, 4, "AIGC")) tag_tell(r, "WAV AIGC", "AIGC", 4, p + 8, size, false);
        else if (tag_begins(p, 4, "_PMX")) tag_tell(r, "WAV _PMX", "XMP", 3, p + 8, size, false);
        else if (tag_begins(p, 4, "XMP ")) tag_tell(r, "WebP XMP", "XMP", 3, p + 8, size, false);
        else if (tag_begins(p, 4, "EXIF")) tag_reader_exif(r, "WebP EXIF", p + 8, size);
        else if (tag_begins(p, 4, "C2PA")) tag_tell(r, "RIFF C2PA", "C2PA", 4, "", 0, false);
        else if (tag_begins(p, 4, "id3 ") || tag_begins(p, 4, "ID3 ")) tag_reader_id3(r, at + 8, size);
        at += 8 + size + size % 2;
    }
}

/* ---- Vorbis comments ---- */

/* From the vendor's length on. */
static void read_comments(tag_reader *r, const char *place, const unsigned char *p, size_t size)
{
    size_t vendor = size >= 8 ? tag_little(p) : SIZE_MAX;
    if (size < 8 || vendor > size - 8) {
        tag_broken(r, "the comments are damaged");
        return;
    }
    size_t at = 8 + vendor;
    for (uint32_t i = 0, count = tag_little(p + 4 + vendor); i < count && !r->stopped; i++) {
        size_t n = size - at >= 4 ? tag_little(p + at) : SIZE_MAX;
        if (size - at < 4 || n > size - at - 4) {
            tag_broken(r, "the comments are damaged");
            return;
        }
        const unsigned char *text = p + at + 4, *equals = memchr(text, '=', n);
        if (equals && !tag_tell(r, place, text, (size_t)(equals - text), equals + 1, n - (size_t)(equals + 1 - text), false)) return;
        at += 4 + n;
    }
}

void tag_reader_flac(tag_reader *r, size_t from)
{
    for (size_t at = from; r->size - at >= 4 && !r->stopped;) {
        const unsigned char *p = r->data + at;
        size_t size = tag_big(p) & 0xFFFFFF;
        if (size > r->size - at - 4) {
            tag_broken(r, "a block is longer than the file");
            return;
        }
        if ((p[0] & 127) == 4) read_comments(r, "FLAC comment", p + 4, size);
        if (p[0] & 128) return; /* the last one */
        at += 4 + size;
    }
}

/* The first packets' bytes, gathered from the pages; the second packet holds the comments. */
void tag_reader_ogg(tag_reader *r)
{
    text_out packet = {.st = r->st};
    int number = 0;
    for (size_t at = 0; number < 2 && status_ok(r->st);) {
        const unsigned char *p = r->data + at;
        size_t left = r->size - at, segments = left >= PAGE_HEADER ? p[26] : 0, body = PAGE_HEADER + segments;
        if (left < PAGE_HEADER || !tag_begins(p, left, "OggS") || left < body) {
            tag_broken(r, "a page is damaged");
            break;
        }
        for (size_t i = 0; i < segments && number < 2; i++) {
            size_t n = p[PAGE_HEADER + i];
            if (n > left - body || packet.size > TAG_READER_LONGEST) {
                tag_broken(r, "a page is damaged");
                number = 3;
                break;
            }
            if (number == 1) text_out_bytes(&packet, p + body, n);
            body += n;
            number += n < 255;
        }
        at += body;
    }
    const unsigned char *comments = (unsigned char *)packet.data;
    if (number == 2 && comments) {
        size_t magic = tag_begins(comments, packet.size, "OpusTags") ? 8 : tag_begins(comments, packet.size, "\3vorbis") ? 7 : 0;
        if (magic) read_comments(r, "Ogg comment", comments + magic, packet.size - magic);
    }
    text_out_free(&packet);
}

/* ---- ID3 ---- */

static size_t synchsafe(const unsigned char *p) { return (size_t)(p[0] & 127) << 21 | (size_t)(p[1] & 127) << 14 | (size_t)(p[2] & 127) << 7 | (p[3] & 127); }

/* TXXX: encoding, description 0, text; COMM: encoding, three letters, description 0, text. Latin-1 and UTF-8 are read. */
static void read_text_frame(tag_reader *r, const unsigned char *p, const unsigned char *text, size_t size)
{
    if (size < 1 || (text[0] != 0 && text[0] != 3)) return;
    bool latin = text[0] == 0;
    size_t skip = tag_begins(p, 4, "COMM") ? 4 : 1;
    if (skip > size) return;
    if (tag_begins(p, 4, "TXXX") || tag_begins(p, 4, "COMM")) {
        const unsigned char *zero = memchr(text + skip, 0, size - skip);
        if (!zero) return;
        size_t key = (size_t)(zero - text) - skip, at = (size_t)(zero - text) + 1;
        if (key) tag_tell(r, "ID3", text + skip, key, text + at, size - at, latin);
        else tag_tell(r, "ID3", p, 4, text + at, size - at, latin);
    } else tag_tell(r, "ID3", p, 4, text + 1, size - 1, latin);
}

size_t tag_reader_id3(tag_reader *r, size_t from, size_t size)
{
    const unsigned char *p = r->data + from;
    if (size < 10 || !tag_begins(p, size, "ID3")) return 0;
    size_t all = synchsafe(p + 6) + 10;
    if (all > size) {
        tag_broken(r, "the ID3 tag is longer than the file");
        return 0;
    }
    if (p[5] & 0x40) return all; /* an extended header: not looked into */
    for (size_t at = 10; all - at > 10 && p[at] && !r->stopped;) {
        size_t n = p[3] >= 4 ? synchsafe(p + at + 4) : tag_big(p + at + 4);
        if (n > all - at - 10) {
            tag_broken(r, "an ID3 frame is longer than its tag");
            break;
        }
        if (p[at] == 'T' || tag_begins(p + at, 4, "COMM")) read_text_frame(r, p + at, p + at + 10, n);
        else if (tag_begins(p + at, 4, "GEOB") && memmem(p + at + 10, n, "c2pa", 4)) tag_tell(r, "ID3 GEOB", "C2PA", 4, "", 0, false);
        at += 10 + n;
    }
    return all;
}

/* ---- text ---- */

/* The value of "key: value" at p, without the quotes of a plain string; its end is the line's. */
static void tell_yaml(tag_reader *r, text_out *label, const unsigned char *p, size_t size)
{
    const unsigned char *colon = memchr(p, ':', size);
    if (!colon) return;
    size_t key = (size_t)(colon - p), at = key + 1;
    while (at < size && p[at] == ' ') at++;
    while (size > at && (p[size - 1] == '\r' || p[size - 1] == ' ')) size--;
    if (key == 6 && memcmp(p, "origin", 6) == 0) {
        tag_tell(r, "front matter", "AIGC_ORIGIN", 11, p + at, size - at, false);
        return;
    }
    size_t indent = strspn((const char *)p, " ");
    if (indent == 0 || indent >= key) return;
    if (size - at >= 2 && (p[at] == '"' || p[at] == '\'') && p[size - 1] == p[at]) at++, size--;
    text_out_format(label, "%s\"%.*s\": \"", label->size ? ", " : "{", (int)(key - indent), (const char *)p + indent);
    for (size_t i = at; i < size; i++) {
        if (p[i] == '"' || p[i] == '\\') text_out_add(label, "\\");
        text_out_bytes(label, p + i, 1);
    }
    text_out_add(label, "\"");
}

/* Front matter: "---", lines, "---". The fields below AIGC: are told as the JSON they are elsewhere. */
static void read_front_matter(tag_reader *r)
{
    text_out label = {.st = r->st};
    bool inside = false;
    for (size_t at = 4; at < r->size && at < TAG_READER_LONGEST;) {
        const unsigned char *p = r->data + at, *end = memchr(p, '\n', r->size - at);
        size_t n = end ? (size_t)(end - p) : r->size - at;
        if (n >= 3 && memcmp(p, "---", 3) == 0) break;
        char line[4096]; /* strspn wants an end; a longer line is a record of ours or nothing we read */
        size_t kept = n < sizeof line ? n : sizeof line - 1;
        memcpy(line, p, kept);
        line[kept] = 0;
        if (strncmp(line, "AIGC:", 5) == 0) inside = true;
        else if (line[0] != ' ') inside = false;
        if (strncmp(line, "origin:", 7) == 0) tell_yaml(r, &label, p, n);
        else if (inside && line[0] == ' ' && kept == n) tell_yaml(r, &label, (unsigned char *)line, kept);
        at += n + 1;
    }
    if (label.size) {
        text_out_add(&label, "}");
        if (status_ok(r->st)) tag_tell(r, "front matter", "AIGC", 4, label.data, label.size, false);
    }
    text_out_free(&label);
}

void tag_reader_text(tag_reader *r)
{
    if (tag_begins(r->data, r->size, "---\n") || tag_begins(r->data, r->size, "---\r\n")) read_front_matter(r);
    else if (r->data[0] == '{' && memmem(r->data, r->size, "\"origin\"", 8)) tag_tell(r, "JSON", "AIGC_SIDECAR", 12, r->data, r->size, false);
}
