/* Memory: every allocation of the library goes through here, so that a test can let each fail once. */
#ifndef HF_BASE_ALLOC_H
#define HF_BASE_ALLOC_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory in *out (a pointer to any pointer); HF_E_MEMORY when there is none. n > 0. */
hf_err hf_alloc(size_t n, void *out);

/* Grow or shrink *ptr (a pointer to any pointer) to n bytes; unchanged on failure. */
hf_err hf_realloc(size_t n, void *ptr);

/* A copy of a C string. */
hf_err hf_strdup(const char *text, char **out);

/* Free what the address points to and leave NULL. For HF_CLEANUP of any pointer. */
void hf_free(void *ptr);

/* For tests: the n-th allocation from now fails (0: none does). Counts in all threads. */
void hf_alloc_fail_at(unsigned long n);

/* How many allocations are left until that one: what a call took is the difference. 0 where none was named. */
unsigned long hf_alloc_left(void);

/* True once the allocation named by hf_alloc_fail_at has failed. */
bool hf_alloc_has_failed(void);

#endif
