/* Bytes from hex in a test's row, each in an allocation of exactly its size, so that ASan sees one byte past it. */
#ifndef HF_TEST_UNHEX_H
#define HF_TEST_UNHEX_H

#include "test.h"

#define UNHEX_SLOTS 16 /* the sixteen latest stay valid */

/* Digits may stand apart: "30 03 0201 05". */
static inline struct hf_bytes unhex(const char *text)
{
    static uint8_t *slots[UNHEX_SLOTS];
    static unsigned next;
    uint8_t **slot = &slots[next++ % UNHEX_SLOTS];
    size_t n = 0;

    free(*slot);
    *slot = malloc(strlen(text) / 2 + 1);
    CHECK(*slot != NULL);
    for (const char *p = text; *p; p++) {
        char pair[3] = {0};

        if (*p == ' ')
            continue;
        pair[0] = *p++;
        pair[1] = *p;
        CHECK(strspn(pair, "0123456789abcdefABCDEF") == 2);
        (*slot)[n++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    if (n) {
        uint8_t *exact = realloc(*slot, n);

        CHECK(exact != NULL);
        *slot = exact;
    }
    return (struct hf_bytes){*slot, n};
}

#endif
