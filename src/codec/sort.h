/* Sorting what an attacker ordered: n log n comparisons for every order, in place, without memory of its own. */
#ifndef HF_CODEC_SORT_H
#define HF_CODEC_SORT_H

#include <stddef.h>

#define HF_SORT_SIZE_MAX 128 /* bytes of one element */

/* As qsort; size is at most HF_SORT_SIZE_MAX. Not stable. */
void hf_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));

#endif
