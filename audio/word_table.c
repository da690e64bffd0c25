#include "audio/word_table.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/gzip.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/home.h"
#include "core/log.h"
#include "core/name_hash.h"

static const size_t LARGEST_SOURCE = (size_t)64 << 20;

/* What a cached table must agree on with its source. Plain fields without padding, compared and hashed as bytes. */
typedef struct {
    uint64_t path_hash, kind_hash;
    uint64_t size, seconds, nanoseconds;
    uint64_t trailer; /* the source's last eight bytes: in a gzip file the checksum and size of its contents */
} source_identity;

typedef struct {
    char magic[8];
    source_identity source;
    uint64_t slots, count, blob_size;
    name_hash_key key; /* of the slots' hashes: the table outlives the process */
    uint64_t check;    /* of all of the above and of all that follows */
} table_header;

typedef struct {
    uint32_t hash, place; /* place: offset of the entry + 1; 0: free */
} table_slot;

struct word_table {
    table_header header;
    table_slot *slot;
    char *blob;
    size_t blob_room;     /* while building */
    file_mapping mapping; /* slot and blob lie in it when it has data */
};

static const char MAGIC[8] = "aigcWT2";

/* FNV-1a, 64 bits. */
static uint64_t hash_bytes(const void *data, size_t size)
{
    const unsigned char *p = data;
    uint64_t h = 0xCBF29CE484222325u;
    for (size_t i = 0; i < size; i++) h = (h ^ p[i]) * 0x100000001B3u;
    return h;
}

static uint32_t key_hash(const word_table *t, const char *key, size_t size)
{
    return (uint32_t)name_hash_with(t->header.key, key, size);
}

/* The entry at a slot, checked against the blob; NULL when it does not lie inside. */
static const char *entry_at(const word_table *t, table_slot s, size_t *key_size, size_t *value_size)
{
    uint64_t at = (uint64_t)s.place - 1;
    if (at + 4 > t->header.blob_size) return NULL;
    uint16_t sizes[2];
    memcpy(sizes, t->blob + at, 4);
    if (at + 4 + sizes[0] + sizes[1] > t->header.blob_size) return NULL;
    *key_size = sizes[0];
    *value_size = sizes[1];
    return t->blob + at + 4;
}

/* The slot that holds the key, or the free one where it would go; NULL in a full (that is, forged) table. */
static table_slot *find_slot(const word_table *t, const char *key, size_t size, uint32_t hash)
{
    size_t mask = t->header.slots - 1;
    for (size_t i = 0, at = hash & mask; i < t->header.slots; i++, at = (at + 1) & mask) {
        table_slot s = t->slot[at];
        if (s.place == 0) return &t->slot[at];
        if (s.hash != hash) continue;
        size_t key_size, value_size;
        const char *entry = entry_at(t, s, &key_size, &value_size);
        if (entry && key_size == size && memcmp(entry, key, size) == 0) return &t->slot[at];
    }
    return NULL;
}

const char *word_table_find(const word_table *t, const char *key, size_t key_size, size_t *value_size)
{
    const table_slot *s = find_slot(t, key, key_size, key_hash(t, key, key_size));
    if (!s || s->place == 0) return NULL;
    const char *entry = entry_at(t, *s, &key_size, value_size);
    return entry ? entry + key_size : NULL;
}

size_t word_table_count(const word_table *t)
{
    return t->header.count;
}

/* ---- building ---- */

static bool grow_slots(word_table *t, status *st)
{
    size_t slots = t->header.slots ? t->header.slots * 2 : 1024;
    table_slot *grown = alloc_zeroed(slots, sizeof *grown, st);
    if (!grown) return false;
    for (size_t i = 0; i < t->header.slots; i++) {
        table_slot s = t->slot[i];
        if (s.place == 0) continue;
        size_t at = s.hash & (slots - 1);
        while (grown[at].place) at = (at + 1) & (slots - 1);
        grown[at] = s;
    }
    alloc_free(t->slot);
    t->slot = grown;
    t->header.slots = slots;
    return true;
}

