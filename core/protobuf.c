#include "core/protobuf.h"

#include <string.h>

static bool broken(protobuf_cursor *c)
{
    c->bad = true;
    c->at = c->end;
    return false;
}

bool protobuf_varint(protobuf_cursor *c, uint64_t *out)
{
    if (c->at == c->end) return false;
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (c->at == c->end) return broken(c);
        unsigned char b = *c->at++;
        if (shift == 63 && b > 1) return broken(c);
        v |= (uint64_t)(b & 127) << shift;
        if (!(b & 128)) {
            *out = v;
            return true;
        }
    }
    return broken(c);
}

static bool take_bytes(protobuf_cursor *c, protobuf_field *f, uint64_t size)
{
    if (size > (size_t)(c->end - c->at)) return broken(c);
    f->bytes = c->at;
    f->size = (size_t)size;
    c->at += size;
    return true;
}

bool protobuf_next(protobuf_cursor *c, protobuf_field *f)
{
    uint64_t tag, size;
    if (!protobuf_varint(c, &tag)) return false;
    if (tag >> 3 == 0 || tag > UINT32_MAX) return broken(c);
    *f = (protobuf_field){.number = (uint32_t)(tag >> 3), .wire = (protobuf_wire)(tag & 7)};
    switch (f->wire) {
    case PROTOBUF_VARINT: return protobuf_varint(c, &f->value) || broken(c);
    case PROTOBUF_BYTES: return protobuf_varint(c, &size) ? take_bytes(c, f, size) : broken(c);
    case PROTOBUF_FIXED64:
    case PROTOBUF_FIXED32:
        if (!take_bytes(c, f, f->wire == PROTOBUF_FIXED64 ? 8 : 4)) return false;
        memcpy(&f->value, f->bytes, f->size); /* little-endian */
        return true;
    default: return broken(c); /* groups, which proto3 and ONNX do not use */
    }
}

protobuf_numbers protobuf_numbers_of(protobuf_cursor message, uint32_t number, protobuf_wire item)
{
    return (protobuf_numbers){.fields = message, .number = number, .item = item};
}

static bool next_packed(protobuf_numbers *n, uint64_t *out)
{
    if (n->item == PROTOBUF_VARINT) return protobuf_varint(&n->packed, out);
    if (n->packed.at == n->packed.end) return false;
    protobuf_field f;
    if (!take_bytes(&n->packed, &f, n->item == PROTOBUF_FIXED64 ? 8 : 4)) return false;
    *out = 0;
    memcpy(out, f.bytes, f.size); /* little-endian */
    return true;
}

bool protobuf_numbers_next(protobuf_numbers *n, uint64_t *out)
{
    protobuf_field f;
    while (!next_packed(n, out)) {
        n->bad = n->packed.bad;
        if (n->bad || !protobuf_next(&n->fields, &f)) {
            n->bad |= n->fields.bad;
            return false;
        }
        if (f.number != n->number) continue;
        if (f.wire == n->item) {
            *out = f.value;
            return true;
        }
        if (f.wire == PROTOBUF_BYTES) n->packed = protobuf_begin(f.bytes, f.size);
    }
    return true;
}
