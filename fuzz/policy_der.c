/* A key file's policy that is read can be printed, parsed, and written again as the same policy: same
 * text, same digest, same approved alternatives. */
#include "tpm/policy_der.h"
#include "base/reader.h"
#include "fuzz.h"
#include "tpm/policy_digest.h"

#include <stdlib.h>

/* The first byte chooses the hash, the next two the length of the policy field; authPolicy is the rest. */
static hf_err read_input(struct hf_bytes in, enum hf_hash_alg *alg, struct hf_policy **out)
{
    static const enum hf_hash_alg algs[] = {HF_SHA256, HF_SHA1, HF_SHA384, HF_SHA512};
    struct hf_reader r = hf_reader(in);
    struct hf_bytes policy;

    *alg = algs[hf_rd_u8(&r) % HF_COUNT(algs)];
    policy = hf_rd_view(&r, hf_rd_u16be(&r));
    HF_TRY(hf_rd_err(&r));
    return hf_policy_from_der(policy, hf_rd_rest(&r), *alg, out);
}

static void same_text(const struct hf_policy *a, const struct hf_policy *b)
{
    struct hf_buf x = {0};
    struct hf_buf y = {0};

    if (hf_policy_print(a, &x) != HF_OK || hf_policy_print(b, &y) != HF_OK)
        abort();
    if (!hf_bytes_equal(hf_buf_bytes(&x), hf_buf_bytes(&y)))
        abort();
    hf_buf_free(&x);
    hf_buf_free(&y);
}

static void same_digest(const struct hf_policy *a, const struct hf_policy *b, enum hf_hash_alg alg)
{
    struct hf_digest x;
    struct hf_digest y;

    if (hf_policy_digest_of(a, alg, &x) != HF_OK || hf_policy_digest_of(b, alg, &y) != HF_OK)
        abort();
    if (!hf_bytes_equal(hf_digest_bytes(&x), hf_digest_bytes(&y)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_policy *first = NULL;
    struct hf_policy *second = NULL;
    struct hf_policy *parsed = NULL;
    struct hf_buf policy = {0};
    struct hf_buf approved = {0};
    struct hf_buf text = {0};
    enum hf_hash_alg alg;

    if (read_input((struct hf_bytes){data, size}, &alg, &first) != HF_OK)
        return 0;
    if (hf_policy_to_der(first, alg, &policy, &approved) != HF_OK)
        abort();
    if (hf_policy_from_der(hf_buf_bytes(&policy), hf_buf_bytes(&approved), alg, &second) != HF_OK)
        abort();
    same_text(first, second);
    same_digest(first, second, alg);
    if (first->n_approved != second->n_approved)
        abort();
    if (hf_policy_print(first, &text) != HF_OK)
        abort();
    if (text.n <= HF_POLICY_TEXT_MAX) {
        if (hf_policy_parse(hf_buf_bytes(&text), &parsed) != HF_OK)
            abort();
        same_text(first, parsed);
        same_digest(first, parsed, alg);
    }
    hf_policy_free(&first);
    hf_policy_free(&second);
    hf_policy_free(&parsed);
    hf_buf_free(&policy);
    hf_buf_free(&approved);
    hf_buf_free(&text);
    return 0;
}
