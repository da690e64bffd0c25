#include "core/onnx.h"

#include <string.h>

#include "core/alloc.h"
#include "core/onnx_tensor.h"
#include "core/protobuf.h"

/* Field numbers of onnx.proto. */
enum { MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14 };
enum { GRAPH_NODE = 1, GRAPH_INITIALISER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_TYPE = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F = 2, ATTRIBUTE_I = 3, ATTRIBUTE_S = 4, ATTRIBUTE_T = 5, ATTRIBUTE_FLOATS = 7, ATTRIBUTE_INTS = 8 };
enum { FIRST = 1, SECOND = 2 }; /* name of a ValueInfoProto; domain and version of an operator set; key and value */

typedef struct {
    onnx_string *item;
    size_t count, capacity;
} string_list;

struct onnx {
    const char *path;
    weights_table *table;
    protobuf_cursor model;
    int64_t opset;
    onnx_string made_by;
    onnx_node *node;
    int64_t nodes, node_capacity;
    string_list values; /* all nodes' inputs and outputs */
    string_list inputs, outputs;
    name_index by_name, by_output;
};

static onnx_string string_of(const protobuf_field *f)
{
    return f->wire == PROTOBUF_BYTES ? (onnx_string){(const char *)f->bytes, f->size} : (onnx_string){"", 0};
}

bool onnx_is(onnx_string s, const char *text) { return strlen(text) == s.size && memcmp(s.text, text, s.size) == 0; }

static bool list_add(string_list *l, onnx_string s, status *st)
{
    if (l->count == l->capacity) {
        size_t wanted = l->capacity ? l->capacity * 2 : 64;
        onnx_string *grown = alloc_resize(l->item, wanted, sizeof *grown, st);
        if (!grown) return false;
        l->item = grown;
        l->capacity = wanted;
    }
    l->item[l->count++] = s;
    return true;
}

/* The first field of that number in a message of strings, as ValueInfoProto and StringStringEntryProto are. */
static onnx_string string_field(const protobuf_field *message, uint32_t number)
{
    protobuf_cursor c = protobuf_begin(message->bytes, message->size);
    protobuf_field f;
    while (protobuf_next(&c, &f))
        if (f.number == number) return string_of(&f);
    return (onnx_string){"", 0};
}

static bool broken(const onnx *o, const char *what, status *st)
{
    return status_set(st, STATUS_INPUT, "%s: %s is broken: the file is cut, damaged or no ONNX model", o->path, what);
}

/* ---- nodes ---- */

static bool add_values(onnx *o, onnx_node *n, uint32_t number, int *count, status *st)
{
    protobuf_cursor c = protobuf_begin(n->bytes, n->size);
    protobuf_field f;
    while (protobuf_next(&c, &f)) {
        if (f.number != number || f.wire != PROTOBUF_BYTES) continue;
        if (!list_add(&o->values, string_of(&f), st)) return false;
        ++*count;
    }
    return !c.bad || broken(o, "a node", st);
}

static bool index_node(onnx *o, const onnx_node *n, uint32_t place, status *st)
{
    bool fresh;
    if (n->name.size && !name_index_add(&o->by_name, n->name.text, n->name.size, place, &fresh, st)) return false;
    for (int k = 0; k < n->outputs; k++) {
        onnx_string out = onnx_node_output(o, n, k);
        if (out.size && !name_index_add(&o->by_output, out.text, out.size, place, &fresh, st)) return false;
    }
    return true;
}

static bool make_room(onnx *o, status *st)
{
    if (o->nodes < o->node_capacity) return true;
    int64_t wanted = o->node_capacity ? o->node_capacity * 2 : 64;
    onnx_node *grown = alloc_resize(o->node, (size_t)wanted, sizeof *grown, st);
    if (!grown) return false;
    o->node = grown;
    o->node_capacity = wanted;
    return true;
}

