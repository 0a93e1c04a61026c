/* The verdict over a TPM quote. TPM 2.0 Library Specification Part 1, 31; Part 3, 18.4. */
#include "verify/tpm_quote.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "verify/pcr_log.h"
#include "verify/tpm_signature.h"

#include <inttypes.h>

/* An AK signs only what its TPM made (restricted), never leaves it (fixed...), and was born in it. */
#define AK_NEEDS                                                                                          \
    (TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | \
     TPMA_OBJECT_SENSITIVEDATAORIGIN)

struct work {
    const struct hf_tpm_quote_input *in;
    struct hf_verdict *v;
    struct hf_quote_attest attest;
    bool have_attest; /* and it is a quote */
    struct hf_quote_signature sig;
    bool have_sig;
    struct hf_tpm_pub pub;
    bool have_pub;
    struct hf_pubkey *key;
    struct hf_pcrs *quoted; /* claimed values of the signed selection; empty until the digest fits */
};

static void check_structure(struct work *w)
{
    hf_err err = hf_quote_attest_parse(w->in->attest, &w->attest);
    struct hf_check *row;

    (void)hf_check(w->v, "structure", err);
    if (err == HF_OK) {
        row = hf_check(w->v, "magic",
                       w->attest.magic == TPM2_GENERATED_VALUE ? HF_OK
                                                               : hf_fail(HF_E_MISMATCH, "no TPM made this structure"));
        hf_check_expected(row, "0x%08x", TPM2_GENERATED_VALUE);
        hf_check_found(row, "0x%08x", w->attest.magic);
        row = hf_check(w->v, "type",
                       w->attest.type == TPM2_ST_ATTEST_QUOTE
                           ? HF_OK
                           : hf_fail(HF_E_MISMATCH, "it attests something else than PCRs"));
        hf_check_expected(row, "0x%04x", TPM2_ST_ATTEST_QUOTE);
        hf_check_found(row, "0x%04x", w->attest.type);
        w->have_attest = w->attest.type == TPM2_ST_ATTEST_QUOTE;
    }
    err = hf_quote_signature_any(w->in->signature, w->in->bare, &w->sig);
    w->have_sig = err == HF_OK;
    if (!w->have_sig)
        (void)hf_check(w->v, "signature structure", err);
}

static void check_attributes(struct work *w)
{
    char text[HF_TPM_ATTRIBUTES_TEXT];
    uint32_t missing = AK_NEEDS & ~w->pub.attributes;
    struct hf_check *row;

    if (!w->have_pub) {
        (void)hf_check_absent(w->v, "attributes",
                              "the key came without its public area: whether it is a TPM's "
                              "restricted attestation key is not known");
        return;
    }
    if (w->pub.attributes & TPMA_OBJECT_DECRYPT)
        row = hf_check(w->v, "attributes", hf_fail(HF_E_MISMATCH, "an attestation key does not decrypt"));
    else
        row = hf_check(w->v, "attributes",
                       missing ? hf_fail(HF_E_MISMATCH, "attributes 0x%08x are missing", missing) : HF_OK);
    hf_check_expected(row, "fixedtpm|fixedparent|sensitivedataorigin|restricted|sign");
    hf_tpm_pub_attributes_text(w->pub.attributes, text);
    hf_check_found(row, "%s", text);
}

static void scheme_text(struct hf_quote_scheme scheme, char out[2 * HF_ALG_TEXT + 2])
{
    char alg[HF_ALG_TEXT], hash[HF_ALG_TEXT];

    (void)snprintf(out, 2 * HF_ALG_TEXT + 2, "%s-%s", hf_quote_scheme_text(scheme.alg, alg),
                   hf_pcr_alg_text(scheme.hash, hash));
}

static void check_scheme(struct work *w)
{
    char text[2 * HF_ALG_TEXT + 2];
    struct hf_check *row;
    bool same = w->pub.scheme.alg == w->sig.scheme.alg && w->pub.scheme.hash == w->sig.scheme.hash;

    if (!w->have_sig)
        return;
    if (!w->have_pub) {
        scheme_text(w->sig.scheme, text);
        hf_check_found(hf_check_not_applicable(w->v, "scheme", "the key does not name one"), "%s", text);
        return;
    }
    row = hf_check(w->v, "scheme", same ? HF_OK : hf_fail(HF_E_MISMATCH, "the key signs with another scheme"));
    scheme_text(w->pub.scheme, text);
    hf_check_expected(row, "%s", text);
    scheme_text(w->sig.scheme, text);
    hf_check_found(row, "%s", text);
}

