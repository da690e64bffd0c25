#include "audio/sound_tags.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"

enum { PAGE_HEADER = 27, LARGEST_PACKET = 1 << 25, STREAM_NUMBER = 1 };
static const char KEY[] = "COMMENT="; /* of the placeholder */

static void put_little(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) to[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t get_little(const unsigned char *from) { return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24; }

/* ---- WAV ---- */

static void add_chunk(text_out *to, const char *id, const void *bytes, size_t size)
{
    unsigned char length[4];
    put_little(length, (uint32_t)size);
    text_out_bytes(to, id, 4);
    text_out_bytes(to, length, 4);
    text_out_bytes(to, bytes, size);
    if (size % 2) text_out_bytes(to, "", 1);
}

void sound_tags_riff(const sound_tags *t, text_out *to)
{
    text_out info = {.st = to->st};
    text_out_add(&info, "INFO");
    add_chunk(&info, "ISFT", t->software, strlen(t->software) + 1);
    add_chunk(&info, "ICMT", t->remark, strlen(t->remark) + 1);
    if (info.data) add_chunk(to, "LIST", info.data, info.size);
    text_out_free(&info);
    if (t->label) add_chunk(to, "AIGC", t->label, strlen(t->label));
    add_chunk(to, "_PMX", t->xmp, strlen(t->xmp));
}

/* ---- MP3 ---- */

/* 28 bits in four bytes whose highest bit is 0. */
static void add_synchsafe(text_out *to, size_t n)
{
    unsigned char bytes[4] = {(unsigned char)(n >> 21 & 127), (unsigned char)(n >> 14 & 127), (unsigned char)(n >> 7 & 127), (unsigned char)(n & 127)};
    text_out_bytes(to, bytes, 4);
}

/* A frame of UTF-8 text (encoding 3); head: the bytes between the encoding and the text, head_size of them. */
static void add_frame(text_out *to, const char *id, const void *head, size_t head_size, const char *text)
{
    text_out_bytes(to, id, 4);
    add_synchsafe(to, 1 + head_size + strlen(text));
    text_out_bytes(to, "\0\0\3", 3); /* flags, encoding */
    text_out_bytes(to, head, head_size);
    text_out_add(to, text);
}

void sound_tags_id3(const sound_tags *t, text_out *to)
{
    text_out frames = {.st = to->st};
    add_frame(&frames, "TSSE", "", 0, t->software);
    add_frame(&frames, "COMM", "eng", 4, t->remark); /* language, empty description */
    if (t->label) add_frame(&frames, "TXXX", "AIGC", 5, t->label);
    add_frame(&frames, "TXXX", "AIGC_ORIGIN", 12, t->record);
    text_out_bytes(to, "ID3\4\0\0", 6);
    add_synchsafe(to, frames.size);
    if (frames.data) text_out_bytes(to, frames.data, frames.size);
    text_out_free(&frames);
}

/* ---- Vorbis comments ---- */

static void add_comment(text_out *to, const char *key, const char *value)
{
    unsigned char length[4];
    put_little(length, (uint32_t)(strlen(key) + 1 + strlen(value)));
    text_out_bytes(to, length, 4);
    text_out_add(to, key);
    text_out_add(to, "=");
    text_out_add(to, value);
}

/* As a comment header holds them; returns how many. */
static uint32_t add_comments(const sound_tags *t, text_out *to)
{
    add_comment(to, "COMMENT", t->remark);
    add_comment(to, "SOFTWARE", t->software);
    if (t->label) add_comment(to, "AIGC", t->label);
    add_comment(to, "AIGC_ORIGIN", t->record);
    return t->label ? 4 : 3;
}

char *sound_tags_placeholder(const sound_tags *t, status *st)
{
    text_out comments = {.st = st};
    add_comments(t, &comments);
    size_t n = comments.size > 4 + sizeof KEY - 1 ? comments.size - 4 - (sizeof KEY - 1) : 0;
    text_out_free(&comments);
    char *text = status_ok(st) ? alloc_array(n + 1, 1, st) : NULL;
    if (!text) return NULL;
    memset(text, 'x', n);
    text[n] = 0;
    return text;
}

/* Puts the comments in the placeholder's place in a comment header (from the vendor's length on). */
static bool replace(const sound_tags *t, unsigned char *bytes, size_t size, status *st)
{
    text_out comments = {.st = st};
    uint32_t number = add_comments(t, &comments);
    bool done = false;
    size_t vendor = size >= 8 ? get_little(bytes) : SIZE_MAX;
    if (status_ok(st) && vendor < size - 8) {
        unsigned char *count = bytes + 4 + vendor;
        size_t at = 8 + vendor;
        for (uint32_t i = 0; i < get_little(count) && !done && size - at >= 4; i++) {
            size_t length = get_little(bytes + at);
            if (length > size - at - 4) break;
            done = length + 4 == comments.size && strncasecmp((char *)bytes + at + 4, KEY, sizeof KEY - 1) == 0;
            if (done) memcpy(bytes + at, comments.data, comments.size);
            at += 4 + length;
        }
        if (done) put_little(count, get_little(count) + number - 1);
    }
    text_out_free(&comments);
    return done || status_set(st, STATUS_FAIL, "the encoder left no place for the tags");
}

static bool read_at(FILE *file, off_t at, void *to, size_t size) { return fseeko(file, at, SEEK_SET) == 0 && fread(to, 1, size, file) == size; }

static bool write_at(FILE *file, off_t at, const void *from, size_t size, status *st)
{
    if (fseeko(file, at, SEEK_SET) == 0 && fwrite(from, 1, size, file) == size) return true;
    return status_set(st, STATUS_IO, "the tags cannot be written");
}

bool sound_tags_replace_flac(const sound_tags *t, FILE *file, status *st)
{
    unsigned char head[4];
    for (off_t at = 4; read_at(file, at, head, 4); at += 4) {
        size_t size = (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        if ((head[0] & 127) == 4) {
            unsigned char *bytes = alloc_array(size, 1, st);
            bool ok = bytes && read_at(file, at + 4, bytes, size) && replace(t, bytes, size, st) && write_at(file, at + 4, bytes, size, st);
            alloc_free(bytes);
            return ok || status_set(st, STATUS_FAIL, "the encoder's comments cannot be read");
        }
        if (head[0] & 128) break; /* the last one */
        at += (off_t)size;
    }
    return status_set(st, STATUS_FAIL, "the encoder wrote no comments");
}

/* ---- Ogg ---- */

/* RFC 3533: polynomial 04c11db7, from 0, nothing reflected. */
static void make_check_table(uint32_t table[256])
{
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i << 24;
        for (int b = 0; b < 8; b++) table[i] = table[i] & 0x80000000 ? table[i] << 1 ^ 0x04c11db7 : table[i] << 1;
    }
}

static uint32_t page_check(const uint32_t table[256], const unsigned char *bytes, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i++) sum = sum << 8 ^ table[(sum >> 24 ^ bytes[i]) & 255];
    return sum;
}

