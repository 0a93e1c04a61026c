/* From "ecc-p256, for signing" to TPMT_PUBLIC (Part 2, 12.2.4), refusing what contradicts itself. */
#include "tpm/key.h"

#include <stdio.h>

static const struct algorithm {
    const char *name;
    uint16_t type;
    uint16_t detail; /* key bits, or TPM_ECC_CURVE */
} algorithms[] = {
    {"ecc-p256", TPM2_ALG_ECC, TPM2_ECC_NIST_P256},
    {"ecc-p384", TPM2_ALG_ECC, TPM2_ECC_NIST_P384},
    {"ecc-p521", TPM2_ALG_ECC, TPM2_ECC_NIST_P521},
    {"rsa2048", TPM2_ALG_RSA, 2048},
    {"rsa3072", TPM2_ALG_RSA, 3072},
    {"rsa4096", TPM2_ALG_RSA, 4096},
    {"aes128", TPM2_ALG_SYMCIPHER, 128},
    {"aes192", TPM2_ALG_SYMCIPHER, 192},
    {"aes256", TPM2_ALG_SYMCIPHER, 256},
    {"hmac", TPM2_ALG_KEYEDHASH, TPM2_ALG_HMAC},
    {"sealed", TPM2_ALG_KEYEDHASH, TPM2_ALG_NULL},
};

static hf_err find(const char *name, const struct algorithm **out)
{
    if (!name)
        return hf_fail(HF_E_ARG, "no algorithm is named");
    for (size_t i = 0; i < HF_COUNT(algorithms); i++) {
        if (strcmp(algorithms[i].name, name) == 0) {
            *out = &algorithms[i];
            return HF_OK;
        }
    }
    if (strcmp(name, "ed25519") == 0 || strcmp(name, "x25519") == 0 || strcmp(name, "ed448") == 0)
        return hf_fail(HF_E_UNSUPPORTED, "no TPM 2.0 makes %s keys: its elliptic curves are the NIST ones; take ecc-p256", name);
    return hf_fail(HF_E_UNSUPPORTED,
                   "\"%.40s\" is not an algorithm: ecc-p256, ecc-p384, ecc-p521, rsa2048, rsa3072, rsa4096, aes128, aes192, "
                   "aes256, hmac",
                   name);
}

static uint32_t attributes_of(const struct algorithm *alg, const struct hf_tpm_key_spec *spec, unsigned use)
{
    uint32_t a = 0;

    if (!(use & HF_TPM_USE_MOVABLE))
        a |= TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT;
    if (alg->type != TPM2_ALG_KEYEDHASH || alg->detail != TPM2_ALG_NULL)
        a |= TPMA_OBJECT_SENSITIVEDATAORIGIN;
    if (!(use & HF_TPM_USE_POLICY_ONLY))
        a |= TPMA_OBJECT_USERWITHAUTH;
    if (!(use & HF_TPM_USE_DA))
        a |= TPMA_OBJECT_NODA;
    if (use & (HF_TPM_USE_ATTEST | HF_TPM_USE_PARENT))
        a |= TPMA_OBJECT_RESTRICTED;
    if (use & (HF_TPM_USE_SIGN | HF_TPM_USE_ATTEST))
        a |= TPMA_OBJECT_SIGN_ENCRYPT;
    if (use & (HF_TPM_USE_DECRYPT | HF_TPM_USE_PARENT))
        a |= TPMA_OBJECT_DECRYPT;
    if (alg->type == TPM2_ALG_SYMCIPHER && use & HF_TPM_USE_DECRYPT)
        a |= TPMA_OBJECT_SIGN_ENCRYPT; /* for a cipher this bit permits encryption */
    if (spec->policy.n && use & HF_TPM_USE_POLICY_ONLY)
        a |= TPMA_OBJECT_ADMINWITHPOLICY;
    return a;
}

