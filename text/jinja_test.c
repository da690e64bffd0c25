/* Tests: what stands behind "is". */
#include <string.h>

#include "text/jinja_value.h"

typedef enum {
    TEST_DEFINED, TEST_UNDEFINED, TEST_NONE, TEST_BOOLEAN, TEST_TRUE, TEST_FALSE, TEST_INTEGER, TEST_FLOAT, TEST_NUMBER, TEST_STRING, TEST_MAPPING,
    TEST_SEQUENCE, TEST_ITERABLE, TEST_CALLABLE, TEST_ODD, TEST_EVEN, TEST_LOWER, TEST_UPPER, TEST_FILTER, TEST_TEST, TEST_ESCAPED,
    TEST_WITH_ARGUMENT, /* those behind it want one */
    TEST_DIVISIBLEBY, TEST_SAMEAS, TEST_EQ, TEST_NE, TEST_LT, TEST_LE, TEST_GT, TEST_GE, TEST_IN,
} test_kind;

static const struct {
    const char *name;
    test_kind kind;
} TESTS[] = {
    {"defined", TEST_DEFINED}, {"undefined", TEST_UNDEFINED}, {"none", TEST_NONE}, {"boolean", TEST_BOOLEAN}, {"true", TEST_TRUE}, {"false", TEST_FALSE},
    {"integer", TEST_INTEGER}, {"float", TEST_FLOAT}, {"number", TEST_NUMBER}, {"string", TEST_STRING}, {"mapping", TEST_MAPPING},
    {"sequence", TEST_SEQUENCE}, {"iterable", TEST_ITERABLE}, {"callable", TEST_CALLABLE}, {"odd", TEST_ODD}, {"even", TEST_EVEN},
    {"lower", TEST_LOWER}, {"upper", TEST_UPPER}, {"filter", TEST_FILTER}, {"test", TEST_TEST}, {"escaped", TEST_ESCAPED},
    {"divisibleby", TEST_DIVISIBLEBY}, {"sameas", TEST_SAMEAS}, {"eq", TEST_EQ}, {"equalto", TEST_EQ}, {"==", TEST_EQ}, {"ne", TEST_NE}, {"!=", TEST_NE},
    {"lt", TEST_LT}, {"lessthan", TEST_LT}, {"<", TEST_LT}, {"le", TEST_LE}, {"<=", TEST_LE}, {"gt", TEST_GT}, {"greaterthan", TEST_GT}, {">", TEST_GT},
    {"ge", TEST_GE}, {">=", TEST_GE}, {"in", TEST_IN},
};

static bool is_sequence(jinja_value v) { return jinja_has_length(v) && v.kind != VALUE_KEYS && v.kind != VALUE_VALUES && v.kind != VALUE_ITEMS; }

static bool is_callable(jinja_value v) { return v.kind == VALUE_UNDEFINED || (v.kind >= VALUE_MACRO && v.kind <= VALUE_LOOP); }

static bool parity(jinja_context *r, const jinja_node *at, jinja_value v, int64_t by, int64_t want)
{
    jinja_value rest = jinja_binary(r, at, '%', v, jinja_int(by));
    return jinja_equal(r, rest, jinja_int(want));
}

static bool letters(jinja_context *r, const jinja_node *at, jinja_value v, bool upper)
{
    v = jinja_to_string(r, at, v);
    return !jinja_bad(r) && jinja_string_is_case(r, v.s, upper);
}

/* Whether both are the same object: of singletons and shared values that is known; of numbers and strings Python itself
 * promises nothing. */
static bool same(jinja_context *r, const jinja_node *at, jinja_value a, jinja_value b)
{
    if (a.kind != b.kind) return false;
    if (a.kind == VALUE_NONE) return true;
    if (a.kind == VALUE_BOOL) return a.b == b.b;
    if (a.kind == VALUE_INT || a.kind == VALUE_FLOAT || a.kind == VALUE_STRING || a.kind == VALUE_TUPLE) return jinja_fail(r, at, "sameas: of values of type '%s' is not known here; == wanted", jinja_type(a)), false;
    return a.list == b.list;
}

