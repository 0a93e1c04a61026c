/* Endorsement keys: templates, adopting and making. */
#include "tpm/ek.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "tpm/caps.h"

/* Handles of the endorsement hierarchy: 0x81010000 to 0x8101ffff (TCG Registry of Reserved TPM 2.0 Handles). */
#define EK_HANDLE_FIRST 0x81010000u
#define EK_HANDLE_LAST 0x810100ffu

static const struct hf_tpm_ek_row rows[HF_TPM_EK_KINDS] = {
    [HF_TPM_EK_RSA2048] = {"rsa2048", TPM2_ALG_RSA, 2048, TPM2_ALG_SHA256, false, 0x81010001, 0x01c00002},
    [HF_TPM_EK_P256] = {"ecc-p256", TPM2_ALG_ECC, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256, false, 0x81010016, 0x01c0000a},
    [HF_TPM_EK_RSA2048_HIGH] = {"rsa2048-high", TPM2_ALG_RSA, 2048, TPM2_ALG_SHA256, true, 0x81010012, 0x01c00012},
    [HF_TPM_EK_P256_HIGH] = {"ecc-p256-high", TPM2_ALG_ECC, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256, true, 0x81010014,
                             0x01c00014},
    [HF_TPM_EK_P384] = {"ecc-p384", TPM2_ALG_ECC, TPM2_ECC_NIST_P384, TPM2_ALG_SHA384, true, 0x81010016, 0x01c00016},
    [HF_TPM_EK_P521] = {"ecc-p521", TPM2_ALG_ECC, TPM2_ECC_NIST_P521, TPM2_ALG_SHA512, true, 0x81010018, 0x01c00018},
    [HF_TPM_EK_RSA3072] = {"rsa3072", TPM2_ALG_RSA, 3072, TPM2_ALG_SHA384, true, 0x8101001c, 0x01c0001c},
    [HF_TPM_EK_RSA4096] = {"rsa4096", TPM2_ALG_RSA, 4096, TPM2_ALG_SHA384, true, 0x8101001e, 0x01c0001e},
};

/* PolicyA: PolicySecret(TPM_RH_ENDORSEMENT). */
static const uint8_t policy_a[] = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};

/* PolicyB: PolicyOR(PolicyA, PolicyC), where PolicyC is PolicyAuthorizeNV by the index of the hash: 0x01c07f01 on. */
static const uint8_t policy_b_sha256[] = {
    0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06, 0xf7, 0xa3, 0x34, 0x24, 0x14, 0xef, 0xcf, 0xb3,
    0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd, 0x45, 0x90, 0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0,
};
static const uint8_t policy_b_sha384[] = {
    0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a,
    0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca,
    0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12,
};
static const uint8_t policy_b_sha512[] = {
    0xb8, 0x22, 0x1c, 0xa6, 0x9e, 0x85, 0x50, 0xa4, 0x91, 0x4d, 0xe3, 0xfa, 0xa6, 0xa1, 0x8c, 0x07,
    0x2c, 0xc0, 0x12, 0x08, 0x07, 0x3a, 0x92, 0x8d, 0x5d, 0x66, 0xd5, 0x9e, 0xf7, 0x9e, 0x49, 0xa4,
    0x29, 0xc4, 0x1a, 0x6b, 0x26, 0x95, 0x71, 0xd5, 0x7e, 0xdb, 0x25, 0xfb, 0xdb, 0x18, 0x38, 0x42,
    0x56, 0x08, 0xb4, 0x13, 0xcd, 0x61, 0x6a, 0x5f, 0x6d, 0xb5, 0xb6, 0x07, 0x1a, 0xf9, 0x9b, 0xea,
};

const struct hf_tpm_ek_row *hf_tpm_ek_row(enum hf_tpm_ek_kind kind)
{
    return &rows[(unsigned)kind < HF_TPM_EK_KINDS ? kind : HF_TPM_EK_RSA2048];
}

