/* tag_reader: the texts that pictures, sounds and texts carry about themselves, whoever wrote them.
 *
 * Read are: PNG (tEXt, zTXt, iTXt, eXIf, caBX), JPEG (APP1 XMP and EXIF, APP11 C2PA, COM), WebP (XMP, EXIF, C2PA), boxes of MP4, HEIF and AVIF
 * (XMP and C2PA), WAV (LIST INFO, AIGC, _PMX, ID3, C2PA), FLAC and Ogg (Vorbis comments), MP3 (ID3v2), AIFF, GIF, TIFF, front
 * matter and sidecars of texts. The bytes are hostile: every length is checked against what is there, at most TAG_READER_MOST tags
 * are told, none longer than TAG_READER_LONGEST, all together no more than TAG_READER_IN_ALL bytes, inflated ones too; of EXIF
 * data the first counts. What is broken ends the reading without an error: it is told in
 * `broken`, and what came before it stays.
 */
#ifndef AIGC_PROVENANCE_TAG_READER_H
#define AIGC_PROVENANCE_TAG_READER_H

#include <stddef.h>

#include "core/status.h"

enum { TAG_READER_MOST = 256, TAG_READER_LONGEST = 8 << 20, TAG_READER_IN_ALL = 32 << 20 };

typedef struct {
    const char *place;  /* "PNG iTXt", "WAV LIST", …; static */
    char key[80];       /* the tag's own name; "XMP" for an XMP packet, "C2PA" (without a value) for a manifest */
    const char *value;  /* zero-terminated, UTF-8 as the format promises it; valid during the call */
    size_t size;
} tag_reader_tag;

/* false stops the reading. */
typedef bool (*tag_reader_see)(void *arg, const tag_reader_tag *tag);

typedef struct {
    const char *container; /* "PNG", …; "text"; NULL: something else */
    const char *broken;    /* what ended the reading too early; NULL: nothing */
} tag_reader_result;

/* Looks through all of the file. false with STATUS_NOMEM alone. */
bool tag_reader_run(const void *data, size_t size, tag_reader_see see, void *arg, tag_reader_result *result, status *st);

#endif
