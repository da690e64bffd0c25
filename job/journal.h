/* journal: which jobs of a batch are finished, so that a killed run goes on where it was.
 *
 * A text file of one record a line, appended with one write and synced before journal_add returns:
 *
 *     CHECK {"id": …, "state": "done"|"failed", "inputs": SHA-256, "outputs": [{"path", "sha256"}], "error": …}
 *
 * CHECK is the first 16 digits of the SHA-256 of the rest of the line. A last line cut by a crash is dropped when the
 * journal is opened; a damaged line elsewhere is skipped with a warning and its job runs again. A file whose first line is
 * no record is not taken for a journal, nor is a link, a device or a file with a second name. Of two records with one id the
 * later counts. The file is locked while it is open. One thread at a time.
 */
#ifndef AIGC_JOB_JOURNAL_H
#define AIGC_JOB_JOURNAL_H

#include <stddef.h>

#include "core/hash.h"
#include "core/status.h"

typedef struct {
    const char *path;
    hash_hex sha256;
} journal_output;

enum { JOURNAL_MAX_OUTPUTS = 16 };

typedef struct {
    const char *id;
    bool done;           /* false: failed */
    hash_hex inputs;     /* digest of all that the result depends on */
    journal_output output[JOURNAL_MAX_OUTPUTS];
    size_t output_count;
    const char *error;   /* why it failed, else NULL */
} journal_record;

typedef struct journal journal;

/* Opens or makes the journal and reads what is there. NULL with STATUS_INPUT (another run holds it, no journal of ours) or
 * STATUS_IO. */
journal *journal_open(const char *path, status *st);
void journal_close(journal *j);

/* The latest record of that id, valid until the next journal_add; NULL when there is none. */
const journal_record *journal_find(const journal *j, const char *id);
size_t journal_count(const journal *j); /* ids with a record */
const journal_record *journal_at(const journal *j, size_t i); /* in the order in which ids first appeared */

/* Appends a record and waits until it is on the disk. */
bool journal_add(journal *j, const journal_record *record, status *st);

#endif
