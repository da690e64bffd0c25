#include "audio/mapped_text.h"

#include <string.h>

mapped_text mapped_text_new(arena *mem, status *st)
{
    return (mapped_text){.mem = mem, .st = st, .text = (char *)""};
}

static void *grown(mapped_text *m, const void *old, size_t room, size_t used, size_t size)
{
    void *p = arena_alloc(m->mem, room * size, m->st);
    if (p && used) memcpy(p, old, used * size);
    return p;
}

static bool reserve(mapped_text *m, size_t more)
{
    if (!status_ok(m->st)) return false;
    if (m->size + more + 1 <= m->room) return true;
    size_t room = (m->room + more) * 2 + 256;
    char *text = grown(m, m->text, room, m->size, 1);
    uint32_t *from = grown(m, m->from, room, m->size, sizeof *from), *to = grown(m, m->to, room, m->size, sizeof *to);
    if (!text || !from || !to) return false;
    m->text = text;
    m->from = from;
    m->to = to;
    m->room = room;
    return true;
}

void mapped_text_add(mapped_text *m, const char *text, size_t n, uint32_t from, uint32_t to)
{
    if (!reserve(m, n)) return;
    for (size_t i = 0; i < n; i++) {
        m->text[m->size] = text[i];
        m->from[m->size] = from;
        m->to[m->size++] = to;
    }
    m->text[m->size] = 0;
}

void mapped_text_copy(mapped_text *m, const mapped_text *source, size_t a, size_t b)
{
    if (b <= a || !reserve(m, b - a)) return;
    memcpy(m->text + m->size, source->text + a, b - a);
    memcpy(m->from + m->size, source->from + a, (b - a) * sizeof *m->from);
    memcpy(m->to + m->size, source->to + a, (b - a) * sizeof *m->to);
    m->size += b - a;
    m->text[m->size] = 0;
}

void mapped_text_replace(mapped_text *m, const mapped_text *source, size_t a, size_t b, const char *text)
{
    if (b <= a) return;
    mapped_text_add(m, text, strlen(text), source->from[a], source->to[b - 1]);
}
