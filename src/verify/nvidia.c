/* Verdicts over NVIDIA GPU and switch reports. */
#include "verify/nvidia.h"
#include "evidence/dice_tcb.h"
#include "verify/ocsp.h"

#include <stdio.h>

#define POOL_MAX (2 * HF_CERTS_MAX)
#define TRIES_MAX 32 /* certificates whose key is tried: a millisecond each */

/* All certificates, the verifier's and those that came with the evidence, as one list of views. */
struct pool {
    struct hf_certs certs;
    struct hf_cert *cert[POOL_MAX];
};

static void gather(const struct hf_judge *j, struct pool *out)
{
    const struct hf_certs *from[] = {&j->inner->certs, &j->endorsements->certs};

    out->certs = (struct hf_certs){0, out->cert};
    for (size_t s = 0; s < HF_COUNT(from); s++) {
        for (size_t i = 0; i < from[s]->n && out->certs.n < POOL_MAX; i++)
            out->cert[out->certs.n++] = from[s]->cert[i];
    }
}

/* ---- the signer ---- */

static hf_err dice_of(const struct hf_cert *cert, struct hf_dice_tcb *out)
{
    static const char *const oids[] = {HF_OID_DICE_TCB_INFO, HF_OID_DICE_TCB_INFO_ALIAS, HF_OID_DICE_MULTI_TCB_INFO};

    for (size_t i = 0; i < HF_COUNT(oids); i++) {
        const struct hf_extension *ext = hf_cert_ext(cert, oids[i]);

        if (ext)
            return hf_dice_tcb_parse(ext->value, out);
    }
    return hf_fail(HF_E_NOT_FOUND, "the certificate has no DICE extension");
}

static bool has_fwid(const struct hf_dice_tcb *tcb, struct hf_bytes fwid)
{
    for (size_t i = 0; i < tcb->n_fwids; i++) {
        if (hf_bytes_equal(tcb->fwid[i].digest, fwid))
            return true;
    }
    return false;
}

/* A device's own certificate: of a P-384 key that issues nothing, made by the device. */
static bool candidate(const struct hf_cert *cert)
{
    struct hf_dice_tcb tcb;

    return !cert->ca && hf_pubkey_curve(cert->key) == HF_P384 && dice_of(cert, &tcb) != HF_E_NOT_FOUND;
}

static hf_err check_signature(const struct hf_spdm_report *report, const struct hf_cert *cert)
{
    static const struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA384};

    return hf_pubkey_verify_message(cert->key, &alg, report->signed_bytes, report->signature);
}

/* Row "signature"; the leaf that signed, or the first that might have; NULL without any. */
static const struct hf_cert *judge_signature(const struct pool *pool, const struct hf_spdm_report *report,
                                             struct hf_verdict *v)
{
    const struct hf_cert *first = NULL;
    size_t tries = 0;

    for (size_t i = 0; i < pool->certs.n && tries < TRIES_MAX; i++) {
        const struct hf_cert *cert = pool->cert[i];

        if (!candidate(cert))
            continue;
        tries++;
        if (check_signature(report, cert) == HF_OK) {
            hf_check_found(hf_check(v, "signature", HF_OK), "by %s", cert->subject_text);
            return cert;
        }
        first = first ? first : cert;
    }
    hf_check_found(hf_check(v, "signature",
                            first
                                ? hf_fail(HF_E_MISMATCH, "by none of the devices whose certificates were given")
                                : hf_fail(HF_E_UNTRUSTED, "no certificate of a device: give the chain that the driver "
                                                          "gives with the report")),
                   "%zu certificates tried", tries);
    return first;
}

/* ---- rows ---- */

static void judge_fwid(const struct hf_spdm_report *report, const struct hf_cert *leaf, struct hf_verdict *v)
{
    struct hf_bytes fwid = {0};
    struct hf_dice_tcb tcb = {0};
    struct hf_check *row;
    hf_err err;

    if (hf_nvidia_field(report->opaque, HF_NVIDIA_FWID, &fwid) != HF_OK) {
        (void)hf_check_not_applicable(v, "fwid", "the report has none: a switch, or a driver before 550");
        return;
    }
    err = leaf ? dice_of(leaf, &tcb) : hf_fail(HF_E_NOT_FOUND, "no certificate");
    if (err == HF_OK && !has_fwid(&tcb, fwid))
        err = hf_fail(HF_E_MISMATCH, "the firmware that reported is not the one that the key was made for");
    row = hf_check(v, "fwid", err);
    hf_check_found_hex(row, fwid);
    if (tcb.n_fwids)
        hf_check_expected_hex(row, tcb.fwid[0].digest);
}