const char *hf_tpm_ek_kind_name(enum hf_tpm_ek_kind kind)
{
    return (unsigned)kind < HF_TPM_EK_KINDS ? rows[kind].name : "unknown";
}

hf_err hf_tpm_ek_kind_by_name(const char *name, enum hf_tpm_ek_kind *out)
{
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *out = (enum hf_tpm_ek_kind)i;
            return HF_OK;
        }
    }
    return hf_fail(
        HF_E_ARG,
        "\"%.40s\" is not a kind of endorsement key: rsa2048, ecc-p256, rsa2048-high, ecc-p256-high, ecc-p384, "
        "ecc-p521, rsa3072, rsa4096",
        name);
}

static struct hf_bytes policy_of(const struct hf_tpm_ek_row *row)
{
    if (!row->high)
        return HF_BYTES_OF(policy_a);
    return row->name_alg == TPM2_ALG_SHA512   ? HF_BYTES_OF(policy_b_sha512)
           : row->name_alg == TPM2_ALG_SHA384 ? HF_BYTES_OF(policy_b_sha384)
                                              : HF_BYTES_OF(policy_b_sha256);
}

hf_err hf_tpm_ek_template(enum hf_tpm_ek_kind kind, TPMT_PUBLIC *out)
{
    const struct hf_tpm_ek_row *row = hf_tpm_ek_row(kind);
    struct hf_bytes policy = policy_of(row);
    TPMT_SYM_DEF_OBJECT aes = {.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
    TPMT_PUBLIC pub = {
        .type = row->type,
        .nameAlg = row->name_alg,
        .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                            TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT |
                            (row->high ? TPMA_OBJECT_USERWITHAUTH : 0),
        .authPolicy.size = (uint16_t)policy.n,
    };

    if ((unsigned)kind >= HF_TPM_EK_KINDS)
        return hf_fail(HF_E_ARG, "%d is not a kind of endorsement key", (int)kind);
    memcpy(pub.authPolicy.buffer, policy.p, policy.n);
    if (row->name_alg != TPM2_ALG_SHA256)
        aes.keyBits.aes = 256;
    if (row->type == TPM2_ALG_RSA) {
        pub.parameters.rsaDetail = (TPMS_RSA_PARMS){
            .symmetric = aes, .scheme.scheme = TPM2_ALG_NULL, .keyBits = row->detail, .exponent = 0};
        pub.unique.rsa.size = row->high ? 0 : (uint16_t)(row->detail / 8); /* zeros */
    } else {
        pub.parameters.eccDetail = (TPMS_ECC_PARMS){
            .symmetric = aes, .scheme.scheme = TPM2_ALG_NULL, .curveID = row->detail, .kdf.scheme = TPM2_ALG_NULL};
        pub.unique.ecc.x.size = row->high ? 0 : 32;
        pub.unique.ecc.y.size = row->high ? 0 : 32;
    }
    *out = pub;
    return HF_OK;
}

/* The nonce at the front of unique, which has its full length then (2.2.1.4). */
static hf_err put_nonce(struct hf_bytes nonce, TPMT_PUBLIC *pub)
{
    bool rsa = pub->type == TPM2_ALG_RSA;
    size_t room = rsa ? pub->parameters.rsaDetail.keyBits / 8u : 32;
    uint8_t *place = rsa ? pub->unique.rsa.buffer : pub->unique.ecc.x.buffer;

    if (nonce.n == 0 || nonce.n > room)
        return hf_fail(HF_E_FORMAT, "the EK nonce in NV has %zu bytes; 1 to %zu are possible", nonce.n, room);
    memset(&pub->unique, 0, sizeof(pub->unique));
    memcpy(place, nonce.p, nonce.n);
    if (rsa) {
        pub->unique.rsa.size = (uint16_t)room;
    } else {
        pub->unique.ecc.x.size = 32;
        pub->unique.ecc.y.size = 32;
    }
    return HF_OK;
}

/* A template in NV must still be an EK's of this kind: the TPM alone could otherwise pass another key off as one. */
static hf_err take_template(struct hf_bytes nv, const struct hf_tpm_ek_row *row, TPMT_PUBLIC *out)
{
    const uint32_t needed = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_RESTRICTED |
                            TPMA_OBJECT_DECRYPT | TPMA_OBJECT_SENSITIVEDATAORIGIN;
    TPMT_PUBLIC pub;

    HF_TRY(hf_tpm_public_parse(nv, &pub));
    if (pub.type != row->type || (pub.objectAttributes & (needed | TPMA_OBJECT_SIGN_ENCRYPT)) != needed ||
        (row->type == TPM2_ALG_RSA ? pub.parameters.rsaDetail.keyBits : pub.parameters.eccDetail.curveID) !=
            row->detail)
        return hf_fail(HF_E_FORMAT, "the EK template in NV is not that of a restricted %s decryption key", row->name);
    *out = pub;
    return HF_OK;
}

hf_err hf_tpm_ek_template_of(struct hf_tpm *tpm, enum hf_tpm_ek_kind kind, TPMT_PUBLIC *out)
{
    const struct hf_tpm_ek_row *row = hf_tpm_ek_row(kind);
    HF_CLEANUP(hf_buf_free) struct hf_buf nv = {.max = 4096};
    TPMT_PUBLIC pub;
    hf_err err;

    HF_TRY(hf_tpm_ek_template(kind, &pub));
    err = hf_tpm_ek_nv_read(tpm, row->certificate + (row->high ? 1 : 2), &nv);
    if (err == HF_OK)
        HF_TRY(take_template(hf_buf_bytes(&nv), row, &pub));
    else if (err != HF_E_NOT_FOUND)
        return err;
    if (row->high) {
        *out = pub;
        return HF_OK;
    }
    nv.n = 0;
    err = hf_tpm_ek_nv_read(tpm, row->certificate + 1, &nv);
    if (err == HF_OK)
        HF_TRY(put_nonce(hf_buf_bytes(&nv), &pub));
    else if (err != HF_E_NOT_FOUND)
        return err;
    *out = pub;
    return HF_OK;
}

hf_err hf_tpm_ek_public_of(const struct hf_pubkey *key, struct hf_buf *out)
{
    bool rsa = hf_pubkey_kind(key) == HF_KEY_RSA;
    unsigned detail = rsa ? hf_pubkey_bits(key) : (unsigned)hf_pubkey_curve(key);
    TPMT_PUBLIC pub;
    size_t kind = 0;

    while (kind < HF_COUNT(rows) &&
           (rows[kind].type != (rsa ? TPM2_ALG_RSA : TPM2_ALG_ECC) || rows[kind].detail != detail))
        kind++;
    if (kind == HF_COUNT(rows))
        return hf_fail(HF_E_UNSUPPORTED, "the EK Credential Profile has no template for a %s of %u bits",
                       rsa ? "RSA key" : "key", hf_pubkey_bits(key));
    HF_TRY(hf_tpm_ek_template((enum hf_tpm_ek_kind)kind, &pub));
    if (rsa) {
        struct hf_bytes n = {0};
        uint64_t e = 0;

        HF_TRY(hf_pubkey_rsa(key, &n, &e));
        if (e != 65537 || n.n > sizeof(pub.unique.rsa.buffer))
            return hf_fail(HF_E_UNSUPPORTED, "an EK by the profile's template has the exponent 65537");
        pub.unique.rsa.size = (uint16_t)n.n;
        memcpy(pub.unique.rsa.buffer, n.p, n.n);
    } else {
        struct hf_point point = {0};
        size_t n = hf_curve_size(hf_pubkey_curve(key));

        HF_TRY(hf_pubkey_point(key, &point));
        pub.unique.ecc.x.size = (uint16_t)n;
        pub.unique.ecc.y.size = (uint16_t)n;
        memcpy(pub.unique.ecc.x.buffer, point.x, n);
        memcpy(pub.unique.ecc.y.buffer, point.y, n);
    }
    return hf_tpm_public_write(&pub, out);
}

/* Everything but what the TPM chose. */
static bool made_from(const TPMT_PUBLIC *pub, const TPMT_PUBLIC *template)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf a = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf b = {0};
    TPMT_PUBLIC left = *pub;
    TPMT_PUBLIC right = *template;

    memset(&left.unique, 0, sizeof(left.unique));
    memset(&right.unique, 0, sizeof(right.unique));
    return hf_tpm_public_write(&left, &a) == HF_OK && hf_tpm_public_write(&right, &b) == HF_OK &&
           hf_bytes_equal(hf_buf_bytes(&a), hf_buf_bytes(&b));
}

