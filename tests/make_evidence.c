/*
 * Evidence for the tests of commands and for benchmarks, made at run time with hierarchies of its own:
 *
 *     make_evidence FOLDER          one of each kind, with roots and collateral beside it
 *     make_evidence FOLDER N        N SGX quotes of one platform, 100 of them by each attestation key, at most 1000
 *                                   different: those behind them are links
 *
 * The time at which they hold is in FOLDER/at.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "make_amd.h"
#include "make_intel.h"
#include "make_nitro.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder;

static void must(hf_err err, const char *what)
{
    if (err == HF_OK)
        return;
    (void)fprintf(stderr, "%s: %s: %s\n", what, hf_err_name(err), hf_err_detail());
    exit(1);
}

static void put(const char *name, struct hf_bytes bytes)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    must(hf_file_write(path, bytes), path);
}

static void put_folder(const char *name)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (mkdir(path, 0755) != 0)
        must(hf_fail_errno("%s", path), "mkdir");
}

static void put_time(hf_time at)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%lld\n", (long long)at);
    put("at", hf_bytes_text(text));
}

static const char nonce[] = "a nonce of these tests";

static void nitro(void)
{
    HF_CLEANUP(make_nitro_free) struct make_nitro n;
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    static const uint8_t zero[48];

    make_nitro_start(&n);
    must(make_nitro_certs(&n), "certificates");
    n.doc.nonce.given = true;
    n.doc.nonce.bytes = hf_bytes_text(nonce);
    must(make_nitro_sign(&n, &doc), "sign");
    put("nitro.cbor", hf_buf_bytes(&doc));
    put("nitro-root.der", n.ca[NITRO_ROOT].cert->der);
    for (size_t i = 0; i < 3; i++)
        n.doc.pcr[i] = HF_BYTES_OF(zero);
    must(make_nitro_sign(&n, &doc), "sign");
    put("nitro-debug.cbor", hf_buf_bytes(&doc));
}

static void put_intel(struct make_intel *m, const char *place)
{
    static const struct {
        const char *name;
        hf_err (*make)(struct make_intel *m, struct hf_buf *out);
    } documents[] = {{"tcb-info.json", make_intel_tcb_info},
                     {"identity.json", make_intel_identity},
                     {"pck-crl.der", make_intel_pck_crl},
                     {"root-crl.der", make_intel_root_crl}};
    char path[128];

    put_folder(place);
    for (size_t i = 0; i < HF_COUNT(documents); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

        (void)snprintf(path, sizeof(path), "%s/%s", place, documents[i].name);
        must(documents[i].make(m, &out), path);
        put(path, hf_buf_bytes(&out));
    }
    (void)snprintf(path, sizeof(path), "%s/signer.der", place);
    put(path, m->ca[INTEL_SIGNER].cert->der);
    (void)snprintf(path, sizeof(path), "%s-root.der", place);
    put(path, m->ca[INTEL_ROOT].cert->der);
}

static void intel(const char *name, bool tdx)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;
    HF_CLEANUP(hf_buf_free) struct hf_buf quote = {0};
    char path[64];

    make_intel_start(&m, tdx);
    must(make_intel_certs(&m), "certificates");
    must(make_intel_quote(&m, &quote), "quote");
    (void)snprintf(path, sizeof(path), "%s.bin", name);
    put(path, hf_buf_bytes(&quote));
    put_intel(&m, name);
}

static void quotes(unsigned long count)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;
    HF_CLEANUP(hf_buf_free) struct hf_buf quote = {0};
    char name[64], path[4200], first[4200];

    make_intel_start(&m, false);
    must(make_intel_certs(&m), "certificates");
    put_intel(&m, "sgx");
    put_folder("evidence");
    for (unsigned long i = 0; i < count; i++) {
        if (i % 1000 == 0) {
            (void)snprintf(name, sizeof(name), "evidence/%lu", i / 1000);
            put_folder(name);
        }
        (void)snprintf(name, sizeof(name), "evidence/%lu/%lu.quote", i / 1000, i);
        if (i >= 1000) {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
            (void)snprintf(first, sizeof(first), "%s/evidence/0/%lu.quote", folder, i % 1000);
            if (link(first, path) != 0)
                must(hf_fail_errno("%s", path), "link");
            continue;
        }
        if (i % 100 == 99) {
            hf_privkey_free(&m.ak);
            must(hf_privkey_generate_ec(HF_P256, &m.ak), "key");
        }
        m.sgx.isv_svn = (uint16_t)i;
        must(make_intel_quote(&m, &quote), "quote");
        put(name, hf_buf_bytes(&quote));
    }
}

static void snp(void)
{
    HF_CLEANUP(make_amd_free) struct make_amd amd = {0};
    HF_CLEANUP(testca_free) struct testca vcek = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};
    uint8_t signed_report[HF_SNP_REPORT_SIZE];
    struct make_vek_spec spec = {0};
    struct hf_snp_report report;

    must(make_amd_new("Milan", &amd), "amd");
    make_snp_report(2, HF_SNP_PRODUCT_MILAN, &report);
    make_vek_of(&report, HF_SNP_PRODUCT_MILAN, "Milan-B0", &spec.vek);
    must(make_vek(&amd, &spec, &vcek), "vcek");
    must(make_snp_sign(&report, vcek.key, signed_report), "sign");
    must(make_amd_crl(&amd, NULL, 0, 0, &crl), "crl");
    put("snp.bin", HF_BYTES_OF(signed_report));
    put_folder("snp");
    put("snp-root.der", amd.ark.cert->der);
    put("snp/ask.der", amd.ask.cert->der);
    put("snp/vcek.der", vcek.cert->der);
    put("snp/crl.der", hf_buf_bytes(&crl));
    put("snp/README", hf_bytes_text("certificates and a list for snp.bin\n"));
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: make_evidence FOLDER [N]\n");
        return 64;
    }
    folder = argv[1];
    put_time(NITRO_MADE + 60);
    if (argc > 2) {
        quotes(strtoul(argv[2], NULL, 10));
        return 0;
    }
    nitro();
    snp();
    intel("sgx", false);
    intel("tdx", true);
    return 0;
}
