#include "base/cleanup.h"
#include "tpm/transport.h"
hf_err hf_tpm_managed_open(struct hf_tpm_transport **raw, struct hf_tpm_transport **out)
{
    *out = hf_take(*raw);
    return HF_OK;
}
