/* SIGSTRUCT. Intel SDM volume 3D, 38.13. Little-endian. */
#include "evidence/sgx_sigstruct.h"
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/hash.h"
#include "evidence/fields.h"
#include "evidence/sgx_report.h"
#include "evidence/table.h"

#include <stdio.h>

static const uint8_t header1[12] = {6, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 1, 0};
static const uint8_t header2[16] = {1, 1, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 1, 0, 0, 0};

static void read_fixed(struct hf_reader *r, struct hf_bytes want, const char *name)
{
    struct hf_bytes have = hf_rd_view(r, want.n);

    if (hf_rd_err(r) == HF_OK && !hf_bytes_equal(have, want))
        hf_rd_fail(r, HF_E_FORMAT, "SIGSTRUCT %s is not the constant that it must be", name);
}

hf_err hf_sgx_sigstruct_parse(struct hf_bytes in, struct hf_sgx_sigstruct *out)
{
    struct hf_sgx_sigstruct s = {0};
    struct hf_reader r = hf_reader(in);

    read_fixed(&r, HF_BYTES_OF(header1), "HEADER");               /*    0 HEADER */
    s.type = hf_rd_u32le(&r);                                     /*   12 type */
    s.vendor = hf_rd_u32le(&r);                                   /*   16 VENDOR */
    s.date = hf_rd_u32le(&r);                                     /*   20 DATE */
    read_fixed(&r, HF_BYTES_OF(header2), "HEADER2");              /*   24 HEADER2 */
    s.sw_defined = hf_rd_u32le(&r);                               /*   40 SWDEFINED */
    hf_rd_zero(&r, 84);                                           /*   44 reserved */
    s.modulus = hf_rd_view(&r, HF_SGX_RSA_SIZE);                  /*  128 MODULUS */
    s.exponent = hf_rd_u32le(&r);                                 /*  512 EXPONENT */
    s.signature = hf_rd_view(&r, HF_SGX_RSA_SIZE);                /*  516 SIGNATURE */
    s.misc_select = hf_rd_u32le(&r);                              /*  900 MISCSELECT */
    s.misc_mask = hf_rd_u32le(&r);                                /*  904 MISCMASK */
    s.cet = hf_rd_u8(&r);                                         /*  908 CET_ATTRIBUTES */
    s.cet_mask = hf_rd_u8(&r);                                    /*  909 CET_ATTRIBUTES_MASK */
    hf_rd_zero(&r, 2);                                            /*  910 reserved */
    hf_rd_copy(&r, s.isv_family_id, sizeof(s.isv_family_id));     /*  912 ISVFAMILYID */
    s.flags = hf_rd_u64le(&r);                                    /*  928 ATTRIBUTES */
    s.xfrm = hf_rd_u64le(&r);                                     /*  936 */
    s.flags_mask = hf_rd_u64le(&r);                               /*  944 ATTRIBUTEMASK */
    s.xfrm_mask = hf_rd_u64le(&r);                                /*  952 */
    hf_rd_copy(&r, s.enclave_hash, sizeof(s.enclave_hash));       /*  960 ENCLAVEHASH */
    hf_rd_zero(&r, 16);                                           /*  992 reserved */
    hf_rd_copy(&r, s.isv_ext_prod_id, sizeof(s.isv_ext_prod_id)); /* 1008 ISVEXTPRODID */
    s.isv_prod_id = hf_rd_u16le(&r);                              /* 1024 ISVPRODID */
    s.isv_svn = hf_rd_u16le(&r);                                  /* 1026 ISVSVN */
    hf_rd_zero(&r, 12);                                           /* 1028 reserved */
    s.q1 = hf_rd_view(&r, HF_SGX_RSA_SIZE);                       /* 1040 Q1 */
    s.q2 = hf_rd_view(&r, HF_SGX_RSA_SIZE);                       /* 1424 Q2 */
    HF_TRY(hf_rd_end(&r));
    *out = s;
    return HF_OK;
}

static void write_number(struct hf_writer *w, struct hf_bytes n)
{
    if (n.n)
        hf_wr_bytes(w, n);
    else
        hf_wr_zero(w, HF_SGX_RSA_SIZE);
}

hf_err hf_sgx_sigstruct_write(const struct hf_sgx_sigstruct *s, uint8_t out[HF_SGX_SIGSTRUCT_SIZE])
{
    const struct hf_bytes *numbers[] = {&s->modulus, &s->signature, &s->q1, &s->q2};
    struct hf_writer w = hf_writer(out, HF_SGX_SIGSTRUCT_SIZE);

    for (size_t i = 0; i < HF_COUNT(numbers); i++) {
        if (numbers[i]->n != 0 && numbers[i]->n != HF_SGX_RSA_SIZE)
            return hf_fail(HF_E_ARG, "an RSA number of %zu bytes in a SIGSTRUCT; %d are right", numbers[i]->n,
                           HF_SGX_RSA_SIZE);
    }
    hf_wr_bytes(&w, HF_BYTES_OF(header1));
    hf_wr_u32le(&w, s->type);
    hf_wr_u32le(&w, s->vendor);
    hf_wr_u32le(&w, s->date);
    hf_wr_bytes(&w, HF_BYTES_OF(header2));
    hf_wr_u32le(&w, s->sw_defined);
    hf_wr_zero(&w, 84);
    write_number(&w, s->modulus);
    hf_wr_u32le(&w, s->exponent);
    write_number(&w, s->signature);
    hf_wr_u32le(&w, s->misc_select);
    hf_wr_u32le(&w, s->misc_mask);
    hf_wr_u8(&w, s->cet);
    hf_wr_u8(&w, s->cet_mask);
    hf_wr_zero(&w, 2);
    hf_wr_bytes(&w, HF_BYTES_OF(s->isv_family_id));
    hf_wr_u64le(&w, s->flags);
    hf_wr_u64le(&w, s->xfrm);
    hf_wr_u64le(&w, s->flags_mask);
    hf_wr_u64le(&w, s->xfrm_mask);
    hf_wr_bytes(&w, HF_BYTES_OF(s->enclave_hash));
    hf_wr_zero(&w, 16);
    hf_wr_bytes(&w, HF_BYTES_OF(s->isv_ext_prod_id));
    hf_wr_u16le(&w, s->isv_prod_id);
    hf_wr_u16le(&w, s->isv_svn);
    hf_wr_zero(&w, 12);
    write_number(&w, s->q1);
    write_number(&w, s->q2);
    return HF_OK;
}

