/* The platform of an SGX or TDX quote: its certificate, its quoting enclave, and how Intel's collateral sees both. */
#include "base/cleanup.h"
#include "verify/dcap_i.h"

#include <inttypes.h>
#include <stdio.h>

#define SERVICE "https://api.trustedservices.intel.com/"
#define ROOT_CRL "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"

/* ---- the PCK certificate ---- */

static bool cn_has(struct hf_bytes name, const char *text)
{
    struct hf_bytes cn = {0};

    return hf_name_find(name, "2.5.4.3", &cn) == HF_OK && memmem(cn.p, cn.n, text, strlen(text)) != NULL;
}

static const char *ca_of(const struct hf_cert *leaf)
{
    return cn_has(leaf->issuer, "PCK Platform CA")    ? "platform"
           : cn_has(leaf->issuer, "PCK Processor CA") ? "processor"
                                                      : NULL;
}

/* The certificate is for a PCK, and by a CA that is for them: a TCB Signing certificate vouches for no platform. */
static void say_pck(const struct hf_dcap *d, const struct hf_dcap_certs *certs, struct hf_dcap_platform *out)
{
    const struct hf_pck *p = &certs->pck;
    hf_err err = HF_OK;
    struct hf_check *row;

    out->pck = *p;
    out->ca = ca_of(certs->leaf);
    if (certs->leaf->ca || !cn_has(certs->leaf->subject, "SGX PCK Certificate"))
        err = hf_fail(HF_E_UNTRUSTED, "it is not a PCK certificate");
    else if (!out->ca)
        err = hf_fail(HF_E_UNTRUSTED, "it is issued neither by a PCK Platform CA nor by a PCK Processor CA");
    else if (hf_pubkey_curve(certs->leaf->key) != HF_P256)
        err = hf_fail(HF_E_UNTRUSTED, "its key is not on P-256");
    row = hf_check(d->v, "pck certificate", err);
    hf_check_found(row, "%s CA, FMSPC %02x%02x%02x%02x%02x%02x, PCEID %02x%02x", out->ca ? out->ca : "another",
                   p->fmspc[0], p->fmspc[1], p->fmspc[2], p->fmspc[3], p->fmspc[4], p->fmspc[5], p->pce_id[0],
                   p->pce_id[1]);
}

static bool on_chain(const struct hf_chain *chain, const struct hf_cert *cert)
{
    for (size_t i = 0; i < chain->n; i++) {
        if (memcmp(chain->cert[i]->sha256, cert->sha256, sizeof(cert->sha256)) == 0)
            return true;
    }
    return false;
}

/* Is it signed by one of these? By itself, where it is a root. */
static hf_err signed_among(const struct hf_cert *cert, const struct hf_certs *issuers)
{
    hf_err err = HF_E_NOT_FOUND;

    for (size_t i = 0; i < issuers->n && err != HF_OK; i++) {
        if (hf_cert_may_issue(issuers->cert[i], cert))
            err = hf_cert_verify(cert, issuers->cert[i]->key);
    }
    return err;
}

/* A good certificate from elsewhere does not mend one that was altered in the quote: all that it carries must hold. */
static void say_strays(const struct hf_dcap *d, const struct hf_certs *own, const struct hf_certs *pool,
                       const struct hf_chain *chain)
{
    for (size_t i = 0; i < own->n; i++) {
        const struct hf_cert *cert = own->cert[i];

        if (on_chain(chain, cert) || hf_anchors_certificate(cert->sha256) || signed_among(cert, pool) == HF_OK ||
            signed_among(cert, own) == HF_OK)
            continue;
        hf_check_found(hf_check(d->v, "certificate chain",
                                hf_fail(HF_E_UNTRUSTED, "the quote carries a certificate that none of the others "
                                                        "signed: it was altered, or is of another chain")),
                       "certificate %zu, %s", i + 1, cert->subject_text);
    }
}

static void say_chain(const struct hf_dcap *d, const struct hf_dcap_certs *certs, const char *ca)
{
    HF_CLEANUP(hf_certs_free) struct hf_certs pool = {0};
    struct hf_chain_options rules = {.need_key_usage = true};
    struct hf_chain chain;
    char url[128];

    if (hf_dcap_pool(d, &certs->list, certs->leaf, &pool) != HF_OK) {
        (void)hf_check(d->v, "certificate chain", hf_fail(HF_E_LIMIT, "%.200s", hf_err_detail()));
        return;
    }
    (void)hf_judge_chain(d->j, HF_VENDOR_INTEL_SGX, certs->leaf, &pool, &rules, d->v, d->f, &chain);
    say_strays(d, &certs->list, &pool, &chain);
    (void)snprintf(url, sizeof(url), SERVICE "sgx/certification/v4/pckcrl?ca=%s&encoding=der", ca ? ca : "platform");
    if (chain.n > 1)
        (void)hf_judge_revocation(d->j, &chain, url, d->v, d->f);
}