struct search {
    struct hf_tpm *tpm;
    const TPMT_PUBLIC *template;
    uint32_t usual;
    struct hf_tpm_key *found;
};

static hf_err consider(void *arg, uint32_t handle)
{
    struct search *s = arg;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

    if (handle < EK_HANDLE_FIRST || handle > EK_HANDLE_LAST || (s->found && handle != s->usual))
        return HF_OK;
    if (hf_tpm_key_at(s->tpm, handle, &key) != HF_OK) { /* an algorithm that is not known here */
        hf_log(HF_LOG_INFO, "tpm.ek_passed_over", "handle=0x%08x error=%s", (unsigned)handle, hf_err_detail());
        return HF_OK;
    }
    if (!made_from(&key->pub, s->template))
        return HF_OK;
    hf_tpm_key_close(&s->found);
    s->found = hf_take(key);
    return HF_OK;
}

static hf_err adopt(struct hf_tpm *tpm, const TPMT_PUBLIC *template, uint32_t usual, struct hf_tpm_key **out)
{
    struct search s = {.tpm = tpm, .template = template, .usual = usual};
    hf_err err = hf_tpm_handles(tpm, TPM2_HT_PERSISTENT, consider, &s);

    if (err == HF_OK && s.found) {
        *out = s.found;
        return HF_OK;
    }
    hf_tpm_key_close(&s.found);
    return err == HF_OK ? HF_E_NOT_FOUND : err;
}