static bool add_node(onnx *o, const protobuf_field *message, status *st)
{
    if (o->nodes >= INT32_MAX || o->values.count >= INT32_MAX - message->size)
        return status_set(st, STATUS_INPUT, "%s: too many nodes", o->path);
    if (!make_room(o, st)) return false;
    onnx_node *n = &o->node[o->nodes];
    *n = (onnx_node){.bytes = message->bytes, .size = message->size, .first_value = (uint32_t)o->values.count};
    n->name = string_field(message, NODE_NAME);
    n->op_type = string_field(message, NODE_TYPE);
    if (!add_values(o, n, NODE_INPUT, &n->inputs, st) || !add_values(o, n, NODE_OUTPUT, &n->outputs, st)) return false;
    return index_node(o, n, (uint32_t)o->nodes++, st);
}

/* ---- tensors ---- */

static bool add_initialiser(onnx *o, const protobuf_field *message, status *st)
{
    onnx_string name;
    tensor x;
    return onnx_tensor_read(message->bytes, message->size, "an initialiser", o->table, &name, &x, st) &&
           weights_table_add(o->table, name.text, name.size, &x, st);
}

/* The attribute of that name, as its message; false: absent. */
static bool find_attribute(const onnx_node *n, const char *name, protobuf_cursor *message)
{
    protobuf_cursor c = protobuf_begin(n->bytes, n->size);
    protobuf_field f;
    while (protobuf_next(&c, &f)) {
        if (f.number != NODE_ATTRIBUTE || f.wire != PROTOBUF_BYTES) continue;
        if (!onnx_is(string_field(&f, ATTRIBUTE_NAME), name)) continue;
        *message = protobuf_begin(f.bytes, f.size);
        return true;
    }
    return false;
}

/* The last field of that number and wire type in the attribute: in protobuf the last one counts. */
static bool attribute_field(const onnx_node *n, const char *name, uint32_t number, protobuf_wire wire, protobuf_field *out)
{
    protobuf_cursor c;
    protobuf_field f;
    bool found = false;
    if (!find_attribute(n, name, &c)) return false;
    while (protobuf_next(&c, &f)) {
        if (f.number != number || f.wire != wire) continue;
        *out = f;
        found = true;
    }
    return found && !c.bad;
}

static bool numbers_of(const onnx_node *n, const char *name, protobuf_wire item, protobuf_numbers *out)
{
    protobuf_cursor c;
    if (!find_attribute(n, name, &c)) return false;
    *out = protobuf_numbers_of(c, item == PROTOBUF_VARINT ? ATTRIBUTE_INTS : ATTRIBUTE_FLOATS, item);
    return true;
}

/* A Constant may give its value as a tensor, a number or a list of numbers. *known: it is one of these. */
static bool constant_value(onnx *o, const onnx_node *n, tensor *x, bool *known, status *st)
{
    protobuf_field f;
    onnx_string ignored;
    *known = true;
    *x = (tensor){0};
    if (attribute_field(n, "value", ATTRIBUTE_T, PROTOBUF_BYTES, &f))
        return onnx_tensor_read(f.bytes, f.size, "a constant", o->table, &ignored, x, st);
    protobuf_numbers numbers;
    bool floats = true;
    if (attribute_field(n, "value_float", ATTRIBUTE_F, PROTOBUF_FIXED32, &f)) x->type = DTYPE_F32;
    else if (attribute_field(n, "value_int", ATTRIBUTE_I, PROTOBUF_VARINT, &f)) x->type = DTYPE_I64;
    else if (numbers_of(n, "value_floats", PROTOBUF_FIXED32, &numbers)) x->rank = 1;
    else if (numbers_of(n, "value_ints", PROTOBUF_VARINT, &numbers)) x->rank = 1, floats = false;
    else *known = false;
    if (!*known) return true;
    if (x->rank == 0) {
        x->data = weights_table_store(o->table, sizeof f.value, st);
        if (x->data) memcpy(x->data, &f.value, sizeof f.value); /* little-endian */
        return x->data != NULL;
    }
    x->type = floats ? DTYPE_F32 : DTYPE_I64;
    uint64_t value;
    for (protobuf_numbers count = numbers; protobuf_numbers_next(&count, &value);) x->dim[0]++;
    size_t width = (size_t)dtype_of(x->type)->bytes;
    unsigned char *to = x->data = weights_table_store(o->table, (size_t)x->dim[0] * width, st);
    for (; to && protobuf_numbers_next(&numbers, &value); to += width) memcpy(to, &value, width);
    return x->data != NULL;
}

