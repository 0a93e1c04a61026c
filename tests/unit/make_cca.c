/* Arm CCA and PSA tokens for tests. */
#include "make_cca.h"
#include "base/cleanup.h"

hf_err make_cca_keys_new(enum hf_curve platform, enum hf_curve realm, struct make_cca_keys *out)
{
    HF_CLEANUP(make_cca_keys_free) struct make_cca_keys keys = {0};

    HF_TRY(hf_privkey_generate_ec(platform, &keys.platform));
    HF_TRY(hf_privkey_generate_ec(realm, &keys.realm));
    *out = keys;
    keys = (struct make_cca_keys){0};
    return HF_OK;
}

void make_cca_keys_free(struct make_cca_keys *keys)
{
    hf_privkey_free(&keys->platform);
    hf_privkey_free(&keys->realm);
}

static hf_err sign1(const struct hf_privkey *key, struct hf_bytes payload, struct hf_cose_sign1 *msg,
                    struct hf_buf *out)
{
    static const uint8_t es256[] = {0xa1, 0x01, 0x26}, es384[] = {0xa1, 0x01, 0x38, 0x22},
                         es512[] = {0xa1, 0x01, 0x38, 0x23};
    HF_CLEANUP(hf_buf_free) struct hf_buf tbs = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf signature = {0};
    enum hf_curve curve = hf_pubkey_curve(hf_privkey_public(key));
    struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256};

    msg->protected_bytes = HF_BYTES_OF(es256);
    if (curve == HF_P384) {
        msg->protected_bytes = HF_BYTES_OF(es384);
        alg.hash = HF_SHA384;
    } else if (curve == HF_P521) {
        msg->protected_bytes = HF_BYTES_OF(es512);
        alg.hash = HF_SHA512;
    }
    msg->payload = payload;
    HF_TRY(hf_cose_to_be_signed(msg->protected_bytes, (struct hf_bytes){0}, payload, &tbs));
    HF_TRY(hf_privkey_sign_message(key, &alg, hf_buf_bytes(&tbs), &signature));
    msg->signature = hf_buf_bytes(&signature);
    return hf_cose_sign1_write(msg, out);
}

/* Values that all tokens share. */
static const uint8_t instance[33] = {0x01, 2, 3, 4, 5}, implementation[32] = {'h', 'o', 'l', 'd', 'f', 'a', 's', 't'};
static const uint8_t config[] = {0xcf, 0xcf}, measured[32] = {0x11}, signer[32] = {0x22}, zeros[64] = {0};

static void platform_claims(const char *profile, struct hf_arm_claims *out)
{
    *out = (struct hf_arm_claims){
        .profile_text = hf_bytes_text(profile),
        .instance_id = HF_BYTES_OF(instance),
        .implementation_id = HF_BYTES_OF(implementation),
        .config = HF_BYTES_OF(config),
        .hash = hf_bytes_text("sha-256"),
        .service = hf_bytes_text("https://verifier.example"),
        .lifecycle = 0x3003,
        .n_components = 2,
        .component = {{.type = hf_bytes_text("RSE_BL2"),
                       .measurement = HF_BYTES_OF(measured),
                       .signer = HF_BYTES_OF(signer)},
                      {.type = hf_bytes_text("RMM"),
                       .measurement = HF_BYTES_OF(measured),
                       .version = hf_bytes_text("1.2.3"),
                       .signer = HF_BYTES_OF(signer),
                       .hash = hf_bytes_text("sha-256")}},
    };
}

static hf_err realm_key_claim(const struct hf_privkey *key, bool point, struct hf_buf *out)
{
    struct hf_point p;
    size_t size;
    uint8_t head = 0x04;
    int64_t curve;

    HF_TRY(hf_pubkey_point(hf_privkey_public(key), &p));
    size = hf_curve_size(p.curve);
    if (point) {
        HF_TRY(hf_buf_add(out, (struct hf_bytes){&head, 1}));
        HF_TRY(hf_buf_add(out, (struct hf_bytes){p.x, size}));
        return hf_buf_add(out, (struct hf_bytes){p.y, size});
    }
    curve = p.curve == HF_P256 ? HF_COSE_P256 : p.curve == HF_P384 ? HF_COSE_P384 : HF_COSE_P521;
    return hf_cose_key_write(
        &(struct hf_cose_key){.kty = HF_COSE_KTY_EC2, .curve = curve, .x = {p.x, size}, .y = {p.y, size}}, out);
}

