/* Good evidence, made and real. */
#include "subject.h"
#include "make_amd.h"
#include "make_intel.h"
#include "make_nitro.h"

#include <dirent.h>

static void start(struct subject *s, const char *name, int64_t at)
{
    *s = (struct subject){0};
    (void)snprintf(s->name, sizeof(s->name), "%s", name);
    OK(hf_verifier_new(&s->verifier));
    s->request = (struct hf_verify_request){.n_evidence = 1, .at = at};
}

static void finish(struct subject *s, on_subject *call, void *to)
{
    s->view = hf_buf_bytes(&s->evidence);
    s->request.evidence = &s->view;
    call(to, s);
    hf_buf_free(&s->evidence);
    hf_verifier_free(&s->verifier);
}

static void know(struct subject *s, struct hf_bytes bytes, const char *name)
{
    OK(hf_verifier_add_collateral(s->verifier, bytes, name));
}

/* ---- made ---- */

static void made_intel(bool tdx, on_subject *call, void *to)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct subject s;

    start(&s, tdx ? "made/tdx" : "made/sgx", INTEL_AT);
    make_intel_start(&m, tdx);
    OK(make_intel_certs(&m));
    OK(hf_verifier_add_root(s.verifier, m.ca[INTEL_ROOT].cert->der, "root"));
    know(&s, m.ca[INTEL_SIGNER].cert->der, "signer");
    OK(make_intel_tcb_info(&m, &out));
    know(&s, hf_buf_bytes(&out), "TCB info");
    OK(make_intel_identity(&m, &out));
    know(&s, hf_buf_bytes(&out), "identity");
    OK(make_intel_pck_crl(&m, &out));
    know(&s, hf_buf_bytes(&out), "PCK CRL");
    OK(make_intel_root_crl(&m, &out));
    know(&s, hf_buf_bytes(&out), "root CRL");
    OK(make_intel_quote(&m, &s.evidence));
    s.request.has_report_data = true;
    s.request.report_data = tdx ? HF_BYTES_OF(m.td.report_data) : HF_BYTES_OF(m.sgx.report_data);
    finish(&s, call, to);
}

static void made_snp(unsigned version, enum hf_snp_product product, const char *name, const char *stepping,
                     on_subject *call, void *to)
{
    HF_CLEANUP(make_amd_free) struct make_amd amd = {0};
    HF_CLEANUP(testca_free) struct testca vcek = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};
    uint8_t report[HF_SNP_REPORT_SIZE];
    struct make_vek_spec spec = {0};
    struct hf_snp_report rep;
    struct subject s;

    start(&s, "made/snp", MAKE_AMD_AT);
    OK(make_amd_new(name, &amd));
    make_snp_report(version, product, &rep);
    make_vek_of(&rep, product, stepping, &spec.vek);
    OK(make_vek(&amd, &spec, &vcek));
    OK(make_snp_sign(&rep, vcek.key, report));
    OK(make_amd_crl(&amd, NULL, 0, 0, &crl));
    OK(hf_verifier_add_root(s.verifier, amd.ark.cert->der, "ark"));
    know(&s, amd.ask.cert->der, "ask");
    know(&s, vcek.cert->der, "vcek");
    know(&s, hf_buf_bytes(&crl), "crl");
    OK(hf_buf_set(&s.evidence, HF_BYTES_OF(report)));
    finish(&s, call, to);
}

static void made_nitro(on_subject *call, void *to)
{
    HF_CLEANUP(make_nitro_free) struct make_nitro n;
    struct subject s;

    start(&s, "made/nitro", NITRO_MADE + 1);
    make_nitro_start(&n);
    n.doc.nonce.given = s.request.has_nonce = true;
    n.doc.nonce.bytes = s.request.nonce = hf_bytes_text("a fresh nonce");
    OK(make_nitro_certs(&n));
    OK(hf_verifier_add_root(s.verifier, n.ca[NITRO_ROOT].cert->der, "root"));
    OK(make_nitro_sign(&n, &s.evidence));
    finish(&s, call, to);
}

