/* config: the settings in a model's JSON file (config.json, scheduler_config.json, …), read with their limits checked.
 *
 * A value that is absent or null takes its fallback; one of the wrong kind or outside its limits is a STATUS_INPUT that
 * names file, key, what was found and what was wanted. Errors are sticky in the status given at opening: after the first
 * one every getter returns its fallback, so that a reader asks for all it needs and checks once. One thread at a time.
 */
#ifndef AIGC_CORE_CONFIG_H
#define AIGC_CORE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

typedef struct config_file config_file;

config_file *config_open(const char *path, status *st); /* a file that holds one JSON object, at most 64 MiB */
void config_close(config_file *c);                      /* NULL is allowed; strings handed out become invalid */
const char *config_path(const config_file *c);

/* Is key there, and not null? */
bool config_has(const config_file *c, const char *key);

/* Is key there with the value null? */
bool config_is_null(const config_file *c, const char *key);

int64_t config_int(config_file *c, const char *key, int64_t fallback, int64_t min, int64_t max);
double config_real(config_file *c, const char *key, double fallback, double min, double max);
bool config_bool(config_file *c, const char *key, bool fallback);
const char *config_string(config_file *c, const char *key, const char *fallback);

/* A list of 1 to `room` numbers or strings; a single value counts as a list of one. Returns how many were stored, 0 when
 * the key is absent. */
int config_ints(config_file *c, const char *key, int64_t *values, int room, int64_t min, int64_t max);
int config_reals(config_file *c, const char *key, double *values, int room, double min, double max);
int config_strings(config_file *c, const char *key, const char **values, int room);

/* Records that key holds something this program cannot do. */
void config_refuse(config_file *c, const char *key, const char *found, const char *wanted);

#endif
