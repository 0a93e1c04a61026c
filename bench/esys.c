/*
 * The same operations by Debian's ESYS with a salted, encrypted session and by ours, on one swtpm in one run.
 *
 *   bench_esys FOLDER
 */
#include "base/cleanup.h"
#include "bench.h"

#include <holdfast/key.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>
#include <unistd.h>

enum { ROUNDS = 200 };

#define ESYS(call) \
    do { \
        TSS2_RC rc_ = (call); \
        if (rc_ != TSS2_RC_SUCCESS) { \
            (void)fprintf(stderr, "%s:%d: %s: 0x%x\n", __FILE__, __LINE__, #call, rc_); \
            exit(1); \
        } \
    } while (0)

struct theirs {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR srk, session, sign, sealed;
};

static void theirs_open(struct theirs *t, const char *conf)
{
    TPM2B_SENSITIVE_CREATE sensitive = {.sensitive.data = {.size = 32}};
    TPM2B_SENSITIVE_CREATE empty = {0};
    TPM2B_PUBLIC key = {.publicArea = {.type = TPM2_ALG_ECC, .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT,
        .parameters.eccDetail = {.symmetric.algorithm = TPM2_ALG_NULL, .scheme.scheme = TPM2_ALG_NULL, .curveID = TPM2_ECC_NIST_P256, .kdf.scheme = TPM2_ALG_NULL}}};
    TPM2B_PUBLIC data = {.publicArea = {.type = TPM2_ALG_KEYEDHASH, .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA,
        .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL}};
    TPML_PCR_SELECTION pcrs = {0};
    TPM2B_DATA outside = {0};
    TPM2B_PRIVATE *priv = NULL;
    TPM2B_PUBLIC *pub = NULL;
    TPMT_SYM_DEF sym = {.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
    TPMA_SESSION flags = TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT | TPMA_SESSION_CONTINUESESSION;

    ESYS(Tss2_TctiLdr_Initialize(conf, &t->tcti));
    ESYS(Esys_Initialize(&t->esys, t->tcti, NULL));
    ESYS(Esys_TR_FromTPMPublic(t->esys, 0x81000001, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &t->srk));
    ESYS(Esys_StartAuthSession(t->esys, t->srk, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &sym, TPM2_ALG_SHA256, &t->session));
    ESYS(Esys_TRSess_SetAttributes(t->esys, t->session, flags, 0xff));
    ESYS(Esys_Create(t->esys, t->srk, t->session, ESYS_TR_NONE, ESYS_TR_NONE, &empty, &key, &outside, &pcrs, &priv, &pub, NULL, NULL, NULL));
    ESYS(Esys_Load(t->esys, t->srk, t->session, ESYS_TR_NONE, ESYS_TR_NONE, priv, pub, &t->sign));
    Esys_Free(priv);
    Esys_Free(pub);
    ESYS(Esys_Create(t->esys, t->srk, t->session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &data, &outside, &pcrs, &priv, &pub, NULL, NULL, NULL));
    ESYS(Esys_Load(t->esys, t->srk, t->session, ESYS_TR_NONE, ESYS_TR_NONE, priv, pub, &t->sealed));
    Esys_Free(priv);
    Esys_Free(pub);
}

static double theirs_sign(struct theirs *t)
{
    TPM2B_DIGEST digest = {.size = 32};
    TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256};
    TPMT_TK_HASHCHECK ticket = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
    TPMT_SIGNATURE *sig = NULL;
    uint64_t start = hf_monotonic_ns();

    ESYS(Esys_Sign(t->esys, t->sign, t->session, ESYS_TR_NONE, ESYS_TR_NONE, &digest, &scheme, &ticket, &sig));
    Esys_Free(sig);
    return (double)(hf_monotonic_ns() - start) / 1000.0;
}

static double theirs_unseal(struct theirs *t)
{
    TPM2B_SENSITIVE_DATA *out = NULL;
    uint64_t start = hf_monotonic_ns();

    ESYS(Esys_Unseal(t->esys, t->sealed, t->session, ESYS_TR_NONE, ESYS_TR_NONE, &out));
    Esys_Free(out);
    return (double)(hf_monotonic_ns() - start) / 1000.0;
}

static void theirs_close(struct theirs *t)
{
    (void)Esys_FlushContext(t->esys, t->sign);
    (void)Esys_FlushContext(t->esys, t->sealed);
    (void)Esys_FlushContext(t->esys, t->session);
    Esys_Finalize(&t->esys);
    Tss2_TctiLdr_Finalize(&t->tcti);
}

int main(int argc, char **argv)
{
    static double sign[2][ROUNDS], unseal[2][ROUNDS];
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_tpm_options opt = {.uri = "swtpm:path=esys.sock", .state_dir = "state"};
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};
    struct hf_tpm_key *key = NULL;
    struct hf_tpm_key *sealed = NULL;
    struct theirs theirs = {0};
    uint8_t bytes[32] = {1};

    if (argc != 2 || (mkdir(argv[1], 0700) != 0 && access(argv[1], W_OK) != 0) || chdir(argv[1]) != 0)
        return 1;
    shell("rm -rf tpm esys.sock* state; mkdir tpm; swtpm socket --tpm2 --tpmstate dir=\"$PWD/tpm\" "
                 "--server type=unixio,path=\"$PWD/esys.sock\" --ctrl type=unixio,path=\"$PWD/esys.sock.ctrl\" "
                 "--flags not-need-init,startup-clear --daemon --pid file=\"$PWD/esys.pid\"");
    MUST(hf_tpm_open(&opt, &tpm));
    MUST(hf_secret_new((struct hf_bytes){bytes, 32}, &secret));
    MUST(hf_tpm_generate_key_pair(tpm, NULL, &spec, &key));
    MUST(hf_tpm_seal(tpm, NULL, secret, NULL, &sealed));
    for (int i = 0; i < ROUNDS; i++) {
        HF_CLEANUP(hf_secret_free) struct hf_secret *back = NULL;
        uint64_t start = hf_monotonic_ns();

        MUST(hf_tpm_sign(key, hf_bytes_text("message"), 0, 0, &out));
        sign[0][i] = (double)(hf_monotonic_ns() - start) / 1000.0;
        start = hf_monotonic_ns();
        MUST(hf_tpm_unseal(sealed, &back));
        unseal[0][i] = (double)(hf_monotonic_ns() - start) / 1000.0;
    }
    hf_tpm_key_close(&key);
    hf_tpm_key_close(&sealed);
    hf_tpm_close(&tpm);
    theirs_open(&theirs, "swtpm:path=esys.sock");
    for (int i = 0; i < ROUNDS; i++) {
        sign[1][i] = theirs_sign(&theirs);
        unseal[1][i] = theirs_unseal(&theirs);
    }
    theirs_close(&theirs);
    shell("kill $(cat esys.pid)");
    bench_fact("sign P-256, encrypted session: ours", bench_median(sign[0], ROUNDS), "us");
    bench_fact("sign P-256, encrypted session: ESYS", bench_median(sign[1], ROUNDS), "us");
    bench_row("sign P-256: times faster than ESYS", bench_median(sign[1], ROUNDS) / bench_median(sign[0], ROUNDS), "x", ">=", 5);
    bench_fact("unseal, encrypted session: ours", bench_median(unseal[0], ROUNDS), "us");
    bench_fact("unseal, encrypted session: ESYS", bench_median(unseal[1], ROUNDS), "us");
    bench_row("unseal: times faster than ESYS", bench_median(unseal[1], ROUNDS) / bench_median(unseal[0], ROUNDS), "x", ">=", 50);
    return 0;
}
