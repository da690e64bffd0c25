/* home: the user's folders for data and for what can be made again, by the XDG Base Directory Specification 0.8: a variable
 * counts when it holds an absolute path, else a folder below $HOME. Without either there is none, which is no error. */
#ifndef AIGC_CORE_HOME_H
#define AIGC_CORE_HOME_H

#include "core/status.h"

/* The path of "aigc/NAME" in $XDG_DATA_HOME, else ~/.local/share; NULL: there is no such folder, or st is set. Freed with
 * alloc_free. */
char *home_data(const char *name, status *st);

/* The same in $XDG_CACHE_HOME, else ~/.cache; that folder and aigc in it are made where they are missing. */
char *home_cache(const char *name, status *st);

#endif