static void judge_certificates(const struct hf_judge *j, const struct pool *pool, const struct hf_cert *leaf,
                               struct hf_verdict *v, struct hf_findings *f)
{
    /* The leaf is the device's own work, new with each firmware; NVIDIA answers for what is above. */
    const struct hf_revocation_rows revocation = {"revocation", 1, HF_NVIDIA_OCSP_URL};
    const struct hf_chain_options rules = {.need_key_usage = true};
    struct hf_chain chain = {0};

    if (!leaf) {
        (void)hf_check(v, "certificate chain", hf_fail(HF_E_UNTRUSTED, "no certificate of a device"));
        (void)hf_check(v, "root", hf_fail(HF_E_UNTRUSTED, "no chain, so no root"));
        return;
    }
    (void)hf_judge_chain(j, HF_VENDOR_NVIDIA, leaf, &pool->certs, &rules, v, f, &chain);
    if (chain.n > 1)
        (void)hf_judge_revocation_by_any(j, &chain, &revocation, v, f);
}

/* ---- claims ---- */

static void text_claim(struct hf_bytes opaque, uint16_t type, const char *name, struct hf_claims *out)
{
    struct hf_bytes text = hf_nvidia_text(opaque, type);

    if (text.n)
        hf_claim_text(out, name, text);
}

static void bytes_claim(struct hf_bytes opaque, uint16_t type, const char *name, struct hf_claims *out)
{
    struct hf_bytes value;

    if (hf_nvidia_field(opaque, type, &value) == HF_OK)
        hf_claim_bytes(out, name, value);
}

static void feature_claim(struct hf_bytes opaque, struct hf_claims *out)
{
    static const char *const modes[] = {"single-gpu", "multi-gpu", "protected-pcie"};
    struct hf_bytes flag;

    if (hf_nvidia_field(opaque, HF_NVIDIA_FEATURE_FLAG, &flag) != HF_OK || flag.n != 2)
        return;
    if (flag.p[1] == 0 && flag.p[0] < HF_COUNT(modes))
        hf_claim_word(out, "gpu_mode", modes[flag.p[0]]);
    else
        hf_claim_bytes(out, "gpu_mode", flag);
}

static void claims_of(const struct hf_spdm_report *report, const struct hf_nvidia_device *device,
                      const struct hf_cert *leaf, struct hf_claims *out)
{
    struct hf_reader r = hf_reader(report->record);
    struct hf_bytes opaque = report->opaque, cn;
    struct hf_spdm_block b;
    char name[32];

    hf_claim_word(out, "device_type", device->is_switch ? "switch" : "gpu");
    if (leaf && hf_name_find(leaf->subject, "2.5.4.3", &cn) == HF_OK)
        hf_claim_text(out, "device", cn);
    text_claim(opaque, HF_NVIDIA_DRIVER_VERSION, "driver_version", out);
    if (device->vbios[0])
        hf_claim_printf(out, "vbios_version", "%s", device->vbios);
    bytes_claim(opaque, HF_NVIDIA_BOARD_ID, "board_id", out);
    text_claim(opaque, HF_NVIDIA_PROJECT, "project", out);
    text_claim(opaque, HF_NVIDIA_PROJECT_SKU, "project_sku", out);
    text_claim(opaque, HF_NVIDIA_PROJECT_SKU_MOD, "project_sku_mod", out);
    text_claim(opaque, HF_NVIDIA_SKU, "sku", out);
    text_claim(opaque, HF_NVIDIA_CHIP_SKU, "chip_sku", out);
    text_claim(opaque, HF_NVIDIA_CHIP_SKU_MOD, "chip_sku_mod", out);
    bytes_claim(opaque, HF_NVIDIA_FWID, "fwid", out);
    bytes_claim(opaque, HF_NVIDIA_PROTECTED_PCIE, "protected_pcie", out);
    bytes_claim(opaque, HF_NVIDIA_SWITCH_PDI, "switch_device_ids", out);
    feature_claim(opaque, out);
    hf_claim_bytes(out, "nonce", report->nonce);
    while (hf_spdm_block_next(&r, &b)) {
        (void)snprintf(name, sizeof(name), "measurement_%u", b.index);
        hf_claim_bytes(out, name, b.value);
    }
}

