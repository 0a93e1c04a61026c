/*
 * TPM quotes judged as all kinds are. What makes an attestation key one: a TPM signs with it only what it made itself,
 * and somebody who knows vouches that it is a TPM's. The evidence's own copy of the key never does.
 */
#include "base/cleanup.h"
#include "crypto/hash.h"
#include "evidence/azure_hcl.h"
#include "verify/judge.h"
#include "verify/tpm_quote.h"
#include "verify/tpm_signature.h"

#include <stdio.h>

#define KEYS_TRIED 16u /* of each kind: a hostile folder must not make us verify without end */

/* What is judged: an envelope's parts, or an attestation alone. */
struct parts {
    struct hf_tpm_envelope env;
    struct hf_tpm_quote_input in;
    struct hf_pubkey *ak;   /* NULL: unreadable, or none */
    struct hf_tpm_pub area; /* of an envelope with a public area */
    bool has_area;
};

static void parts_free(struct parts *p)
{
    hf_tpm_envelope_free(&p->env);
    hf_pubkey_free(&p->ak);
}

/* ---- what vouches for the key ---- */

/* The caller's own word: the same key among the endorsements, or as a root. */
static bool given_key(const struct hf_judge *j, const struct hf_pubkey *ak, struct hf_verdict *v)
{
    const struct hf_endorsement *e;
    const struct hf_anchor *anchor;
    uint8_t spki[32];
    size_t at = 0;

    while ((e = hf_endorsements_next(j->endorsements, HF_ENDORSEMENT_PUBLIC_KEY, &at)) != NULL) {
        if (hf_pubkey_equal(e->key, ak)) {
            hf_check_found(hf_check(v, "ak", HF_OK), "the same key in %s: that it is a TPM's is your knowledge",
                           e->source);
            return true;
        }
    }
    if (hf_pubkey_spki_sha256(ak, spki) != HF_OK)
        return false;
    anchor = hf_anchors_find(j->anchors, HF_VENDOR_TPM, spki);
    if (anchor)
        hf_check_found(hf_check(v, "ak", HF_OK), "the same key as root %s: that it is a TPM's is your knowledge",
                       anchor->name);
    return anchor != NULL;
}

/* A certificate over this key. The rows of its chain say whether it counts. */
static const struct hf_cert *certificate_of(const struct hf_judge *j, const struct hf_pubkey *ak)
{
    const struct hf_endorsement *e;
    size_t at = 0;

    while ((e = hf_judge_next(j, HF_ENDORSEMENT_CERT, &at)) != NULL) {
        if (hf_pubkey_equal(e->cert->key, ak))
            return e->cert;
    }
    return NULL;
}

static void judge_certificate(const struct hf_judge *j, const struct hf_cert *cert, struct hf_verdict *v,
                              struct hf_findings *f)
{
    static const struct hf_chain_options rules = {.need_key_usage = true};
    struct hf_chain chain;
    bool good = hf_judge_chain(j, HF_VENDOR_TPM, cert, &j->endorsements->certs, &rules, v, f, &chain);

    hf_check_found(hf_check(v, "ak", good ? HF_OK : hf_fail(HF_E_UNTRUSTED, "its certificate is not good")),
                   "certificate %s", cert->subject_text);
    if (good)
        (void)hf_judge_revocation(j, &chain, NULL, v, f);
}

/* The attestation key that Azure's runtime data beside the quote name. HF_E_NOT_FOUND, without a detail: there are
 * none, as a rule. */
static hf_err key_beside(const struct hf_judge *j, struct hf_pubkey **out)
{
    for (size_t i = 0; i < j->n_also; i++) {
        if (j->also[i]->format && strcmp(j->also[i]->format->name, "azure-hcl") == 0)
            return hf_azure_hcl_ak(j->also[i]->bytes, out);
    }
    return HF_E_NOT_FOUND;
}

