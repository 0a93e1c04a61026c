/* Which SRK: by its attributes, and by making the primary of each usual template for comparison (the public area of a
 * primary does not show the `unique` of its template). */
#include "tpm/srk_flavour.h"
#include "base/cleanup.h"
#include "tpm/key.h"

#define P256_SIZE 32
#define RSA2048_SIZE 256

/* The template of a flavour for the type and attributes of what is there. */
static hf_err template_of(const TPMT_PUBLIC *there, bool zeros, struct hf_buf *out)
{
    TPMT_PUBLIC pub = *there;

    pub.unique = (TPMU_PUBLIC_ID){0};
    if (zeros && pub.type == TPM2_ALG_ECC)
        pub.unique.ecc.x.size = pub.unique.ecc.y.size = P256_SIZE;
    if (zeros && pub.type == TPM2_ALG_RSA)
        pub.unique.rsa.size = RSA2048_SIZE;
    return hf_tpm_public_write(&pub, out);
}

/* Is it the primary of this template? */
static hf_err same(struct hf_tpm *tpm, const TPMT_PUBLIC *there, bool zeros, const struct hf_tpm_name *name, bool *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf template = {0};
    struct hf_tpm_name made = {0};
    uint32_t handle = 0;

    HF_TRY(template_of(there, zeros, &template));
    HF_TRY(hf_tpm_primary_raw(tpm, TPM2_RH_OWNER, NULL, hf_buf_bytes(&template), &handle, &made, NULL));
    hf_tpm_flush(tpm, handle);
    *out = hf_bytes_equal(hf_tpm_name_bytes(&made), hf_tpm_name_bytes(name));
    return HF_OK;
}

static hf_err compare(struct hf_tpm *tpm, const TPMT_PUBLIC *there, const struct hf_tpm_name *name,
                      enum hf_tpm_srk_flavour *out)
{
    bool no_da = (there->objectAttributes & TPMA_OBJECT_NODA) != 0;
    bool is = false;
    hf_err err = same(tpm, there, false, name, &is);

    if (err == HF_E_AUTH || err == HF_E_DENIED) {
        *out = HF_TPM_SRK_UNSEEN;
        return HF_OK;
    }
    HF_TRY(err);
    if (is) {
        *out = no_da ? HF_TPM_SRK_KEYFILE : HF_TPM_SRK_TOOLS;
        return HF_OK;
    }
    HF_TRY(same(tpm, there, true, name, &is));
    *out = is && no_da ? HF_TPM_SRK_TCG : HF_TPM_SRK_OTHER;
    return HF_OK;
}

static bool is_storage(uint32_t a)
{
    return (a & TPMA_OBJECT_RESTRICTED) && (a & TPMA_OBJECT_DECRYPT) && !(a & TPMA_OBJECT_SIGN_ENCRYPT);
}

static hf_err classify(struct hf_tpm *tpm, enum hf_tpm_srk_flavour *out, char algorithm[16])
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    struct hf_tpm_name name = {0};
    TPMT_PUBLIC pub;
    hf_err err = hf_tpm_read_public(tpm, HF_TPM_SRK, &area, &name);

    if (err == HF_E_NOT_FOUND) {
        *out = HF_TPM_SRK_NONE;
        return HF_OK;
    }
    HF_TRY(err);
    HF_TRY(hf_tpm_public_parse(hf_buf_bytes(&area), &pub));
    hf_tpm_algorithm_name(&pub, algorithm);
    if (!is_storage(pub.objectAttributes)) {
        *out = HF_TPM_SRK_FOREIGN;
        return HF_OK;
    }
    return compare(tpm, &pub, &name, out);
}

hf_err hf_tpm_srk_classify(struct hf_tpm *tpm, enum hf_tpm_srk_flavour *out, char algorithm[16])
{
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = classify(tpm, out, algorithm);
    hf_tpm_give(tpm);
    return err;
}