static bool grow_blob(word_table *t, size_t more, status *st)
{
    size_t room = t->blob_room ? t->blob_room * 2 : 65536;
    if (room < t->header.blob_size + more) room = t->header.blob_size + more;
    if (room > UINT32_MAX / 2) return status_set(st, STATUS_INPUT, "a word table of more than 2 GiB");
    char *grown = alloc_resize(t->blob, room, 1, st);
    if (!grown) return false;
    t->blob = grown;
    t->blob_room = room;
    return true;
}

bool word_table_add(word_table *t, const char *key, size_t key_size, const void *value, size_t value_size, status *st)
{
    if (key_size > UINT16_MAX || value_size > UINT16_MAX)
        return status_set(st, STATUS_INPUT, "an entry of %zu and %zu bytes, at most 65535 were expected", key_size,
                          value_size);
    size_t need = 4 + key_size + value_size;
    if (t->header.blob_size + need > t->blob_room && !grow_blob(t, need, st)) return false;
    if ((t->header.count + 1) * 4 > t->header.slots * 3 && !grow_slots(t, st)) return false;
    uint32_t hash = key_hash(t, key, key_size);
    table_slot *s = find_slot(t, key, key_size, hash);
    if (s->place == 0) t->header.count++;
    *s = (table_slot){hash, (uint32_t)t->header.blob_size + 1};
    uint16_t sizes[2] = {(uint16_t)key_size, (uint16_t)value_size};
    char *out = t->blob + t->header.blob_size;
    memcpy(out, sizes, 4);
    memcpy(out + 4, key, key_size);
    memcpy(out + 4 + key_size, value, value_size);
    t->header.blob_size += need;
    return true;
}

word_table *word_table_build(char *text, size_t size, const char *name, word_table_fill fill, status *st)
{
    word_table *t = alloc_zeroed(1, sizeof *t, st);
    if (!t) return NULL;
    memcpy(t->header.magic, MAGIC, sizeof MAGIC);
    t->header.key = name_hash_new_key();
    if (grow_slots(t, st) && grow_blob(t, size / 2, st) && fill(t, text, size, name, st)) return t;
    word_table_close(t);
    return NULL;
}

void word_table_close(word_table *t)
{
    if (!t) return;
    if (t->mapping.data) {
        file_unmap(&t->mapping);
    } else {
        alloc_free(t->slot);
        alloc_free(t->blob);
    }
    alloc_free(t);
}

/* ---- the cache ---- */

static bool identify(const char *path, const char *kind, source_identity *id)
{
    char real[PATH_MAX];
    if (!realpath(path, real)) return false;
    *id = (source_identity){.path_hash = hash_bytes(real, strlen(real)), .kind_hash = hash_bytes(kind, strlen(kind))};
    struct stat info;
    status ignored = {0};
    int fd = file_open(real, &ignored);
    if (fd < 0) return false;
    bool ok = fstat(fd, &info) == 0 && info.st_size >= 8 && pread(fd, &id->trailer, 8, info.st_size - 8) == 8;
    close(fd);
    if (!ok) return false;
    id->size = (uint64_t)info.st_size;
    id->seconds = (uint64_t)info.st_mtim.tv_sec;
    id->nanoseconds = (uint64_t)info.st_mtim.tv_nsec;
    return true;
}

/* The cached table's path, its folder made if need be; NULL when there is no place for it. */
static char *cache_path(const source_identity *id, status *st)
{
    char name[40];
    snprintf(name, sizeof name, "words-%016llx.table", (unsigned long long)(id->path_hash ^ id->kind_hash));
    return home_cache(name, st);
}

/* A sum over the table's bytes that any change to them changes, in four lanes so that 5 MB take half a millisecond. It
 * tells damage; that nobody else wrote the file, its owner and mode must tell. */
