/* linear_queue: the weights of a whole model packed in one loop over all threads.
 *
 * A loop for each weight would wake the threads and wait for them some hundred times while a model opens, and two threads
 * that fill one weight would wait for each other where the system clears its huge pages. Here each thread has a stretch
 * of all weights' panels.
 */
#ifndef AIGC_CORE_LINEAR_QUEUE_H
#define AIGC_CORE_LINEAR_QUEUE_H

#include "core/linear.h"

typedef struct linear_queue linear_queue;

linear_queue *linear_queue_new(status *st);
void linear_queue_free(linear_queue *q); /* NULL is allowed */

/* As linear_init, but w may be used only after linear_queue_run, up to which w and the weight's data must stay where they
 * are. */
bool linear_queue_add(linear_queue *q, linear *w, const tensor *weight, const float *bias, linear_mode mode, status *st);

/* What else happens in the loop: all may be NULL. */
typedef struct {
    void (*beside)(void *arg); /* one more piece of work, for one thread, which begins with it */
    void *beside_arg;
    void (*packed)(void *arg, size_t bytes); /* so many bytes of weights were read; called from all threads */
    void *packed_arg;
} linear_queue_around;

/* Packs all weights added since the last call. */
void linear_queue_run(linear_queue *q, pool *threads, const linear_queue_around *around);

#endif
