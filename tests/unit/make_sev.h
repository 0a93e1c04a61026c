/* A platform of SEV for tests: certificates of every kind, with keys of our own, wrong in whatever way is asked for. */
#ifndef HF_MAKE_SEV_H
#define HF_MAKE_SEV_H

#include "crypto/privkey.h"
#include "evidence/sev_cert.h"
#include "evidence/sev_report.h"
#include "test.h"

enum made_sev_key { SEV_KEY_PDH, SEV_KEY_PEK, SEV_KEY_OCA, SEV_KEY_CEK, SEV_KEYS };

struct made_sev {
    struct hf_privkey *key[SEV_KEYS];
    struct hf_privkey *ask_key, *ark_key;
    uint8_t cert[SEV_KEYS][HF_SEV_CERT_SIZE]; /* in the order of sevctl: PDH, PEK, OCA, CEK */
    struct hf_buf ask, ark;
    struct hf_buf all; /* the four, one behind another */
};

static inline void made_sev_free(struct made_sev *m)
{
    for (size_t i = 0; i < SEV_KEYS; i++)
        hf_privkey_free(&m->key[i]);
    hf_privkey_free(&m->ask_key);
    hf_privkey_free(&m->ark_key);
    hf_buf_free(&m->ask);
    hf_buf_free(&m->ark);
    hf_buf_free(&m->all);
}

/* Sign `message` as certificates and reports have it: n bytes at `place`. */
static inline void sev_sign(const struct hf_privkey *key, uint32_t algo, struct hf_bytes message, uint8_t *place,
                            size_t n)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    bool rsa = algo == HF_SEV_RSA_SHA256 || algo == HF_SEV_RSA_SHA384;
    struct hf_sig_alg alg = {.scheme = rsa ? HF_SIG_RSAPSS : HF_SIG_ECDSA,
                             .hash = algo & 0x100 ? HF_SHA384 : HF_SHA256};

    OK(hf_privkey_sign_message(key, &alg, message, &sig));
    OK(hf_sev_signature_write(algo, hf_buf_bytes(&sig), place, n));
}

static inline void sev_cert_start(struct made_sev *m, enum made_sev_key which, uint32_t usage, uint32_t algo)
{
    uint8_t key[HF_SEV_KEY_SIZE];
    struct hf_sev_cert c = {.api_major = 0, .api_minor = 22, .usage = usage, .algo = algo};
    struct hf_point point;

    OK(hf_pubkey_point(hf_privkey_public(m->key[which]), &point));
    OK(hf_sev_key_write(&point, key));
    c.key = HF_BYTES_OF(key);
    c.sig[0].usage = c.sig[1].usage = HF_SEV_NONE;
    OK(hf_sev_cert_write(&c, m->cert[which]));
}

/* Signature `slot` of a certificate. */
static inline void sev_cert_sign(uint8_t cert[HF_SEV_CERT_SIZE], unsigned slot, uint32_t usage, uint32_t algo,
                                 const struct hf_privkey *key)
{
    uint8_t *place = cert + HF_SEV_SIGNED_SIZE + slot * (8 + HF_SEV_SIG_SIZE);

    for (unsigned i = 0; i < 4; i++) {
        place[i] = (uint8_t)(usage >> 8 * i);
        place[4 + i] = (uint8_t)(algo >> 8 * i);
    }
    sev_sign(key, algo, (struct hf_bytes){cert, HF_SEV_SIGNED_SIZE}, place + 8, HF_SEV_SIG_SIZE);
}

static inline void sev_ca(const struct hf_privkey *key, const struct hf_privkey *issuer, uint32_t usage, uint8_t id,
                          uint8_t issuer_id, struct hf_buf *out)
{
    uint8_t n[512], e[512] = {1, 0, 1}, sig[512] = {0};
    struct hf_bytes be = {0};
    uint64_t exponent = 0;
    struct hf_amd_cert c = {.usage = usage, .key_id = {id}, .certifying_id = {issuer_id}};

    OK(hf_pubkey_rsa(hf_privkey_public(key), &be, &exponent));
    for (size_t i = 0; i < be.n; i++)
        n[i] = be.p[be.n - 1 - i];
    c.e = (struct hf_bytes){e, be.n};
    c.n = (struct hf_bytes){n, be.n};
    c.signature = (struct hf_bytes){sig, be.n};
    hf_buf_free(out);
    OK(hf_amd_cert_write(&c, out));
    sev_sign(issuer, be.n > 256 ? HF_SEV_RSA_SHA384 : HF_SEV_RSA_SHA256, (struct hf_bytes){out->p, out->n - be.n},
             out->p + out->n - be.n, be.n);
}

/* The four, again one behind another, after one was changed. */
static inline void sev_join(struct made_sev *m)
{
    hf_buf_free(&m->all);
    for (size_t i = 0; i < SEV_KEYS; i++)
        OK(hf_buf_add(&m->all, HF_BYTES_OF(m->cert[i])));
}

/* A sound platform. RSA-2048 as Naples has it. */
static inline void make_sev(struct made_sev *m)
{
    static const uint32_t usage[] = {HF_SEV_PDH, HF_SEV_PEK, HF_SEV_OCA, HF_SEV_CEK};

    OK(hf_privkey_generate_rsa(2048, &m->ask_key));
    OK(hf_privkey_generate_rsa(2048, &m->ark_key));
    sev_ca(m->ark_key, m->ark_key, HF_SEV_ARK, 1, 1, &m->ark);
    sev_ca(m->ask_key, m->ark_key, HF_SEV_ASK, 2, 1, &m->ask);
    for (size_t i = 0; i < SEV_KEYS; i++) {
        OK(hf_privkey_generate_ec(HF_P384, &m->key[i]));
        sev_cert_start(m, (enum made_sev_key)i, usage[i],
                       usage[i] == HF_SEV_PDH ? HF_SEV_ECDH_SHA256 : HF_SEV_ECDSA_SHA256);
    }
    sev_cert_sign(m->cert[SEV_KEY_PDH], 0, HF_SEV_PEK, HF_SEV_ECDSA_SHA256, m->key[SEV_KEY_PEK]);
    sev_cert_sign(m->cert[SEV_KEY_PEK], 0, HF_SEV_OCA, HF_SEV_ECDSA_SHA256, m->key[SEV_KEY_OCA]);
    sev_cert_sign(m->cert[SEV_KEY_PEK], 1, HF_SEV_CEK, HF_SEV_ECDSA_SHA256, m->key[SEV_KEY_CEK]);
    sev_cert_sign(m->cert[SEV_KEY_OCA], 0, HF_SEV_OCA, HF_SEV_ECDSA_SHA256, m->key[SEV_KEY_OCA]);
    sev_cert_sign(m->cert[SEV_KEY_CEK], 0, HF_SEV_ASK, HF_SEV_RSA_SHA256, m->ask_key);
    sev_join(m);
}

static inline void make_sev_report(const struct made_sev *m, uint32_t policy, uint8_t out[HF_SEV_REPORT_SIZE])
{
    struct hf_sev_report r = {.policy = policy, .sig_usage = HF_SEV_PEK, .sig_algo = HF_SEV_ECDSA_SHA256};

    memset(r.mnonce, 0x11, sizeof(r.mnonce));
    memset(r.launch_digest, 0x22, sizeof(r.launch_digest));
    hf_sev_report_write(&r, out);
    sev_sign(m->key[SEV_KEY_PEK], HF_SEV_ECDSA_SHA256, (struct hf_bytes){out, HF_SEV_REPORT_SIGNED}, r.signature,
             sizeof(r.signature));
    hf_sev_report_write(&r, out);
}

#endif
