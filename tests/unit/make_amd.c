/* AMD's hierarchy for tests. */
#include "make_amd.h"
#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

#define CSP_ID "CN=cc-test-1.example.com"

static const struct hf_sig_alg pss = {HF_SIG_RSAPSS, HF_SHA384, HF_SHA384, 48};

/* Making one takes a second: the first of a process is kept for the next. */
static hf_err kept_key(unsigned which, struct hf_privkey **out)
{
    static struct hf_privkey *keys[2];

    if (!keys[which])
        HF_TRY(hf_privkey_generate_rsa(4096, &keys[which]));
    *out = keys[which];
    return HF_OK;
}

static hf_err ca(const char *name, const char *serial, unsigned which, const struct make_amd_ca *by,
                 struct make_amd_ca *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    char subject[80];
    struct testca_spec spec = {.subject = subject, .serial = serial, .ca = true, .sig = pss};

    (void)snprintf(subject, sizeof(subject), "OU=Engineering,C=US,O=Advanced Micro Devices,CN=%s", name);
    spec.key_usage = (uint16_t)(HF_KU_CERT_SIGN | (by ? 0 : HF_KU_CRL_SIGN));
    spec.has_path_len = by != NULL;
    HF_TRY(kept_key(which, &out->key));
    HF_TRY(testca_issue(&spec, by ? by->key : out->key, by ? by->cert : NULL, hf_privkey_public(out->key), &der));
    return hf_cert_parse(hf_buf_bytes(&der), &out->cert);
}

hf_err make_amd_new(const char *product, struct make_amd *out)
{
    HF_CLEANUP(make_amd_free) struct make_amd amd = {0};
    char name[40];

    (void)snprintf(amd.product, sizeof(amd.product), "%s", product);
    (void)snprintf(name, sizeof(name), "ARK-%s", product);
    HF_TRY(ca(name, "010000", 0, NULL, &amd.ark));
    (void)snprintf(name, sizeof(name), "SEV-%s", product);
    HF_TRY(ca(name, "010001", 1, &amd.ark, &amd.ask));
    (void)snprintf(name, sizeof(name), "SEV-VLEK-%s", product);
    HF_TRY(ca(name, "010101", 1, &amd.ark, &amd.asvk));
    *out = amd;
    amd = (struct make_amd){0};
    return HF_OK;
}

void make_amd_free(struct make_amd *amd)
{
    hf_cert_free(&amd->ark.cert);
    hf_cert_free(&amd->ask.cert);
    hf_cert_free(&amd->asvk.cert);
}

hf_err make_vek(const struct make_amd *amd, const struct make_vek_spec *spec, struct testca *out)
{
    HF_CLEANUP(testca_free) struct testca leaf = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    const struct make_amd_ca *by = spec->by;
    struct hf_amd_vek_extension value[HF_AMD_VEK_EXTENSIONS];
    struct testca_ext ext[HF_AMD_VEK_EXTENSIONS] = {0};
    bool vlek = spec->vek.csp_id.n != 0;
    struct testca_spec cert = {.subject = spec->subject,
                               .serial = "00",
                               .from = spec->from,
                               .until = spec->until,
                               .no_basic = true,
                               .no_key_ids = true,
                               .ext = ext,
                               .sig = spec->sig.scheme == HF_SIG_NONE ? pss : spec->sig};

    if (!by)
        by = vlek ? &amd->asvk : &amd->ask;
    if (!cert.subject)
        cert.subject = vlek ? "OU=Engineering,C=US,O=Advanced Micro Devices,CN=SEV-VLEK"
                            : "OU=Engineering,C=US,O=Advanced Micro Devices,CN=SEV-VCEK";
    HF_TRY(hf_amd_vek_write(&spec->vek, value, &cert.n_ext));
    for (size_t i = 0; i < cert.n_ext; i++)
        ext[i] = (struct testca_ext){.oid = value[i].oid, .value = {value[i].value, value[i].n}};
    HF_TRY(hf_privkey_generate_ec(HF_P384, &leaf.key));
    HF_TRY(testca_issue(&cert, by->key, by->cert, hf_privkey_public(leaf.key), &der));
    HF_TRY(hf_cert_parse(hf_buf_bytes(&der), &leaf.cert));
    *out = leaf;
    leaf = (struct testca){0};
    return HF_OK;
}

