#include "cli/job_queue.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "core/alloc.h"
#include "core/log.h"

enum { DEFAULT_PORT = 6379, TRIES = 60, CONNECT_SECONDS = 5, ANSWER_SECONDS = 60, MAX_WORDS = 40 };

struct job_queue {
    redisContext *redis; /* NULL: not connected */
    char *host, *user, *password, *stream, *results, *group, *worker; /* user and password NULL: none */
    int port;
};

/* ---- the connection ---- */

static char *piece(const char *from, const char *to, status *st) { return alloc_string(from, (size_t)(to - from), st); }

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
    size_t size = strlen(slash) + sizeof ":results";
    q->results = alloc_array(size, 1, st);
    if (q->results) snprintf(q->results, size, "%s:results", slash + 1);
    return status_ok(st);
}

static redisReply *send_words(job_queue *q, int count, const char *const *words)
{
    return redisCommandArgv(q->redis, count, (const char **)(uintptr_t)words, NULL);
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
    for (int tries = 0; tries < TRIES && status_ok(st); tries++) {
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
    char *all[] = {q->host, q->user, q->password, q->stream, q->results, q->group, q->worker};
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

/* An entry is [id, [field, value, …]]; one that was deleted has no fields. */
static bool read_entry(const redisReply *entry, job_message *m, status *st)
{
    const redisReply *id = entry->elements == 2 ? entry->element[0] : NULL, *fields = id ? entry->element[1] : NULL;
    if (!id || id->type != REDIS_REPLY_STRING) return status_set(st, STATUS_FAIL, "redis: a stream entry of another shape than [id, fields]");
    *m = (job_message){.id = alloc_string(id->str, id->len, st)};
    for (size_t i = 0; fields->type == REDIS_REPLY_ARRAY && i + 1 < fields->elements; i += 2)
        if (strcmp(fields->element[i]->str, "job") == 0 && !m->job) m->job = alloc_string(fields->element[i + 1]->str, fields->element[i + 1]->len, st);
    if (!m->job) m->job = alloc_string("", 0, st);
    if (status_ok(st)) return true;
    job_message_free(m);
    return false;
}

static size_t read_entries(const redisReply *list, job_message *m, size_t most, status *st)
{
    size_t count = 0;
    for (size_t i = 0; list && list->type == REDIS_REPLY_ARRAY && i < list->elements && count < most; i++) {
        if (list->element[i]->type != REDIS_REPLY_ARRAY) continue; /* Redis 6: a deleted entry */
        if (!read_entry(list->element[i], &m[count], st)) break;
        count++;
    }
    return count;
}

size_t job_queue_take(job_queue *q, job_message *m, size_t most, int64_t idle, int64_t wait, status *st)
{
    char number[24], left[24], milliseconds[24];
    snprintf(milliseconds, sizeof milliseconds, "%lld", (long long)idle);
    snprintf(number, sizeof number, "%zu", most);
    const char *claim[] = {"XAUTOCLAIM", q->stream, q->group, q->worker, milliseconds, "0-0", "COUNT", number};
    redisReply *r = command(q, 8, claim, st);
    size_t count = r && r->type == REDIS_REPLY_ARRAY && r->elements >= 2 ? read_entries(r->element[1], m, most, st) : 0;
    if (r) freeReplyObject(r);
    if (count == most || !status_ok(st)) return count;
    snprintf(left, sizeof left, "%zu", most - count);
    snprintf(milliseconds, sizeof milliseconds, "%lld", count ? 1LL : (long long)wait); /* 0 would wait for ever */
    const char *get[] = {"XREADGROUP", "GROUP", q->group, q->worker, "COUNT", left, "BLOCK", milliseconds, "STREAMS", q->stream, ">"};
    r = command(q, 11, get, st);
    if (r && r->type == REDIS_REPLY_ARRAY && r->elements == 1 && r->element[0]->elements == 2)
        count += read_entries(r->element[0]->element[1], m + count, most - count, st);
    if (r) freeReplyObject(r);
    return count;
}

void job_queue_keep(job_queue *q, const char *id, status *st)
{
    const char *words[] = {"XCLAIM", q->stream, q->group, q->worker, "0", id, "JUSTID"};
    redisReply *r = command(q, 7, words, st);
    if (r) freeReplyObject(r);
}

bool job_queue_finish(job_queue *q, const char *id, const char *const *pair, size_t fields, bool *first, status *st)
{
    static const char SCRIPT[] = "if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 1 then "
                                 "redis.call('XADD', KEYS[2], '*', 'job', unpack(ARGV, 2)) return 1 end return 0";
    const char *words[MAX_WORDS] = {"EVAL", SCRIPT, "2", q->stream, q->results, q->group, id};
    if (7 + 2 * fields > MAX_WORDS) return status_set(st, STATUS_FAIL, "redis: %zu fields are too many", fields);
    memcpy(words + 7, pair, 2 * fields * sizeof *pair);
    redisReply *r = command(q, (int)(7 + 2 * fields), words, st);
    *first = r && r->type == REDIS_REPLY_INTEGER && r->integer == 1;
    if (r) freeReplyObject(r);
    return status_ok(st);
}
