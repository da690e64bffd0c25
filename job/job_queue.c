#include "job/job_queue.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/interrupt.h"
#include "core/alloc.h"
#include "core/log.h"

enum { DEFAULT_PORT = 6379, TRIES = 60, CONNECT_SECONDS = 5, ANSWER_SECONDS = 60, MAX_WORDS = 40, MAX_ID = 48, MAX_ANSWER = 256 << 20, MAX_READ = 16 << 10 /* by one call of hiredis */ };

struct job_queue {
    redisContext *redis; /* NULL: not connected */
    char *host, *user, *password, *stream, *results, *dead, *group, *worker; /* user and password NULL: none */
    int port;
};

/* ---- the connection ---- */

static char *piece(const char *from, const char *to, status *st) { return alloc_string(from, (size_t)(to - from), st); }

static char *name_stream(const char *stream, const char *ending, status *st)
{
    size_t size = stream ? strlen(stream) + strlen(ending) + 1 : 0;
    char *name = stream ? alloc_array(size, 1, st) : NULL;
    if (name) snprintf(name, size, "%s%s", stream, ending);
    return name;
}

static bool read_url(job_queue *q, const char *url, status *st)
{
    static const char SCHEME[] = "redis://";
    const char *at, *slash, *colon, *host = url + sizeof SCHEME - 1;
    if (strncmp(url, SCHEME, sizeof SCHEME - 1) != 0 || !(slash = strchr(host, '/')) || !slash[1] || slash == host)
        return status_set(st, STATUS_USAGE, "'%.60s' found, redis://HOST[:PORT]/STREAM wanted", url);
    for (at = slash; at > host && *at != '@'; at--) {}
    if (*at == '@') {
        colon = memchr(host, ':', (size_t)(at - host));
        if (!colon) return status_set(st, STATUS_USAGE, "redis://…@…: USER:PASSWORD or :PASSWORD wanted before the '@'");
        if (colon > host) q->user = piece(host, colon, st);
        q->password = piece(colon + 1, at, st);
        host = at + 1;
    }
    colon = memchr(host, ':', (size_t)(slash - host));
    q->host = piece(host, colon ? colon : slash, st);
    char *end = NULL;
    long port = colon ? strtol(colon + 1, &end, 10) : DEFAULT_PORT;
    if (colon && (end != slash || port < 1 || port > 65535)) return status_set(st, STATUS_USAGE, "'%.60s': a port from 1 to 65535 wanted", url);
    q->port = (int)port;
    q->stream = alloc_string(slash + 1, strlen(slash + 1), st);
    q->results = name_stream(q->stream, ":results", st);
    q->dead = name_stream(q->stream, ":dead", st);
    return status_ok(st);
}

/* What the server answers, within ANSWER_SECONDS and MAX_ANSWER bytes in all, however it is cut into pieces: who sits on the wire
 * may be anyone. NULL with the reason in q->redis. */
static redisReply *send_words(job_queue *q, int count, const char *const *words)
{
    redisContext *c = q->redis;
    void *reply = NULL;
    int sent = 0;
    double begun = log_seconds();
    if (redisAppendCommandArgv(c, count, (const char **)(uintptr_t)words, NULL) != REDIS_OK) return NULL;
    while (!sent)
        if (redisBufferWrite(c, &sent) != REDIS_OK) return NULL;
    for (size_t bytes = 0; redisGetReplyFromReader(c, &reply) == REDIS_OK && !reply; bytes += MAX_READ) {
        double left = ANSWER_SECONDS - (log_seconds() - begun);
        const char *why = left <= 0 ? "no answer in time" : bytes > MAX_ANSWER ? "an answer without an end" : NULL;
        if (why) {
            c->err = REDIS_ERR_OTHER;
            snprintf(c->errstr, sizeof c->errstr, "%s", why);
            return NULL;
        }
        redisSetTimeout(c, (struct timeval){.tv_sec = (time_t)left, .tv_usec = 100000});
        if (redisBufferRead(c) != REDIS_OK) return NULL;
    }
    return reply;
}

