/* The SEV-SNP attestation report. AMD publication 56860, "ATTESTATION_REPORT". Little-endian. */
#include "evidence/snp_report.h"
#include "base/reader.h"
#include "base/writer.h"
#include "evidence/amd_cert_table.h"

#include <stdio.h>

#define SIGNATURE_SIZE 512
#define SCALAR_SIZE 72

/* n bytes that should be zero: where they are not is kept. */
static void reserved(struct hf_reader *r, size_t n, struct hf_snp_report *rep)
{
    size_t at = hf_rd_at(r);
    struct hf_bytes bytes = hf_rd_view(r, n);

    for (size_t i = 0; i < bytes.n && rep->reserved_at == 0; i++) {
        if (bytes.p[i])
            rep->reserved_at = at + i;
    }
}

static void firmware(struct hf_reader *r, struct hf_snp_firmware *out, struct hf_snp_report *rep)
{
    out->build = hf_rd_u8(r);
    out->minor = hf_rd_u8(r);
    out->major = hf_rd_u8(r);
    reserved(r, 1, rep);
}

/* What came with version 3 and version 5, in places that were reserved before. */
static void cpuid(struct hf_reader *r, struct hf_snp_report *rep)
{
    if (rep->version < 3) {
        reserved(r, 24, rep);
        return;
    }
    rep->family = hf_rd_u8(r);
    rep->model = hf_rd_u8(r);
    rep->stepping = hf_rd_u8(r);
    reserved(r, 21, rep);
}

static void mitigations(struct hf_reader *r, struct hf_snp_report *rep)
{
    if (rep->version < 5) {
        reserved(r, 16, rep);
        return;
    }
    rep->launch_mitigations = hf_rd_u64le(r);
    rep->current_mitigations = hf_rd_u64le(r);
}

hf_err hf_snp_report_parse(struct hf_bytes in, struct hf_snp_report *out)
{
    struct hf_snp_report rep = {0};
    struct hf_reader r = hf_reader(in);

    rep.version = hf_rd_u32le(&r); /* 0x000 VERSION */
    if (hf_rd_err(&r) == HF_OK && (rep.version < 2 || rep.version > 5))
        return hf_fail(HF_E_FORMAT, "unknown report version %u; known are 2 to 5", rep.version);
    rep.guest_svn = hf_rd_u32le(&r);                              /* 0x004 GUEST_SVN */
    rep.policy = hf_rd_u64le(&r);                                 /* 0x008 POLICY */
    rep.family_id = hf_rd_view(&r, 16);                           /* 0x010 FAMILY_ID */
    rep.image_id = hf_rd_view(&r, 16);                            /* 0x020 IMAGE_ID */
    rep.vmpl = hf_rd_u32le(&r);                                   /* 0x030 VMPL */
    rep.signature_algo = hf_rd_u32le(&r);                         /* 0x034 SIGNATURE_ALGO */
    hf_rd_copy(&r, rep.current_tcb, sizeof(rep.current_tcb));     /* 0x038 CURRENT_TCB */
    rep.platform_info = hf_rd_u64le(&r);                          /* 0x040 PLATFORM_INFO */
    rep.flags = hf_rd_u32le(&r);                                  /* 0x048 AUTHOR_KEY_EN and others */
    reserved(&r, 4, &rep);                                        /* 0x04c */
    rep.report_data = hf_rd_view(&r, 64);                         /* 0x050 REPORT_DATA */
    rep.measurement = hf_rd_view(&r, 48);                         /* 0x090 MEASUREMENT */
    rep.host_data = hf_rd_view(&r, 32);                           /* 0x0c0 HOST_DATA */
    rep.id_key_digest = hf_rd_view(&r, 48);                       /* 0x0e0 ID_KEY_DIGEST */
    rep.author_key_digest = hf_rd_view(&r, 48);                   /* 0x110 AUTHOR_KEY_DIGEST */
    rep.report_id = hf_rd_view(&r, 32);                           /* 0x140 REPORT_ID */
    rep.report_id_ma = hf_rd_view(&r, 32);                        /* 0x160 REPORT_ID_MA */
    hf_rd_copy(&r, rep.reported_tcb, sizeof(rep.reported_tcb));   /* 0x180 REPORTED_TCB */
    cpuid(&r, &rep);                                              /* 0x188 CPUID_FAM_ID and others */
    rep.chip_id = hf_rd_view(&r, 64);                             /* 0x1a0 CHIP_ID */
    hf_rd_copy(&r, rep.committed_tcb, sizeof(rep.committed_tcb)); /* 0x1e0 COMMITTED_TCB */
    firmware(&r, &rep.current, &rep);                             /* 0x1e8 CURRENT_BUILD, _MINOR, _MAJOR */
    firmware(&r, &rep.committed, &rep);                           /* 0x1ec COMMITTED_BUILD, _MINOR, _MAJOR */
    hf_rd_copy(&r, rep.launch_tcb, sizeof(rep.launch_tcb));       /* 0x1f0 LAUNCH_TCB */
    mitigations(&r, &rep);                                        /* 0x1f8 LAUNCH_MIT_VECTOR, CURRENT_MIT_VECTOR */
    reserved(&r, HF_SNP_SIGNED_SIZE - 0x208, &rep);               /* 0x208 */
    rep.r = hf_rd_view(&r, SCALAR_SIZE);                          /* 0x2a0 SIGNATURE: R */
    rep.s = hf_rd_view(&r, SCALAR_SIZE);                          /* 0x2e8 S */
    reserved(&r, SIGNATURE_SIZE - 2 * SCALAR_SIZE, &rep);         /* 0x330, not signed */
    HF_TRY(hf_rd_end(&r));
    rep.body = (struct hf_bytes){in.p, HF_SNP_SIGNED_SIZE};
    *out = rep;
    return HF_OK;
}

