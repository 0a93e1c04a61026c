/* The JSON envelope of a quote: "tpm-quote/1". */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/hex.h"
#include "codec/json_fields.h"
#include "evidence/tpm_quote.h"

#include <stdio.h>

#define FORMAT "tpm-quote/1"
#define LOG_MAX (16u << 20) /* bytes of a log inside an envelope */

struct body {
    char *format, *environment;
    struct hf_buf attest, signature, ak_public, ak_name, eventlog, ima;
    struct hf_json_value pcrs;
};

static const struct hf_json_field fields[] = {
    HF_FIELD(TEXT, "holdfast", struct body, format, .required = true, .words = FORMAT),
    HF_FIELD(TEXT, "environment", struct body, environment, .required = true,
             .words = "unknown|emulated|virtual|hardware"),
    HF_FIELD(BASE64, "attest", struct body, attest, .required = true, .max = 4096),
    HF_FIELD(BASE64, "signature", struct body, signature, .required = true, .max = 4096),
    HF_FIELD(BASE64, "ak_public", struct body, ak_public, .max = 4096),
    HF_FIELD(HEX, "ak_name", struct body, ak_name, .max = HF_TPM_PUB_NAME_MAX),
    HF_FIELD(RAW, "pcrs", struct body, pcrs, .required = true),
    HF_FIELD(BASE64, "eventlog", struct body, eventlog, .max = LOG_MAX),
    HF_FIELD(BASE64, "ima", struct body, ima, .max = LOG_MAX),
    HF_FIELDS_END,
};

static void body_free(struct body *body)
{
    hf_json_free(fields, body);
}

void hf_tpm_envelope_free(struct hf_tpm_envelope *env)
{
    hf_buf_free(&env->attest);
    hf_buf_free(&env->signature);
    hf_buf_free(&env->ak_public);
    hf_buf_free(&env->eventlog);
    hf_buf_free(&env->ima);
}

void hf_pcrs_json(const struct hf_pcrs *pcrs, struct hf_json *j, const char *key)
{
    hf_json_object(j, key);
    for (size_t i = 0; i < pcrs->n; i++) {
        const struct hf_pcr_bank *bank = &pcrs->bank[i];
        char alg[HF_ALG_TEXT], number[4];

        hf_json_object(j, hf_pcr_alg_text(bank->alg, alg));
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (!(bank->mask & 1u << pcr))
                continue;
            (void)snprintf(number, sizeof(number), "%u", pcr);
            hf_json_hex(j, number, (struct hf_bytes){bank->value[pcr], bank->size});
        }
        hf_json_close(j);
    }
    hf_json_close(j);
}

/* Only the registers that are selected leave. */
static hf_err selected(const struct hf_pcr_claim *claim, struct hf_pcrs *out)
{
    for (size_t i = 0; i < claim->selection.n; i++) {
        const struct hf_pcr_select *bank = &claim->selection.bank[i];

        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (bank->mask & 1u << pcr)
                HF_TRY(hf_pcrs_put(out, bank->alg, pcr, hf_pcrs_value(&claim->pcrs, bank->alg, pcr)));
        }
    }
    return HF_OK;
}

static bool is_spki(const struct hf_buf *key)
{
    return key->n && key->p[0] == 0x30;
}

bool hf_tpm_envelope_bare_key(const struct hf_tpm_envelope *env)
{
    return is_spki(&env->ak_public);
}

static hf_err write_key(const struct hf_tpm_envelope *env, struct hf_json *j)
{
    uint8_t name[HF_TPM_PUB_NAME_MAX];
    struct hf_tpm_pub pub;
    size_t n = 0;

    if (env->ak_public.n == 0)
        return HF_OK;
    if (is_spki(&env->ak_public)) {
        hf_json_base64(j, "ak_public", hf_buf_bytes(&env->ak_public));
        return HF_OK;
    }
    HF_TRY(hf_tpm_pub_parse(hf_buf_bytes(&env->ak_public), &pub));
    HF_TRY(hf_tpm_pub_name(&pub, name, &n));
    hf_json_base64(j, "ak_public", pub.whole);
    hf_json_hex(j, "ak_name", (struct hf_bytes){name, n});
    return HF_OK;
}

hf_err hf_tpm_envelope_write(const struct hf_tpm_envelope *env, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = hf_json(&text, false);
    struct hf_pcrs pcrs = {0};

    HF_TRY(selected(&env->claim, &pcrs));
    hf_json_object(&j, NULL);
    hf_json_text(&j, "holdfast", FORMAT);
    hf_json_text(&j, "environment", env->environment);
    hf_json_base64(&j, "attest", hf_buf_bytes(&env->attest));
    hf_json_base64(&j, "signature", hf_buf_bytes(&env->signature));
    HF_TRY(write_key(env, &j));
    hf_pcrs_json(&pcrs, &j, "pcrs");
    if (env->eventlog.n)
        hf_json_base64(&j, "eventlog", hf_buf_bytes(&env->eventlog));
    if (env->ima.n)
        hf_json_base64(&j, "ima", hf_buf_bytes(&env->ima));
    hf_json_close(&j);
    HF_TRY(hf_json_end(&j));
    HF_TRY(hf_buf_add(&text, hf_bytes_text("\n")));
    return hf_buf_add(out, hf_buf_bytes(&text));
}

