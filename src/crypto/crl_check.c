/* What a revocation list is worth, and what it says (RFC 5280, 6.3.3). */
#include "base/cleanup.h"
#include "crypto/asn1.h"
#include "crypto/crl.h"
#include "crypto/x509_i.h"

const char *hf_crl_reason_name(int reason)
{
    static const char *const names[] = {"unspecified",        "keyCompromise", "cACompromise",
                                        "affiliationChanged", "superseded",    "cessationOfOperation",
                                        "certificateHold",    "unspecified",   "removeFromCRL",
                                        "privilegeWithdrawn", "aACompromise"};

    return reason >= 0 && (size_t)reason < HF_COUNT(names) ? names[reason] : names[0];
}

hf_err hf_crl_verify(const struct hf_crl *crl, const struct hf_cert *issuer)
{
    struct hf_signed s = {.tbs = crl->tbs, .signature = crl->signature};

    if (!hf_bytes_equal(crl->issuer, issuer->subject))
        return hf_fail(HF_E_UNTRUSTED, "the list is issued by \"%s\", not by \"%s\"", crl->issuer_text,
                       issuer->subject_text);
    if (issuer->has_key_usage && !(issuer->key_usage & HF_KU_CRL_SIGN))
        return hf_fail(HF_E_UNTRUSTED, "\"%s\" may not sign revocation lists: keyUsage 0x%03x has no cRLSign",
                       issuer->subject_text, issuer->key_usage);
    if (crl->authority_id.n && issuer->subject_id.n && !hf_bytes_equal(crl->authority_id, issuer->subject_id))
        return hf_fail(HF_E_UNTRUSTED, "the list is signed by another key of \"%s\"", crl->issuer_text);
    if (crl->sig_alg.hash == HF_SHA1)
        return hf_fail(HF_E_UNSUPPORTED, "the list is signed over SHA-1, which does not count");
    return hf_signed_verify(&s, &crl->sig_alg, crl->sig_oid, issuer->key);
}

hf_err hf_crl_check_time(const struct hf_crl *crl, hf_time at)
{
    char from[HF_TIME_TEXT];
    char until[HF_TIME_TEXT];
    char asked[HF_TIME_TEXT];

    hf_time_write(at, asked);
    hf_time_write(crl->this_update, from);
    if (!crl->has_next_update)
        return hf_fail(HF_E_UNTRUSTED, "the list of \"%s\" of %s does not say until when it holds", crl->issuer_text,
                       from);
    hf_time_write(crl->next_update, until);
    if (at < crl->this_update || at > crl->next_update)
        return hf_fail(HF_E_UNTRUSTED, "the list of \"%s\" holds from %s until %s, asked for %s", crl->issuer_text,
                       from, until, asked);
    return HF_OK;
}

/* One of the URLs in the list's own distribution point is among the certificate's. */
static bool same_point(const struct hf_crl *crl, const struct hf_cert *cert)
{
    struct hf_bytes url = {NULL, 0};

    for (size_t i = 0; hf_cert_url(cert, HF_URL_CRL, i, &url) == HF_OK; i++) {
        struct hf_reader r = hf_reader(crl->point);

        while (hf_rd_more(&r)) {
            struct hf_element e = hf_asn1_any(&r);

            if (e.tag == HF_ASN1_CONTEXT(HF_NAME_URI) && hf_bytes_equal(e.body, url))
                return true;
        }
    }
    return false;
}

bool hf_crl_covers(const struct hf_crl *crl, const struct hf_cert *cert)
{
    if (!hf_bytes_equal(crl->issuer, cert->issuer))
        return false;
    if ((crl->users_only && cert->ca) || (crl->cas_only && !cert->ca))
        return false;
    return !crl->has_point || same_point(crl, cert);
}

hf_err hf_crl_check(const struct hf_crl *crl, const struct hf_cert *cert, const struct hf_cert *issuer, hf_time at)
{
    const struct hf_crl_entry *entry;
    char date[HF_TIME_TEXT];

    if (!hf_crl_covers(crl, cert))
        return hf_fail(HF_E_ARG, "the list of \"%s\" does not speak about \"%s\"", crl->issuer_text,
                       cert->subject_text);
    HF_TRY(hf_crl_verify(crl, issuer));
    HF_TRY(hf_crl_check_time(crl, at));
    entry = hf_crl_find(crl, cert->serial);
    if (!entry)
        return HF_OK;
    hf_time_write(entry->date, date);
    return hf_fail(HF_E_UNTRUSTED, "\"%s\", serial %s, is revoked since %s (%s)", cert->subject_text, cert->serial_hex,
                   date, hf_crl_reason_name(entry->reason));
}
