#include "core/linear_queue.h"

#include "core/alloc.h"

enum { ITEM_BYTES = 256 << 10 /* of packed weights in one item, about */ };

typedef struct {
    const linear *w;
    tensor weight;
    int64_t first;  /* of all the queue's items */
    int64_t panels; /* in an item */
} entry;

struct linear_queue {
    entry *all;
    int64_t count, room;
    int64_t items;
};

typedef struct {
    const linear_queue *q;
    const linear_queue_around *around;
} run_job;

linear_queue *linear_queue_new(status *st) { return alloc_zeroed(1, sizeof(linear_queue), st); }

void linear_queue_free(linear_queue *q)
{
    if (!q) return;
    alloc_free(q->all);
    alloc_free(q);
}

bool linear_queue_add(linear_queue *q, linear *w, const tensor *weight, const float *bias, linear_mode mode, status *st)
{
    if (q->count == q->room) {
        int64_t room = q->room ? 2 * q->room : 64;
        entry *all = alloc_resize(q->all, (size_t)room, sizeof *all, st);
        if (!all) return false;
        q->all = all;
        q->room = room;
    }
    if (!linear_prepare(w, weight, bias, mode, st)) return false;
    int64_t panels = linear_packing_panels(w);
    if (panels == 0) return true;
    entry *e = &q->all[q->count++];
    *e = (entry){.w = w, .weight = *weight, .first = q->items};
    e->panels = 1 + (int64_t)(ITEM_BYTES / (w->packed_bytes / (size_t)panels + 1));
    q->items += (panels + e->panels - 1) / e->panels;
    return true;
}

/* The last entry that begins at or before the item. */
static const entry *entry_of(const linear_queue *q, int64_t item)
{
    int64_t low = 0, high = q->count;
    while (high - low > 1) {
        int64_t middle = (low + high) / 2;
        if (q->all[middle].first <= item) low = middle;
        else high = middle;
    }
    return &q->all[low];
}

static void run_item(void *arg, int64_t item)
{
    const run_job *j = arg;
    if (j->around->beside) { /* is the first item */
        if (item == 0) {
            j->around->beside(j->around->beside_arg);
            return;
        }
        item--;
    }
    const entry *e = entry_of(j->q, item);
    int64_t all = linear_packing_panels(e->w), from = (item - e->first) * e->panels, to = from + e->panels < all ? from + e->panels : all;
    for (int64_t panel = from; panel < to; panel++) linear_pack_one(e->w, &e->weight, panel);
    if (j->around->packed) j->around->packed(j->around->packed_arg, e->w->packed_bytes / (size_t)all * (size_t)(to - from));
}

void linear_queue_run(linear_queue *q, pool *threads, const linear_queue_around *around)
{
    pool_run(threads, run_item, &(run_job){q, around}, q->items + (around->beside ? 1 : 0));
    q->count = q->items = 0;
}