/* Which parameter the TPM found wrong does not matter: it does not make keys of this kind. */
static hf_err explain(hf_err err, const struct hf_tpm_ek_row *row)
{
    uint32_t rc = hf_err_device_code() & 0xbf;

    if (rc == TPM2_RC_VALUE || rc == TPM2_RC_CURVE || rc == TPM2_RC_KEY_SIZE || rc == TPM2_RC_ASYMMETRIC ||
        rc == TPM2_RC_SYMMETRIC || rc == TPM2_RC_HASH)
        return hf_fail_device(HF_E_UNSUPPORTED, hf_err_device_code(), "this TPM makes no endorsement key of kind %s",
                              row->name);
    return err;
}

static hf_err make(struct hf_tpm *tpm, const struct hf_tpm_ek_row *row, const TPMT_PUBLIC *template,
                   const struct hf_secret *endorsement_auth, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct hf_tpm_auth auth = {.value = endorsement_auth};
    struct hf_tpm_name name = {0};
    uint32_t handle = 0;
    hf_err err;

    HF_TRY(hf_tpm_public_write(template, &area));
    err = hf_tpm_primary_raw(tpm, TPM2_RH_ENDORSEMENT, &auth, hf_buf_bytes(&area), &handle, &name, &made);
    if (err != HF_OK)
        return explain(err, row);
    err = hf_tpm_key_new(tpm, hf_buf_bytes(&made), &key);
    if (err != HF_OK) {
        hf_tpm_flush(tpm, handle);
        return err;
    }
    key->handle = handle;
    key->generation = tpm->generation;
    key->hierarchy = TPM2_RH_ENDORSEMENT;
    HF_TRY(hf_buf_set(&key->template, hf_buf_bytes(&area)));
    if (!made_from(&key->pub, template))
        return hf_fail(HF_E_DEVICE, "the TPM made another key than the endorsement key asked for");
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_tpm_ek_open(struct hf_tpm *tpm, enum hf_tpm_ek_kind kind, const struct hf_secret *endorsement_auth,
                      struct hf_tpm_key **out)
{
    const struct hf_tpm_ek_row *row = hf_tpm_ek_row(kind);
    TPMT_PUBLIC template;
    hf_err err;

    HF_TRY(hf_tpm_ek_template_of(tpm, kind, &template));
    HF_TRY(hf_tpm_take(tpm));
    err = adopt(tpm, &template, row->handle, out);
    if (err == HF_E_NOT_FOUND)
        err = make(tpm, row, &template, endorsement_auth, out);
    hf_tpm_give(tpm);
    return err;
}

hf_err hf_tpm_ek_persist(struct hf_tpm_key **ek, enum hf_tpm_ek_kind kind, const struct hf_secret *owner_auth)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *persistent = NULL;
    uint32_t handle = hf_tpm_ek_row(kind)->handle;

    if ((*ek)->persistent)
        return HF_OK;
    HF_TRY(hf_tpm_key_persist(*ek, owner_auth, handle));
    HF_TRY(hf_tpm_key_at((*ek)->tpm, handle, &persistent));
    if (!hf_bytes_equal(hf_tpm_name_bytes(&persistent->name), hf_tpm_name_bytes(&(*ek)->name)))
        return hf_fail(HF_E_DEVICE, "the object at 0x%08x is not the endorsement key that was put there",
                       (unsigned)handle);
    hf_tpm_key_close(ek);
    *ek = hf_take(persistent);
    return HF_OK;
}