static hf_err check_use(const struct algorithm *alg, const struct hf_tpm_key_spec *spec, unsigned use)
{
    unsigned role = use & (HF_TPM_USE_SIGN | HF_TPM_USE_DECRYPT | HF_TPM_USE_ATTEST | HF_TPM_USE_PARENT);
    bool asymmetric = alg->type == TPM2_ALG_RSA || alg->type == TPM2_ALG_ECC;

    if (use & ~(unsigned)(HF_TPM_USE_SIGN | HF_TPM_USE_DECRYPT | HF_TPM_USE_ATTEST | HF_TPM_USE_PARENT | HF_TPM_USE_MOVABLE |
                          HF_TPM_USE_DA | HF_TPM_USE_POLICY_ONLY))
        return hf_fail(HF_E_ARG, "use 0x%x has unknown bits", use);
    if (role & HF_TPM_USE_ATTEST && role != HF_TPM_USE_ATTEST)
        return hf_fail(HF_E_ARG, "an attestation key does nothing else");
    if (role & HF_TPM_USE_PARENT && role != HF_TPM_USE_PARENT)
        return hf_fail(HF_E_ARG, "a storage key does nothing else");
    if (role & (HF_TPM_USE_ATTEST | HF_TPM_USE_PARENT) && !asymmetric)
        return hf_fail(HF_E_ARG, "%s cannot be an attestation or storage key: take ecc or rsa", alg->name);
    if (alg->type == TPM2_ALG_SYMCIPHER && role & HF_TPM_USE_SIGN)
        return hf_fail(HF_E_KEY_TYPE, "%s keys do not sign", alg->name);
    if (alg->type == TPM2_ALG_KEYEDHASH && role & HF_TPM_USE_DECRYPT)
        return hf_fail(HF_E_KEY_TYPE, "%s keys do not decrypt", alg->name);
    if (use & HF_TPM_USE_POLICY_ONLY && !spec->policy.n)
        return hf_fail(HF_E_ARG, "a key that only a policy opens needs a policy");
    if (use & HF_TPM_USE_MOVABLE && !spec->policy.n)
        return hf_fail(HF_E_ARG, "a key that may be duplicated needs a policy that permits it (command duplicate)");
    return HF_OK;
}

static hf_err check_sizes(const struct hf_tpm_key_spec *spec, enum hf_hash_alg hash)
{
    size_t digest = hf_hash_size(hash);

    if (digest == 0)
        return hf_fail(HF_E_UNSUPPORTED, "name hash 0x%04x is not known", (unsigned)hash);
    if (spec->policy.n && spec->policy.n != digest)
        return hf_fail(HF_E_ARG, "a policy digest of %zu bytes on a key whose name hash (%s) has %zu", spec->policy.n,
                       hf_hash_name(hash), digest);
    if (hf_secret_expose(spec->auth).n > digest)
        return hf_fail(HF_E_ARG, "an authorization value of %zu bytes; at most %zu fit (%s)", hf_secret_expose(spec->auth).n,
                       digest, hf_hash_name(hash));
    if (spec->outside.n > 64)
        return hf_fail(HF_E_ARG, "outside info of %zu bytes; at most 64 fit", spec->outside.n);
    return HF_OK;
}

/* The hash that goes with a key of this strength. */
static enum hf_hash_alg strength_hash(const struct algorithm *alg)
{
    if (alg->type != TPM2_ALG_ECC)
        return HF_SHA256;
    return alg->detail == TPM2_ECC_NIST_P384 ? HF_SHA384 : alg->detail == TPM2_ECC_NIST_P521 ? HF_SHA512 : HF_SHA256;
}

/* Scheme and hash of a key: fixed when asked for, and for attestation keys always (Part 2, 12.2.3). */
static hf_err scheme_of(const struct algorithm *alg, const struct hf_tpm_key_spec *spec, unsigned use, uint16_t *scheme,
                        uint16_t *hash)
{
    bool ecc = alg->type == TPM2_ALG_ECC;

    *scheme = spec->scheme ? (uint16_t)spec->scheme : TPM2_ALG_NULL;
    *hash = spec->hash ? (uint16_t)spec->hash : (uint16_t)strength_hash(alg);
    if (use & HF_TPM_USE_ATTEST && !spec->scheme)
        *scheme = ecc ? TPM2_ALG_ECDSA : TPM2_ALG_RSASSA;
    if (*scheme == TPM2_ALG_NULL)
        return HF_OK;
    if (ecc ? *scheme != TPM2_ALG_ECDSA
            : *scheme != TPM2_ALG_RSASSA && *scheme != TPM2_ALG_RSAPSS && *scheme != TPM2_ALG_OAEP && *scheme != TPM2_ALG_RSAES)
        return hf_fail(HF_E_KEY_TYPE, "scheme 0x%04x does not go with %s", *scheme, alg->name);
    return HF_OK;
}

static void storage_cipher(TPMT_SYM_DEF_OBJECT *sym, bool parent)
{
    sym->algorithm = parent ? TPM2_ALG_AES : TPM2_ALG_NULL;
    if (parent) {
        sym->keyBits.aes = 128;
        sym->mode.aes = TPM2_ALG_CFB;
    }
}

