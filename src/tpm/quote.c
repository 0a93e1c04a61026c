/* Quotes whose PCR values are those that were quoted (TPM 2.0 Library Part 3, 18.4). */
#include "tpm/quote.h"
#include "base/cleanup.h"
#include "tpm/pcr.h"

/* How often a quote is made again while registers change. */
#define QUOTE_TRIES 8

#define NONCE_MAX 64 /* TPM2B_DATA holds a digest of the largest hash, and its algorithm */

void hf_tpm_statement_free(struct hf_tpm_statement *statement)
{
    hf_buf_free(&statement->attest);
    hf_buf_free(&statement->signature);
}

void hf_tpm_statement_move(struct hf_tpm_statement *from, struct hf_tpm_statement *to)
{
    hf_tpm_statement_free(to);
    *to = *from;
    *from = (struct hf_tpm_statement){0};
}

hf_err hf_tpm_signer_make(struct hf_tpm_key *key, const struct hf_tpm_signing *how, struct hf_bytes nonce,
                          struct hf_tpm_signer *out)
{
    struct hf_tpm_signer signer = {.key = key, .nonce = nonce};

    if (nonce.n > NONCE_MAX)
        return hf_fail(HF_E_ARG, "qualifying data of %zu bytes; at most %d fit (hash what is longer)", nonce.n,
                       NONCE_MAX);
    if (key->external)
        return hf_fail(HF_E_KEY_TYPE, "only the public part of the signing key is here");
    HF_TRY(hf_tpm_sig_choose(&key->pub, how ? how->scheme : HF_TPM_SCHEME_DEFAULT, how ? how->hash : 0, &signer.how));
    *out = signer;
    return HF_OK;
}

hf_err hf_tpm_signer_handle(struct hf_tpm_signer *signer, struct hf_tpm_call *c)
{
    struct hf_tpm_entity entity = {0};
    struct hf_tpm_auth auth = {0};

    hf_tpm_session_close(&signer->session); /* of an attempt before this one */
    HF_TRY(hf_tpm_key_ready(signer->key, &entity));
    HF_TRY(hf_tpm_key_authorize(signer->key, TPM2_CC_Quote, &auth, &signer->session));
    hf_tpm_call_handle(c, &entity, &auth);
    return HF_OK;
}

void hf_tpm_signer_scheme(const struct hf_tpm_signer *signer, struct hf_writer *w)
{
    hf_wr_u16be(w, signer->how.scheme);
    hf_wr_u16be(w, (uint16_t)signer->how.hash);
}

/* TPMT_SIGNATURE of the scheme that was asked for. */
static hf_err check_signature(const struct hf_tpm_signer *signer, struct hf_bytes bytes)
{
    TPMT_SIGNATURE sig;

    HF_TRY(hf_tpm_signature_parse(bytes, &sig));
    if (sig.sigAlg != signer->how.scheme || sig.signature.any.hashAlg != (uint16_t)signer->how.hash)
        return hf_fail(HF_E_DEVICE,
                       "the TPM signed by scheme 0x%04x with hash 0x%04x, where 0x%04x with 0x%04x was asked for",
                       sig.sigAlg, sig.signature.any.hashAlg, signer->how.scheme, (unsigned)signer->how.hash);
    return HF_OK;
}

hf_err hf_tpm_statement_read(struct hf_reader *r, const struct hf_tpm_signer *signer, uint16_t type,
                             struct hf_tpm_statement *out, TPMS_ATTEST *attest)
{
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement made = {0};
    struct hf_bytes bytes = hf_rd_view(r, hf_rd_u16be(r));
    struct hf_bytes signature = hf_rd_rest(r);

    HF_TRY(hf_rd_err(r));
    HF_TRY(hf_tpm_attest_parse(bytes, attest));
    HF_TRY(check_signature(signer, signature));
    if (attest->type != type)
        return hf_fail(HF_E_DEVICE, "the TPM made a statement of type 0x%04x, where 0x%04x was asked for", attest->type,
                       type);
    if (!hf_bytes_equal((struct hf_bytes){attest->extraData.buffer, attest->extraData.size}, signer->nonce))
        return hf_fail(HF_E_DEVICE, "the TPM's statement is over other qualifying data than was given");
    HF_TRY(hf_buf_set(&made.attest, bytes));
    HF_TRY(hf_buf_set(&made.signature, signature));
    made.restricted = (signer->key->pub.objectAttributes & TPMA_OBJECT_RESTRICTED) != 0;
    hf_tpm_statement_move(&made, out);
    return HF_OK;
}

