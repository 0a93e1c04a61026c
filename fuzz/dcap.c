/* Quotes judged under a root that nobody has: none is ever better than contraindicated, with what was kept before as
 * without. */
#include "base/cleanup.h"
#include "evidence/sgx_quote.h"
#include "fuzz.h"
#include "verify/judge.h"

#include <stdlib.h>

static struct hf_verdict verdict;
static struct hf_findings findings;

static enum hf_verdict_status judge(struct hf_cache *cache, struct hf_bytes in, const char *format)
{
    static const uint8_t nobodys[32] = {1};
    static struct hf_anchors anchors;
    static const struct hf_endorsements none;
    struct hf_judge j = {.anchors = &anchors, .endorsements = &none, .inner = &none, .cache = cache, .at = 1700000000};

    if (anchors.n == 0 && hf_anchors_add(&anchors, HF_VENDOR_ANY, HF_ENV_HARDWARE, nobodys, "nobody's") != HF_OK)
        abort();
    hf_verdict_start(&verdict);
    hf_claims_start(&findings.claims);
    hf_horizon_start(&findings.horizon);
    findings.n_missing = 0;
    findings.environment = HF_ENV_UNKNOWN;
    hf_judge_of(format)(&j, in, &verdict, &findings);
    return hf_verdict_status(&verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"sgx-quote", "tdx-quote"};
    HF_CLEANUP(hf_cache_free) struct hf_cache *cache = NULL;
    struct hf_bytes in = {data, size};

    if (hf_cache_new(16, &cache) != HF_OK)
        return 0;
    for (size_t i = 0; i < HF_COUNT(formats); i++) {
        if (judge(cache, in, formats[i]) != HF_VERDICT_CONTRAINDICATED ||
            judge(cache, in, formats[i]) != HF_VERDICT_CONTRAINDICATED || findings.claims.lost || verdict.lost)
            abort();
    }
    return 0;
}