static bool is_known(jinja_context *r, const jinja_node *at, jinja_value v)
{
    jinja_fail(r, at, "asking whether the filter or test '%.*s' is there is not known here", v.kind == VALUE_STRING && v.s->size < 60 ? (int)v.s->size : 0,
               v.kind == VALUE_STRING ? v.s->text : "");
    return false;
}

static bool plain(jinja_context *r, const jinja_node *at, test_kind kind, jinja_value v)
{
    switch (kind) {
    case TEST_DEFINED: return v.kind != VALUE_UNDEFINED;
    case TEST_UNDEFINED: return v.kind == VALUE_UNDEFINED;
    case TEST_NONE: return v.kind == VALUE_NONE;
    case TEST_BOOLEAN: return v.kind == VALUE_BOOL;
    case TEST_TRUE: return v.kind == VALUE_BOOL && v.b;
    case TEST_FALSE: return v.kind == VALUE_BOOL && !v.b;
    case TEST_INTEGER: return v.kind == VALUE_INT;
    case TEST_FLOAT: return v.kind == VALUE_FLOAT;
    case TEST_NUMBER: return v.kind == VALUE_INT || v.kind == VALUE_FLOAT || v.kind == VALUE_BOOL;
    case TEST_STRING: return v.kind == VALUE_STRING;
    case TEST_MAPPING: return v.kind == VALUE_DICT;
    case TEST_SEQUENCE: return is_sequence(v);
    case TEST_ITERABLE: return jinja_has_length(v) || v.kind == VALUE_GENERATOR;
    case TEST_CALLABLE: return is_callable(v);
    case TEST_ODD: return parity(r, at, v, 2, 1);
    case TEST_EVEN: return parity(r, at, v, 2, 0);
    case TEST_LOWER: return letters(r, at, v, false);
    case TEST_UPPER: return letters(r, at, v, true);
    case TEST_ESCAPED: return v.kind == VALUE_STRING && v.s->markup;
    default: return is_known(r, at, v);
    }
}

static bool with(jinja_context *r, const jinja_node *at, test_kind kind, jinja_value v, jinja_value other)
{
    switch (kind) {
    case TEST_DIVISIBLEBY: return jinja_equal(r, jinja_binary(r, at, '%', v, other), jinja_int(0));
    case TEST_SAMEAS: return same(r, at, v, other);
    case TEST_EQ: return jinja_equal(r, v, other);
    case TEST_NE: return !jinja_equal(r, v, other);
    case TEST_IN: return jinja_contains(r, at, v, other);
    default: break;
    }
    int order = jinja_order(r, at, v, other);
    if (kind == TEST_LT) return order == -1;
    if (kind == TEST_GT) return order == 1;
    return order == 0 || order == (kind == TEST_LE ? -1 : 1);
}

bool jinja_apply_test(jinja_context *r, const jinja_node *at, const char *name, size_t size, jinja_value v, const jinja_arguments *a)
{
    static const char *const none[] = {NULL}, *const one[] = {"other", NULL};
    jinja_value other;
    for (size_t i = 0; i < sizeof TESTS / sizeof *TESTS; i++) {
        if (strlen(TESTS[i].name) != size || memcmp(TESTS[i].name, name, size) != 0) continue;
        bool wants = TESTS[i].kind > TEST_WITH_ARGUMENT;
        if (!jinja_bind(r, at, TESTS[i].name, a, wants ? one : none, wants, &other)) return false;
        return wants ? with(r, at, TESTS[i].kind, v, other) : plain(r, at, TESTS[i].kind, v);
    }
    jinja_fail(r, at, "the test '%.*s' is not known here", size > 60 ? 60 : (int)size, name);
    return false;
}
