/* Evidence for the benchmark of judging. */
#include "verify_subject.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "crypto/hash.h"
#include "evidence/tpm_public.h"
#include "evidence/tpm_quote.h"
#include "make_amd.h"
#include "make_intel.h"
#include "make_nitro.h"
#include "verify/tpm_signature.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <time.h>

double prepared_s;

double cpu_s(void)
{
    struct timespec ts = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- bare signatures ---- */

static void need(bool yes, const char *what)
{
    if (yes)
        return;
    (void)fprintf(stderr, "%s failed\n", what);
    exit(1);
}

/* r || s as DER. */
static void der_of(const struct hf_buf *raw, struct hf_buf *out)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    size_t half = raw->n / 2;
    unsigned char *der = NULL;
    int n;

    need(sig != NULL, "ECDSA_SIG_new");
    need(ECDSA_SIG_set0(sig, BN_bin2bn(raw->p, (int)half, NULL), BN_bin2bn(raw->p + half, (int)half, NULL)) == 1,
         "ECDSA_SIG_set0");
    n = i2d_ECDSA_SIG(sig, &der);
    need(n > 0, "i2d_ECDSA_SIG");
    MUST(hf_buf_set(out, (struct hf_bytes){der, (size_t)n}));
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
}

/* OpenSSL's own form of a key of ours. */
static EVP_PKEY *evp_of(const struct hf_buf *spki)
{
    const unsigned char *p = spki->p;
    EVP_PKEY *out = d2i_PUBKEY(NULL, &p, (long)spki->n);

    need(out != NULL, "d2i_PUBKEY");
    return out;
}

static struct bare *bare_new(enum hf_curve curve)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf spki = {0};
    struct bare *b = NULL;

    MUST(hf_alloc(sizeof(*b), &b));
    b->alg = (struct hf_sig_alg){.scheme = curve == HF_CURVE_NONE ? HF_SIG_RSASSA : HF_SIG_ECDSA,
                                 .hash = curve == HF_P384 ? HF_SHA384 : HF_SHA256};
    b->n_digest = hf_hash_size(b->alg.hash);
    memset(b->digest, 0x5a, b->n_digest);
    MUST(curve == HF_CURVE_NONE ? hf_privkey_generate_rsa(2048, &key) : hf_privkey_generate_ec(curve, &key));
    MUST(hf_privkey_sign(key, &b->alg, (struct hf_bytes){b->digest, b->n_digest}, &b->sig_raw));
    if (curve == HF_CURVE_NONE)
        MUST(hf_buf_set(&b->sig, hf_buf_bytes(&b->sig_raw)));
    else
        der_of(&b->sig_raw, &b->sig);
    MUST(hf_pubkey_to_spki(hf_privkey_public(key), &spki));
    MUST(hf_pubkey_from_spki(hf_buf_bytes(&spki), &b->ours));
    b->key = evp_of(&spki);
    b->ctx = EVP_PKEY_CTX_new(b->key, NULL);
    need(b->ctx && EVP_PKEY_verify_init(b->ctx) == 1, "EVP_PKEY_verify_init");
    if (curve == HF_CURVE_NONE)
        need(EVP_PKEY_CTX_set_rsa_padding(b->ctx, RSA_PKCS1_PADDING) == 1 &&
                 EVP_PKEY_CTX_set_signature_md(b->ctx, EVP_sha256()) == 1,
             "RSA");
    return b;
}

void bare_verify(void *bare)
{
    const struct bare *b = bare;

    need(EVP_PKEY_verify(b->ctx, b->sig.p, b->sig.n, b->digest, b->n_digest) == 1, "EVP_PKEY_verify");
}

void our_verify(void *bare)
{
    const struct bare *b = bare;

    MUST(hf_pubkey_verify(b->ours, &b->alg, (struct hf_bytes){b->digest, b->n_digest}, hf_buf_bytes(&b->sig_raw)));
}

/* ---- subjects ---- */

