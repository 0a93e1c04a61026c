/*
 * TPM quotes in the JSON of clouds: message (TPMS_ATTEST), signature and pcrs, as hex, base64 or arrays of numbers.
 * Azure's has no key, which its HCL report names; others have ak_public beside the quote.
 */
#include "base/cleanup.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/json_read.h"
#include "evidence/open_i.h"
#include "evidence/tpm_quote.h"

/* A value's bytes. HF_E_FORMAT where it is nothing that has some. */
static hf_err bytes_of(struct hf_json_value v, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (v.type == HF_JSON_ARRAY) {
        for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
            uint64_t number = 0;
            uint8_t byte;

            HF_TRY(hf_json_as_u64(it.value, UINT8_MAX, &number));
            byte = (uint8_t)number;
            HF_TRY(hf_buf_add(out, (struct hf_bytes){&byte, 1}));
        }
        return HF_OK;
    }
    HF_TRY(hf_json_as_text(v, &text));
    if (hf_hex_parse(hf_buf_bytes(&text), out) == HF_OK)
        return HF_OK;
    return hf_base64_parse_loose(hf_buf_bytes(&text), out);
}

/* Values are all 24 of the bank that is quoted, or those that are quoted, in ascending order. */
static hf_err read_pcrs(struct hf_json_value list, const struct hf_pcr_select *bank, struct hf_pcr_claim *claim)
{
    bool all = hf_json_count(list) == HF_PCR_COUNT;
    unsigned pcr = 0;

    claim->has_selection = true;
    claim->selection.bank[claim->selection.n++] = *bank;
    for (struct hf_json_iter it = hf_json_iter(list); hf_json_next(&it); pcr++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};

        while (!all && pcr < HF_PCR_COUNT && !(bank->mask & 1u << pcr))
            pcr++;
        HF_TRY(bytes_of(it.value, &value));
        HF_TRY(hf_pcrs_put(&claim->pcrs, bank->alg, pcr, hf_buf_bytes(&value)));
    }
    for (pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
        if (bank->mask & 1u << pcr && hf_pcrs_value(&claim->pcrs, bank->alg, pcr).n == 0)
            return hf_fail(HF_E_FORMAT, "pcrs without PCR %u, which is quoted", pcr);
    }
    return HF_OK;
}

static hf_err read_quote(struct hf_json_value holder, struct hf_json_value quote, struct hf_tpm_envelope *env)
{
    struct hf_json_value message, signature, pcrs, key;
    struct hf_quote_attest attest;

    HF_TRY(hf_json_get(quote, "message", &message));
    HF_TRY(hf_json_get(quote, "signature", &signature));
    HF_TRY(hf_json_get(quote, "pcrs", &pcrs));
    HF_TRY(bytes_of(message, &env->attest));
    HF_TRY(bytes_of(signature, &env->signature));
    HF_TRY(hf_quote_attest_parse(hf_buf_bytes(&env->attest), &attest));
    if (pcrs.type != HF_JSON_ARRAY || attest.magic != TPM2_GENERATED_VALUE || attest.selection.n != 1)
        return hf_fail(HF_E_FORMAT, "no quote over one bank with its values");
    HF_TRY(read_pcrs(pcrs, &attest.selection.bank[0], &env->claim));
    if (hf_json_get(quote, "ak_public", &key) == HF_OK || hf_json_get(holder, "ak_public", &key) == HF_OK)
        HF_TRY(bytes_of(key, &env->ak_public));
    return HF_OK;
}

hf_err hf_open_tpm(struct hf_opening *o, const struct hf_json_value *holder, const struct hf_json_value *quote,
                   const char *where, bool *known)
{
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {.environment = "unknown"};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    hf_err err;

    if (quote->type != HF_JSON_OBJECT)
        return HF_OK;
    err = read_quote(*holder, *quote, &env);
    if (err == HF_OK)
        err = hf_tpm_envelope_write(&env, &json);
    if (err == HF_E_MEMORY)
        return err;
    *known = err == HF_OK;
    return *known ? hf_open_decoded(o, &json, where) : HF_OK;
}
