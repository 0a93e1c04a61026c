/* Revocation by OCSP responses (RFC 6960) that came with the collateral, or by lists. */
#include "verify/ocsp.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/base64.h"

#include <stdio.h>

/* ---- endorsements ---- */

static void document_free(void *address)
{
    struct hf_ocsp_document **doc = address;

    if (*doc)
        hf_certs_free(&(*doc)->certs);
    hf_free(doc);
}

static hf_err document_parse(struct hf_bytes in, void **out)
{
    HF_CLEANUP(document_free) struct hf_ocsp_document *doc = NULL;

    HF_TRY(hf_alloc(sizeof(*doc), &doc));
    HF_TRY(hf_ocsp_parse(in, &doc->ocsp));
    for (size_t i = 0; i < doc->ocsp.n_certs; i++) {
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;

        HF_TRY(hf_cert_parse(doc->ocsp.cert[i], &cert));
        HF_TRY(hf_certs_add(&doc->certs, cert));
    }
    *out = hf_take(doc);
    return HF_OK;
}

/* SEQUENCE { ENUMERATED of one byte: nothing else that is collateral begins so. */
static bool looks(struct hf_bytes der)
{
    size_t head = der.n < 8 || der.p[0] != 0x30 ? 0
                  : der.p[1] < 0x80             ? 2
                  : der.p[1] <= 0x84            ? 2u + (der.p[1] & 0x0f)
                                                : 0;

    return head && der.n >= head + 3 && der.p[head] == 0x0a && der.p[head + 1] == 0x01;
}

hf_err hf_ocsp_endorsements(struct hf_endorsements *set, struct hf_bytes in, const char *source, bool *known)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {.max = 65536};
    struct hf_bytes body = in;

    if (!looks(in)) {
        hf_err err = in.n < 16 || in.p[0] != 'M' ? HF_E_FORMAT : hf_base64_parse_loose(in, &der);

        if (err != HF_OK || !looks(hf_buf_bytes(&der)))
            return err == HF_E_MEMORY ? err : HF_OK;
        body = hf_buf_bytes(&der);
    }
    *known = true;
    return hf_endorsements_add_document(set, HF_ENDORSEMENT_OCSP, body, source, document_parse, document_free);
}

/* ---- who answered ---- */

static bool names(const struct hf_ocsp *o, const struct hf_cert *cert)
{
    struct hf_digest key;
    struct hf_bytes bits;

    if (o->responder_name.n)
        return hf_bytes_equal(o->responder_name, cert->subject);
    return hf_ocsp_key_bits(cert, &bits) == HF_OK && hf_hash_one(HF_SHA1, bits, &key) == HF_OK &&
           hf_bytes_equal(hf_digest_bytes(&key), o->responder_key);
}

/* RFC 6960, 4.2.2.2: the issuer itself, or one that it lets sign for it. */
static const struct hf_cert *signer(const struct hf_ocsp_document *doc, const struct hf_cert *issuer)
{
    if (names(&doc->ocsp, issuer))
        return issuer;
    for (size_t i = 0; i < doc->certs.n; i++) {
        const struct hf_cert *cert = doc->certs.cert[i];

        if (names(&doc->ocsp, cert) && hf_cert_may_issue(issuer, cert) && hf_cert_has_eku(cert, HF_OID_OCSP_SIGNING))
            return cert;
    }
    return NULL;
}

static hf_err check_signatures(const struct hf_ocsp_document *doc, const struct hf_cert *by,
                               const struct hf_cert *issuer)
{
    if (by != issuer)
        HF_TRY(hf_cert_verify(by, issuer->key));
    if (doc->ocsp.sig_alg.scheme == HF_SIG_NONE)
        return hf_fail(HF_E_UNSUPPORTED, "signed by an algorithm that is not known");
    return hf_pubkey_verify_message(by->key, &doc->ocsp.sig_alg, doc->ocsp.tbs, doc->ocsp.signature);
}

/* The part that does not depend on time, kept. */
static hf_err check_signed(const struct hf_judge *j, const struct hf_endorsement *e, const struct hf_cert *by,
                           const struct hf_cert *issuer)
{
    struct hf_bytes parts[] = {HF_BYTES_OF(e->sha256), HF_BYTES_OF(issuer->spki_sha256)};
    struct hf_digest key;
    void *object = NULL;

    HF_TRY(hf_hash(HF_SHA256, parts, HF_COUNT(parts), &key));
    if (hf_cache_get(j->cache, HF_FACT_DOCUMENT, key.bytes, &object))
        return HF_OK;
    HF_TRY(check_signatures(e->document, by, issuer));
    (void)hf_cache_put(j->cache, HF_FACT_DOCUMENT, key.bytes, NULL, NULL);
    return HF_OK;
}

static hf_err check_times(const struct hf_ocsp_single *s, const struct hf_cert *by, hf_time at)
{
    char from[HF_TIME_TEXT], until[HF_TIME_TEXT];

    hf_time_write(s->this_update, from);
    if (!s->has_next_update)
        return hf_fail(HF_E_UNTRUSTED, "an answer of %s without an end", from);
    hf_time_write(s->next_update, until);
    if (at < s->this_update || at > s->next_update)
        return hf_fail(HF_E_UNTRUSTED, "an answer for %s to %s", from, until);
    if (at < by->not_before || at > by->not_after)
        return hf_fail(HF_E_UNTRUSTED, "its responder's certificate is not valid at this time");
    return HF_OK;
}