hf_err make_cca_token(const struct make_cca_spec *spec, const struct make_cca_keys *keys, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf key = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf claims = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf platform = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf realm = {0};
    const char *profile = spec->profile ? spec->profile : "tag:arm.com,2023:cca_platform#1.0.0";
    const char *realm_profile = spec->realm_profile ? spec->realm_profile : "tag:arm.com,2023:realm#1.0.0";
    struct hf_cose_sign1 msg = {.tagged = true};
    struct hf_cca_token token = {.tag = spec->tag ? spec->tag : HF_CCA_TAG_COLLECTION};
    struct hf_arm_claims p;
    struct hf_cca_realm r = {.challenge = HF_BYTES_OF(spec->challenge),
                             .personalization = HF_BYTES_OF(zeros),
                             .hash = hf_bytes_text("sha-256"),
                             .key_hash = hf_bytes_text("sha-256"),
                             .initial = HF_BYTES_OF(measured),
                             .extensible = {{zeros, 32}, {zeros, 32}, {zeros, 32}, {zeros, 32}}};
    struct hf_digest bound;

    HF_TRY(realm_key_claim(keys->realm, spec->point, &key));
    r.public_key = hf_buf_bytes(&key);
    HF_TRY(hf_hash_one(HF_SHA256, r.public_key, &bound));
    platform_claims(profile, &p);
    if (strstr(profile, ",2026:"))
        p.binding = hf_digest_bytes(&bound);
    else
        p.nonce = hf_digest_bytes(&bound);
    if (realm_profile[0])
        r.profile = hf_bytes_text(realm_profile);
    if (spec->edit)
        spec->edit(&p, &r);
    HF_TRY(hf_arm_claims_write(&p, &claims));
    HF_TRY(sign1(keys->platform, hf_buf_bytes(&claims), &msg, &platform));
    hf_buf_free(&claims);
    HF_TRY(hf_cca_realm_write(&r, &claims));
    HF_TRY(sign1(spec->realm_signer ? spec->realm_signer : keys->realm, hf_buf_bytes(&claims), &msg, &realm));
    token.platform_bytes = hf_buf_bytes(&platform);
    token.realm_bytes = hf_buf_bytes(&realm);
    return hf_cca_token_write(&token, out);
}

hf_err make_psa_token(const struct make_cca_spec *spec, const struct make_cca_keys *keys, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf claims = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf message = {0};
    struct hf_psa_token token = {.mac = spec->mac};
    struct hf_cose_sign1 msg = {.tagged = true};
    struct hf_arm_claims p;

    platform_claims(spec->profile ? spec->profile : "tag:psacertified.org,2023:psa#tfm", &p);
    p.config = p.hash = (struct hf_bytes){0};
    p.nonce = (struct hf_bytes){spec->challenge, 32};
    p.boot_seed = HF_BYTES_OF(measured);
    p.has_client = true;
    p.client = -7;
    if (strcmp((const char *)p.profile_text.p, "PSA_IOT_PROFILE_1") == 0)
        p.profile = HF_ARM_PROFILE_PSA_1;
    if (spec->edit)
        spec->edit(&p, NULL);
    HF_TRY(hf_arm_claims_write(&p, &claims));
    HF_TRY(sign1(keys->platform, hf_buf_bytes(&claims), &msg, &message));
    if (!spec->mac)
        return hf_buf_add(out, hf_buf_bytes(&message));
    HF_TRY(hf_cose_sign1_parse(hf_buf_bytes(&message), HF_CBOR_DEFINITE, &token.message));
    return hf_psa_token_write(&token, out);
}