/* Lists that cover who signed the documents: the root's. */
static void say_signers(const struct hf_dcap *d, const struct hf_dcap_document *a, const struct hf_dcap_document *b)
{
    const struct hf_dcap_document *both[] = {a, b};

    if (a->by_key || b->by_key) {
        hf_check_expected(hf_check_absent(d->v, "tcb signing",
                                          "Intel's key signed the documents, but its certificate is not at hand: its "
                                          "dates and revocation are not known"),
                          "the issuer chain, from the headers of " SERVICE "sgx/certification/v4/qe/identity");
        hf_judge_missing(d->f, "TCB Signing certificate", "%s", SERVICE "sgx/certification/v4/qe/identity");
    }
    for (size_t i = 0; i < HF_COUNT(both); i++) {
        struct hf_chain chain = {.n = 2, .cert = {both[i]->signer, both[i]->issuer}};

        if (both[i]->signer && (i == 0 || both[i]->signer != a->signer))
            (void)hf_judge_revocation(d->j, &chain, ROOT_CRL, d->v, d->f);
    }
}

/* ---- the quoting enclave ---- */

static void attributes_bytes(const struct hf_sgx_body *body, uint8_t out[16])
{
    for (unsigned i = 0; i < 8; i++) {
        out[i] = (uint8_t)(body->flags >> 8 * i);
        out[8 + i] = (uint8_t)(body->xfrm >> 8 * i);
    }
}

/* MISCSELECT and ATTRIBUTES under their masks, signer, product. */
static hf_err qe_is(const struct hf_sgx_body *qe, const struct hf_identity *want)
{
    uint8_t attributes[16];

    attributes_bytes(qe, attributes);
    if (memcmp(qe->mr_signer, want->mr_signer, sizeof(qe->mr_signer)) != 0)
        return hf_fail(HF_E_MISMATCH, "another MRSIGNER: an enclave that is not Intel's");
    if (qe->isv_prod_id != want->isv_prod_id)
        return hf_fail(HF_E_MISMATCH, "ISVPRODID %u, want %u", qe->isv_prod_id, want->isv_prod_id);
    if ((qe->misc_select & want->misc_select_mask) != want->misc_select)
        return hf_fail(HF_E_MISMATCH, "MISCSELECT 0x%08x under mask 0x%08x, want 0x%08x", qe->misc_select,
                       want->misc_select_mask, want->misc_select);
    for (size_t i = 0; i < sizeof(attributes); i++) {
        if ((attributes[i] & want->attributes_mask[i]) != want->attributes[i])
            return hf_fail(HF_E_MISMATCH, "ATTRIBUTES byte %zu is 0x%02x under mask 0x%02x, want 0x%02x", i,
                           attributes[i], want->attributes_mask[i], want->attributes[i]);
    }
    return HF_OK;
}

/* A document that is not there, or not good. */
static void say_no_document(const struct hf_dcap *d, const char *row_name, const struct hf_dcap_document *doc,
                            const char *what, const char *url)
{
    struct hf_check *row;

    if (doc->e && doc->no_signer)
        row = hf_check_absent(d->v, row_name, "%.40s: the TCB Signing certificate of its issuer chain is not at hand",
                              doc->e->source);
    else if (doc->e)
        row = hf_check(d->v, row_name, hf_fail(HF_E_UNTRUSTED, "%.40s: %s", doc->e->source, doc->why));
    else if (doc->others)
        row = hf_check(d->v, row_name, hf_fail(HF_E_MISMATCH, "what is at hand is for something else"));
    else
        row = hf_check_absent(d->v, row_name, "there is none");
    hf_check_expected(row, "%s, from %s", what, url);
    hf_judge_missing(d->f, row_name, "%s", url);
}

static void say_identity(const struct hf_dcap *d, const struct hf_dcap_document *doc, struct hf_dcap_platform *out)
{
    const char *url = d->q->tee == HF_QUOTE_TEE_TDX ? SERVICE "tdx/certification/v4/qe/identity"
                                                    : SERVICE "sgx/certification/v4/qe/identity";
    const struct hf_identity *identity = doc->e ? doc->e->document : NULL;
    const char *name = d->q->tee == HF_QUOTE_TEE_TDX ? "TD_QE" : "QE";
    const struct hf_svn_level *level;
    struct hf_check *row;
    hf_err err;

    if (!doc->good) {
        say_no_document(d, "qe identity", doc, name, url);
        return;
    }
    err = qe_is(&d->q->qe, identity);
    level = hf_svn_level_of(identity->level, identity->n, d->q->qe.isv_svn);
    out->has_qe = true;
    out->qe = level && err == HF_OK ? level->status : HF_TCB_NOT_SUPPORTED;
    if (!level && err == HF_OK)
        err = hf_fail(HF_E_UNTRUSTED, "ISVSVN %u meets no level: the lowest is %u", d->q->qe.isv_svn,
                      identity->level[identity->n - 1].isv_svn);
    row = hf_check(d->v, "qe identity", err);
    hf_check_found(row, "%s of ISVSVN %u: %s", name, d->q->qe.isv_svn, hf_tcb_status_name(out->qe));
    if (out->qe != HF_TCB_UP_TO_DATE)
        hf_check_expected(row, "ISVSVN %u", identity->level[0].isv_svn);
    if (level)
        out->qe_advisories = level->advisories;
    out->issued = identity->issued;
}

