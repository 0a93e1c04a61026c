/* Certification data of quotes: the PCK certificate, or how to come by it. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/reader.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "verify/dcap_i.h"

#include <stdio.h>

#define PCK_URL "https://api.trustedservices.intel.com/sgx/certification/v4/pckcert"

void hf_dcap_certs_free(void *address)
{
    struct hf_dcap_certs **certs = address;

    if (*certs)
        hf_certs_free(&(*certs)->list);
    hf_free(certs);
}

static const struct hf_extension *pck_extension(const struct hf_cert *cert)
{
    return cert->ca ? NULL : hf_cert_ext(cert, HF_OID_PCK);
}

static bool is_blank(const uint8_t *from, const uint8_t *to)
{
    for (; from < to; from++) {
        if (*from != ' ' && *from != '\t' && *from != '\r' && *from != '\n')
            return false;
    }
    return true;
}

/* A certificate whose BEGIN or END line was damaged is not passed over as text between the others. */
static hf_err only_blocks(struct hf_bytes text)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf body = {0};
    struct hf_reader r = hf_reader(text);
    const uint8_t *at = text.p;
    struct hf_pem pem;
    hf_err err;

    while ((err = hf_pem_next(&r, &pem, &body)) == HF_OK && is_blank(at, pem.whole.p))
        at = pem.whole.p + pem.whole.n;
    if (err != HF_OK && err != HF_E_NOT_FOUND)
        return err;
    return err == HF_E_NOT_FOUND && is_blank(at, text.p + text.n)
               ? HF_OK
               : hf_fail(HF_E_FORMAT, "at offset %zu: neither a PEM block nor space", (size_t)(at - text.p));
}

/* Certificates come in any order: the leaf is the one with the extension. Nothing signs the type: it must fit. */
static hf_err read_certs(struct hf_bytes data, bool leaf_only, struct hf_dcap_certs *out)
{
    const struct hf_extension *ext = NULL;

    while (data.n && data.p[data.n - 1] == 0)
        data.n--;
    HF_TRY(hf_certs_read(data, &out->list));
    if (hf_pem_is(data))
        HF_TRY(only_blocks(data));
    if (leaf_only != (out->list.n == 1))
        return hf_fail(HF_E_FORMAT, "%zu certificates where %s", out->list.n,
                       leaf_only ? "only the PCK's belongs" : "a chain belongs");
    for (size_t i = 0; i < out->list.n; i++) {
        const struct hf_extension *found = pck_extension(out->list.cert[i]);

        if (found && ext)
            return hf_fail(HF_E_FORMAT, "two PCK certificates");
        if (!found)
            continue;
        ext = found;
        out->leaf = out->list.cert[i];
    }
    if (!ext)
        return hf_fail(HF_E_NOT_FOUND, "%zu certificates, and no PCK certificate among them", out->list.n);
    return hf_pck_parse(ext->value, &out->pck);
}

/* ---- quotes without a certificate ---- */

/* The PCK among the endorsements that signed the QE report. */
static hf_err find_pck(const struct hf_dcap *d, struct hf_dcap_certs *out)
{
    const struct hf_endorsement *e;

    for (size_t at = 0; (e = hf_judge_next(d->j, HF_ENDORSEMENT_CERT, &at)) != NULL;) {
        const struct hf_extension *ext = pck_extension(e->cert);

        if (!ext || hf_pubkey_curve(e->cert->key) != HF_P256 ||
            hf_pubkey_verify_message(e->cert->key, &hf_dcap_ecdsa, d->q->qe_report, d->q->qe_signature) != HF_OK)
            continue;
        out->leaf = e->cert;
        return hf_pck_parse(ext->value, &out->pck);
    }
    return hf_fail(HF_E_NOT_FOUND, "no PCK certificate for it is among the endorsements");
}