static void write_tcb(struct hf_writer *w, const uint8_t raw[8])
{
    hf_wr_bytes(w, (struct hf_bytes){raw, 8});
}

static void write_firmware(struct hf_writer *w, const struct hf_snp_firmware *f)
{
    hf_wr_u8(w, f->build);
    hf_wr_u8(w, f->minor);
    hf_wr_u8(w, f->major);
    hf_wr_zero(w, 1);
}

void hf_snp_report_write(const struct hf_snp_report *rep, uint8_t out[HF_SNP_REPORT_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SNP_REPORT_SIZE);

    hf_wr_u32le(&w, rep->version);
    hf_wr_u32le(&w, rep->guest_svn);
    hf_wr_u64le(&w, rep->policy);
    hf_wr_bytes(&w, rep->family_id);
    hf_wr_bytes(&w, rep->image_id);
    hf_wr_u32le(&w, rep->vmpl);
    hf_wr_u32le(&w, rep->signature_algo);
    write_tcb(&w, rep->current_tcb);
    hf_wr_u64le(&w, rep->platform_info);
    hf_wr_u32le(&w, rep->flags);
    hf_wr_zero(&w, 4);
    hf_wr_bytes(&w, rep->report_data);
    hf_wr_bytes(&w, rep->measurement);
    hf_wr_bytes(&w, rep->host_data);
    hf_wr_bytes(&w, rep->id_key_digest);
    hf_wr_bytes(&w, rep->author_key_digest);
    hf_wr_bytes(&w, rep->report_id);
    hf_wr_bytes(&w, rep->report_id_ma);
    write_tcb(&w, rep->reported_tcb);
    hf_wr_u8(&w, rep->family);
    hf_wr_u8(&w, rep->model);
    hf_wr_u8(&w, rep->stepping);
    hf_wr_zero(&w, 21);
    hf_wr_bytes(&w, rep->chip_id);
    write_tcb(&w, rep->committed_tcb);
    write_firmware(&w, &rep->current);
    write_firmware(&w, &rep->committed);
    write_tcb(&w, rep->launch_tcb);
    hf_wr_u64le(&w, rep->launch_mitigations);
    hf_wr_u64le(&w, rep->current_mitigations);
    hf_wr_zero(&w, HF_SNP_SIGNED_SIZE - 0x208);
    hf_wr_bytes(&w, rep->r);
    hf_wr_bytes(&w, rep->s);
    hf_wr_zero(&w, SIGNATURE_SIZE - 2 * SCALAR_SIZE);
}

static bool zeros(struct hf_bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        if (b.p[i])
            return false;
    }
    return true;
}

bool hf_snp_chip_masked(const struct hf_snp_report *rep)
{
    return zeros(rep->chip_id);
}

static bool short_chip_id(const struct hf_snp_report *rep)
{
    return !hf_snp_chip_masked(rep) && zeros((struct hf_bytes){rep->chip_id.p + 8, rep->chip_id.n - 8});
}

enum hf_snp_product hf_snp_report_product(const struct hf_snp_report *rep)
{
    if (rep->version >= 3)
        return hf_snp_product_of(rep->family, rep->model);
    return short_chip_id(rep) ? HF_SNP_PRODUCT_TURIN : HF_SNP_PRODUCT_UNKNOWN;
}

enum hf_snp_product hf_snp_report_layout(const struct hf_snp_report *rep)
{
    enum hf_snp_product product = hf_snp_report_product(rep);