static bool add_constant(onnx *o, const onnx_node *n, status *st)
{
    tensor x;
    bool known;
    onnx_string name = onnx_node_output(o, n, 0);
    if (!name.size) return true;
    if (!constant_value(o, n, &x, &known, st)) return false;
    return !known || weights_table_add(o->table, name.text, name.size, &x, st);
}

/* ---- the file ---- */

static bool read_graph(onnx *o, const protobuf_field *graph, status *st)
{
    protobuf_cursor c = protobuf_begin(graph->bytes, graph->size);
    protobuf_field f;
    while (protobuf_next(&c, &f)) {
        bool ok = true;
        if (f.wire != PROTOBUF_BYTES) continue;
        if (f.number == GRAPH_NODE) ok = add_node(o, &f, st);
        else if (f.number == GRAPH_INITIALISER) ok = add_initialiser(o, &f, st);
        else if (f.number == GRAPH_INPUT) ok = list_add(&o->inputs, string_field(&f, FIRST), st);
        else if (f.number == GRAPH_OUTPUT) ok = list_add(&o->outputs, string_field(&f, FIRST), st);
        if (!ok) return false;
    }
    if (c.bad) return broken(o, "the graph", st);
    for (int64_t i = 0; i < o->nodes; i++)
        if (onnx_is(o->node[i].op_type, "Constant") && !add_constant(o, &o->node[i], st)) return false;
    /* Old files list the initialisers among the inputs. */
    size_t kept = 0;
    for (size_t i = 0; i < o->inputs.count; i++) {
        onnx_string s = o->inputs.item[i];
        if (weights_table_find(o->table, s.text, s.size) < 0) o->inputs.item[kept++] = s;
    }
    o->inputs.count = kept;
    return true;
}

/* domain and version: the default operator set has the empty domain. */
static void read_opset(onnx *o, const protobuf_field *f)
{
    if (string_field(f, FIRST).size) return;
    protobuf_cursor c = protobuf_begin(f->bytes, f->size);
    protobuf_field version;
    while (protobuf_next(&c, &version))
        if (version.number == SECOND && version.wire == PROTOBUF_VARINT) o->opset = (int64_t)version.value;
}

static bool read_model(onnx *o, status *st)
{
    protobuf_cursor c = o->model;
    protobuf_field f;
    bool found = false;
    while (protobuf_next(&c, &f)) {
        if (f.wire != PROTOBUF_BYTES) continue;
        if (f.number == MODEL_PRODUCER) o->made_by = string_of(&f);
        if (f.number == MODEL_OPSET) read_opset(o, &f);
        if (f.number != MODEL_GRAPH) continue;
        if (found) return status_set(st, STATUS_INPUT, "%s: two graphs in one model", o->path);
        found = true;
        if (!read_graph(o, &f, st)) return false;
    }
    if (c.bad) return broken(o, "the model", st);
    return found || status_set(st, STATUS_INPUT, "%s: no graph in it: not an ONNX model", o->path);
}

onnx *onnx_open(const void *data, size_t size, const char *path, weights_table *table, status *st)
{
    onnx *o = alloc_zeroed(1, sizeof *o, st);
    if (!o) return NULL;
    o->path = path;
    o->table = table;
    o->model = protobuf_begin(data, size);
    o->made_by = (onnx_string){"", 0};
    if (read_model(o, st)) return o;
    onnx_close(o);
    return NULL;
}

void onnx_close(onnx *o)
{
    if (!o) return;
    name_index_free(&o->by_name);
    name_index_free(&o->by_output);
    alloc_free(o->values.item);
    alloc_free(o->inputs.item);
    alloc_free(o->outputs.item);
    alloc_free(o->node);
    alloc_free(o);
}

/* ---- access ---- */

int64_t onnx_opset(const onnx *o) { return o->opset; }
onnx_string onnx_made_by(const onnx *o) { return o->made_by; }
int onnx_input_count(const onnx *o) { return (int)o->inputs.count; }
int onnx_output_count(const onnx *o) { return (int)o->outputs.count; }
onnx_string onnx_input_at(const onnx *o, int i) { return o->inputs.item[i]; }
onnx_string onnx_output_at(const onnx *o, int i) { return o->outputs.item[i]; }
int64_t onnx_node_count(const onnx *o) { return o->nodes; }
const onnx_node *onnx_node_at(const onnx *o, int64_t i) { return &o->node[i]; }

