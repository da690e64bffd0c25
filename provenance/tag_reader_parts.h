/* tag_reader_parts: what the readers of single containers share; for tag_reader's own files. */
#ifndef AIGC_PROVENANCE_TAG_READER_PARTS_H
#define AIGC_PROVENANCE_TAG_READER_PARTS_H

#include <stdint.h>
#include <string.h>

#include "provenance/tag_reader.h"

typedef struct {
    const unsigned char *data;
    size_t size;
    tag_reader_see see;
    void *arg;
    const char *broken;
    int told;
    size_t spent;        /* bytes of values looked at */
    bool exif;           /* EXIF data were read */
    bool stopped;
    status *st;
} tag_reader;

static inline uint32_t tag_big(const unsigned char *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
static inline uint32_t tag_little(const unsigned char *p) { return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0]; }
static inline bool tag_begins(const unsigned char *p, size_t size, const char *text)
{
    size_t n = strlen(text);
    return size >= n && memcmp(p, text, n) == 0;
}

/* Remembers the first fault; returns false. */
bool tag_broken(tag_reader *r, const char *what);

/* Counts bytes that are about to be looked at; false when there were too many. */
bool tag_spend(tag_reader *r, size_t bytes);

/* Tells a tag: the value up to its first zero byte. latin: it is Latin-1. false when the reading ends. */
bool tag_tell(tag_reader *r, const char *place, const void *key, size_t key_size, const void *value, size_t size, bool latin);

/* The readers; each begins where r->data does. */
void tag_reader_png(tag_reader *r);
void tag_reader_jpeg(tag_reader *r);
void tag_reader_boxes(tag_reader *r);
void tag_reader_aiff(tag_reader *r);
void tag_reader_gif(tag_reader *r);
void tag_reader_riff(tag_reader *r);
void tag_reader_flac(tag_reader *r, size_t from);
void tag_reader_ogg(tag_reader *r);
/* Returns the size of the ID3v2 tag at `from`, or 0. */
size_t tag_reader_id3(tag_reader *r, size_t from, size_t size);
void tag_reader_text(tag_reader *r);

/* EXIF data in whatever holds them, with or without "Exif" and two zero bytes before them. */
void tag_reader_exif(tag_reader *r, const char *place, const unsigned char *p, size_t size);

#endif