/* The leaf's name begins with the chip's: "GH100 A01 GSP FMC LF", "LS_10 A01 FSP FMC LF". */
static void chip_of(const struct hf_cert *leaf, char out[16])
{
    struct hf_bytes cn = {0};
    size_t n = 0;

    out[0] = 0;
    if (!leaf || hf_name_find(leaf->subject, "2.5.4.3", &cn) != HF_OK)
        return;
    for (size_t i = 0; i < cn.n && cn.p[i] != ' ' && n + 1 < 16; i++) {
        if (cn.p[i] != '_')
            out[n++] = (char)cn.p[i];
    }
    out[n] = 0;
}

static void print_text(struct hf_bytes opaque, uint16_t type, char *out, size_t room)
{
    struct hf_bytes text = hf_nvidia_text(opaque, type);

    (void)snprintf(out, room, "%.*s", (int)(text.n < room ? text.n : room - 1), text.n ? (const char *)text.p : "");
}

void hf_nvidia_device_of(const struct hf_spdm_report *report, const struct hf_cert *leaf, struct hf_nvidia_device *out)
{
    char project[16], sku[16], chip_sku[16], plain[HF_NVIDIA_VERSION_TEXT];
    size_t n = 0;

    *out = (struct hf_nvidia_device){0};
    chip_of(leaf, out->chip);
    print_text(report->opaque, HF_NVIDIA_DRIVER_VERSION, out->driver, sizeof(out->driver));
    hf_nvidia_vbios(report->opaque, out->vbios);
    out->is_switch = !out->driver[0];
    print_text(report->opaque, HF_NVIDIA_PROJECT, project, sizeof(project));
    print_text(report->opaque, HF_NVIDIA_PROJECT_SKU, sku, sizeof(sku));
    print_text(report->opaque, HF_NVIDIA_CHIP_SKU, chip_sku, sizeof(chip_sku));
    for (const char *p = out->vbios; *p; p++) {
        if (*p != '.')
            plain[n++] = *p;
    }
    plain[n] = 0;
    (void)snprintf(out->driver_rim, sizeof(out->driver_rim), "%s_%s_%s",
                   strncmp(out->chip, "GB", 2) == 0 ? "NV_GPU_CC_DRIVER" : "NV_GPU_DRIVER", out->chip, out->driver);
    if (out->is_switch) /* LS10's project, SKU and chip SKU, which its reports leave out */
        (void)snprintf(out->vbios_rim, sizeof(out->vbios_rim), "NV_SWITCH_BIOS_5612_0002_890_%s", plain);
    else
        (void)snprintf(out->vbios_rim, sizeof(out->vbios_rim), "NV_GPU_VBIOS_%s_%s_%s_%s", project, sku, chip_sku,
                       plain);
}

hf_judge_fn hf_nvidia_judge;

void hf_nvidia_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_spdm_report report;
    struct hf_nvidia_device device;
    const struct hf_cert *leaf;
    struct pool pool;
    hf_err err = hf_spdm_report_parse(evidence, &report);
    struct hf_check *row = hf_check(v, "structure", err);

    if (err != HF_OK)
        return;
    if (report.stray.n)
        hf_check_note(row, "one byte behind the signature (0x%02x), which nothing signs", report.stray.p[0]);
    gather(j, &pool);
    leaf = judge_signature(&pool, &report, v);
    judge_certificates(j, &pool, leaf, v, f);
    judge_fwid(&report, leaf, v);
    hf_nvidia_device_of(&report, leaf, &device);
    if (hf_nvidia_judge_measurements(j, &report, &device, v, f))
        hf_judge_debug(false, "measurements as released", v, f);
    else
        (void)hf_check_absent(v, "debug", "only measurements as released show that it is off");
    hf_judge_freshness(j, report.nonce, HF_SPDM_NONCE, v, f);
    claims_of(&report, &device, leaf, &f->claims);
    if (f->environment == HF_ENV_HARDWARE)
        f->level = HF_LEVEL_HIGH;
}
