/* The attestation report of SEV and SEV-ES guests. AMD publication 55766 (SEV API). Little-endian. */
#include "evidence/sev_report.h"
#include "base/reader.h"
#include "base/writer.h"

hf_err hf_sev_report_parse(struct hf_bytes in, struct hf_sev_report *out)
{
    struct hf_sev_report rep = {0};
    struct hf_reader r = hf_reader(in);

    hf_rd_copy(&r, rep.mnonce, sizeof(rep.mnonce));               /*  0 MNONCE */
    hf_rd_copy(&r, rep.launch_digest, sizeof(rep.launch_digest)); /* 16 LAUNCH_DIGEST */
    rep.policy = hf_rd_u32le(&r);                                 /* 48 POLICY */
    rep.sig_usage = hf_rd_u32le(&r);                              /* 52 SIG_USAGE */
    rep.sig_algo = hf_rd_u32le(&r);                               /* 56 SIG_ALGO */
    hf_rd_zero(&r, 4);                                            /* 60 reserved */
    hf_rd_copy(&r, rep.signature, sizeof(rep.signature));         /* 64 SIG */
    HF_TRY(hf_rd_end(&r));
    *out = rep;
    return HF_OK;
}

void hf_sev_report_write(const struct hf_sev_report *rep, uint8_t out[HF_SEV_REPORT_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SEV_REPORT_SIZE);

    hf_wr_bytes(&w, HF_BYTES_OF(rep->mnonce));
    hf_wr_bytes(&w, HF_BYTES_OF(rep->launch_digest));
    hf_wr_u32le(&w, rep->policy);
    hf_wr_u32le(&w, rep->sig_usage);
    hf_wr_u32le(&w, rep->sig_algo);
    hf_wr_zero(&w, 4);
    hf_wr_bytes(&w, HF_BYTES_OF(rep->signature));
}
