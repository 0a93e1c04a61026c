/* Sensitive areas (Part 2, 12.3.2.4). They pass through the stack of this file, which is wiped. */
#include "base/cleanup.h"
#include "tpm/marshal.h"

static void sensitive_area(struct hf_tpm_marshal *m, TPMT_SENSITIVE *s)
{
    hf_tpm_visit_u16(m, &s->sensitiveType);
    HF_TPM_VISIT_2B(m, &s->authValue);
    HF_TPM_VISIT_2B(m, &s->seedValue);
    switch (s->sensitiveType) {
    case TPM2_ALG_RSA:
        HF_TPM_VISIT_2B(m, &s->sensitive.rsa);
        return;
    case TPM2_ALG_ECC:
        HF_TPM_VISIT_2B(m, &s->sensitive.ecc);
        return;
    case TPM2_ALG_KEYEDHASH:
        HF_TPM_VISIT_2B(m, &s->sensitive.bits);
        return;
    case TPM2_ALG_SYMCIPHER:
        HF_TPM_VISIT_2B(m, &s->sensitive.sym);
        return;
    default:
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a type of object that is known", s->sensitiveType);
    }
}

void hf_tpm_sensitive_wipe(TPMT_SENSITIVE *s)
{
    hf_wipe(s, sizeof(*s));
}

hf_err hf_tpm_sensitive_parse(struct hf_bytes in, TPMT_SENSITIVE *out)
{
    struct hf_tpm_marshal m = hf_tpm_marshal_reading(in);
    HF_CLEANUP(hf_tpm_sensitive_wipe) TPMT_SENSITIVE s = {0};

    sensitive_area(&m, &s);
    HF_TRY(hf_tpm_marshal_end(&m, "TPMT_SENSITIVE"));
    *out = s;
    return HF_OK;
}

hf_err hf_tpm_sensitive_write(const TPMT_SENSITIVE *s, struct hf_secret **out)
{
    HF_CLEANUP(hf_tpm_sensitive_wipe) TPMT_SENSITIVE copy = *s;
    uint8_t place[sizeof(*s)];
    struct hf_tpm_marshal m = hf_tpm_marshal_writing(place, sizeof(place));
    struct hf_bytes done = {0};
    hf_err err;

    sensitive_area(&m, &copy);
    err = m.err != HF_OK ? m.err : hf_wr_end(&m.w, &done);
    if (err == HF_OK)
        err = hf_secret_new(done, out);
    hf_wipe(place, sizeof(place));
    return err;
}