static void start(struct subject *s, enum hf_curve curve)
{
    *s = (struct subject){0};
    MUST(hf_verifier_new(&s->verifier));
    MUST(hf_verify_result_new(&s->result));
    s->bare = bare_new(curve);
    s->request = (struct hf_verify_request){.n_evidence = 1, .at = strtoll(AT, NULL, 10)};
}

/* Everything is set: the first verdict must not be a refusal. */
static void ready(struct subject *s)
{
    struct hf_buf text = {0};
    hf_err err;

    s->view = hf_buf_bytes(&s->evidence);
    s->request.evidence = &s->view;
    err = hf_verify(s->verifier, &s->request, s->result);
    if (err == HF_OK || err == HF_E_WARNED)
        return;
    MUST(hf_verify_result_text(s->result, &text));
    (void)fprintf(stderr, "%s\n%.*s\n", hf_err_detail(), (int)text.n, (const char *)text.p);
    exit(1);
}

void subject_free(struct subject *s)
{
    for (size_t i = 0; s->with_new_ak && i < MANY_AKS; i++)
        hf_buf_free(&s->with_new_ak[i]);
    hf_free(&s->with_new_ak);
    hf_buf_free(&s->evidence);
    hf_verifier_free(&s->fresh);
    hf_verifier_free(&s->verifier);
    hf_verify_result_free(&s->result);
    hf_tpm_envelope_free(&s->quote);
    hf_pubkey_free(&s->ak);
    hf_buf_free(&s->bare->sig);
    hf_buf_free(&s->bare->sig_raw);
    hf_pubkey_free(&s->bare->ours);
    EVP_PKEY_CTX_free(s->bare->ctx);
    EVP_PKEY_free(s->bare->key);
    hf_free(&s->bare);
}

void judge_with(const struct subject *s, struct hf_verifier *verifier, struct hf_verify_result *result)
{
    hf_err err = hf_verify(verifier, &s->request, result);

    need(err == HF_OK || err == HF_E_WARNED || err == HF_E_UNTRUSTED, "hf_verify");
}

void judge_warm(void *subject)
{
    const struct subject *s = subject;

    judge_with(s, s->verifier, s->result);
}

void judge_cold(void *subject)
{
    HF_CLEANUP(hf_verifier_free) struct hf_verifier *fresh = NULL;
    const struct subject *s = subject;

    MUST(hf_verifier_beside(s->verifier, &fresh));
    judge_with(s, fresh, s->result);
}

/* Another attestation key each time; when all were used, a verifier that has seen the chain alone. */
void judge_new_ak(void *subject)
{
    struct subject *s = subject;

    if (s->next_ak == 0) {
        double start_s = cpu_s();

        hf_verifier_free(&s->fresh);
        MUST(hf_verifier_beside(s->verifier, &s->fresh));
        judge_with(s, s->fresh, s->result);
        prepared_s += cpu_s() - start_s;
    }
    s->view = hf_buf_bytes(&s->with_new_ak[s->next_ak]);
    s->next_ak = (s->next_ak + 1) % MANY_AKS;
    judge_with(s, s->fresh, s->result);
    s->view = hf_buf_bytes(&s->evidence);
}

static void add(struct subject *s, hf_err made, const struct hf_buf *bytes, const char *name)
{
    MUST(made);
    MUST(hf_verifier_add_collateral(s->verifier, hf_buf_bytes(bytes), name));
}