static hf_err fill_asymmetric(const struct algorithm *alg, const struct hf_tpm_key_spec *spec, unsigned use, TPMT_PUBLIC *pub)
{
    bool parent = (use & HF_TPM_USE_PARENT) != 0;
    uint16_t scheme = 0;
    uint16_t hash = 0;

    HF_TRY(scheme_of(alg, spec, use, &scheme, &hash));
    if (parent)
        scheme = TPM2_ALG_NULL;
    if (alg->type == TPM2_ALG_ECC) {
        TPMS_ECC_PARMS *p = &pub->parameters.eccDetail;

        storage_cipher(&p->symmetric, parent);
        p->scheme.scheme = scheme;
        p->scheme.details.ecdsa.hashAlg = hash;
        p->curveID = alg->detail;
        p->kdf.scheme = TPM2_ALG_NULL;
    } else {
        TPMS_RSA_PARMS *p = &pub->parameters.rsaDetail;

        storage_cipher(&p->symmetric, parent);
        p->scheme.scheme = scheme;
        p->scheme.details.anySig.hashAlg = hash;
        p->keyBits = alg->detail;
        p->exponent = 0; /* 65537 */
    }
    return HF_OK;
}

hf_err hf_tpm_template(const struct hf_tpm_key_spec *spec, TPMT_PUBLIC *out)
{
    const struct algorithm *alg = NULL;
    enum hf_hash_alg name_hash = spec->hash ? (enum hf_hash_alg)spec->hash : HF_SHA256;
    TPMT_PUBLIC pub = {0};
    unsigned use = spec->use;
    const unsigned roles = HF_TPM_USE_SIGN | HF_TPM_USE_DECRYPT | HF_TPM_USE_ATTEST | HF_TPM_USE_PARENT;

    HF_TRY(find(spec->algorithm, &alg));
    if (!(use & roles) && strcmp(alg->name, "sealed") != 0)
        use |= alg->type == TPM2_ALG_SYMCIPHER ? HF_TPM_USE_DECRYPT : HF_TPM_USE_SIGN;
    HF_TRY(check_use(alg, spec, use));
    HF_TRY(check_sizes(spec, name_hash));
    pub.type = alg->type;
    pub.nameAlg = (uint16_t)name_hash;
    pub.objectAttributes = attributes_of(alg, spec, use);
    pub.authPolicy.size = (uint16_t)spec->policy.n;
    if (spec->policy.n)
        memcpy(pub.authPolicy.buffer, spec->policy.p, spec->policy.n);
    if (alg->type == TPM2_ALG_SYMCIPHER) {
        pub.parameters.symDetail.sym.algorithm = TPM2_ALG_AES;
        pub.parameters.symDetail.sym.keyBits.aes = alg->detail;
        pub.parameters.symDetail.sym.mode.aes = TPM2_ALG_CFB;
    } else if (alg->type == TPM2_ALG_KEYEDHASH) {
        pub.parameters.keyedHashDetail.scheme.scheme = alg->detail;
        pub.parameters.keyedHashDetail.scheme.details.hmac.hashAlg = (uint16_t)name_hash;
    } else {
        HF_TRY(fill_asymmetric(alg, spec, use, &pub));
    }
    *out = pub;
    return HF_OK;
}

hf_err hf_tpm_hierarchy_handle(enum hf_tpm_hierarchy h, uint32_t *out)
{
    static const uint32_t handles[] = {TPM2_RH_OWNER, TPM2_RH_ENDORSEMENT, TPM2_RH_PLATFORM, TPM2_RH_NULL};

    if ((unsigned)h >= HF_COUNT(handles))
        return hf_fail(HF_E_ARG, "hierarchy %d is none of owner, endorsement, platform, null", (int)h);
    *out = handles[h];
    return HF_OK;
}

void hf_tpm_algorithm_name(const TPMT_PUBLIC *pub, char out[16])
{
    uint16_t detail = pub->type == TPM2_ALG_ECC         ? pub->parameters.eccDetail.curveID
                      : pub->type == TPM2_ALG_RSA       ? pub->parameters.rsaDetail.keyBits
                      : pub->type == TPM2_ALG_SYMCIPHER ? pub->parameters.symDetail.sym.keyBits.aes
                                                        : pub->parameters.keyedHashDetail.scheme.scheme;

    for (size_t i = 0; i < HF_COUNT(algorithms); i++) {
        if (algorithms[i].type == pub->type && algorithms[i].detail == detail) {
            (void)snprintf(out, 16, "%s", algorithms[i].name);
            return;
        }
    }
    (void)snprintf(out, 16, "0x%04x:0x%04x", pub->type, detail);
}
