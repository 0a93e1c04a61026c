/* EK certificates in NV memory (TCG EK Credential Profile 2.6, 2.2.1). */
#include "base/cleanup.h"
#include "tpm/caps.h"
#include "tpm/ek.h"

#include <stdio.h>

#define EK_LOW_RSA 0x01c00002u
#define EK_LOW_ECC 0x01c0000au
#define EK_HIGH_FIRST 0x01c00012u
#define EK_HIGH_LAST 0x01c07fffu
#define EK_CHAIN_FIRST 0x01c00100u
#define EK_CHAIN_LAST 0x01c001ffu
#define EK_POLICY_FIRST 0x01c07f01u /* PolicyAuthorizeNV indices, I-1 to I-4 */

/* A certificate is 0.5 to 2 KiB, a chain a few; an NV index holds 64 KiB at most. */
#define EK_NV_MAX 65536u

/* Who may read it: the index with its empty value where a failure could not count against anybody, else the
 * owner. HF_E_DENIED where it is for the platform alone. */
static hf_err reader_of(const TPMS_NV_PUBLIC *nv, const struct hf_tpm_entity *index, struct hf_tpm_entity *out)
{
    if (nv->attributes & TPMA_NV_AUTHREAD && nv->attributes & TPMA_NV_NO_DA)
        *out = *index;
    else if (nv->attributes & TPMA_NV_OWNERREAD)
        *out = hf_tpm_entity_plain(TPM2_RH_OWNER);
    else if (nv->attributes & TPMA_NV_AUTHREAD)
        *out = *index;
    else
        return hf_fail(HF_E_DENIED, "NV index 0x%08x may be read by the platform or under a policy alone",
                       (unsigned)nv->nvIndex);
    return HF_OK;
}

static hf_err read_part(struct hf_tpm *tpm, const struct hf_tpm_entity *reader, const struct hf_tpm_entity *index,
                        uint16_t size, uint16_t at, struct hf_buf *out)
{
    struct hf_tpm_call c;
    struct hf_bytes part;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_NV_Read));
    hf_tpm_call_handle(&c, reader, NULL);
    hf_tpm_call_handle(&c, index, NULL);
    hf_wr_u16be(&c.w, size);
    hf_wr_u16be(&c.w, at);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    part = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    if (part.n != size)
        return hf_fail(HF_E_DEVICE, "TPM2_NV_Read: %zu bytes, where %u were asked for", part.n, size);
    return hf_buf_add(out, part);
}

hf_err hf_tpm_ek_nv_read(struct hf_tpm *tpm, uint32_t index, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf data = {.max = EK_NV_MAX};
    struct hf_tpm_entity entity = {.handle = index};
    struct hf_tpm_entity reader = {0};
    TPMS_NV_PUBLIC nv;
    uint32_t most = 0;

    HF_TRY(hf_tpm_nv_read_public(tpm, index, &area, &entity.name));
    HF_TRY(hf_tpm_nv_public_parse(hf_buf_bytes(&area), &nv));
    if (nv.nvIndex != index)
        return hf_fail(HF_E_DEVICE, "the TPM described NV index 0x%08x, asked for 0x%08x", (unsigned)nv.nvIndex,
                       (unsigned)index);
    if (!(nv.attributes & TPMA_NV_WRITTEN))
        return hf_fail(HF_E_NOT_FOUND, "NV index 0x%08x was never written", (unsigned)index);
    HF_TRY(reader_of(&nv, &entity, &reader));
    HF_TRY(hf_tpm_property(tpm, TPM2_PT_NV_BUFFER_MAX, &most));
    if (most == 0 || most > 1024)
        most = most ? 1024 : 64;
    while (data.n < nv.dataSize) {
        size_t left = nv.dataSize - data.n;

        HF_TRY(read_part(tpm, &reader, &entity, (uint16_t)(left < most ? left : most), (uint16_t)data.n, &data));
    }
    return hf_buf_add(out, hf_buf_bytes(&data));
}

/* Templates stand at odd indices of the high range, certificates at even ones. */
static bool holds_certificate(uint32_t index)
{
    if (index == EK_LOW_RSA || index == EK_LOW_ECC)
        return true;
    return index >= EK_HIGH_FIRST && index <= EK_HIGH_LAST && index % 2 == 0 && index < EK_POLICY_FIRST &&
           !(index >= EK_CHAIN_FIRST && index <= EK_CHAIN_LAST);
}