/* ---- one certificate ---- */

struct answer {
    bool good, revoked;
    char why[160]; /* revoked; or why what there is does not do */
};

static void ask_response(const struct hf_judge *j, const struct hf_endorsement *e, const struct hf_cert *cert,
                         const struct hf_cert *issuer, struct answer *a, struct hf_findings *f)
{
    const struct hf_ocsp_document *doc = e->document;

    for (size_t i = 0; i < doc->ocsp.n; i++) {
        const struct hf_ocsp_single *s = &doc->ocsp.single[i];
        const struct hf_cert *by;

        if (!hf_ocsp_covers(s, cert, issuer))
            continue;
        by = signer(doc, issuer);
        if (!by || check_signed(j, e, by, issuer) != HF_OK || check_times(s, by, j->at) != HF_OK) {
            (void)snprintf(a->why, sizeof(a->why), "%.40s: %.110s", e->source,
                           by ? hf_err_detail() : "not signed by the issuer or one it lets answer");
            continue;
        }
        hf_horizon_narrow(&f->horizon, s->this_update, s->next_update, "OCSP response");
        if (s->status == HF_OCSP_GOOD) {
            a->good = true;
            continue;
        }
        a->revoked = true;
        (void)snprintf(a->why, sizeof(a->why), "%s",
                       s->status == HF_OCSP_REVOKED ? hf_crl_reason_name(s->reason) : "its responder does not know it");
    }
}

static void ask_list(const struct hf_judge *j, const struct hf_endorsement *e, const struct hf_cert *cert,
                     const struct hf_cert *issuer, struct answer *a, struct hf_findings *f)
{
    const struct hf_crl_entry *entry;

    if (!hf_crl_covers(e->crl, cert))
        return;
    if (hf_crl_verify(e->crl, issuer) != HF_OK || hf_crl_check_time(e->crl, j->at) != HF_OK) {
        (void)snprintf(a->why, sizeof(a->why), "%.40s: %.110s", e->source, hf_err_detail());
        return;
    }
    hf_horizon_narrow(&f->horizon, e->crl->this_update, e->crl->next_update, "revocation list");
    entry = hf_crl_find(e->crl, cert->serial);
    a->good |= entry == NULL;
    if (entry) {
        a->revoked = true;
        (void)snprintf(a->why, sizeof(a->why), "%s", hf_crl_reason_name(entry->reason));
    }
}

static void ask(const struct hf_judge *j, const struct hf_cert *cert, const struct hf_cert *issuer, struct answer *a,
                struct hf_findings *f)
{
    const struct hf_endorsement *e;

    for (size_t at = 0; (e = hf_judge_next(j, HF_ENDORSEMENT_OCSP, &at)) != NULL;)
        ask_response(j, e, cert, issuer, a, f);
    for (size_t at = 0; (e = hf_judge_next(j, HF_ENDORSEMENT_CRL, &at)) != NULL;)
        ask_list(j, e, cert, issuer, a, f);
}

/* ---- the row ---- */

static void say_missing(const struct hf_cert *cert, const char *why, const struct hf_revocation_rows *rows, size_t good,
                        size_t all, struct hf_verdict *v)
{
    struct hf_bytes url = hf_bytes_text(rows->url ? rows->url : "");
    struct hf_check *row;

    if (hf_cert_url(cert, HF_URL_OCSP, 0, &url) != HF_OK)
        (void)hf_cert_url(cert, HF_URL_CRL, 0, &url);
    row = hf_check_absent(v, rows->row, "no answer for %.70s (serial %.40s)%s%.100s; ask %.*s", cert->subject_text,
                          cert->serial_hex, why[0] ? ": " : "", why, (int)(url.n < 80 ? url.n : 80),
                          url.n ? (const char *)url.p : "");
    hf_check_expected(row, "%zu certificates good", all);
    hf_check_found(row, "%zu", good);
}

bool hf_judge_revocation_by_any(const struct hf_judge *j, const struct hf_chain *chain,
                                const struct hf_revocation_rows *rows, struct hf_verdict *v, struct hf_findings *f)
{
    const struct hf_cert *missing = NULL;
    char why[160] = "";
    size_t good = 0, all = 0, revoked = 0;

    for (size_t i = rows->first; i + 1 < chain->n; i++, all++) {
        const struct hf_cert *cert = chain->cert[i];
        struct answer a = {0};

        ask(j, cert, chain->cert[i + 1], &a, f);
        if (a.revoked) {
            revoked++;
            hf_check_found(hf_check(v, rows->row, hf_fail(HF_E_UNTRUSTED, "revoked: %s", a.why)), "serial %s, %s",
                           cert->serial_hex, cert->subject_text);
        } else if (a.good) {
            good++;
        } else {
            struct hf_bytes list;

            if (hf_cert_url(cert, HF_URL_CRL, 0, &list) == HF_OK) /* a responder is asked by a request, not fetched */
                hf_judge_missing(f, "revocation list", "%.*s", (int)list.n, (const char *)list.p);
            if (!missing)
                memcpy(why, a.why, sizeof(why));
            missing = missing ? missing : cert;
        }
    }
    if (missing)
        say_missing(missing, why, rows, good, all, v);
    else if (!revoked)
        hf_check_found(hf_check(v, rows->row, HF_OK), "%zu certificates good", good);
    return !missing && !revoked;
}
