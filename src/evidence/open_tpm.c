/*
 * TPM quotes in the JSON of clouds: message, signature and register values in hex, base64 or numbers, the attestation
 * key elsewhere in the envelope (the runtime data of Azure's HCL report, or a member of its own). They become our
 * envelope, "tpm-quote/1". Shapes: trustee's az-snp-vtpm, az-tdx-vtpm and tpm evidence, go-tpm-tools' attestation.
 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "evidence/azure_hcl.h"
#include "evidence/open_i.h"

#include <stdio.h>

/* Names of the same thing, a word each. */
static const char *const message_names[] = {"message", "quote", "attest", "quoted", "quote_message", "quoteMessage"};
static const char *const signature_names[] = {"signature", "rawSig", "raw_sig", "quote_signature", "quoteSignature"};

struct hf_open_tpm {
    char where[HF_OPEN_WHERE];
    struct hf_tpm_envelope env;
};

void hf_open_tpm_free(struct hf_opening *o)
{
    for (size_t i = 0; i < o->n_tpm; i++)
        hf_tpm_envelope_free(&o->tpm[i].env);
    hf_free(&o->tpm);
    hf_buf_free(&o->ak);
    o->n_tpm = 0;
}

static hf_err member(struct hf_json_value object, const char *const *names, size_t n, struct hf_buf *out)
{
    struct hf_json_value v;

    for (size_t i = 0; i < n; i++) {
        if (hf_json_get(object, names[i], &v) == HF_OK)
            return hf_open_bytes(v, 0, out);
    }
    return HF_E_NOT_FOUND;
}

/* ---- register values ---- */

static hf_err put_value(struct hf_json_value v, unsigned pcr, struct hf_pcrs *pcrs)
{
    static const enum hf_hash_alg algs[] = {HF_SHA1, HF_SHA256, HF_SHA384, HF_SHA512};
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};

    HF_TRY(hf_open_bytes(v, 0, &value));
    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        if (hf_hash_size(algs[i]) == value.n)
            return hf_pcrs_put(pcrs, (uint16_t)algs[i], pcr, hf_buf_bytes(&value));
    }
    return hf_fail(HF_E_FORMAT, "PCR %u: %zu bytes are no digest", pcr, value.n);
}

/* [value, ...] from register 0 on, {"0": value, ...}, or {"hash": ..., "pcrs": {...}}. */
static hf_err read_values(struct hf_json_value v, struct hf_pcrs *pcrs)
{
    struct hf_json_value inner;

    if (v.type == HF_JSON_OBJECT && hf_json_get(v, "pcrs", &inner) == HF_OK)
        v = inner;
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        size_t pcr = it.index;

        for (pcr = it.object ? 0 : pcr; it.object && pcr < HF_PCR_COUNT; pcr++) {
            char number[4];

            (void)snprintf(number, sizeof(number), "%zu", pcr);
            if (hf_json_is(it.key, number))
                break;
        }
        if (pcr >= HF_PCR_COUNT)
            return hf_fail(HF_E_FORMAT, "PCR values: no register from 0 to %d", HF_PCR_COUNT - 1);
        HF_TRY(put_value(it.value, (unsigned)pcr, pcrs));
    }
    return HF_OK;
}

/* The claim is about the registers that are signed, where their values are all there; about none otherwise. */
static void claim_signed(struct hf_tpm_envelope *env)
{
    struct hf_quote_attest attest;
    struct hf_digest digest;

    if (hf_quote_attest_parse(hf_buf_bytes(&env->attest), &attest) == HF_OK &&
        hf_pcrs_digest(&env->claim.pcrs, &attest.selection, HF_SHA256, &digest) == HF_OK) {
        env->claim.has_selection = true;
        env->claim.selection = attest.selection;
    }
}

/* ---- finding ---- */

static hf_err keep(struct hf_opening *o, struct hf_tpm_envelope *env, const char *where)
{
    if (o->n_tpm == HF_EVIDENCE_ITEMS_MAX)
        return hf_fail(HF_E_LIMIT, "more than %d TPM quotes at once", HF_EVIDENCE_ITEMS_MAX);
    HF_TRY(hf_realloc((o->n_tpm + 1) * sizeof(*o->tpm), &o->tpm));
    (void)snprintf(o->tpm[o->n_tpm].where, HF_OPEN_WHERE, "%s", where);
    o->tpm[o->n_tpm++].env = *env;
    *env = (struct hf_tpm_envelope){0};
    return HF_OK;
}

