/* batch_image: image jobs, one after another, each with all threads; the model stays loaded. */
#include <string.h>

#include "cli/batch.h"
#include "cli/image_session.h"
#include "core/alloc.h"

struct batch_image {
    image_session *session;
    char *key; /* the options that the session was opened with */
};

/* What a session depends on: the options that say which weights and which arithmetic. */
static bool opens_model(const char *name)
{
    static const char *const NAMES[] = {"model", "vae", "config", "tokenizer", "prediction", "exact", "lora", "clip-skip", "metadata"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(name, NAMES[i]) == 0) return true;
    return false;
}

static char *key_of(const job *j, status *st)
{
    size_t size = 1, used = 0;
    for (size_t i = 0; i < j->option_count; i++) size += strlen(j->option[i].name) + strlen(j->option[i].value) + 2;
    char *key = alloc_zeroed(size, 1, st);
    for (size_t i = 0; key && i < j->option_count; i++) {
        if (!opens_model(j->option[i].name)) continue;
        for (const char *s = j->option[i].name; *s; s++) key[used++] = *s;
        key[used++] = '=';
        for (const char *s = j->option[i].value; *s; s++) key[used++] = *s;
        key[used++] = '\n';
    }
    return key;
}

static bool set_options(const job *j, image_options *o, status *st)
{
    option table[IMAGE_OPTION_COUNT];
    *o = image_options_default();
    image_options_table(o, table);
    for (size_t i = 0; i < j->option_count; i++)
        if (!options_set(table, j->option[i].name, j->option[i].value, st)) return false;
    return o->prompt || status_set(st, STATUS_USAGE, "no \"prompt\"");
}

static bool draw(batch *b, batch_image *s, const batch_item *item, status *st)
{
    image_options o;
    char *key = set_options(&item->job, &o, st) ? key_of(&item->job, st) : NULL;
    if (!key) return false;
    if (s->session && strcmp(s->key, key) == 0) alloc_free(key);
    else {
        image_session_close(s->session);
        alloc_free(s->key);
        s->key = key;
        s->session = image_session_open(&o, batch_threads(b), st);
    }
    image_result result;
    return s->session && image_session_draw(s->session, &o, item->job.seed, item->path, &result, st);
}

bool batch_image_run(batch *b, batch_image **state)
{
    batch_item *item;
    while (!batch_stopped(b) && (item = batch_take(b, JOB_IMAGE, NULL))) {
        status st = {0};
        if (!*state) *state = alloc_zeroed(1, sizeof **state, &st);
        if (*state) draw(b, *state, item, &st);
        batch_finish(b, item, NULL, &st);
    }
    return !batch_stopped(b);
}

void batch_image_free(batch_image *state)
{
    if (!state) return;
    image_session_close(state->session);
    alloc_free(state->key);
    alloc_free(state);
}
