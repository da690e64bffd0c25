/* sound_tags: what a sound file says about itself, in the way of each container.
 *
 *     WAV           chunks "LIST" INFO (ISFT, ICMT), "AIGC" (the label), "_PMX" (XMP, as ISO 16684-3 names it)
 *     FLAC, Ogg     Vorbis comments COMMENT, SOFTWARE, AIGC and AIGC_ORIGIN (the record)
 *     MP3           ID3v2.4 frames COMM, TSSE, TXXX:AIGC and TXXX:AIGC_ORIGIN
 *
 * The places of the AIGC label are those of TC260-PG-20258A. Sources: Microsoft, Multimedia Programming Interface and Data
 * Specifications 1.0 (RIFF); RFC 9639 (FLAC); RFC 3533 (Ogg pages); the Vorbis I specification, section 5; ID3v2.4.0.
 */
#ifndef AIGC_AUDIO_SOUND_TAGS_H
#define AIGC_AUDIO_SOUND_TAGS_H

#include <stdio.h>

#include "core/text_out.h"

/* Zero-terminated; all are there but the label, which may be NULL. label and record are ASCII. */
typedef struct {
    const char *software, *remark, *label, *record, *xmp;
} sound_tags;

/* The chunks for a WAV file, whole and padded. */
void sound_tags_riff(const sound_tags *t, text_out *to);

/* An ID3v2.4 tag, to stand before the first frame. */
void sound_tags_id3(const sound_tags *t, text_out *to);

/* An encoder that knows one comment alone is given the placeholder as that comment; when the file is whole, the comments
 * take its place: they are as long together, so that nothing else moves. The stream is readable and at any place. */
char *sound_tags_placeholder(const sound_tags *t, status *st); /* freed with alloc_free */
bool sound_tags_replace_flac(const sound_tags *t, FILE *file, status *st);

/* The same for Ogg (t NULL: no tags). It also gives the stream the number 1: the encoder numbers it by chance, and the same
 * sound must give the same bytes. */
bool sound_tags_finish_ogg(const sound_tags *t, FILE *file, status *st);

#endif