static hf_err read_quote(struct hf_json_value object, struct hf_tpm_envelope *env)
{
    struct hf_json_value pcrs;

    HF_TRY(member(object, message_names, HF_COUNT(message_names), &env->attest));
    if (env->attest.n < 4 || memcmp(env->attest.p, "\xffTCG", 4) != 0)
        return HF_E_NOT_FOUND;
    HF_TRY(member(object, signature_names, HF_COUNT(signature_names), &env->signature));
    if (hf_json_get(object, "pcrs", &pcrs) == HF_OK)
        HF_TRY(read_values(pcrs, &env->claim.pcrs));
    claim_signed(env);
    (void)snprintf(env->environment, sizeof(env->environment), "unknown");
    return HF_OK;
}

hf_err hf_open_tpm(struct hf_opening *o, struct hf_json_value object, const char *where, bool *known)
{
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {0};
    hf_err err = read_quote(object, &env);

    *known = err == HF_OK;
    if (err == HF_OK)
        return keep(o, &env, where);
    return err == HF_E_MEMORY ? err : HF_OK;
}

static bool is_among(struct hf_json_value key, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (hf_json_is(key, names[i]))
            return true;
    }
    return false;
}

bool hf_open_tpm_part(struct hf_json_value key)
{
    return is_among(key, message_names, HF_COUNT(message_names)) ||
           is_among(key, signature_names, HF_COUNT(signature_names)) || hf_json_is(key, "pcrs");
}

hf_err hf_open_tpm_key(struct hf_opening *o, struct hf_json_value key, struct hf_json_value value)
{
    static const char *const names[] = {"ak_public", "akPub", "ak_pub", "akPublic", "ak"};
    HF_CLEANUP(hf_buf_free) struct hf_buf public = {0};
    hf_err err;

    if (o->ak.n || !is_among(key, names, HF_COUNT(names)))
        return HF_OK;
    err = hf_open_bytes(value, 0, &public);
    if (err != HF_OK || public.n == 0)
        return err == HF_E_MEMORY ? err : HF_OK;
    o->ak = public;
    public = (struct hf_buf){0};
    return HF_OK;
}

/* ---- the key, once everything was looked at ---- */

/* The hardware report of the same envelope names the key, before any member that nobody signs. */
static hf_err take_key(struct hf_opening *o, size_t from)
{
    for (size_t i = from; i < o->set->n; i++) {
        const struct hf_evidence_item *item = &o->set->item[i];
        HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
        hf_err err;

        if (!item->format || strcmp(item->format->name, "azure-hcl") != 0)
            continue;
        err = hf_azure_hcl_ak(item->bytes, &key);
        if (err == HF_E_MEMORY)
            return err;
        if (err != HF_OK)
            continue;
        hf_buf_free(&o->ak);
        return hf_pubkey_to_spki(key, &o->ak);
    }
    return HF_OK;
}

/* Without a key, or with one that is none, the attestation alone is an item: its verdict says what is missing. */
static hf_err add_one(struct hf_opening *o, struct hf_open_tpm *t)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    hf_err err = HF_E_FORMAT;

    if (o->ak.n) {
        HF_TRY(hf_buf_set(&t->env.ak_public, hf_buf_bytes(&o->ak)));
        err = hf_tpm_envelope_write(&t->env, &json);
    }
    if (err == HF_E_MEMORY)
        return err;
    return hf_open_decoded(o, err == HF_OK ? &json : &t->env.attest, t->where);
}

hf_err hf_open_tpm_end(struct hf_opening *o, size_t from)
{
    if (o->n_tpm == 0)
        return HF_OK;
    HF_TRY(take_key(o, from));
    for (size_t i = 0; i < o->n_tpm; i++)
        HF_TRY(add_one(o, &o->tpm[i]));
    return HF_OK;
}
