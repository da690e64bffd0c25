/* protobuf: walks the fields of one Protocol Buffers message in memory (protobuf.dev, "Encoding").
 *
 * Nothing is copied or allocated; a sub-message is walked by a cursor of its own on the field's bytes. A field that is
 * broken or leaves the message ends the walk with `bad` set.
 */
#ifndef AIGC_CORE_PROTOBUF_H
#define AIGC_CORE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { PROTOBUF_VARINT = 0, PROTOBUF_FIXED64 = 1, PROTOBUF_BYTES = 2, PROTOBUF_FIXED32 = 5 } protobuf_wire;

typedef struct {
    const unsigned char *at, *end;
    bool bad;
} protobuf_cursor;

typedef struct {
    uint32_t number;
    protobuf_wire wire;
    uint64_t value;             /* of a varint or fixed field */
    const unsigned char *bytes; /* of a string, message or packed list; of a fixed field too */
    size_t size;
} protobuf_field;

static inline protobuf_cursor protobuf_begin(const void *data, size_t size)
{
    return (protobuf_cursor){.at = data, .end = (const unsigned char *)data + size};
}

bool protobuf_next(protobuf_cursor *c, protobuf_field *f); /* false at the end, or with c->bad */
bool protobuf_varint(protobuf_cursor *c, uint64_t *out);   /* one bare varint; the same */

/* The numbers of a repeated field, whether they stand one a field or packed, or both, as readers must expect. item is
 * PROTOBUF_VARINT, PROTOBUF_FIXED32 or PROTOBUF_FIXED64. */
typedef struct {
    protobuf_cursor fields, packed;
    uint32_t number;
    protobuf_wire item;
    bool bad;
} protobuf_numbers;
protobuf_numbers protobuf_numbers_of(protobuf_cursor message, uint32_t number, protobuf_wire item);
bool protobuf_numbers_next(protobuf_numbers *n, uint64_t *out); /* false at the end, or with n->bad */

#endif