/* SHA-1 and keys under 112 bits of strength: NIST SP 800-131A revision 2, tables 2 and 8. */
static void check_strength(struct work *w)
{
    bool weak_key = w->key && hf_pubkey_kind(w->key) == HF_KEY_RSA && hf_pubkey_bits(w->key) < 2048;
    bool sha1 = w->have_sig && w->sig.scheme.hash == HF_SHA1;
    bool sha1_bank = false;
    char about[16] = "no key";

    for (size_t i = 0; w->have_attest && i < w->attest.selection.n; i++)
        sha1_bank |= w->attest.selection.bank[i].alg == HF_SHA1 && w->attest.selection.bank[i].mask;
    if (w->key)
        hf_pubkey_describe(w->key, about);
    if (weak_key || sha1 || sha1_bank)
        hf_check_found(hf_check_warn(w->v, "strength", "collisions or forgeries are within reach"), "%s%s%s", about,
                       sha1 ? ", SHA-1 signature" : "", sha1_bank ? ", SHA-1 PCR bank" : "");
    else
        hf_check_found(hf_check(w->v, "strength", HF_OK), "%s", about);
}

static hf_err take_key(struct work *w)
{
    if (!w->in->prepared)
        return hf_tpm_ak_parse(w->in->ak_public, &w->pub, &w->have_pub, &w->key);
    if (w->in->ak_public.n) {
        HF_TRY(hf_tpm_pub_parse(w->in->ak_public, &w->pub));
        HF_TRY(hf_tpm_pub_is_key(&w->pub, w->in->prepared));
        w->have_pub = true;
    }
    w->key = hf_pubkey_share(w->in->prepared);
    return HF_OK;
}

static void check_key(struct work *w)
{
    hf_err err = take_key(w);
    char about[16];
    struct hf_check *row = hf_check(w->v, "public key", err);

    if (err == HF_OK) {
        hf_pubkey_describe(w->key, about);
        hf_check_found(row, "%s", about);
        check_attributes(w);
        check_scheme(w);
        if (w->have_sig)
            (void)hf_check(w->v, "signature", hf_quote_signature_verify(w->key, &w->sig, w->in->attest));
    }
    if (err != HF_OK || !w->have_sig)
        (void)hf_check(w->v, "signature",
                       hf_fail(HF_E_MISMATCH, "not checked: the key or the signature is unreadable"));
    check_strength(w);
}

static void check_nonce(struct work *w)
{
    const struct hf_bytes *nonce = w->in->nonce;

    if (!nonce)
        hf_check_found_hex(hf_check_absent(w->v, "nonce", "none was given to compare: the quote may be a replay"),
                           w->attest.extra_data);
    else if (nonce->n == 0 && w->attest.extra_data.n == 0)
        (void)hf_check_absent(w->v, "nonce", "it is empty: the quote may be a replay");
    else
        (void)hf_check_equal(w->v, "nonce", w->attest.extra_data, *nonce);
}

/* The qualified Name is nameAlg || H(parent's qualified Name || Name): without the parent's it can be
 * compared with one that is known, and its algorithm with the key's. */
static void check_signer(struct work *w)
{
    struct hf_bytes signer = w->attest.signer;
    size_t size = hf_hash_size((enum hf_hash_alg)w->pub.name_alg);
    struct hf_check *row;

    if (w->in->signer) {
        (void)hf_check_equal(w->v, "signer", signer, *w->in->signer);
        return;
    }
    if (!w->have_pub) {
        hf_check_found_hex(hf_check_not_applicable(w->v, "signer", "no Name to compare with"), signer);
        return;
    }
    if (signer.n == 2 + size && (signer.p[0] << 8 | signer.p[1]) == w->pub.name_alg)
        row = hf_check(w->v, "signer", HF_OK);
    else
        row = hf_check(w->v, "signer",
                       hf_fail(HF_E_MISMATCH, "no qualified Name of name algorithm 0x%04x", w->pub.name_alg));
    hf_check_found_hex(row, signer);
}

static void check_selection(struct work *w)
{
    const struct hf_pcr_selection *signed_sel = &w->attest.selection;
    const struct hf_pcr_selection *claimed = w->in->claim && w->in->claim->has_selection ? &w->in->claim->selection
                                                                                         : NULL;
    struct hf_check *row;
    char text[HF_PCR_SELECTION_TEXT];

    if (hf_pcr_selection_count(signed_sel) == 0) {
        (void)hf_check(w->v, "pcr selection", hf_fail(HF_E_MISMATCH, "the quote is over no register at all"));
        return;
    }
    if (claimed && !hf_pcr_selection_same(claimed, signed_sel))
        row = hf_check(w->v, "pcr selection",
                       hf_fail(HF_E_MISMATCH, "values are claimed of other registers than are signed"));
    else if (w->in->selection && !hf_pcr_selection_same(w->in->selection, signed_sel))
        row = hf_check(w->v, "pcr selection", hf_fail(HF_E_MISMATCH, "other registers are signed than were asked for"));
    else
        row = hf_check(w->v, "pcr selection", HF_OK);
    hf_pcr_selection_text(signed_sel, text, sizeof(text));
    hf_check_found(row, "%s", text);
    if (!claimed && !w->in->selection)
        return;
    hf_pcr_selection_text(w->in->selection ? w->in->selection : claimed, text, sizeof(text));
    hf_check_expected(row, "%s", text);
    if (claimed && row->status == HF_CHECK_FAILED && w->in->selection) {
        hf_pcr_selection_text(claimed, text, sizeof(text));
        hf_check_note(row, "values are claimed of %s", text);
    }
}