static uint64_t sum_bytes(uint64_t from, const void *data, size_t size)
{
    const char *p = data;
    uint64_t lane[4] = {from, ~from, from ^ size, 0}, word[4] = {0};
    for (; size >= sizeof word; p += sizeof word, size -= sizeof word) {
        memcpy(word, p, sizeof word);
        for (int i = 0; i < 4; i++) {
            lane[i] = (lane[i] ^ word[i]) * UINT64_C(0x9E3779B97F4A7C15); /* odd: no two words give one product */
            lane[i] ^= lane[i] >> 29;
        }
    }
    if (size) {
        memset(word, 0, sizeof word);
        memcpy(word, p, size);
    }
    return name_hash_with((name_hash_key){{0, 0}}, (uint64_t[8]){lane[0], lane[1], lane[2], lane[3], word[0], word[1], word[2], word[3]}, 64);
}

static uint64_t sum_table(const table_header *h, const table_slot *slot, const char *blob)
{
    table_header head = *h;
    head.check = 0;
    uint64_t sum = sum_bytes(0, &head, sizeof head);
    sum = sum_bytes(sum, slot, sizeof *slot * h->slots);
    return sum_bytes(sum, blob, h->blob_size);
}

/* Whether the file is this user's own and not everybody's to write. */
static bool is_own(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() && !(info.st_mode & S_IWOTH);
}

/* Takes the cached table when it is whole and made from just this source. */
static word_table *open_cached(const char *path, const source_identity *id)
{
    status ignored = {0};
    word_table *t = alloc_zeroed(1, sizeof *t, &ignored);
    if (!t) return NULL;
    if (is_own(path) && file_map(&t->mapping, path, &ignored) && t->mapping.size > sizeof t->header) {
        memcpy(&t->header, t->mapping.data, sizeof t->header);
        uint64_t slots = t->header.slots, left = t->mapping.size - sizeof t->header;
        bool sound = memcmp(t->header.magic, MAGIC, sizeof MAGIC) == 0 &&
                     memcmp(&t->header.source, id, sizeof *id) == 0 && slots > 0 && (slots & (slots - 1)) == 0 &&
                     slots <= left / sizeof(table_slot) && t->header.blob_size == left - slots * sizeof(table_slot);
        if (sound) {
            char *data =
                (char *)(uintptr_t)t->mapping.data; /* never written through: find_slot's result is read only */
            t->slot = (table_slot *)(void *)(data + sizeof t->header);
            t->blob = data + sizeof t->header + slots * sizeof(table_slot);
            if (sum_table(&t->header, t->slot, t->blob) == t->header.check) return t;
            log_verbose("%s: the table of words is damaged and is made anew", path);
        }
    }
    file_unmap(&t->mapping);
    alloc_free(t);
    return NULL;
}

static void write_cache(const char *path, const word_table *t)
{
    status ignored = {0};
    file_output *f = file_create(path, &ignored);
    if (!f) {
        log_verbose("the table of words is not kept: %s", ignored.msg);
        return;
    }
    FILE *out = file_stream(f);
    fwrite(&t->header, sizeof t->header, 1, out);
    fwrite(t->slot, sizeof *t->slot, t->header.slots, out);
    fwrite(t->blob, 1, t->header.blob_size, out);
    if (!file_commit(f, &ignored)) log_verbose("the table of words is not kept: %s", ignored.msg);
}

word_table *word_table_open(const char *path, const char *kind, word_table_fill fill, status *st)
{
    source_identity id;
    bool known = identify(path, kind, &id);
    char *cache = known ? cache_path(&id, st) : NULL;
    word_table *t = cache ? open_cached(cache, &id) : NULL;
    if (!t) {
        size_t size;
        char *text = gzip_read(path, LARGEST_SOURCE, &size, st);
        if (text) t = word_table_build(text, size, path, fill, st);
        alloc_free(text);
        if (t && cache) {
            t->header.source = id;
            t->header.check = sum_table(&t->header, t->slot, t->blob);
            write_cache(cache, t);
        }
    }
    alloc_free(cache);
    return t;
}