/* TPM2_PolicySecret(TPM_RH_ENDORSEMENT): no nonce, no cpHash, no policyRef, no expiration. */
static hf_err policy_secret(struct hf_tpm *tpm, const struct hf_secret *endorsement_auth,
                            struct hf_tpm_session *session)
{
    struct hf_tpm_entity endorsement = hf_tpm_entity_plain(TPM2_RH_ENDORSEMENT);
    struct hf_tpm_entity policy = hf_tpm_session_entity(session);
    struct hf_tpm_auth auth = {.value = endorsement_auth};
    struct hf_tpm_call c;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_PolicySecret));
    hf_tpm_call_handle(&c, &endorsement, &auth);
    hf_tpm_call_handle(&c, &policy, NULL);
    hf_wr_zero(&c.w, 2 + 2 + 2 + 4);
    return hf_tpm_call_run(tpm, &c);
}

hf_err hf_tpm_ek_authorize(struct hf_tpm_key *ek, const struct hf_secret *endorsement_auth, struct hf_tpm_auth *auth,
                           struct hf_tpm_session **session)
{
    if (ek->policy || ek->pub.objectAttributes & TPMA_OBJECT_USERWITHAUTH)
        return hf_tpm_key_authorize(ek, TPM2_CC_ActivateCredential, auth, session);
    if (!hf_bytes_equal((struct hf_bytes){ek->pub.authPolicy.buffer, ek->pub.authPolicy.size}, HF_BYTES_OF(policy_a)))
        return hf_fail(HF_E_DENIED,
                       "only its policy opens this key, and it is not an endorsement key's: give it with --policy");
    *auth = (struct hf_tpm_auth){0};
    HF_TRY(hf_tpm_policy_open(ek->tpm, HF_SHA256, false, session));
    HF_TRY(policy_secret(ek->tpm, endorsement_auth, *session));
    auth->policy = *session;
    return HF_OK;
}