/*
 * Azure's firmware made the key, and names it in the runtime data whose hash a hardware report carries: that item's own
 * rows say whether they are bound. The key has no public area then, and the firmware's word stands for its attributes.
 */
static bool bound_key(const struct hf_judge *j, const struct hf_pubkey *ak, size_t from, struct hf_verdict *v,
                      struct hf_findings *f)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *named = NULL;
    hf_err err = key_beside(j, &named);

    if (err == HF_E_NOT_FOUND)
        return false;
    if (err == HF_OK && !hf_pubkey_equal(named, ak))
        err = hf_fail(HF_E_MISMATCH, "the runtime data beside it name another attestation key");
    hf_check_expected(hf_check(v, "ak binding", err), "the key that the runtime data call HCLAkPub");
    if (err != HF_OK)
        return false;
    f->environment = HF_ENV_VIRTUAL;
    for (size_t i = from; i < v->n; i++) {
        if (strcmp(v->row[i].name, "attributes") != 0 || v->row[i].status != HF_CHECK_ABSENT)
            continue;
        v->row[i].status = HF_CHECK_NOT_APPLICABLE;
        hf_check_note(&v->row[i],
                      "the platform's firmware made the key and names it: its word stands for the public area");
    }
    return true;
}

/* The producer's word can only lower what the chain proves; "unknown" says nothing. */
static void lower_environment(const char *mark, struct hf_findings *f)
{
    if (strcmp(mark, "emulated") == 0)
        f->environment = HF_ENV_EMULATED;
    else if (strcmp(mark, "virtual") == 0 && f->environment == HF_ENV_HARDWARE)
        f->environment = HF_ENV_VIRTUAL;
}

/* `from`: where this item's rows begin. */
static void judge_key(const struct hf_judge *j, const struct parts *p, size_t from, struct hf_verdict *v,
                      struct hf_findings *f)
{
    const struct hf_cert *cert = p->ak ? certificate_of(j, p->ak) : NULL;
    bool bound = p->ak && bound_key(j, p->ak, from, v, f);

    if (cert)
        judge_certificate(j, cert, v, f);
    else if (!p->ak)
        (void)hf_check(v, "ak", hf_fail(HF_E_UNTRUSTED, "there is no key that could be vouched for"));
    else if (bound)
        hf_check_found(hf_check(v, "ak", HF_OK), "by its binding to the hardware report beside it");
    else if (!given_key(j, p->ak, v))
        hf_check_expected(hf_check(v, "ak",
                                   hf_fail(HF_E_UNTRUSTED, "nobody vouches for the attestation key: anybody can "
                                                           "make one that signs this")),
                          "its public key, or its certificate by a TPM vendor, among the collateral");
    lower_environment(p->env.environment, f);
}

/* ---- claims ---- */

/* SHA-256 first; without it, the first bank that is quoted. */
static const struct hf_pcr_bank *main_bank(const struct hf_pcrs *pcrs)
{
    const struct hf_pcr_bank *bank = hf_pcrs_bank(pcrs, HF_SHA256);

    return bank ? bank : pcrs->n ? &pcrs->bank[0] : NULL;
}

static void claim_pcrs(const struct hf_pcrs *pcrs, struct hf_claims *c)
{
    const struct hf_pcr_bank *first = main_bank(pcrs);

    for (size_t i = 0; i < pcrs->n; i++) {
        const struct hf_pcr_bank *bank = &pcrs->bank[i];

        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            char name[32], alg[HF_ALG_TEXT];

            if (!(bank->mask & 1u << pcr))
                continue;
            if (bank == first)
                (void)snprintf(name, sizeof(name), "pcr%u", pcr);
            else
                (void)snprintf(name, sizeof(name), "pcr_%s_%u", hf_pcr_alg_text(bank->alg, alg), pcr);
            hf_claim_bytes_copy(c, name, (struct hf_bytes){bank->value[pcr], bank->size});
        }
    }
}