static void disconnect(job_queue *q)
{
    if (q->redis) redisFree(q->redis);
    q->redis = NULL;
}

/* Connected and logged in, or the reason why not in `why`. A refused password is told in st: trying again will not help. */
static bool connect_once(job_queue *q, char *why, size_t size, status *st)
{
    q->redis = redisConnectWithTimeout(q->host, q->port, (struct timeval){.tv_sec = CONNECT_SECONDS});
    if (!q->redis || q->redis->err) {
        snprintf(why, size, "%s", q->redis ? q->redis->errstr : "out of memory");
        disconnect(q);
        return false;
    }
    redisSetTimeout(q->redis, (struct timeval){.tv_sec = ANSWER_SECONDS});
    if (!q->password) return true;
    const char *words[] = {"AUTH", q->user ? q->user : q->password, q->password};
    redisReply *r = send_words(q, q->user ? 3 : 2, words);
    bool ok = r && r->type != REDIS_REPLY_ERROR;
    if (r && !ok) status_set(st, STATUS_INPUT, "redis://%s:%d: %.200s", q->host, q->port, r->str);
    else if (!ok) snprintf(why, size, "%s", q->redis->errstr);
    if (r) freeReplyObject(r);
    if (!ok) disconnect(q);
    return ok;
}

/* The server's answer, freed with freeReplyObject; NULL with st set. */
static redisReply *command(job_queue *q, int count, const char *const *words, status *st)
{
    char why[160] = "";
    double begun = log_seconds();
    for (int tries = 0; tries < TRIES && status_ok(st) && (!tries || log_seconds() - begun < TRIES); tries++) {
        if (tries) {
            if (tries == 1) log_warning("redis://%s:%d: %s; trying again", q->host, q->port, why);
            if (!interrupt_check(st)) return NULL;
            sleep(1);
        }
        if (!q->redis && !connect_once(q, why, sizeof why, st)) continue;
        redisReply *r = send_words(q, count, words);
        if (r && r->type != REDIS_REPLY_ERROR) return r;
        if (r) {
            status_set(st, STATUS_FAIL, "redis: %.16s: %.300s", words[0], r->str);
            freeReplyObject(r);
        } else {
            snprintf(why, sizeof why, "%s", q->redis->errstr);
            disconnect(q);
        }
    }
    status_set(st, STATUS_IO, "redis://%s:%d: %s", q->host, q->port, why);
    return NULL;
}

job_queue *job_queue_open(const char *url, const char *group, const char *worker, status *st)
{
    job_queue *q = alloc_zeroed(1, sizeof *q, st);
    if (!q) return NULL;
    char why[160] = "";
    q->group = alloc_string(group, strlen(group), st);
    q->worker = alloc_string(worker, strlen(worker), st);
    if (read_url(q, url, st) && !connect_once(q, why, sizeof why, st)) status_set(st, STATUS_IO, "redis://%s:%d: %s", q->host, q->port, why);
    if (status_ok(st)) {
        const char *words[] = {"XGROUP", "CREATE", q->stream, q->group, "0", "MKSTREAM"};
        redisReply *r = send_words(q, 6, words); /* "BUSYGROUP": it is there already */
        if (!r) status_set(st, STATUS_IO, "redis://%s:%d: %s", q->host, q->port, q->redis->errstr);
        else if (r->type == REDIS_REPLY_ERROR && strncmp(r->str, "BUSYGROUP", 9) != 0) status_set(st, STATUS_INPUT, "redis: %.300s", r->str);
        if (r) freeReplyObject(r);
    }
    if (status_ok(st)) return q;
    job_queue_close(q);
    return NULL;
}

void job_queue_close(job_queue *q)
{
    if (!q) return;
    disconnect(q);
    char *all[] = {q->host, q->user, q->password, q->stream, q->results, q->dead, q->group, q->worker};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) alloc_free(all[i]);
    alloc_free(q);
}

