/* word_table: a flat read-only map from short strings to short values, built once from a large JSON file.
 *
 * All of it is one block of bytes without pointers, so the table built from a .json.gz can be kept in the cache folder
 * ($XDG_CACHE_HOME/aigc, else ~/.cache/aigc) and mapped at the next start: unpacking and scanning take some 60 ms for a
 * voice's lexicons and tagger, mapping none. A cached table belongs to one source file and is taken only when that
 * file's path, size, time of change and own checksum are the same. Without a cache folder everything works, only slower.
 * A cached table is checked like any file: it must be this user's own and not everybody's to write, and a sum
 * over all its bytes must hold, else it is made anew. Whatever its bytes, a look-up stays inside the block. Its hashes are
 * keyed with a key of its own, which it keeps (core/name_hash.h).
 *
 * Layout (little-endian): header (its sum within), `slots` places {hash, offset + 1 of the entry} probed linearly, then the entries
 * {key size u16, value size u16, key, value}.
 */
#ifndef AIGC_AUDIO_WORD_TABLE_H
#define AIGC_AUDIO_WORD_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct word_table word_table;

/* Adds an entry while the table is being built. The first of equal keys is replaced by a later one, as JSON readers do.
 * Keys and values are at most 65,535 bytes. */
bool word_table_add(word_table *t, const char *key, size_t key_size, const void *value, size_t value_size, status *st);

/* Turns the unpacked text of `path` into entries by calling word_table_add. */
typedef bool (*word_table_fill)(word_table *t, char *text, size_t size, const char *path, status *st);

/* The table of a .json or .json.gz file, from the cache or built (and then cached; failing to is no error). `kind` names
 * the fill function's format and version: a cache made by another is not taken. */
word_table *word_table_open(const char *path, const char *kind, word_table_fill fill, status *st);

/* Built from a text in memory, without the cache. name is for messages; the text is overwritten. */
word_table *word_table_build(char *text, size_t size, const char *name, word_table_fill fill, status *st);
void word_table_close(word_table *t); /* NULL is allowed */

/* The value of a key, *value_size bytes; NULL when absent. The value is not aligned. */
const char *word_table_find(const word_table *t, const char *key, size_t key_size, size_t *value_size);

size_t word_table_count(const word_table *t);

#endif