hf_err make_amd_crl(const struct make_amd *amd, const char *revoked, hf_time from, hf_time until, struct hf_buf *out)
{
    struct testca_revoked entry = {.serial = revoked, .date = from ? from : TESTCA_FROM, .reason = -1};
    struct testca issuer = {amd->ark.key, amd->ark.cert};
    struct testca_crl_spec spec = {.this_update = from, .next_update = until, .sig = pss};

    if (revoked) {
        spec.revoked = &entry;
        spec.n_revoked = 1;
    }
    return testca_crl(&spec, &issuer, out);
}

void make_snp_report(unsigned version, enum hf_snp_product product, struct hf_snp_report *out)
{
    static const uint8_t zero[64], ones[32] = {[0 ... 31] = 0xff};
    static uint8_t count[64], chip[8];
    struct hf_snp_tcb tcb = {product == HF_SNP_PRODUCT_TURIN, 1, 3, 0, 8, 115};
    struct hf_snp_report rep = {.version = version, .policy = 0x30000, .platform_info = 0x24, .signature_algo = 1};

    if (product == HF_SNP_PRODUCT_TURIN)
        tcb.boot_loader = 1;
    for (size_t i = 0; i < sizeof(count); i++)
        count[i] = (uint8_t)(i + 1);
    memcpy(chip, count, sizeof(chip));
    rep.family_id = rep.image_id = (struct hf_bytes){count, 16};
    rep.report_data = (struct hf_bytes){count, 64};
    rep.measurement = (struct hf_bytes){count, 48};
    rep.host_data = (struct hf_bytes){zero, 32};
    rep.id_key_digest = rep.author_key_digest = (struct hf_bytes){zero, 48};
    rep.report_id = (struct hf_bytes){count, 32};
    rep.report_id_ma = (struct hf_bytes){ones, 32};
    rep.chip_id = (struct hf_bytes){count, 64};
    if (product == HF_SNP_PRODUCT_TURIN) {
        static uint8_t turin[64];

        memcpy(turin, chip, sizeof(chip));
        rep.chip_id = (struct hf_bytes){turin, 64};
    }
    hf_snp_tcb_write(&tcb, rep.reported_tcb);
    hf_snp_tcb_write(&tcb, rep.committed_tcb);
    hf_snp_tcb_write(&tcb, rep.current_tcb);
    hf_snp_tcb_write(&tcb, rep.launch_tcb);
    rep.current = rep.committed = (struct hf_snp_firmware){40, 55, 1};
    if (version >= 3) {
        rep.family = product == HF_SNP_PRODUCT_TURIN || product == HF_SNP_PRODUCT_VENICE ? 0x1a : 0x19;
        rep.model = product == HF_SNP_PRODUCT_GENOA ? 0x11 : product == HF_SNP_PRODUCT_VENICE ? 0x50 : 0x01;
        rep.stepping = 1;
    }
    if (version >= 5)
        rep.launch_mitigations = rep.current_mitigations = 0x3f;
    rep.r = rep.s = (struct hf_bytes){NULL, 0};
    *out = rep;
}

hf_err make_snp_sign(const struct hf_snp_report *rep, const struct hf_privkey *key, uint8_t out[HF_SNP_REPORT_SIZE])
{
    static const uint8_t zero[72];
    struct hf_snp_report unsigned_report = *rep;

    unsigned_report.r = unsigned_report.s = HF_BYTES_OF(zero);
    hf_snp_report_write(&unsigned_report, out);
    return make_snp_sign_again(out, key);
}

hf_err make_snp_sign_again(uint8_t out[HF_SNP_REPORT_SIZE], const struct hf_privkey *key)
{
    static const struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA384};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

    HF_TRY(hf_privkey_sign_message(key, &alg, (struct hf_bytes){out, HF_SNP_SIGNED_SIZE}, &sig));
    for (size_t i = 0; i < 48; i++) {
        out[0x2a0 + i] = sig.p[47 - i];
        out[0x2e8 + i] = sig.p[95 - i];
    }
    return HF_OK;
}

void make_vek_of(const struct hf_snp_report *rep, enum hf_snp_product product, const char *name, struct hf_amd_vek *out)
{
    struct hf_amd_vek vek = {.struct_version = 1, .product_name = hf_bytes_text(name), .product = product};

    vek.has_spl4 = product != HF_SNP_PRODUCT_TURIN;
    if (hf_snp_tcb_parse(rep->reported_tcb, product, &vek.tcb) != HF_OK)
        vek.tcb = (struct hf_snp_tcb){0};
    if (HF_SNP_SIGNING_KEY(rep->flags) == HF_SNP_KEY_VLEK)
        vek.csp_id = hf_bytes_text(CSP_ID);
    else
        vek.hwid = hf_snp_report_hwid(rep, product);
    *out = vek;
}
