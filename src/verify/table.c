/* Which verifier judges which format. A format without a row can be inspected, not trusted. */
#include "verify/judge.h"

#include <stddef.h>

/* format, as in evidence/table.c
 * clang-format off */
#define VERIFIERS(X) \
    X("cca-token", hf_cca_judge) \
    X("nvidia-report", hf_nvidia_judge) \
    X("psa-token", hf_psa_judge) \

/* clang-format on */

#define DECLARE(format, function) hf_judge_fn function;
VERIFIERS(DECLARE)

#define ROW(format, function) {format, function},
static const struct {
    const char *format;
    hf_judge_fn *judge;
} rows[] = {VERIFIERS(ROW){NULL, NULL}};

hf_judge_fn *hf_judge_of(const char *format)
{
    for (size_t i = 0; rows[i].format; i++) {
        if (strcmp(rows[i].format, format) == 0)
            return rows[i].judge;
    }
    return NULL;
}
