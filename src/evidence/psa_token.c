/* PSA attestation token (RFC 9783). */
#include "evidence/psa_token.h"
#include "base/cleanup.h"
#include "evidence/cca_token.h"

/* The message without its claims. */
static hf_err read_message(struct hf_bytes in, struct hf_psa_token *out)
{
    struct hf_cbor top;

    HF_TRY(hf_cbor_parse(in, HF_CBOR_DEFINITE, &top));
    out->mac = top.type == HF_CBOR_TAG && top.value == HF_COSE_TAG_MAC0;
    if (out->mac)
        HF_TRY(hf_cbor_untag(top, HF_COSE_TAG_MAC0, &top));
    HF_TRY(hf_cose_sign1_parse(top.raw, HF_CBOR_DEFINITE, &out->message));
    if (out->mac && out->message.tagged)
        return hf_fail(HF_E_FORMAT, "PSA token: tag 18 behind tag 17");
    out->message.tagged |= out->mac;
    if (out->message.detached)
        return hf_fail(HF_E_FORMAT, "PSA token: no claims in it");
    return HF_OK;
}

hf_err hf_psa_token_parse(struct hf_bytes in, struct hf_psa_token *out)
{
    struct hf_psa_token token = {0};

    HF_TRY(read_message(in, &token));
    HF_TRY(hf_arm_psa_parse(token.message.payload, &token.claims));
    *out = token;
    return HF_OK;
}

hf_err hf_psa_token_write(const struct hf_psa_token *token, struct hf_buf *out)
{
    struct hf_cose_sign1 message = token->message;
    HF_CLEANUP(hf_buf_free) struct hf_buf inner = {0};
    struct hf_cbor_writer w = hf_cbor_writer(out);
    size_t before = out->n;
    hf_err err;

    if (!token->mac)
        return hf_cose_sign1_write(&message, out);
    message.tagged = false;
    HF_TRY(hf_cose_sign1_write(&message, &inner));
    hf_cbor_put_tag(&w, HF_COSE_TAG_MAC0);
    hf_cbor_put_raw(&w, hf_buf_bytes(&inner));
    err = hf_cbor_end(&w);
    if (err != HF_OK)
        out->n = before;
    return err;
}

hf_err hf_psa_token_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    struct hf_psa_token token;

    HF_TRY(read_message(in, &token));
    hf_inspect_open(out, token.mac ? "COSE_Mac0" : "COSE_Sign1", in);
    hf_arm_cose_inspect(&token.message, hf_arm_claims_inspect, out);
    hf_inspect_close(out);
    return hf_psa_token_parse(in, &token);
}

/* A message whose claims have an implementation id, by either generation's key. */
static bool detect(struct hf_bytes in)
{
    struct hf_psa_token token;
    struct hf_cbor map, v;

    if (in.n < 4 || (in.p[0] != 0x84 && in.p[0] != 0xd1 && in.p[0] != 0xd2))
        return false;
    if (read_message(in, &token) != HF_OK || hf_cbor_parse(token.message.payload, HF_CBOR_DEFINITE, &map) != HF_OK ||
        map.type != HF_CBOR_MAP)
        return false;
    return hf_cbor_get(map, 2396, &v) == HF_OK || hf_cbor_get(map, -75003, &v) == HF_OK;
}

const struct hf_evidence_format hf_format_psa_token = {
    .name = "psa-token",
    .family = "psa",
    .about = "Arm PSA attestation token (RFC 9783, its drafts, PSA_IOT_PROFILE_1)",
    .detect = detect,
    .inspect = hf_psa_token_inspect,
};