typedef struct {
    unsigned char bytes[PAGE_HEADER + 255 + 255 * 255];
    size_t size, body; /* of the whole; where the segments begin */
} ogg_page;

static bool read_page(FILE *file, off_t at, ogg_page *p)
{
    if (!read_at(file, at, p->bytes, PAGE_HEADER) || memcmp(p->bytes, "OggS", 4) != 0) return false;
    size_t segments = p->bytes[26];
    p->body = p->size = PAGE_HEADER + segments;
    if (fread(p->bytes + PAGE_HEADER, 1, segments, file) != segments) return false;
    for (size_t i = 0; i < segments; i++) p->size += p->bytes[PAGE_HEADER + i];
    return fread(p->bytes + p->body, 1, p->size - p->body, file) == p->size - p->body;
}

/* How many of the page's bytes belong to the packet that begins with it (or goes on in it); *ends: it ends there. */
static size_t first_packet(const ogg_page *p, bool *ends)
{
    size_t n = 0;
    *ends = false;
    for (size_t i = 0; i < p->bytes[26] && !*ends; i++) {
        n += p->bytes[PAGE_HEADER + i];
        *ends = p->bytes[PAGE_HEADER + i] < 255;
    }
    return n;
}

/* The second packet, which holds the comments and begins with the second page, gathered from its pages and changed. */
static bool new_comments(const sound_tags *t, FILE *file, ogg_page *page, text_out *packet, status *st)
{
    bool ok = read_page(file, 0, page), ends = false;
    for (off_t at = ok ? (off_t)page->size : 0; ok && !ends; at += (off_t)page->size) {
        ok = read_page(file, at, page) && packet->size < LARGEST_PACKET;
        if (ok) text_out_bytes(packet, page->bytes + page->body, first_packet(page, &ends));
    }
    size_t magic = packet->size > 8 && memcmp(packet->data, "OpusTags", 8) == 0 ? 8 : 7;
    if (!ok || packet->size <= magic) return status_set(st, STATUS_FAIL, "the encoder's comments cannot be read");
    return status_ok(st) && replace(t, (unsigned char *)packet->data + magic, packet->size - magic, st);
}

/* Goes over all pages: the number, the part of the packet that lies in it, the check sum. */
static bool write_pages(FILE *file, ogg_page *page, const text_out *packet, status *st)
{
    uint32_t table[256];
    bool ends = false, ok = true;
    size_t used = 0;
    off_t at = 0;
    make_check_table(table);
    for (int number = 0; ok && read_page(file, at, page); number++, at += (off_t)page->size) {
        if (number > 0 && used < packet->size && !ends) {
            size_t n = first_packet(page, &ends);
            memcpy(page->bytes + page->body, packet->data + used, n);
            used += n;
        }
        put_little(page->bytes + 14, STREAM_NUMBER);
        put_little(page->bytes + 22, 0);
        put_little(page->bytes + 22, page_check(table, page->bytes, page->size));
        ok = write_at(file, at, page->bytes, page->size, st);
    }
    return ok && (used == packet->size || status_set(st, STATUS_FAIL, "the encoder's pages cannot be read"));
}

bool sound_tags_finish_ogg(const sound_tags *t, FILE *file, status *st)
{
    ogg_page *page = alloc_array(1, sizeof *page, st);
    text_out packet = {.st = st};
    bool ok = page && (!t || new_comments(t, file, page, &packet, st)) && write_pages(file, page, &packet, st);
    text_out_free(&packet);
    alloc_free(page);
    return ok;
}
