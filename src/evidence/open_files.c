/*
 * Evidence that tools leave in several files: a TPM quote's message, signature and register values (tpm2_quote -m -s
 * -F, Azure's vTPM), and an SEV platform's certificates (sevctl export: pdh, pek, oca, cek). They make one item.
 */
#include "base/cleanup.h"
#include "evidence/sev_cert.h"
#include "evidence/table.h"
#include "evidence/tpm_quote.h"

struct files {
    const struct hf_bytes *in;
    size_t n;
    bool taken[HF_EVIDENCE_ITEMS_MAX];
};

static bool is_kind(struct hf_bytes in, const char *kind)
{
    const struct hf_evidence_format *format = NULL;

    return hf_evidence_detect(in, kind, &format) == HF_OK && (!kind || strcmp(format->name, kind) == 0);
}

static bool is_message(struct hf_bytes in)
{
    return in.n > 4 && memcmp(in.p, "\xffTCG", 4) == 0;
}

/* ---- a TPM quote ---- */

/* The values whose digest was signed: what tells 256 bytes of them from an RSA block. */
static bool has_digest(const struct hf_pcr_claim *claim, const struct hf_quote_attest *attest)
{
    static const enum hf_hash_alg algs[] = {HF_SHA1, HF_SHA256, HF_SHA384, HF_SHA512};
    struct hf_digest digest;

    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        if (hf_pcrs_digest(&claim->pcrs, &attest->selection, algs[i], &digest) == HF_OK &&
            hf_bytes_equal((struct hf_bytes){digest.bytes, digest.n}, attest->pcr_digest))
            return true;
    }
    return false;
}

static bool is_signature(struct hf_bytes in)
{
    struct hf_quote_signature sig;

    return hf_quote_signature_parse(in, &sig) == HF_OK;
}

static bool is_rsa_block(struct hf_bytes in)
{
    return in.n == 256 || in.n == 384 || in.n == 512;
}

/* Take what a file is a part of: signature or values, each once. */
static hf_err take_part(struct hf_bytes in, const struct hf_quote_attest *attest, struct hf_tpm_envelope *env,
                        bool *taken)
{
    struct hf_pcr_claim claim = {0};
    bool signature = is_signature(in);
    bool values = !signature && attest->selection.n && !env->claim.has_selection &&
                  hf_pcr_file_parse(in, &attest->selection, &claim) == HF_OK;

    if (values && is_rsa_block(in) && env->signature.n == 0 && !has_digest(&claim, attest))
        values = false;
    *taken = values || ((signature || is_rsa_block(in)) && env->signature.n == 0);
    if (!*taken)
        return HF_OK;
    if (!values)
        return hf_buf_set(&env->signature, in);
    env->claim = claim;
    if (!env->claim.has_selection)
        env->claim.selection = attest->selection;
    env->claim.has_selection = true;
    return HF_OK;
}

/* The message at `at`, and the files that are nothing by themselves: those behind it up to the next message, and, of
 * the first message, those before it. */
static hf_err gather_quote(struct files *f, size_t at, struct hf_buf *out)
{
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {.environment = "unknown"};
    struct hf_quote_attest attest;
    bool part[HF_EVIDENCE_ITEMS_MAX] = {false};
    size_t from = at, parts = 0;

    if (hf_quote_attest_parse(f->in[at], &attest) != HF_OK)
        return HF_OK;
    while (from > 0 && !is_message(f->in[from - 1]))
        from--;
    if (from > 0)
        from = at;
    for (size_t i = from; i < f->n && (i <= at || !is_message(f->in[i])); i++) {
        if (i == at || f->taken[i] || is_kind(f->in[i], NULL))
            continue;
        HF_TRY(take_part(f->in[i], &attest, &env, &part[i]));
        parts += part[i];
    }
    if (env.signature.n == 0 || parts == 0)
        return HF_OK;
    HF_TRY(hf_buf_set(&env.attest, f->in[at]));
    HF_TRY(hf_tpm_envelope_write(&env, out));
    f->taken[at] = true;
    for (size_t i = 0; i < f->n; i++)
        f->taken[i] |= part[i];
    return HF_OK;
}

/* ---- certificates of an SEV platform ---- */

/* Files of one certificate each; one with several is a platform by itself. */
static hf_err gather_sev(struct files *f, struct hf_buf *out)
{
    bool part[HF_EVIDENCE_ITEMS_MAX] = {false};
    size_t parts = 0;

    for (size_t i = 0; i < f->n; i++) {
        part[i] = f->in[i].n <= HF_SEV_CERT_SIZE && is_kind(f->in[i], "sev-chain");
        parts += part[i];
    }
    for (size_t i = 0; parts > 1 && i < f->n; i++) {
        if (part[i])
            HF_TRY(hf_buf_add(out, f->in[i]));
        f->taken[i] |= part[i];
    }
    return HF_OK;
}

/* ---- all files ---- */

/* The set keeps the buffer that its item points into. The same files again make no second item. */
static hf_err open_made(struct hf_buf *made, const char *kind, struct hf_evidence_set *set)
{
    size_t before = set->n;

    if (made->n == 0)
        return HF_OK;
    HF_TRY(hf_evidence_open(hf_buf_bytes(made), kind, set));
    if (set->n == before)
        return HF_OK;
    set->buf[set->n_buf++] = *made;
    *made = (struct hf_buf){0};
    return HF_OK;
}

hf_err hf_evidence_open_files(const struct hf_bytes *in, size_t n, const char *kind, struct hf_evidence_set *set)
{
    struct files f = {.in = in, .n = n};
    HF_CLEANUP(hf_buf_free) struct hf_buf sev = {0};

    if (n > HF_EVIDENCE_ITEMS_MAX)
        return hf_fail(HF_E_LIMIT, "%zu files for one verdict; at most %d", n, HF_EVIDENCE_ITEMS_MAX);
    if (n > 1)
        HF_TRY(gather_sev(&f, &sev));
    HF_TRY(open_made(&sev, kind, set));
    for (size_t i = 0; n > 1 && i < n; i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf quote = {0};

        if (is_message(in[i]))
            HF_TRY(gather_quote(&f, i, &quote));
        HF_TRY(open_made(&quote, kind, set));
    }
    for (size_t i = 0; i < n; i++) {
        if (!f.taken[i])
            HF_TRY(hf_evidence_open(in[i], kind, set));
    }
    return HF_OK;
}