/* ---- entries ---- */

void job_message_free(job_message *m)
{
    alloc_free(m->id);
    alloc_free(m->job);
    *m = (job_message){0};
}

/* Replies are the server's, or of whoever sits on the wire: nothing is taken for what it should be. Element i of a list, when it
 * is of that type; else NULL. */
static const redisReply *element(const redisReply *list, size_t i, int type)
{
    if (!list || list->type != REDIS_REPLY_ARRAY || i >= list->elements || !list->element[i]) return NULL;
    return list->element[i]->type == type ? list->element[i] : NULL;
}

/* "MILLISECONDS-NUMBER" */
static bool is_entry_id(const redisReply *id)
{
    size_t digits = id && id->len < MAX_ID ? strspn(id->str, "0123456789") : 0;
    return digits && id->str[digits] == '-' && id->str[digits + 1] && digits + 1 + strspn(id->str + digits + 1, "0123456789") == id->len;
}

/* A NUL would end it early: as another control character the JSON reader refuses it at its place. */
static char *text_of(const redisReply *value, status *st)
{
    char *text = alloc_string(value->str, value->len, st);
    for (size_t i = 0; text && i < value->len; i++)
        if (!text[i]) text[i] = 1;
    return text;
}

/* An entry is [id, [field, value, …]]; one that was deleted has no fields. */
static bool read_entry(const redisReply *entry, int64_t deliveries, job_message *m, status *st)
{
    const redisReply *id = element(entry, 0, REDIS_REPLY_STRING), *fields = element(entry, 1, REDIS_REPLY_ARRAY);
    if (!is_entry_id(id)) return status_set(st, STATUS_FAIL, "redis: a stream entry of another shape than [id, fields]");
    *m = (job_message){.id = alloc_string(id->str, id->len, st), .deliveries = deliveries};
    for (size_t i = 0; fields && i + 1 < fields->elements && !m->job; i += 2) {
        const redisReply *name = element(fields, i, REDIS_REPLY_STRING), *value = element(fields, i + 1, REDIS_REPLY_STRING);
        if (name && value && strcmp(name->str, "job") == 0) m->job = text_of(value, st);
    }
    if (!m->job) m->job = alloc_string("", 0, st);
    if (status_ok(st)) return true;
    job_message_free(m);
    return false;
}

/* What others have left for `idle` milliseconds: [id, consumer, idle, deliveries] of the first such entry. */
static bool find_left(job_queue *q, int64_t idle, char id[MAX_ID], int64_t *deliveries, status *st)
{
    char milliseconds[24];
    snprintf(milliseconds, sizeof milliseconds, "%lld", (long long)idle);
    const char *words[] = {"XPENDING", q->stream, q->group, "IDLE", milliseconds, "-", "+", "1"};
    redisReply *r = command(q, 8, words, st);
    const redisReply *one = element(r, 0, REDIS_REPLY_ARRAY), *name = element(one, 0, REDIS_REPLY_STRING), *count = element(one, 3, REDIS_REPLY_INTEGER);
    bool found = is_entry_id(name) && count;
    if (found) {
        memcpy(id, name->str, name->len + 1);
        *deliveries = count->integer;
    }
    if (r) freeReplyObject(r);
    return found;
}

/* One entry that others have left. It comes alone, so that one that ends its worker takes no others with it. */
static size_t take_left(job_queue *q, job_message *m, int64_t idle, status *st)
{
    char id[MAX_ID], milliseconds[24];
    int64_t deliveries;
    if (!find_left(q, idle, id, &deliveries, st)) return 0;
    snprintf(milliseconds, sizeof milliseconds, "%lld", (long long)idle);
    const char *claim[] = {"XCLAIM", q->stream, q->group, q->worker, milliseconds, id};
    redisReply *r = command(q, 6, claim, st);
    const redisReply *entry = element(r, 0, REDIS_REPLY_ARRAY);
    size_t count = entry && read_entry(entry, deliveries < INT64_MAX ? deliveries + 1 : deliveries, m, st);
    if (element(r, 0, REDIS_REPLY_NIL)) { /* before Redis 7: it was deleted from the stream, and nobody can do it */
        const char *drop[] = {"XACK", q->stream, q->group, id};
        redisReply *dropped = command(q, 4, drop, st);
        if (dropped) freeReplyObject(dropped);
    }
    if (r) freeReplyObject(r);
    return count;
}