    if (rep->version < 3 && product == HF_SNP_PRODUCT_UNKNOWN && !hf_snp_chip_masked(rep))
        return HF_SNP_PRODUCT_MILAN; /* or Genoa: one layout */
    return product;
}

struct hf_bytes hf_snp_report_hwid(const struct hf_snp_report *rep, enum hf_snp_product product)
{
    struct hf_bytes id = rep->chip_id;

    if (product == HF_SNP_PRODUCT_TURIN && zeros((struct hf_bytes){id.p + 8, id.n - 8}))
        id.n = 8;
    return id;
}

void hf_snp_report_vcek_url(const struct hf_snp_report *rep, enum hf_snp_product product, char out[HF_SNP_URL_MAX])
{
    struct hf_bytes hwid = hf_snp_report_hwid(rep, product);
    struct hf_snp_tcb tcb;
    char hex[2 * 64 + 1] = "";
    char fmc[16] = "";

    out[0] = 0;
    if (HF_SNP_SIGNING_KEY(rep->flags) != HF_SNP_KEY_VCEK || hf_snp_chip_masked(rep) ||
        hf_snp_tcb_parse(rep->reported_tcb, product, &tcb) != HF_OK)
        return;
    for (size_t i = 0; i < hwid.n; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", hwid.p[i]);
    if (tcb.has_fmc)
        (void)snprintf(fmc, sizeof(fmc), "fmcSPL=%02u&", tcb.fmc);
    (void)snprintf(out, HF_SNP_URL_MAX,
                   "https://kdsintf.amd.com/vcek/v1/%s/%s?%sblSPL=%02u&teeSPL=%02u&snpSPL=%02u&ucodeSPL=%02u",
                   hf_snp_product_name(product), hex, fmc, tcb.boot_loader, tcb.tee, tcb.snp, tcb.microcode);
}

hf_err hf_amd_scalar(struct hf_bytes le, const char *name, uint8_t out[48])
{
    if (le.n != SCALAR_SIZE || !zeros((struct hf_bytes){le.p + 48, le.n - 48}))
        return hf_fail(HF_E_FORMAT, "%s is wider than 48 bytes", name);
    for (size_t i = 0; i < 48; i++)
        out[i] = le.p[47 - i];
    return HF_OK;
}

void hf_snp_report_split(struct hf_bytes in, struct hf_bytes *report, struct hf_bytes *table)
{
    *report = in;
    *table = (struct hf_bytes){0};
    if (in.n <= HF_SNP_REPORT_SIZE)
        return;
    *table = (struct hf_bytes){in.p + HF_SNP_REPORT_SIZE, in.n - HF_SNP_REPORT_SIZE};
    if (hf_amd_cert_table_looks(*table) || zeros(*table))
        report->n = HF_SNP_REPORT_SIZE;
    else
        *table = (struct hf_bytes){0};
}

/* The fields that have few values. A version of one byte tells it from structures that begin with two u16. */
bool hf_snp_report_looks(struct hf_bytes in)
{
    struct hf_reader r = hf_reader(in);
    uint32_t version = hf_rd_u32le(&r), algo, vmpl;

    hf_rd_skip(&r, 0x30 - 4);
    vmpl = hf_rd_u32le(&r);
    algo = hf_rd_u32le(&r);
    if (hf_rd_err(&r) != HF_OK || version == 0 || version > 255)
        return false;
    if (in.n == HF_SNP_REPORT_SIZE)
        return true;
    return (vmpl < 4 || vmpl == HF_SNP_VMPL_HOST) && algo == HF_SNP_ALG_ECDSA_P384_SHA384;
}

/* Cut off, it may have the length of another report, which these bytes could be as well: SGX's bodies and reports, TD
 * bodies, TDREPORTs. Then it is that. */
static bool is_another(struct hf_bytes in)
{
    static const size_t lengths[] = {384, 432, 584, 648};

    for (size_t i = 0; i < HF_COUNT(lengths); i++) {
        if (in.n == lengths[i])
            return true;
    }
    return in.n == 1024 && in.p[0] == 0x81;
}

static bool detect(struct hf_bytes in)
{
    struct hf_bytes report, table;

    hf_snp_report_split(in, &report, &table);
    return report.n <= HF_SNP_REPORT_SIZE && !is_another(report) && hf_snp_report_looks(report);
}

const struct hf_evidence_format hf_format_snp_report = {
    .name = "snp-report",
    .family = "snp",
    .about = "AMD SEV-SNP attestation report, versions 2 to 5, alone or with its certificate table",
    .detect = detect,
    .inspect = hf_snp_report_inspect,
};
