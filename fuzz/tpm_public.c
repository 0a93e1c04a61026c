/* TPM structures: the first byte chooses one; what is accepted is written as the same bytes. */
#include "base/cleanup.h"
#include "fuzz.h"
#include "tpm/types.h"

#include <stdlib.h>

/* Parse, and write again into `again`. */
#define KIND(kind, type)                                         \
    static hf_err kind(struct hf_bytes in, struct hf_buf *again) \
    {                                                            \
        type value;                                              \
                                                                 \
        HF_TRY(hf_tpm_##kind##_parse(in, &value));               \
        if (hf_tpm_##kind##_write(&value, again) != HF_OK)       \
            abort();                                             \
        return HF_OK;                                            \
    }
KIND(public, TPMT_PUBLIC)
KIND(nv_public, TPMS_NV_PUBLIC)
KIND(attest, TPMS_ATTEST)
KIND(signature, TPMT_SIGNATURE)
KIND(pcr_selection, TPML_PCR_SELECTION)
KIND(creation_data, TPMS_CREATION_DATA)
KIND(sym_object, TPMT_SYM_DEF_OBJECT)
KIND(id_object, struct hf_tpm_id_object)

static hf_err sensitive(struct hf_bytes in, struct hf_buf *again)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;
    TPMT_SENSITIVE value;

    HF_TRY(hf_tpm_sensitive_parse(in, &value));
    if (hf_tpm_sensitive_write(&value, &secret) != HF_OK)
        abort();
    return hf_buf_add(again, hf_secret_expose(secret));
}

static hf_err (*const kinds[])(struct hf_bytes in, struct hf_buf *again) = {
    public, nv_public, attest, signature, pcr_selection, creation_data, sym_object, id_object, sensitive};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data + 1, size - 1};
    struct hf_tpm_name name;

    if (size == 0 || data[0] >= HF_COUNT(kinds))
        return 0;
    if (kinds[data[0]](in, &again) != HF_OK)
        return 0;
    if (!hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
    if (data[0] == 0 && (hf_tpm_public_name(in, &name) != HF_OK || name.n > HF_TPM_NAME_MAX))
        abort();
    return 0;
}