/* Values of the signed selection alone. */
static hf_err keep_quoted(struct work *w)
{
    for (size_t i = 0; i < w->attest.selection.n; i++) {
        const struct hf_pcr_select *bank = &w->attest.selection.bank[i];

        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (bank->mask & 1u << pcr)
                HF_TRY(hf_pcrs_put(w->quoted, bank->alg, pcr, hf_pcrs_value(&w->in->claim->pcrs, bank->alg, pcr)));
        }
    }
    return HF_OK;
}

static void check_digest(struct work *w)
{
    struct hf_digest digest = {0};
    hf_err err;

    if (!w->in->claim) {
        hf_check_found_hex(hf_check_absent(w->v, "pcr digest", "no values were given whose digest this could be"),
                           w->attest.pcr_digest);
        return;
    }
    if (!w->have_sig) {
        (void)hf_check(w->v, "pcr digest",
                       hf_fail(HF_E_MISMATCH, "the signature, which names the hash, is unreadable"));
        return;
    }
    err = hf_pcrs_digest(&w->in->claim->pcrs, &w->attest.selection, (enum hf_hash_alg)w->sig.scheme.hash, &digest);
    if (err != HF_OK) {
        (void)hf_check(w->v, "pcr digest", err);
        return;
    }
    if (hf_check_equal(w->v, "pcr digest", hf_digest_bytes(&digest), w->attest.pcr_digest)->status == HF_CHECK_OK &&
        keep_quoted(w) != HF_OK)
        (void)hf_check(w->v, "pcr values", HF_E_INTERNAL);
}

static void check_expected_value(struct work *w, const struct hf_pcr_bank *bank, unsigned pcr, size_t *fits)
{
    struct hf_bytes have = hf_pcrs_value(w->quoted, bank->alg, pcr);
    struct hf_bytes want = {bank->value[pcr], bank->size};
    char name[48], alg[HF_ALG_TEXT];

    if (hf_bytes_equal(have, want)) {
        (*fits)++;
        return;
    }
    (void)snprintf(name, sizeof(name), "expected %s PCR %u", hf_pcr_alg_text(bank->alg, alg), pcr);
    if (have.n == 0)
        hf_check_expected_hex(hf_check(w->v, name, hf_fail(HF_E_MISMATCH, "the quote does not vouch for it")), want);
    else
        (void)hf_check_equal(w->v, name, have, want);
}

static void check_expected(struct work *w)
{
    const struct hf_pcrs *expected = w->in->expected;
    size_t fits = 0, rows = w->v->n;

    if (!expected)
        return;
    for (size_t i = 0; i < expected->n; i++) {
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (expected->bank[i].mask & 1u << pcr)
                check_expected_value(w, &expected->bank[i], pcr, &fits);
        }
    }
    if (w->v->n == rows && !w->v->lost)
        hf_check_found(hf_check(w->v, "expected values", HF_OK), "%zu registers as expected", fits);
}

/* For keys outside the endorsement and platform hierarchies the TPM adds one secret offset per key to
 * resetCount, restartCount and firmwareVersion (Part 1, 36.7): differences stay, order is modulo 2^n. */
static bool behind32(uint32_t now, uint32_t before)
{
    return now - before > INT32_MAX;
}