static void claim(const struct parts *p, const struct hf_quote_attest *a, const struct hf_tpm_quote_result *said,
                  struct hf_claims *c)
{
    char alg[HF_ALG_TEXT];
    uint8_t name[HF_TPM_PUB_NAME_MAX];
    size_t n = 0;

    claim_pcrs(&said->pcrs, c);
    if (main_bank(&said->pcrs))
        hf_claim_printf(c, "pcr_bank", "%s", hf_pcr_alg_text(main_bank(&said->pcrs)->alg, alg));
    hf_claim_bytes_copy(c, "pcr_digest", a->pcr_digest);
    hf_claim_bytes_copy(c, "nonce", a->extra_data);
    hf_claim_number(c, "firmware", a->firmware);
    hf_claim_number(c, "clock", a->clock_ms);
    hf_claim_number(c, "reset_count", a->reset_count);
    hf_claim_number(c, "restart_count", a->restart_count);
    hf_claim_bool(c, "clock_safe", a->safe);
    if (p->has_area && hf_tpm_pub_name(&p->area, name, &n) == HF_OK)
        hf_claim_bytes_copy(c, "ak_name", (struct hf_bytes){name, n});
}

/* ---- judging ---- */

static void key_free(void *address)
{
    hf_pubkey_free(address);
}

/* Bare blocks are RSASSA with SHA-256: clouds leave the header of TPMT_SIGNATURE out. */
static bool signed_by(const struct hf_pubkey *key, const struct parts *p)
{
    static const struct hf_quote_scheme bare = {.alg = TPM2_ALG_RSASSA, .hash = HF_SHA256};
    struct hf_bytes block = hf_buf_bytes(&p->env.signature);
    struct hf_quote_signature sig;

    if (hf_quote_signature_parse(block, &sig) != HF_OK && hf_quote_signature_any(block, bare, &sig) != HF_OK)
        return false;
    return hf_quote_signature_verify(key, &sig, hf_buf_bytes(&p->env.attest)) == HF_OK;
}

/* Among the collateral, the key that signed a quote which came without one; if none did, the first, so that the
 * signature's row says that it is not this key's. HF_E_NOT_FOUND, without a detail: there is no key. */
static hf_err key_given(const struct hf_judge *j, const struct parts *p, struct hf_pubkey **out)
{
    static const enum hf_endorsement_kind kinds[] = {HF_ENDORSEMENT_PUBLIC_KEY, HF_ENDORSEMENT_CERT};
    struct hf_pubkey *first = NULL;

    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        const struct hf_endorsement *e;
        size_t at = 0, tried = 0;

        while (tried < KEYS_TRIED && (e = hf_endorsements_next(j->endorsements, kinds[i], &at)) != NULL) {
            struct hf_pubkey *key = e->cert ? e->cert->key : e->key;

            if (e->cert && e->cert->ca)
                continue;
            tried++;
            first = first || e->cert ? first : key;
            if (!signed_by(key, p))
                continue;
            *out = hf_pubkey_share(key);
            return HF_OK;
        }
    }
    if (!first)
        return HF_E_NOT_FOUND;
    *out = hf_pubkey_share(first);
    return HF_OK;
}

/* The key, prepared once for as long as the cache keeps it. */
static hf_err take_key(const struct hf_judge *j, struct parts *p)
{
    struct hf_bytes public = hf_buf_bytes(&p->env.ak_public);
    struct hf_digest hash = {0};
    void *kept = NULL;

    if (public.n == 0) {
        hf_err err = key_beside(j, &p->ak);

        return err == HF_E_NOT_FOUND ? key_given(j, p, &p->ak) : err;
    }
    HF_TRY(hf_hash_one(HF_SHA256, public, &hash));
    if (hf_cache_get(j->cache, HF_FACT_KEY, hash.bytes, &kept)) {
        p->has_area = !hf_tpm_envelope_bare_key(&p->env) && hf_tpm_pub_parse(public, &p->area) == HF_OK;
        p->ak = hf_pubkey_share((struct hf_pubkey *)kept);
        return HF_OK;
    }
    HF_TRY(hf_tpm_ak_parse(public, &p->area, &p->has_area, &p->ak));
    if (hf_cache_put(j->cache, HF_FACT_KEY, hash.bytes, p->ak, key_free) == HF_OK)
        (void)hf_pubkey_share(p->ak);
    return HF_OK;
}

