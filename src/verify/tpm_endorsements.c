/* Keys as TPMs write them, among what others say about a platform: TPM2B_PUBLIC and TPMT_PUBLIC. */
#include "base/cleanup.h"
#include "evidence/tpm_public.h"
#include "verify/endorsements.h"
#include "verify/tpm_signature.h"

hf_endorsement_reader hf_tpm_endorsements;

hf_err hf_tpm_endorsements(struct hf_endorsements *set, struct hf_bytes in, const char *source, bool *known)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    struct hf_tpm_pub pub;

    *known = hf_tpm_pub_parse(in, &pub) == HF_OK && hf_tpm_pub_key(&pub, &key) == HF_OK;
    return *known ? hf_endorsements_add_key(set, hf_take(key), source) : HF_OK;
}
