/* What bench/verify.c judges: evidence of each kind with a verifier that knows its collateral, and the bare check of a
 * signature of the same kind by OpenSSL. */
#ifndef HF_BENCH_VERIFY_SUBJECT_H
#define HF_BENCH_VERIFY_SUBJECT_H

#include "base/file.h"
#include "bench.h"
#include "crypto/fast_p384.h"
#include "crypto/pubkey.h"
#include "verify/tpm_quote.h"

#include <holdfast/verify.h>
#include <openssl/types.h>

#define AT "1700000060"
#define POLICY "required_security_level: low\nmax_attestation_age: 3600\n"

struct bare {
    EVP_PKEY_CTX *ctx; /* verifying, initialized, as `openssl speed` has it */
    EVP_PKEY *key;
    struct hf_pubkey *ours;
    struct hf_sig_alg alg;
    uint8_t digest[48];
    size_t n_digest;
    struct hf_buf sig;     /* DER for ECDSA */
    struct hf_buf sig_raw; /* r || s */
};

#define MANY_AKS 512

struct subject {
    struct hf_verifier *verifier;
    struct hf_verify_result *result;
    struct hf_verify_request request;
    struct hf_bytes view, nonce;
    struct hf_buf evidence;
    struct hf_buf *with_new_ak; /* MANY_AKS of them */
    size_t next_ak;
    struct hf_verifier *fresh; /* it has seen the chain, and those keys that were used */
    struct bare *bare;
    struct hf_tpm_envelope quote; /* subject_tpm: the evidence, opened */
    struct hf_tpm_quote_input quote_in;
    struct hf_pubkey *ak;
};

void subject_intel(struct subject *s, bool tdx);
void subject_snp(struct subject *s);
void subject_nitro(struct subject *s);
void subject_tpm(struct subject *s);
void subject_free(struct subject *s);

/* Seconds of this thread's processor time so far; and those of preparations inside calls, which count for nothing. */
double cpu_s(void);
extern double prepared_s;

/* Calls to be timed; the argument is the subject. */
void judge_warm(void *subject);
void judge_cold(void *subject);
void judge_new_ak(void *subject);
void judge_quote(void *subject); /* the quote of subject_tpm by its parts, with its key prepared */
void judge_with(const struct subject *s, struct hf_verifier *verifier, struct hf_verify_result *result);

/* The argument is a struct bare: OpenSSL's check alone, and ours of the same signature. */
void bare_verify(void *bare);
void our_verify(void *bare);

/* A verifier for what make_evidence put into a folder. */
void verifier_of_folder(const char *folder, struct hf_verifier **out);

#endif