static void check_clock(struct work *w)
{
    const struct hf_tpm_clock_floor *floor = w->in->floor;
    const struct hf_quote_attest *a = &w->attest;
    struct hf_check *row;
    const char *wrong = NULL;

    if (a->safe)
        (void)hf_check(w->v, "clock safe", HF_OK);
    else
        (void)hf_check_warn(w->v, "clock safe", "the TPM lost power without a shutdown: its clock may have gone back");
    if (!floor) {
        hf_check_found(hf_check_not_applicable(w->v, "clock", "no earlier quote to compare with"),
                       "%" PRIu64 " ms, %u resets, %u restarts, firmware 0x%016" PRIx64, a->clock_ms, a->reset_count,
                       a->restart_count, a->firmware);
        return;
    }
    if (behind32(a->reset_count, floor->reset_count))
        wrong = "fewer resets than in an earlier quote";
    else if (a->reset_count == floor->reset_count && behind32(a->restart_count, floor->restart_count))
        wrong = "fewer restarts since the same reset than in an earlier quote";
    else if (a->reset_count == floor->reset_count && a->clock_ms < floor->clock_ms)
        wrong = "the clock went back since the same reset";
    else if (a->firmware - floor->firmware > INT64_MAX)
        wrong = "older firmware than in an earlier quote";
    row = hf_check(w->v, "clock", wrong ? hf_fail(HF_E_MISMATCH, "%s", wrong) : HF_OK);
    hf_check_expected(row, "at least %" PRIu64 " ms, %u resets, %u restarts, firmware 0x%016" PRIx64, floor->clock_ms,
                      floor->reset_count, floor->restart_count, floor->firmware);
    hf_check_found(row, "%" PRIu64 " ms, %u resets, %u restarts, firmware 0x%016" PRIx64, a->clock_ms, a->reset_count,
                   a->restart_count, a->firmware);
    if (!wrong && a->reset_count != floor->reset_count && a->clock_ms < floor->clock_ms)
        (void)hf_check_warn(w->v, "clock after reset", "the clock is behind that of an earlier quote, across a reset");
}

/* Only a chain from the endorsement key's certificate proves hardware; a claim of software is believed. */
static void check_environment(struct work *w)
{
    const char *env = w->in->environment;

    if (!env)
        return;
    if (strcmp(env, "emulated") == 0)
        hf_check_found(hf_check_warn(w->v, "environment", "the producer says that its TPM is software"), "%s", env);
    else
        hf_check_found(
            hf_check_not_applicable(w->v, "environment", "the producer's word; nothing here proves hardware"), "%s",
            env);
}

static hf_err check_logs(struct work *w)
{
    HF_CLEANUP(hf_free) struct hf_eventlog *log = NULL;
    unsigned ima_pcr = w->in->ima_pcr ? w->in->ima_pcr : 10;
    uint32_t skip = w->in->ima.n && ima_pcr < HF_PCR_COUNT ? 1u << ima_pcr : 0;
    hf_err err;

    if (w->in->eventlog.n) {
        HF_TRY(hf_alloc(sizeof(*log), &log));
        err = hf_eventlog_replay(w->in->eventlog, log);
        if (err != HF_OK)
            (void)hf_check(w->v, "event log", err);
        else if (!w->quoted->n)
            (void)hf_check(w->v, "event log", hf_fail(HF_E_MISMATCH, "no quoted values to compare it with"));
        else
            hf_pcr_log_check(w->quoted, log, skip, w->v);
    }
    if (w->in->ima.n)
        hf_ima_log_check(w->quoted, w->in->ima, ima_pcr, w->v);
    return HF_OK;
}

hf_err hf_tpm_quote_check(const struct hf_tpm_quote_input *in, struct hf_verdict *verdict,
                          struct hf_tpm_quote_result *result)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    struct work w = {.in = in, .v = verdict, .quoted = &result->pcrs};

    result->pcrs.n = 0; /* 12 KB, of which n banks are ever looked at */
    check_structure(&w);
    check_key(&w);
    key = w.key;
    if (w.have_attest) {
        if (!in->common_rows)
            check_nonce(&w);
        check_signer(&w);
        check_selection(&w);
        check_digest(&w);
        check_expected(&w);
        check_clock(&w);
        if (!in->common_rows)
            check_environment(&w);
        HF_TRY(check_logs(&w));
    }
    result->clock_ms = w.attest.clock_ms;
    result->reset_count = w.attest.reset_count;
    result->restart_count = w.attest.restart_count;
    result->safe = w.attest.safe;
    result->firmware = w.attest.firmware;
    return HF_OK;
}

hf_err hf_tpm_quote_verify(const struct hf_tpm_quote_input *in, struct hf_verdict *verdict,
                           struct hf_tpm_quote_result *result)
{
    struct hf_tpm_quote_result said;
    enum hf_verdict_status status;

    hf_verdict_start(verdict);
    HF_TRY(hf_tpm_quote_check(in, verdict, &said));
    status = hf_verdict_status(verdict);
    if (status == HF_VERDICT_AFFIRMING || status == HF_VERDICT_WARNING) {
        memcpy(&result->pcrs, &said.pcrs, offsetof(struct hf_pcrs, bank) + said.pcrs.n * sizeof(said.pcrs.bank[0]));
        memcpy(&result->clock_ms, &said.clock_ms, sizeof(said) - offsetof(struct hf_tpm_quote_result, clock_ms));
    }
    return hf_verdict_err(verdict);
}