/* ---- TCB info ---- */

static void say_tcb_info(const struct hf_dcap *d, const struct hf_dcap_document *doc, struct hf_dcap_platform *out)
{
    const struct hf_tcb_info *t = doc->e ? doc->e->document : NULL;
    const uint8_t *f = out->pck.fmspc;
    char what[64], url[128];

    if (!doc->good) {
        bool tdx = d->q->tee == HF_QUOTE_TEE_TDX;

        (void)snprintf(what, sizeof(what), "%s, FMSPC %02x%02x%02x%02x%02x%02x, PCEID %02x%02x", tdx ? "TDX" : "SGX",
                       f[0], f[1], f[2], f[3], f[4], f[5], out->pck.pce_id[0], out->pck.pce_id[1]);
        (void)snprintf(url, sizeof(url), SERVICE "%s/certification/v4/tcb?fmspc=%02X%02X%02X%02X%02X%02X",
                       tdx ? "tdx" : "sgx", f[0], f[1], f[2], f[3], f[4], f[5]);
        say_no_document(d, "tcb info", doc, what, url);
        return;
    }
    hf_check_found(hf_check(d->v, "tcb info", HF_OK), "version %u, evaluation number %" PRIu32 ", %.40s", t->version,
                   t->evaluation, doc->e->source);
    out->evaluation = t->evaluation;
    if (out->issued == 0 || t->issued < out->issued)
        out->issued = t->issued;
}

/* A data set of a lower number that is still in force, by which the platform is not out of date: Intel then gave it
 * until that one ends. */
static void look_for_standard(const struct hf_dcap *d, const struct hf_certs *quote, struct hf_dcap_want want,
                              const struct hf_intel_platform *p, struct hf_dcap_platform *out)
{
    struct hf_dcap_document doc;
    struct hf_intel_tcb tcb;

    if (hf_tcb_severity(out->tcb.status) < hf_tcb_severity(HF_TCB_OUT_OF_DATE) ||
        hf_tcb_severity(out->tcb.status) > hf_tcb_severity(HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED))
        return;
    want.below = out->evaluation;
    hf_dcap_document_choose(d, quote, &want, true, &doc);
    if (want.below == 0 || !doc.good)
        return;
    hf_intel_tcb_judge(doc.e->document, p, out->has_qe ? &out->qe : NULL, &tcb);
    if (hf_tcb_severity(tcb.status) >= hf_tcb_severity(HF_TCB_OUT_OF_DATE))
        return;
    out->has_early = true;
    out->early_until = ((const struct hf_tcb_info *)doc.e->document)->next_update;
}

static void judge_level(const struct hf_dcap *d, const struct hf_certs *quote, const struct hf_dcap_want *want,
                        const struct hf_dcap_document *doc, struct hf_dcap_platform *out)
{
    struct hf_intel_platform p = {&out->pck, d->q->tee == HF_QUOTE_TEE_TDX ? &d->q->td : NULL};

    if (!doc->good) {
        (void)hf_check_absent(d->v, "platform level", "without a TCB info it is not known");
        return;
    }
    hf_intel_tcb_judge(doc->e->document, &p, out->has_qe ? &out->qe : NULL, &out->tcb);
    out->has_tcb = true;
    look_for_standard(d, quote, *want, &p, out);
    hf_dcap_level_rows(d, doc->e->document, &p, out);
}

void hf_dcap_platform_judge(const struct hf_dcap *d, const struct hf_dcap_certs *certs, struct hf_dcap_platform *out)
{
    struct hf_dcap_want want = {HF_ENDORSEMENT_IDENTITY, d->q->tee == HF_QUOTE_TEE_TDX, &certs->pck, 0};
    struct hf_dcap_document identity, tcb_info;

    *out = (struct hf_dcap_platform){0};
    say_pck(d, certs, out);
    say_chain(d, certs, out->ca);
    hf_dcap_document_choose(d, &certs->list, &want, false, &identity);
    want.kind = HF_ENDORSEMENT_TCB_INFO;
    hf_dcap_document_choose(d, &certs->list, &want, false, &tcb_info);
    say_signers(d, &identity, &tcb_info);
    say_identity(d, &identity, out);
    say_tcb_info(d, &tcb_info, out);
    judge_level(d, &certs->list, &want, &tcb_info, out);
}
