/* Heapsort. */
#include "codec/sort.h"

#include <stdint.h>
#include <string.h>

struct heap {
    uint8_t *base;
    size_t size;
    int (*compare)(const void *, const void *);
};

static uint8_t *element(const struct heap *h, size_t i)
{
    return h->base + i * h->size;
}

static void swap(const struct heap *h, size_t a, size_t b)
{
    uint8_t moved[HF_SORT_SIZE_MAX];

    memcpy(moved, element(h, a), h->size);
    memcpy(element(h, a), element(h, b), h->size);
    memcpy(element(h, b), moved, h->size);
}

static void sift_down(const struct heap *h, size_t root, size_t n)
{
    for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        if (child + 1 < n && h->compare(element(h, child), element(h, child + 1)) < 0)
            child++;
        if (h->compare(element(h, root), element(h, child)) >= 0)
            return;
        swap(h, root, child);
        root = child;
    }
}

void hf_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    struct heap h = {base, size, compare};

    if (size > HF_SORT_SIZE_MAX)
        return;
    for (size_t i = n / 2; i > 0; i--)
        sift_down(&h, i - 1, n);
    for (size_t i = n; i > 1; i--) {
        swap(&h, 0, i - 1);
        sift_down(&h, 0, i - 1);
    }
}
