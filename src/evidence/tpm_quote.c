/* TPMS_ATTEST and TPMT_SIGNATURE. TPM 2.0 Library Specification Part 2, 10.12.8 and 11.3.4. Big-endian. */
#include "evidence/tpm_quote.h"
#include "base/writer.h"

hf_err hf_quote_attest_parse(struct hf_bytes in, struct hf_quote_attest *out)
{
    struct hf_quote_attest attest = {0};
    struct hf_reader r = hf_reader(in);
    struct hf_reader body;
    uint8_t safe;

    attest.magic = hf_rd_u32be(&r);                      /*  0 magic */
    attest.type = hf_rd_u16be(&r);                       /*  4 type */
    attest.signer = hf_rd_view(&r, hf_rd_u16be(&r));     /*  6 qualifiedSigner */
    attest.extra_data = hf_rd_view(&r, hf_rd_u16be(&r)); /*    extraData */
    attest.clock_ms = hf_rd_u64be(&r);                   /*    clockInfo.clock */
    attest.reset_count = hf_rd_u32be(&r);                /*    clockInfo.resetCount */
    attest.restart_count = hf_rd_u32be(&r);              /*    clockInfo.restartCount */
    safe = hf_rd_u8(&r);                                 /*    clockInfo.safe */
    attest.firmware = hf_rd_u64be(&r);                   /*    firmwareVersion */
    if (safe > 1)
        hf_rd_fail(&r, HF_E_FORMAT, "TPMS_ATTEST clockInfo.safe is %u; 0 or 1 is defined", safe);
    attest.safe = safe == 1;
    attest.attested = hf_rd_rest(&r); /*    attested */
    HF_TRY(hf_rd_end(&r));
    if (attest.type == TPM2_ST_ATTEST_QUOTE) {
        body = hf_reader(attest.attested);
        hf_pcr_selection_read(&body, &attest.selection);           /*    pcrSelect */
        attest.pcr_digest = hf_rd_view(&body, hf_rd_u16be(&body)); /*  pcrDigest */
        HF_TRY(hf_rd_end(&body));
    }
    *out = attest;
    return HF_OK;
}

hf_err hf_quote_attest_write(const struct hf_quote_attest *attest, struct hf_buf *out)
{
    uint8_t place[1024];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes done;

    hf_wr_u32be(&w, attest->magic);
    hf_wr_u16be(&w, attest->type);
    hf_wr_b16(&w, attest->signer);
    hf_wr_b16(&w, attest->extra_data);
    hf_wr_u64be(&w, attest->clock_ms);
    hf_wr_u32be(&w, attest->reset_count);
    hf_wr_u32be(&w, attest->restart_count);
    hf_wr_u8(&w, attest->safe);
    hf_wr_u64be(&w, attest->firmware);
    if (attest->type == TPM2_ST_ATTEST_QUOTE) {
        hf_pcr_selection_write(&attest->selection, &w);
        hf_wr_b16(&w, attest->pcr_digest);
    }
    HF_TRY(hf_wr_end(&w, &done));
    HF_TRY(hf_buf_add(out, done));
    return attest->type == TPM2_ST_ATTEST_QUOTE ? HF_OK : hf_buf_add(out, attest->attested);
}

hf_err hf_quote_signature_parse(struct hf_bytes in, struct hf_quote_signature *out)
{
    struct hf_quote_signature sig = {0};
    struct hf_reader r = hf_reader(in);

    sig.scheme.alg = hf_rd_u16be(&r);  /*  0 sigAlg */
    sig.scheme.hash = hf_rd_u16be(&r); /*  2 hash */
    if (sig.scheme.alg == TPM2_ALG_RSASSA || sig.scheme.alg == TPM2_ALG_RSAPSS) {
        sig.rsa = hf_rd_view(&r, hf_rd_u16be(&r)); /*  4 sig */
    } else if (sig.scheme.alg == TPM2_ALG_ECDSA) {
        sig.r = hf_rd_view(&r, hf_rd_u16be(&r)); /*  4 signatureR */
        sig.s = hf_rd_view(&r, hf_rd_u16be(&r)); /*    signatureS */
    } else if (hf_rd_err(&r) == HF_OK) {
        return hf_fail(HF_E_UNSUPPORTED,
                       "signature scheme 0x%04x; RSASSA (0x14), RSAPSS (0x16) and ECDSA (0x18) are read",
                       sig.scheme.alg);
    }
    HF_TRY(hf_rd_end(&r));
    if (hf_hash_size((enum hf_hash_alg)sig.scheme.hash) == 0)
        return hf_fail(HF_E_UNSUPPORTED, "hash 0x%04x of the signature is not known", sig.scheme.hash);
    *out = sig;
    return HF_OK;
}

hf_err hf_quote_signature_write(const struct hf_quote_signature *sig, struct hf_buf *out)
{
    uint8_t place[4 + 2 + 1024];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes done;

    hf_wr_u16be(&w, sig->scheme.alg);
    hf_wr_u16be(&w, sig->scheme.hash);
    if (sig->scheme.alg == TPM2_ALG_ECDSA) {
        hf_wr_b16(&w, sig->r);
        hf_wr_b16(&w, sig->s);
    } else {
        hf_wr_b16(&w, sig->rsa);
    }
    HF_TRY(hf_wr_end(&w, &done));
    return hf_buf_add(out, done);
}