/* What the data say of the platform: PPID, or encrypted PPID; CPUSVN, PCESVN, PCEID. */
static void say_raw(const struct hf_sgx_quote *q, struct hf_check *row)
{
    struct hf_reader r = hf_reader(q->cert);
    size_t id = q->cert_type == HF_QUOTE_CERT_PPID ? 16 : q->cert_type == HF_QUOTE_CERT_PPID_RSA2048 ? 256 : 384;
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {.max = 512};
    struct hf_bytes cpu_svn, pce_id;
    unsigned pce_svn;

    hf_rd_skip(&r, id);
    cpu_svn = hf_rd_view(&r, 16);
    pce_svn = hf_rd_u16le(&r);
    pce_id = hf_rd_view(&r, 2);
    if (hf_rd_end(&r) != HF_OK) {
        hf_check_found(row, "type %u of %zu bytes", q->cert_type, q->cert.n);
        return;
    }
    if (hf_hex_write(cpu_svn, &hex) == HF_OK && hf_hex_write(pce_id, &hex) == HF_OK && hex.n == 36)
        hf_check_found(row, "%s PPID, CPUSVN %.32s, PCESVN %u, PCEID %.4s",
                       q->cert_type == HF_QUOTE_CERT_PPID ? "the" : "an encrypted", (const char *)hex.p, pce_svn,
                       (const char *)hex.p + 32);
}

static void say_without(const struct hf_dcap *d)
{
    struct hf_check *row = hf_check(d->v, "certification data",
                                    hf_fail(HF_E_NOT_FOUND,
                                            "it holds no certificate, and none of the endorsements signed "
                                            "the QE report: fetch the PCK certificate and its chain"));

    hf_check_expected(row, "a PCK certificate, from " PCK_URL);
    if (d->q->cert_type <= HF_QUOTE_CERT_PPID_RSA3072)
        say_raw(d->q, row);
    else
        hf_check_found(row, "type %u of %zu bytes", d->q->cert_type, d->q->cert.n);
}

/* ---- either ---- */

static hf_err cert_key(const struct hf_sgx_quote *q, struct hf_digest *out)
{
    static const char what[] = "Intel PCK chain";
    uint8_t type = (uint8_t)q->cert_type;
    struct hf_bytes parts[] = {HF_BYTES_OF(what), {&type, 1}, q->cert};

    return hf_hash(HF_SHA256, parts, HF_COUNT(parts), out);
}

static hf_err take_chain(const struct hf_dcap *d, struct hf_dcap_certs **own, const struct hf_dcap_certs **out)
{
    struct hf_digest key = {0};
    void *object = NULL;

    HF_TRY(cert_key(d->q, &key));
    if (hf_cache_get(d->j->cache, HF_FACT_OTHER, key.bytes, &object)) {
        *out = object;
        return HF_OK;
    }
    memcpy((*own)->sha256, key.bytes, sizeof((*own)->sha256));
    HF_TRY(read_certs(d->q->cert, d->q->cert_type == HF_QUOTE_CERT_LEAF, *own));
    *out = *own;
    if (hf_cache_put(d->j->cache, HF_FACT_OTHER, key.bytes, *own, hf_dcap_certs_free) == HF_OK)
        *own = NULL;
    return HF_OK;
}

const struct hf_dcap_certs *hf_dcap_certs_take(const struct hf_dcap *d, struct hf_dcap_certs **own)
{
    const struct hf_dcap_certs *out = NULL;
    bool inside = d->q->cert_type == HF_QUOTE_CERT_CHAIN || d->q->cert_type == HF_QUOTE_CERT_LEAF;
    hf_err err = hf_alloc(sizeof(**own), own);

    if (err == HF_OK)
        err = inside ? take_chain(d, own, &out) : find_pck(d, *own);
    if (err == HF_OK)
        return inside ? out : *own;
    if (inside || err != HF_E_NOT_FOUND)
        hf_check_found(hf_check(d->v, "certification data", err), "type %u of %zu bytes", d->q->cert_type,
                       d->q->cert.n);
    else
        say_without(d);
    return NULL;
}