size_t job_queue_take(job_queue *q, job_message *m, size_t most, int64_t idle, int64_t wait, status *st)
{
    char number[24], milliseconds[24];
    size_t count = take_left(q, m, idle, st);
    if (count || !status_ok(st)) return count;
    snprintf(number, sizeof number, "%zu", most);
    snprintf(milliseconds, sizeof milliseconds, "%lld", (long long)wait);
    const char *get[] = {"XREADGROUP", "GROUP", q->group, q->worker, "COUNT", number, "BLOCK", milliseconds, "STREAMS", q->stream, ">"};
    redisReply *r = command(q, 11, get, st);
    const redisReply *list = element(element(r, 0, REDIS_REPLY_ARRAY), 1, REDIS_REPLY_ARRAY), *entry;
    while (count < most && (entry = element(list, count, REDIS_REPLY_ARRAY)) && read_entry(entry, 1, &m[count], st)) count++;
    if (r) freeReplyObject(r);
    return count;
}

void job_queue_keep(job_queue *q, const char *id, status *st)
{
    const char *words[] = {"XCLAIM", q->stream, q->group, q->worker, "0", id, "JUSTID"};
    redisReply *r = command(q, 7, words, st);
    if (r) freeReplyObject(r);
}

/* EVAL of a script: its keys are the three streams, its arguments the group, the entry's id and `more`. *first: it gave 1. */
static bool run_script(job_queue *q, const char *script, const char *id, const char *const *more, size_t count, bool *first, status *st)
{
    const char *words[MAX_WORDS] = {"EVAL", script, "3", q->stream, q->results, q->dead, q->group, id};
    if (8 + count > MAX_WORDS) return status_set(st, STATUS_FAIL, "redis: %zu fields are too many", count / 2);
    memcpy(words + 8, more, count * sizeof *more);
    redisReply *r = command(q, (int)(8 + count), words, st);
    *first = r && r->type == REDIS_REPLY_INTEGER && r->integer == 1;
    if (r) freeReplyObject(r);
    return status_ok(st);
}

bool job_queue_finish(job_queue *q, const char *id, const char *const *pair, size_t fields, bool *first, status *st)
{
    static const char SCRIPT[] = "if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 1 then "
                                 "redis.call('XADD', KEYS[2], '*', 'job', unpack(ARGV, 2)) return 1 end return 0";
    return run_script(q, SCRIPT, id, pair, 2 * fields, first, st);
}

bool job_queue_bury(job_queue *q, const job_message *m, const char *const *pair, size_t fields, bool *first, status *st)
{
    static const char SCRIPT[] = "if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 1 then "
                                 "redis.call('XADD', KEYS[3], '*', 'entry', ARGV[2], 'deliveries', ARGV[3], 'job', ARGV[4]) "
                                 "redis.call('XADD', KEYS[2], '*', 'job', ARGV[2], unpack(ARGV, 5)) return 1 end return 0";
    char deliveries[24];
    const char *words[MAX_WORDS] = {deliveries, m->job};
    snprintf(deliveries, sizeof deliveries, "%lld", (long long)m->deliveries - 1);
    if (2 + 2 * fields > MAX_WORDS) return status_set(st, STATUS_FAIL, "redis: %zu fields are too many", fields);
    memcpy(words + 2, pair, 2 * fields * sizeof *pair);
    return run_script(q, SCRIPT, m->id, words, 2 + 2 * fields, first, st);
}