hf_err hf_tpm_ek_cert_read(struct hf_bytes in, struct hf_cert **out)
{
    HF_CLEANUP(hf_certs_free) struct hf_certs certs = {0};

    if (in.n && in.p[0] == 0x30) /* SEQUENCE; no text begins so */
        return hf_cert_parse_tolerant(in, out);
    HF_TRY(hf_certs_read_tolerant(in, &certs));
    *out = hf_cert_share(certs.cert[0]);
    return HF_OK;
}

void hf_tpm_ek_certificates_free(struct hf_tpm_ek_certificates *list)
{
    for (size_t i = 0; i < list->n; i++)
        hf_buf_free(&list->row[i].der);
    hf_buf_free(&list->chain);
    list->n = 0;
}

/* Bytes to certificate: what is odd is noted, what cannot be read is said. */
static hf_err decode(struct hf_bytes nv, struct hf_tpm_ek_certificate *row)
{
    HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
    hf_err err = hf_cert_parse_tolerant(nv, &cert);

    if (err == HF_E_MEMORY)
        return err;
    if (err != HF_OK) {
        (void)snprintf(row->problem, sizeof(row->problem), "%.180s", hf_err_detail());
        return HF_OK;
    }
    if (cert->trailing || cert->set_disorder)
        (void)snprintf(row->problem, sizeof(row->problem), "%zu bytes after the certificate%s", cert->trailing,
                       cert->set_disorder ? "; a set in a name is not sorted" : "");
    return hf_buf_set(&row->der, cert->der);
}

struct scan {
    struct hf_tpm *tpm;
    struct hf_tpm_ek_certificates *list;
    struct hf_buf chain; /* the chain's indices, one after another: a certificate may go across them */
};

static hf_err visit(void *arg, uint32_t index)
{
    struct scan *s = arg;
    HF_CLEANUP(hf_buf_free) struct hf_buf nv = {.max = EK_NV_MAX};
    struct hf_tpm_ek_certificate *row = &s->list->row[s->list->n];
    bool chain = index >= EK_CHAIN_FIRST && index <= EK_CHAIN_LAST;
    hf_err err;

    if (!chain && (!holds_certificate(index) || s->list->n == HF_TPM_EK_CERTIFICATES_MAX))
        return HF_OK;
    err = hf_tpm_ek_nv_read(s->tpm, index, &nv);
    if (err == HF_E_NOT_FOUND)
        return HF_OK;
    if (err == HF_E_UNAVAILABLE || err == HF_E_MEMORY || err == HF_E_INTEGRITY || err == HF_E_IMPOSTOR)
        return err;
    if (chain) {
        if (err != HF_OK)
            (void)snprintf(s->list->chain_problem, sizeof(s->list->chain_problem), "0x%08x: %.180s", (unsigned)index,
                           hf_err_detail());
        return err == HF_OK ? hf_buf_add(&s->chain, hf_buf_bytes(&nv)) : HF_OK;
    }
    s->list->n++;
    row->index = index;
    if (err == HF_OK)
        return decode(hf_buf_bytes(&nv), row);
    (void)snprintf(row->problem, sizeof(row->problem), "%.180s", hf_err_detail());
    return HF_OK;
}

/* DER certificates one after another, padded at the end with zeros or ones. */
static hf_err chain_to_pem(struct hf_bytes chain, struct hf_tpm_ek_certificates *list)
{
    while (chain.n && chain.p[0] == 0x30) {
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
        hf_err err = hf_cert_parse_tolerant(chain, &cert);

        if (err == HF_E_MEMORY)
            return err;
        if (err != HF_OK) {
            (void)snprintf(list->chain_problem, sizeof(list->chain_problem), "%.190s", hf_err_detail());
            return HF_OK;
        }
        HF_TRY(hf_cert_to_pem(cert, &list->chain));
        chain.p += chain.n - cert->trailing;
        chain.n = cert->trailing;
    }
    return HF_OK;
}

static hf_err read_all(struct scan *s)
{
    HF_TRY(hf_tpm_handles(s->tpm, TPM2_HT_NV_INDEX, visit, s));
    return chain_to_pem(hf_buf_bytes(&s->chain), s->list);
}

hf_err hf_tpm_ek_certificates_read(struct hf_tpm *tpm, struct hf_tpm_ek_certificates *out)
{
    struct hf_tpm_ek_certificates list = {0};
    struct scan s = {.tpm = tpm, .list = &list};
    hf_err err = read_all(&s);

    hf_buf_free(&s.chain);
    if (err != HF_OK) {
        hf_tpm_ek_certificates_free(&list);
        return err;
    }
    *out = list;
    return HF_OK;
}