struct quote {
    struct hf_tpm_signer signer;
    const struct hf_pcr_selection *sel;
};

static hf_err build_quote(struct hf_tpm_call *c, void *arg)
{
    const struct quote *q = arg;

    hf_wr_b16(&c->w, q->signer.nonce);
    hf_tpm_signer_scheme(&q->signer, &c->w);
    hf_pcr_selection_write(q->sel, &c->w);
    return HF_OK;
}

/* The TPM leaves out what it does not have: the quote must be over all that was asked for. */
static hf_err check_selection(const struct hf_pcr_selection *sel, const TPMS_QUOTE_INFO *info)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    struct hf_pcr_selection quoted = {0};
    struct hf_reader r;

    HF_TRY(hf_tpm_pcr_selection_write(&info->pcrSelect, &bytes));
    r = hf_reader(hf_buf_bytes(&bytes));
    hf_pcr_selection_read(&r, &quoted);
    HF_TRY(hf_rd_end(&r));
    if (!hf_pcr_selection_same(sel, &quoted))
        return hf_fail(HF_E_UNSUPPORTED, "the TPM lacks a bank or register that is selected: it quoted %zu of %zu",
                       hf_pcr_selection_count(&quoted), hf_pcr_selection_count(sel));
    return HF_OK;
}

/* Quote, then read: the values are those that were quoted when their digest is the one that was signed. */
static hf_err quote_once(struct quote *q, struct hf_tpm_statement *out, struct hf_pcrs *pcrs, bool *consistent)
{
    struct hf_tpm_call c;
    struct hf_digest digest = {0};
    TPMS_ATTEST attest;
    const TPMS_QUOTE_INFO *info = &attest.attested.quote;

    HF_TRY(hf_tpm_key_run(q->signer.key, TPM2_CC_Quote, build_quote, q, &c));
    HF_TRY(hf_tpm_statement_read(&c.r, &q->signer, TPM2_ST_ATTEST_QUOTE, out, &attest));
    HF_TRY(check_selection(q->sel, info));
    HF_TRY(hf_tpm_pcr_read(q->signer.key->tpm, q->sel, pcrs));
    HF_TRY(hf_pcrs_digest(pcrs, q->sel, q->signer.how.hash, &digest));
    *consistent = hf_bytes_equal(hf_digest_bytes(&digest),
                                 (struct hf_bytes){info->pcrDigest.buffer, info->pcrDigest.size});
    return HF_OK;
}

hf_err hf_tpm_quote_selection(struct hf_tpm_key *key, const struct hf_pcr_selection *sel, struct hf_bytes nonce,
                              const struct hf_tpm_signing *how, struct hf_tpm_statement *out, struct hf_pcrs *pcrs)
{
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement made = {0};
    struct quote q = {.sel = sel};
    struct hf_pcrs values;
    bool consistent = false;

    HF_TRY(hf_tpm_signer_make(key, how, nonce, &q.signer));
    for (int i = 0; i < QUOTE_TRIES && !consistent; i++)
        HF_TRY(quote_once(&q, &made, &values, &consistent));
    if (!consistent)
        return hf_fail(HF_E_BUSY, "PCRs changed between quote and reading, %d times", QUOTE_TRIES);
    hf_tpm_statement_move(&made, out);
    *pcrs = values;
    return HF_OK;
}

hf_err hf_tpm_quote_pcrs(struct hf_tpm_key *key, const char *selection, struct hf_bytes nonce,
                         const struct hf_tpm_signing *how, struct hf_tpm_statement *out, struct hf_pcrs *pcrs)
{
    struct hf_pcr_selection sel;

    if (!selection)
        return hf_fail(HF_E_ARG, "a quote needs a selection of PCRs, such as sha256:0,1,7");
    HF_TRY(hf_tpm_pcr_selection(key->tpm, selection, &sel));
    return hf_tpm_quote_selection(key, &sel, nonce, how, out, pcrs);
}