/* Clouds leave the header of TPMT_SIGNATURE out: an RSA block of the key's length is RSASSA with SHA-256. */
static void take_signature(struct parts *p)
{
    struct hf_quote_signature sig;
    struct hf_bytes n;
    uint64_t e;

    p->in.signature = hf_buf_bytes(&p->env.signature);
    if (hf_quote_signature_parse(p->in.signature, &sig) != HF_OK && p->ak && hf_pubkey_rsa(p->ak, &n, &e) == HF_OK &&
        p->in.signature.n == n.n)
        p->in.bare = (struct hf_quote_scheme){.alg = TPM2_ALG_RSASSA, .hash = HF_SHA256};
}

/* A log that came beside the quote, in the same call. */
static struct hf_bytes log_beside(const struct hf_judge *j)
{
    for (size_t i = 0; i < j->n_also; i++) {
        if (j->also[i]->format && strcmp(j->also[i]->format->name, "tpm-eventlog") == 0)
            return j->also[i]->bytes;
    }
    return (struct hf_bytes){0};
}

static hf_err open_parts(const struct hf_judge *j, struct hf_bytes evidence, struct parts *p)
{
    p->in = (struct hf_tpm_quote_input){.common_rows = true, .attest = evidence, .eventlog = log_beside(j)};
    if (evidence.n && evidence.p[0] == 0xff)
        return HF_OK;
    HF_TRY(hf_tpm_envelope_parse(evidence, &p->env));
    p->in.attest = hf_buf_bytes(&p->env.attest);
    p->in.claim = p->env.claim.pcrs.n ? &p->env.claim : NULL;
    p->in.ima = hf_buf_bytes(&p->env.ima);
    if (p->env.eventlog.n)
        p->in.eventlog = hf_buf_bytes(&p->env.eventlog);
    if (take_key(j, p) == HF_OK)
        p->in.prepared = p->ak;
    if (!hf_tpm_envelope_bare_key(&p->env) || !p->ak)
        p->in.ak_public = hf_buf_bytes(&p->env.ak_public);
    take_signature(p);
    return HF_OK;
}

/* The nonce stands in extraData as it is, also where a recipe puts something else into the report beside it. */
static void judge_nonce(const struct hf_judge *j, const struct hf_quote_attest *a, struct hf_verdict *v,
                        struct hf_findings *f)
{
    struct hf_judge own = *j;

    if (own.recipe == HF_RECIPE_AZURE_HCL)
        own.recipe = HF_RECIPE_RAW64;
    hf_judge_freshness(&own, a->extra_data, 0, v, f);
}

hf_judge_fn hf_tpm_quote_judge;

void hf_tpm_quote_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    HF_CLEANUP(parts_free) struct parts p = {0};
    struct hf_tpm_quote_result said = {0};
    struct hf_quote_attest attest;
    size_t from = v->n;
    hf_err err = open_parts(j, evidence, &p);

    if (err == HF_OK)
        err = hf_tpm_quote_check(&p.in, v, &said);
    if (err != HF_OK) {
        (void)hf_check(v, "structure", err);
        return;
    }
    judge_key(j, &p, from, v, f);
    if (hf_quote_attest_parse(p.in.attest, &attest) != HF_OK || attest.type != TPM2_ST_ATTEST_QUOTE)
        return;
    judge_nonce(j, &attest, v, f);
    claim(&p, &attest, &said, &f->claims);
    f->level = f->environment == HF_ENV_HARDWARE  ? HF_LEVEL_HIGH
               : f->environment == HF_ENV_VIRTUAL ? HF_LEVEL_MEDIUM
                                                  : HF_LEVEL_LOW;
}