bool onnx_get_metadata(const onnx *o, const char *key, onnx_string *out)
{
    protobuf_cursor c = o->model;
    protobuf_field f;
    while (protobuf_next(&c, &f)) {
        if (f.number != MODEL_METADATA || f.wire != PROTOBUF_BYTES || !onnx_is(string_field(&f, FIRST), key)) continue;
        *out = string_field(&f, SECOND);
        return true;
    }
    return false;
}

const onnx_node *onnx_find(const onnx *o, const char *name)
{
    int64_t i = name_index_find(&o->by_name, name, strlen(name));
    return i < 0 ? NULL : &o->node[i];
}

const onnx_node *onnx_maker(const onnx *o, onnx_string value)
{
    int64_t i = name_index_find(&o->by_output, value.text, value.size);
    return i < 0 ? NULL : &o->node[i];
}

onnx_string onnx_node_input(const onnx *o, const onnx_node *n, int k)
{
    return k >= 0 && k < n->inputs ? o->values.item[n->first_value + (uint32_t)k] : (onnx_string){"", 0};
}

onnx_string onnx_node_output(const onnx *o, const onnx_node *n, int k)
{
    return k >= 0 && k < n->outputs ? o->values.item[n->first_value + (uint32_t)(n->inputs + k)] : (onnx_string){"", 0};
}

const tensor *onnx_node_tensor(const onnx *o, const onnx_node *n, int k)
{
    onnx_string name = onnx_node_input(o, n, k);
    int64_t i = weights_table_find(o->table, name.text, name.size);
    return i < 0 ? NULL : &o->table->entry[i].value;
}

const tensor *onnx_need(const onnx *o, status *st, const char *node, int k)
{
    const onnx_node *n = onnx_find(o, node);
    const tensor *x = n ? onnx_node_tensor(o, n, k) : NULL;
    if (!n) status_set(st, STATUS_INPUT, "%s: no node '%s' in the graph", o->path, node);
    else if (!x) status_set(st, STATUS_INPUT, "%s: input %d of node '%s' is no initialiser and no constant", o->path, k, node);
    return x;
}

bool onnx_get_i64(const onnx_node *n, const char *name, int64_t *out)
{
    protobuf_field f;
    if (!attribute_field(n, name, ATTRIBUTE_I, PROTOBUF_VARINT, &f)) return false;
    *out = (int64_t)f.value;
    return true;
}

bool onnx_get_f32(const onnx_node *n, const char *name, float *out)
{
    protobuf_field f;
    if (!attribute_field(n, name, ATTRIBUTE_F, PROTOBUF_FIXED32, &f)) return false;
    memcpy(out, f.bytes, sizeof *out);
    return true;
}

bool onnx_get_string(const onnx_node *n, const char *name, onnx_string *out)
{
    protobuf_field f;
    if (!attribute_field(n, name, ATTRIBUTE_S, PROTOBUF_BYTES, &f)) return false;
    *out = string_of(&f);
    return true;
}

bool onnx_get_ints(const onnx_node *n, const char *name, int64_t *out, int room, int *count)
{
    protobuf_numbers numbers, again;
    uint64_t value;
    int found = 0;
    if (!numbers_of(n, name, PROTOBUF_VARINT, &numbers)) return false;
    for (again = numbers; protobuf_numbers_next(&numbers, &value); found++)
        if (found == room) return false;
    for (int i = 0; i < found && protobuf_numbers_next(&again, &value); i++) out[i] = (int64_t)value;
    *count = found;
    return found > 0 && !numbers.bad;
}

bool onnx_get_floats(const onnx_node *n, const char *name, float *out, int room, int *count)
{
    protobuf_numbers numbers, again;
    uint64_t value;
    int found = 0;
    if (!numbers_of(n, name, PROTOBUF_FIXED32, &numbers)) return false;
    for (again = numbers; protobuf_numbers_next(&numbers, &value); found++)
        if (found == room) return false;
    for (int i = 0; i < found && protobuf_numbers_next(&again, &value); i++) memcpy(&out[i], &value, sizeof *out);
    *count = found;
    return found > 0 && !numbers.bad;
}
