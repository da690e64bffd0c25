/* job_a1111: a line of AUTOMATIC1111's "prompts from file" as an image job.
 *
 *     --prompt "a red apple" --negative_prompt "leaves" --steps 20 --cfg_scale 6.5 --sampler_name "Euler a" --seed 7
 *
 * Words are split as a shell does it: '…' as it is, "…" with \" and \\, a backslash before any character. The script's
 * own switches become our options; those that cannot change the picture are skipped (do_not_save_grid, …). batch_size times
 * n_iter pictures are made, with seeds counted up.
 * Source: scripts/prompts_from_file.py of AUTOMATIC1111/stable-diffusion-webui, for the names.
 */
#ifndef AIGC_JOB_JOB_A1111_H
#define AIGC_JOB_JOB_A1111_H

#include "job/job_line.h"

/* Is this such a line? It begins with "--". */
bool job_a1111_is(const char *text, size_t size);

bool job_a1111_read(job_line *line, const char *text, size_t size, arena *mem, status *st);

#endif