void subject_intel(struct subject *s, bool tdx)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;
    struct hf_buf out = {0};

    start(s, HF_P256);
    make_intel_start(&m, tdx);
    MUST(make_intel_certs(&m));
    MUST(hf_verifier_add_root(s->verifier, m.ca[INTEL_ROOT].cert->der, "root"));
    MUST(hf_verifier_add_collateral(s->verifier, m.ca[INTEL_SIGNER].cert->der, "signer"));
    add(s, make_intel_tcb_info(&m, &out), &out, "TCB info");
    add(s, make_intel_identity(&m, &out), &out, "identity");
    add(s, make_intel_pck_crl(&m, &out), &out, "PCK CRL");
    add(s, make_intel_root_crl(&m, &out), &out, "root CRL");
    MUST(make_intel_quote(&m, &s->evidence));
    MUST(hf_alloc(MANY_AKS * sizeof(*s->with_new_ak), &s->with_new_ak));
    for (size_t i = 0; i < MANY_AKS; i++) {
        hf_privkey_free(&m.ak);
        MUST(hf_privkey_generate_ec(HF_P256, &m.ak));
        MUST(make_intel_quote(&m, &s->with_new_ak[i]));
    }
    hf_buf_free(&out);
    ready(s);
}

void subject_snp(struct subject *s)
{
    HF_CLEANUP(make_amd_free) struct make_amd amd = {0};
    HF_CLEANUP(testca_free) struct testca vcek = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};
    uint8_t report[HF_SNP_REPORT_SIZE];
    struct make_vek_spec spec = {0};
    struct hf_snp_report rep;

    start(s, HF_P384);
    MUST(make_amd_new("Milan", &amd));
    make_snp_report(2, HF_SNP_PRODUCT_MILAN, &rep);
    make_vek_of(&rep, HF_SNP_PRODUCT_MILAN, "Milan-B0", &spec.vek);
    MUST(make_vek(&amd, &spec, &vcek));
    MUST(make_snp_sign(&rep, vcek.key, report));
    MUST(hf_buf_set(&s->evidence, HF_BYTES_OF(report)));
    MUST(hf_verifier_add_root(s->verifier, amd.ark.cert->der, "ark"));
    MUST(hf_verifier_add_collateral(s->verifier, amd.ask.cert->der, "ask"));
    MUST(hf_verifier_add_collateral(s->verifier, vcek.cert->der, "vcek"));
    MUST(make_amd_crl(&amd, NULL, 0, 0, &crl));
    MUST(hf_verifier_add_collateral(s->verifier, hf_buf_bytes(&crl), "crl"));
    ready(s);
}

void subject_nitro(struct subject *s)
{
    HF_CLEANUP(make_nitro_free) struct make_nitro n;

    start(s, HF_P384);
    make_nitro_start(&n);
    MUST(make_nitro_certs(&n));
    MUST(make_nitro_sign(&n, &s->evidence));
    MUST(hf_verifier_add_root(s->verifier, n.ca[NITRO_ROOT].cert->der, "root"));
    ready(s);
}

/* ---- a TPM's quote by an RSA key ---- */

static void quote_public(const struct hf_privkey *key, struct hf_tpm_pub *pub)
{
    uint64_t e = 0;

    *pub = (struct hf_tpm_pub){.type = TPM2_ALG_RSA,
                               .name_alg = HF_SHA256,
                               .attributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                             TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                                             TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT,
                               .symmetric = {TPM2_ALG_NULL, TPM2_ALG_NULL},
                               .scheme = {TPM2_ALG_RSASSA, HF_SHA256},
                               .bits = 2048,
                               .kdf = {TPM2_ALG_NULL, TPM2_ALG_NULL}};
    MUST(hf_pubkey_rsa(hf_privkey_public(key), &pub->modulus, &e));
}

static const uint8_t fresh[] = "sixteen or so bytes";

