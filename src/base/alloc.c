/* Memory, with a place where a test makes it fail. */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_ulong countdown;
static atomic_bool failed;

void hf_alloc_fail_at(unsigned long n)
{
    atomic_store(&failed, false);
    atomic_store(&countdown, n);
}

unsigned long hf_alloc_left(void)
{
    return atomic_load(&countdown);
}

bool hf_alloc_has_failed(void)
{
    return atomic_load(&failed);
}

static bool fails_now(void)
{
    if (atomic_load_explicit(&countdown, memory_order_relaxed) == 0)
        return false;
    if (atomic_fetch_sub(&countdown, 1) != 1)
        return false;
    atomic_store(&failed, true);
    return true;
}

hf_err hf_alloc(size_t n, void *out)
{
    void *p = fails_now() ? NULL : calloc(1, n);

    if (!p)
        return hf_fail(HF_E_MEMORY, "no memory for %zu bytes", n);
    memcpy(out, &p, sizeof(p));
    return HF_OK;
}

hf_err hf_realloc(size_t n, void *ptr)
{
    void *old;
    void *p;

    memcpy(&old, ptr, sizeof(old));
    p = fails_now() ? NULL : realloc(old, n);
    if (!p)
        return hf_fail(HF_E_MEMORY, "no memory for %zu bytes", n);
    memcpy(ptr, &p, sizeof(p));
    return HF_OK;
}

hf_err hf_strdup(const char *text, char **out)
{
    size_t n = strlen(text) + 1;
    char *copy = NULL;

    HF_TRY(hf_alloc(n, &copy));
    memcpy(copy, text, n);
    *out = copy;
    return HF_OK;
}

void hf_free(void *ptr)
{
    void *p;

    memcpy(&p, ptr, sizeof(p));
    free(p);
    memset(ptr, 0, sizeof(p));
}