/* A register's number as it is written: no sign, no leading zero. */
static hf_err register_number(struct hf_json_value key, unsigned *out)
{
    struct hf_bytes digits = hf_json_quoted(key);
    unsigned number = 0;
    bool good = digits.n == 1 || (digits.n == 2 && digits.p[0] != '0');

    for (size_t i = 0; good && i < digits.n; i++) {
        good = digits.p[i] >= '0' && digits.p[i] <= '9';
        number = 10 * number + digits.p[i] - '0';
    }
    if (!good || number >= HF_PCR_COUNT)
        return hf_fail(HF_E_FORMAT, "pcrs: %.*s is not a register from 0 to %d", (int)(key.raw.n > 20 ? 20 : key.raw.n),
                       (const char *)key.raw.p, HF_PCR_COUNT - 1);
    *out = number;
    return HF_OK;
}

static hf_err read_bank(struct hf_json_value key, struct hf_json_value values, struct hf_pcr_claim *claim)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf name = {0};
    enum hf_hash_alg alg = HF_HASH_NONE;
    struct hf_pcr_select *bank = &claim->selection.bank[claim->selection.n];

    HF_TRY(hf_json_as_text(key, &name));
    HF_TRY(hf_hash_by_name(hf_buf_bytes(&name), &alg));
    if (values.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "pcrs: bank %s is not an object", hf_hash_name(alg));
    if (claim->selection.n == HF_PCR_BANKS_MAX)
        return hf_fail(HF_E_FORMAT, "pcrs: more than %d banks", HF_PCR_BANKS_MAX);
    *bank = (struct hf_pcr_select){.alg = (uint16_t)alg, .size = 3};
    for (struct hf_json_iter it = hf_json_iter(values); hf_json_next(&it);) {
        HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
        unsigned pcr = 0;

        HF_TRY(register_number(it.key, &pcr));
        HF_TRY(hf_json_as_hex(it.value, &value));
        HF_TRY(hf_pcrs_put(&claim->pcrs, (uint16_t)alg, pcr, hf_buf_bytes(&value)));
        bank->mask |= 1u << pcr;
    }
    claim->selection.n++;
    return HF_OK;
}

static hf_err read_pcrs(struct hf_json_value pcrs, struct hf_pcr_claim *claim)
{
    claim->has_selection = true;
    if (pcrs.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "pcrs is %s; an object of banks is needed", hf_json_type_name(pcrs.type));
    for (struct hf_json_iter it = hf_json_iter(pcrs); hf_json_next(&it);)
        HF_TRY(read_bank(it.key, it.value, claim));
    return HF_OK;
}

static hf_err check_name(const struct body *body)
{
    uint8_t name[HF_TPM_PUB_NAME_MAX];
    struct hf_tpm_pub pub;
    size_t n = 0;

    if (is_spki(&body->ak_public) || body->ak_public.n == 0)
        return body->ak_name.n ? hf_fail(HF_E_FORMAT, "ak_name without a public area whose Name it is") : HF_OK;
    if (body->ak_name.n == 0)
        return hf_fail(HF_E_FORMAT, "ak_name is missing");
    HF_TRY(hf_tpm_pub_parse(hf_buf_bytes(&body->ak_public), &pub));
    HF_TRY(hf_tpm_pub_name(&pub, name, &n));
    if (!hf_bytes_equal((struct hf_bytes){name, n}, hf_buf_bytes(&body->ak_name)))
        return hf_fail(HF_E_FORMAT, "ak_name is not the Name of ak_public");
    return HF_OK;
}

static struct hf_buf taken(struct hf_buf *from)
{
    struct hf_buf buf = *from;

    *from = (struct hf_buf){0};
    return buf;
}

hf_err hf_tpm_envelope_parse(struct hf_bytes json, struct hf_tpm_envelope *out)
{
    HF_CLEANUP(body_free) struct body body = {0};
    struct hf_pcr_claim claim = {0};
    hf_err err = hf_json_read(json, fields, &body);

    if (err != HF_OK)
        return err == HF_E_ARG ? hf_fail(HF_E_FORMAT, "%.400s", hf_err_detail()) : err;
    HF_TRY(check_name(&body));
    HF_TRY(read_pcrs(body.pcrs, &claim));
    *out = (struct hf_tpm_envelope){
        .attest = taken(&body.attest),
        .signature = taken(&body.signature),
        .ak_public = taken(&body.ak_public),
        .eventlog = taken(&body.eventlog),
        .ima = taken(&body.ima),
        .claim = claim,
    };
    (void)snprintf(out->environment, sizeof(out->environment), "%s", body.environment);
    return HF_OK;
}