hf_err hf_sgx_sigstruct_signed(struct hf_bytes in, struct hf_bytes parts[HF_SGX_SIGSTRUCT_PARTS])
{
    if (in.n != HF_SGX_SIGSTRUCT_SIZE)
        return hf_fail(HF_E_ARG, "a SIGSTRUCT has %d bytes, not %zu", HF_SGX_SIGSTRUCT_SIZE, in.n);
    parts[0] = (struct hf_bytes){in.p, 128};
    parts[1] = (struct hf_bytes){in.p + 900, 128};
    return HF_OK;
}

hf_err hf_sgx_sigstruct_mr_signer(const struct hf_sgx_sigstruct *s, uint8_t out[32])
{
    struct hf_digest digest = {0};

    HF_TRY(hf_hash_one(HF_SHA256, s->modulus, &digest));
    memcpy(out, digest.bytes, 32);
    return HF_OK;
}

/* ---- inspecting ---- */

static void type_text(uint64_t type, char *place, size_t size)
{
    (void)snprintf(place, size, "%s", type == HF_SGX_SIGSTRUCT_DEBUG ? "debug" : type ? "unknown" : "production");
}

static void vendor_text(uint64_t vendor, char *place, size_t size)
{
    (void)snprintf(place, size, "%s", vendor == HF_SGX_VENDOR_INTEL ? "Intel" : vendor ? "unknown" : "not Intel");
}

static void date_text(uint64_t date, char *place, size_t size)
{
    (void)snprintf(place, size, "%04x-%02x-%02x", (unsigned)(date >> 16 & 0xffff), (unsigned)(date >> 8 & 0xff),
                   (unsigned)(date & 0xff));
}

static const struct hf_field fields[] = {
    {0, 12, HF_AS_BYTES, "HEADER", NULL},
    {12, 4, HF_AS_LE, "type", type_text},
    {16, 4, HF_AS_LE, "VENDOR", vendor_text},
    {20, 4, HF_AS_LE, "DATE", date_text},
    {24, 16, HF_AS_BYTES, "HEADER2", NULL},
    {40, 4, HF_AS_LE, "SWDEFINED", NULL},
    {44, 84, HF_AS_ZERO, "reserved", NULL},
    {128, 384, HF_AS_BYTES, "MODULUS", NULL},
    {512, 4, HF_AS_LE, "EXPONENT", NULL},
    {516, 384, HF_AS_BYTES, "SIGNATURE", NULL},
    {900, 4, HF_AS_LE, "MISCSELECT", NULL},
    {904, 4, HF_AS_LE, "MISCMASK", NULL},
    {908, 1, HF_AS_LE, "CET_ATTRIBUTES", NULL},
    {909, 1, HF_AS_LE, "CET_ATTRIBUTES_MASK", NULL},
    {910, 2, HF_AS_ZERO, "reserved", NULL},
    {912, 16, HF_AS_BYTES, "ISVFAMILYID", NULL},
    {928, 8, HF_AS_LE, "ATTRIBUTES.flags", hf_sgx_flags_text},
    {936, 8, HF_AS_LE, "ATTRIBUTES.xfrm", NULL},
    {944, 8, HF_AS_LE, "ATTRIBUTEMASK.flags", NULL},
    {952, 8, HF_AS_LE, "ATTRIBUTEMASK.xfrm", NULL},
    {960, 32, HF_AS_BYTES, "ENCLAVEHASH", NULL},
    {992, 16, HF_AS_ZERO, "reserved", NULL},
    {1008, 16, HF_AS_BYTES, "ISVEXTPRODID", NULL},
    {1024, 2, HF_AS_LE, "ISVPRODID", NULL},
    {1026, 2, HF_AS_LE, "ISVSVN", NULL},
    {1028, 12, HF_AS_ZERO, "reserved", NULL},
    {1040, 384, HF_AS_BYTES, "Q1", NULL},
    {1424, 384, HF_AS_BYTES, "Q2", NULL},
};

hf_err hf_sgx_sigstruct_inspect(struct hf_bytes in, struct hf_inspect *i)
{
    struct hf_sgx_sigstruct s;

    hf_inspect_fields(i, 0, fields, HF_COUNT(fields));
    return hf_sgx_sigstruct_parse(in, &s);
}

static bool detect(struct hf_bytes in)
{
    return in.n == HF_SGX_SIGSTRUCT_SIZE &&
           (memcmp(in.p, header1, sizeof(header1)) == 0 || memcmp(in.p + 24, header2, sizeof(header2)) == 0);
}

const struct hf_evidence_format hf_format_sgx_sigstruct = {
    .name = "sgx-sigstruct",
    .family = "sgx",
    .about = "SGX SIGSTRUCT: an author's signature over an enclave's measurement",
    .detect = detect,
    .inspect = hf_sgx_sigstruct_inspect,
};
