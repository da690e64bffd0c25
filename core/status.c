#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/utf8.h"

bool status_set(status *st, status_code code, const char *format, ...)
{
    if (st->code != STATUS_OK) return false;
    st->code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(st->msg, sizeof st->msg, format, args);
    va_end(args);
    utf8_mend(st->msg); /* names from files are cut in it, and it may itself be cut */
    return false;
}

int status_exit_code(const status *st)
{
    switch (st->code) {
    case STATUS_OK: return 0;
    case STATUS_USAGE: return 2;
    case STATUS_INPUT: return 3;
    case STATUS_PARTIAL: return 4;
    case STATUS_REFUSED: return 5;
    case STATUS_INTERRUPTED: return 130;
    case STATUS_FAIL:
    case STATUS_NOMEM:
    case STATUS_IO: break;
    }
    return 1;
}