void subjects_made(on_subject *call, void *to)
{
    made_intel(false, call, to);
    made_intel(true, call, to);
    made_snp(2, HF_SNP_PRODUCT_MILAN, "Milan", "Milan-B0", call, to);
    made_snp(5, HF_SNP_PRODUCT_TURIN, "Turin", "Turin-B0", call, to);
    made_nitro(call, to);
}

/* ---- real ---- */

static void know_vector(struct subject *s, const char *name)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};

    vector(name, &file);
    know(s, hf_buf_bytes(&file), name);
}

/* Every file of a folder whose name begins so. */
static void know_all(struct subject *s, const char *folder, const char *begins)
{
    char path[1024];
    struct dirent *e;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "%s/%s", vectors_dir(), folder);
    dir = opendir(path);
    if (!dir)
        FAIL("%s cannot be read", path);
    while ((e = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        if (strncmp(e->d_name, begins, strlen(begins)) == 0)
            know_vector(s, path);
    }
    (void)closedir(dir);
}

/* "evidence/" and the file that a case names under a key; false where it names none. */
static bool named(const char *one, const char *key, char path[512])
{
    const char *at = json_key(one, key);
    struct hf_bytes name = at ? json_word(at) : hf_bytes_text("");

    (void)snprintf(path, 512, "evidence/%.*s", (int)name.n, (const char *)name.p);
    return at && *at == '"';
}

static int64_t time_of(const char *one)
{
    const char *at = json_key(one, "time");

    return at ? (int64_t)json_number(at) : 1750000000; /* 2025-06-15: everything that names no time holds then */
}

static void intel_case(const char *one, struct subject *s)
{
    static const char *const keys[] = {"tcb_info", "qe_identity", "pck_crl", "root_crl"};
    char path[512];

    for (size_t i = 0; i < HF_COUNT(keys); i++) {
        if (named(one, keys[i], path))
            know_vector(s, path);
    }
    know_all(s, "evidence/sgx/pki", "intel-tcb-signing"); /* a CA that issues PCKs must come with the quote */
    know_all(s, "evidence/sgx/pki", "intel-sgx-root");
}

static void snp_case(const char *one, struct subject *s)
{
    char path[512];

    if (named(one, "vek", path))
        know_vector(s, path);
    know_all(s, "evidence/snp/pki", "a");
    know_all(s, "evidence/snp/pki", "crl");
}

static void no_case(const char *one, struct subject *s)
{
    (void)one, (void)s;
}

static void cca_case(const char *one, struct subject *s)
{
    char path[512];

    if (named(one, "platform_key", path))
        know_vector(s, path);
}

static void nvidia_case(const char *one, struct subject *s)
{
    char path[512];

    if (named(one, "chain", path))
        know_vector(s, path);
}

static void cases(const char *file, const char *list, const char *key,
                  void (*prepare)(const char *one, struct subject *s), on_subject *call, void *to)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char before[512] = "";
    const char *all = vector_text(file, &text);

    for (const char *one = json_first(list ? json_key(all, list) : all); one; one = json_next(one)) {
        struct subject s;
        char path[512];

        if (!named(one, key, path) || strcmp(path, before) == 0) /* the cases of one quote stand together */
            continue;
        memcpy(before, path, sizeof(before));
        start(&s, path, time_of(one));
        prepare(one, &s);
        vector(path, &s.evidence);
        finish(&s, call, to);
    }
}

void subjects_real(on_subject *call, void *to)
{
    cases("evidence/sgx/cases.json", NULL, "quote", intel_case, call, to);
    cases("evidence/tdx/cases.json", NULL, "quote", intel_case, call, to);
    cases("evidence/snp/cases.json", NULL, "report", snp_case, call, to);
    cases("evidence/nitro/cases.json", "positive", "doc", no_case, call, to);
    cases("evidence/cca/cases.json", NULL, "token", cca_case, call, to);
    cases("evidence/nvidia/cases.json", NULL, "report", nvidia_case, call, to);
}
