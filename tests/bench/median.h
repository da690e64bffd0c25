/* median: of what a bench program measured. */
#ifndef AIGC_TESTS_BENCH_MEDIAN_H
#define AIGC_TESTS_BENCH_MEDIAN_H

#include <stdlib.h>

static inline int median_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The upper one of an even number of values, which are put in order. */
static inline double median(double *value, int count)
{
    qsort(value, (size_t)count, sizeof *value, median_order);
    return value[count / 2];
}

#endif
