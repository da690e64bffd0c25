/* model_path: from what the user calls a model to where it lies. */
#ifndef AIGC_ENGINE_MODEL_PATH_H
#define AIGC_ENGINE_MODEL_PATH_H

#include "core/status.h"

/* The folder of downloaded models: $AIGC_MODELS, else $XDG_DATA_HOME/aigc/models, else ~/.local/share/aigc/models; NULL: none
 * of these is set, or st is. Freed with alloc_free. */
char *model_path_folder(status *st);

/* `name` as it is when it is a path that exists; else, when it holds no '/', the model of that short name
 * (smollm2, joe, hibari, icons, or any file or folder of the models folder), or one that comes along with the program
 * (samples/models beside the build folder, share/aigc/models of an installation). NULL with STATUS_INPUT that says where was
 * looked and, for the known ones, the command that gets it. Freed with alloc_free. */
char *model_path_find(const char *name, status *st);

/* Does the path look like a model or a part of one? Asked before all of it is read for its digest: a job's model may be any
 * name. A file must begin as weights do, a folder must hold weights or the settings of a model. */
bool model_path_check(const char *path, status *st);

/* What a model is called in records and in JSON: the last part of its path, which tells nothing of this machine. */
const char *model_path_name(const char *path);

#endif
