/* text_constraint: --json-schema, --grammar, --regex and --choice: what an answer must be, of the command and of jobs. */
#ifndef AIGC_ENGINE_TEXT_CONSTRAINT_H
#define AIGC_ENGINE_TEXT_CONSTRAINT_H

#include "engine/text_options.h"
#include "text/constraint_source.h"

/* At most one of them, none with what it does not go with, and each good: told before a model is opened. */
bool text_constraint_check(const text_options *o, status *st);

/* The options' constraint from the model's store, NULL with a good status where there is none. first: how thoughts may come first. Given
 * back with constraint_release. */
constraint *text_constraint_get(const text_options *o, constraint_store *store, const constraint_thoughts *first, status *st);

/* Whether an option's value is the thing itself, not a file with it. */
bool text_constraint_is_text(const char *option_name, const char *value);

#endif