static void quote_statement(const struct hf_tpm_pub *pub, struct hf_tpm_envelope *env)
{
    struct hf_quote_attest attest = {.magic = TPM2_GENERATED_VALUE,
                                     .type = TPM2_ST_ATTEST_QUOTE,
                                     .clock_ms = 1000,
                                     .reset_count = 5,
                                     .safe = true,
                                     .firmware = 7,
                                     .extra_data = HF_BYTES_OF(fresh)};
    uint8_t name[HF_TPM_PUB_NAME_MAX], value[32] = {1};
    struct hf_digest digest;
    struct hf_tpm_pub read;
    size_t n = 0;

    MUST(hf_tpm_pub_write(pub, &env->ak_public));
    MUST(hf_tpm_pub_parse(hf_buf_bytes(&env->ak_public), &read));
    MUST(hf_tpm_pub_name(&read, name, &n));
    MUST(hf_pcr_selection_parse("sha256:0,7", &env->claim.selection));
    env->claim.has_selection = true;
    MUST(hf_pcrs_put(&env->claim.pcrs, HF_SHA256, 0, HF_BYTES_OF(value)));
    MUST(hf_pcrs_put(&env->claim.pcrs, HF_SHA256, 7, HF_BYTES_OF(value)));
    MUST(hf_pcrs_digest(&env->claim.pcrs, &env->claim.selection, HF_SHA256, &digest));
    attest.signer = (struct hf_bytes){name, n};
    attest.selection = env->claim.selection;
    attest.pcr_digest = hf_digest_bytes(&digest);
    MUST(hf_quote_attest_write(&attest, &env->attest));
}

void subject_tpm(struct subject *s)
{
    const struct hf_sig_alg alg = {.scheme = HF_SIG_RSASSA, .hash = HF_SHA256};
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {0};
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    struct hf_quote_signature sig = {.scheme = {TPM2_ALG_RSASSA, HF_SHA256}};
    struct hf_tpm_pub pub;
    bool has_area = false;

    start(s, HF_CURVE_NONE);
    MUST(hf_privkey_generate_rsa(2048, &key));
    quote_public(key, &pub);
    quote_statement(&pub, &env);
    MUST(hf_privkey_sign_message(key, &alg, hf_buf_bytes(&env.attest), &raw));
    sig.rsa = hf_buf_bytes(&raw);
    MUST(hf_quote_signature_write(&sig, &env.signature));
    (void)snprintf(env.environment, sizeof(env.environment), "unknown");
    MUST(hf_tpm_envelope_write(&env, &s->evidence));
    MUST(hf_pubkey_to_pem(hf_privkey_public(key), &pem));
    MUST(hf_verifier_add_collateral(s->verifier, hf_buf_bytes(&pem), "ak.pem"));
    s->nonce = HF_BYTES_OF(fresh);
    s->request.has_nonce = true;
    s->request.nonce = s->nonce;
    ready(s);
    MUST(hf_tpm_envelope_parse(hf_buf_bytes(&s->evidence), &s->quote));
    MUST(hf_tpm_ak_parse(hf_buf_bytes(&s->quote.ak_public), &pub, &has_area, &s->ak));
    s->quote_in = (struct hf_tpm_quote_input){.attest = hf_buf_bytes(&s->quote.attest),
                                              .signature = hf_buf_bytes(&s->quote.signature),
                                              .ak_public = hf_buf_bytes(&s->quote.ak_public),
                                              .prepared = s->ak,
                                              .nonce = &s->nonce,
                                              .claim = &s->quote.claim};
}

void judge_quote(void *subject)
{
    static struct hf_verdict verdict;
    static struct hf_tpm_quote_result said;
    const struct subject *s = subject;

    MUST(hf_tpm_quote_verify(&s->quote_in, &verdict, &said));
}

/* ---- files ---- */

void verifier_of_folder(const char *folder, struct hf_verifier **out)
{
    static const char *const names[] = {"sgx/tcb-info.json", "sgx/identity.json", "sgx/pck-crl.der", "sgx/root-crl.der",
                                        "sgx/signer.der", "sgx-root.der"};
    struct hf_verifier *v = NULL;

    MUST(hf_verifier_new(&v));
    for (size_t i = 0; i < HF_COUNT(names); i++) {
        struct hf_buf file = {0};
        char path[1100];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        MUST(hf_file_read(path, (size_t)1 << 20, &file));
        if (i + 1 < HF_COUNT(names))
            MUST(hf_verifier_add_collateral(v, hf_buf_bytes(&file), names[i]));
        else
            MUST(hf_verifier_add_root(v, hf_buf_bytes(&file), names[i]));
        hf_buf_free(&file);
    }
    *out = v;
}
