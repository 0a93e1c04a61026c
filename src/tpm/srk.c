/* The storage root key: adopted where there is one, made where there is none, never overwritten. */
#include "base/cleanup.h"
#include "base/log.h"
#include "tpm/connection.h"

/* ECC P-256, AES-128-CFB, restricted decrypt, noDA, unique empty: what tpm2-openssl, pytss,
 * ssh-tpm-agent and systemd mean by "the SRK" (ASN.1 Specification for TPM 2.0 Key Files, 3.1.8). */
hf_err hf_tpm_srk_template(struct hf_buf *out)
{
    TPMT_PUBLIC pub = {
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                            TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
        .parameters.eccDetail = {
            .symmetric = {.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB},
            .scheme.scheme = TPM2_ALG_NULL,
            .curveID = TPM2_ECC_NIST_P256,
            .kdf.scheme = TPM2_ALG_NULL,
        },
    };

    return hf_tpm_public_write(&pub, out);
}

/* A parent: restricted, decrypt, not sign. */
static hf_err check_parent(struct hf_bytes area, uint32_t handle)
{
    TPMT_PUBLIC pub;

    HF_TRY(hf_tpm_public_parse(area, &pub));
    if ((pub.objectAttributes & TPMA_OBJECT_RESTRICTED) && (pub.objectAttributes & TPMA_OBJECT_DECRYPT) &&
        !(pub.objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT))
        return HF_OK;
    return hf_fail(HF_E_KEY_TYPE, "the object at 0x%08x is not a storage key; it is left alone: name another parent with --parent",
                   (unsigned)handle);
}

static hf_err make(struct hf_tpm *tpm, struct hf_tpm_entity *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf template = {0};
    struct hf_tpm_entity made = {0};
    hf_err err;

    HF_TRY(hf_tpm_srk_template(&template));
    HF_TRY(hf_tpm_primary_raw(tpm, TPM2_RH_OWNER, NULL, hf_buf_bytes(&template), &made.handle, &made.name, NULL));
    err = hf_tpm_evict_raw(tpm, TPM2_RH_OWNER, NULL, &made, HF_TPM_SRK);
    hf_tpm_flush(tpm, made.handle);
    HF_TRY(err);
    hf_log(HF_LOG_NOTICE, "tpm.srk_made", "uri=%s handle=0x%08x", tpm->uri, HF_TPM_SRK);
    out->handle = HF_TPM_SRK;
    out->name = made.name;
    return HF_OK;
}

static hf_err find_or_make(struct hf_tpm *tpm, struct hf_tpm_entity *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    hf_err err;

    if (tpm->salt.known && tpm->salt.handle == HF_TPM_SRK) { /* read and checked a moment ago */
        out->handle = HF_TPM_SRK;
        out->name = tpm->salt.name;
        return check_parent(hf_buf_bytes(&tpm->salt.public_area), HF_TPM_SRK);
    }
    err = hf_tpm_read_public(tpm, HF_TPM_SRK, &area, &out->name);
    if (err == HF_OK) {
        out->handle = HF_TPM_SRK;
        return check_parent(hf_buf_bytes(&area), HF_TPM_SRK);
    }
    if (err != HF_E_NOT_FOUND)
        return err;
    HF_TRY(make(tpm, out));
    if (tpm->salt.known && tpm->salt.transient) { /* from now on the storage root key salts, and is pinned */
        hf_tpm_pool_flush(tpm);
        return tpm->plain_bus ? HF_OK : hf_tpm_salt_ready(tpm);
    }
    return HF_OK;
}

hf_err hf_tpm_srk(struct hf_tpm *tpm, struct hf_tpm_entity *out)
{
    struct hf_tpm_entity found = {0};
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    if (tpm->srk.handle && tpm->srk_generation == tpm->generation) {
        *out = tpm->srk;
        hf_tpm_give(tpm);
        return HF_OK;
    }
    err = tpm->plain_bus ? HF_OK : hf_tpm_salt_ready(tpm);
    if (err == HF_OK)
        err = find_or_make(tpm, &found);
    if (err == HF_OK) {
        tpm->srk = found;
        tpm->srk_generation = tpm->generation;
        *out = found;
    }
    hf_tpm_give(tpm);
    return err;
}
