/* CCA and PSA tokens, and the claims in them: what is read is written so that it is read as the same, byte for byte
 * where it was deterministic. The first byte says which. */
#include "evidence/cca_token.h"
#include "base/cleanup.h"
#include "evidence/psa_token.h"
#include "fuzz.h"

#include <stdlib.h>

static void ignore(void *to, const struct hf_inspect_row *row)
{
    (void)to;
    (void)row;
}

/* The second writing is the first: what is written is a fixed point. */
static void same(hf_err err, const struct hf_buf *once, const struct hf_buf *twice, struct hf_bytes in)
{
    struct hf_cbor v;

    if (err != HF_OK || !hf_bytes_equal(hf_buf_bytes(once), hf_buf_bytes(twice)))
        abort();
    if (hf_cbor_parse(in, HF_CBOR_DETERMINISTIC, &v) == HF_OK && !hf_bytes_equal(hf_buf_bytes(once), in))
        abort();
}

static void claims(struct hf_bytes in, hf_err (*parse)(struct hf_bytes in, struct hf_arm_claims *out))
{
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};
    struct hf_arm_claims a, b;
    hf_err err;

    if (parse(in, &a) != HF_OK)
        return;
    if (hf_arm_claims_write(&a, &once) != HF_OK || parse(hf_buf_bytes(&once), &b) != HF_OK)
        abort();
    err = hf_arm_claims_write(&b, &twice);
    same(err, &once, &twice, in);
}

static void realm(struct hf_bytes in)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};
    struct hf_cca_realm a, b;
    hf_err err;

    if (hf_cca_realm_parse(in, &a) != HF_OK)
        return;
    if (hf_cca_realm_write(&a, &once) != HF_OK || hf_cca_realm_parse(hf_buf_bytes(&once), &b) != HF_OK)
        abort();
    err = hf_cca_realm_write(&b, &twice);
    same(err, &once, &twice, in);
}

static void cca(struct hf_bytes in)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};
    struct hf_inspect inspect = {.row = ignore, .whole = in};
    struct hf_cca_token a, b;
    hf_err err;

    (void)hf_cca_token_inspect(in, &inspect);
    if (hf_cca_token_parse(in, &a) != HF_OK)
        return;
    if (hf_cca_token_write(&a, &once) != HF_OK || hf_cca_token_parse(hf_buf_bytes(&once), &b) != HF_OK)
        abort();
    err = hf_cca_token_write(&b, &twice);
    if (a.tag == HF_CCA_TAG_COLLECTION)
        same(err, &once, &twice, in);
}

static void psa(struct hf_bytes in)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};
    struct hf_inspect inspect = {.row = ignore, .whole = in};
    struct hf_psa_token a, b;
    hf_err err;

    (void)hf_psa_token_inspect(in, &inspect);
    if (hf_psa_token_parse(in, &a) != HF_OK)
        return;
    if (hf_psa_token_write(&a, &once) != HF_OK || hf_psa_token_parse(hf_buf_bytes(&once), &b) != HF_OK)
        abort();
    err = hf_psa_token_write(&b, &twice);
    same(err, &once, &twice, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size};

    if (size == 0)
        return 0;
    in.p++;
    in.n--;
    if (data[0] % 5 == 0)
        cca(in);
    else if (data[0] % 5 == 1)
        psa(in);
    else if (data[0] % 5 == 2)
        realm(in);
    else if (data[0] % 5 == 3)
        claims(in, hf_arm_cca_parse);
    else
        claims(in, hf_arm_psa_parse);
    return 0;
}
