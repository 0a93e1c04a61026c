/* What CCA and PSA tokens share. */
#include "verify/arm_token.h"
#include "base/writer.h"

#include <inttypes.h>
#include <stdio.h>

static hf_err sig_alg(int64_t cose, struct hf_sig_alg *alg, enum hf_curve *curve)
{
    static const struct {
        int64_t cose;
        enum hf_hash_alg hash;
        enum hf_curve curve;
    } known[] = {
        {HF_COSE_ES256, HF_SHA256, HF_P256},
        {HF_COSE_ES384, HF_SHA384, HF_P384},
        {HF_COSE_ES512, HF_SHA512, HF_P521},
    };

    for (size_t i = 0; i < HF_COUNT(known); i++) {
        if (known[i].cose != cose)
            continue;
        *alg = (struct hf_sig_alg){.scheme = HF_SIG_ECDSA, .hash = known[i].hash};
        *curve = known[i].curve;
        return HF_OK;
    }
    return hf_fail(HF_E_UNSUPPORTED, "COSE algorithm %" PRId64 "; known are ES256 (-7), ES384 (-35), ES512 (-36)",
                   cose);
}

/* The head of a byte string: RFC 8949, 3. */
static void put_bytes_head(struct hf_writer *w, size_t n)
{
    if (n < 24) {
        hf_wr_u8(w, (uint8_t)(0x40 + n));
    } else if (n < 0x100) {
        hf_wr_u8(w, 0x58);
        hf_wr_u8(w, (uint8_t)n);
    } else if (n < 0x10000) {
        hf_wr_u8(w, 0x59);
        hf_wr_u16be(w, (uint16_t)n);
    } else {
        hf_wr_u8(w, 0x5a);
        hf_wr_u32be(w, (uint32_t)n);
    }
}

/* The hash of the Sig_structure (RFC 9052, 4.4), in pieces: nothing is copied. A protected header that holds an
 * algorithm is never the empty map, which would be signed as no bytes. */
static hf_err message_hash(const struct hf_cose_sign1 *msg, enum hf_hash_alg hash, struct hf_digest *out)
{
    uint8_t first[24], second[8];
    struct hf_writer a = hf_writer(first, sizeof(first)), b = hf_writer(second, sizeof(second));
    struct hf_bytes parts[4];

    hf_wr_u8(&a, 0x84);
    hf_wr_u8(&a, 0x6a);
    hf_wr_bytes(&a, hf_bytes_text("Signature1"));
    put_bytes_head(&a, msg->protected_bytes.n);
    hf_wr_u8(&b, 0x40); /* no external data */
    put_bytes_head(&b, msg->payload.n);
    parts[0] = hf_wr_done(&a);
    parts[1] = msg->protected_bytes;
    parts[2] = hf_wr_done(&b);
    parts[3] = msg->payload;
    return hf_hash(hash, parts, HF_COUNT(parts), out);
}

hf_err hf_arm_signature(const struct hf_cose_sign1 *msg, const struct hf_pubkey *key)
{
    struct hf_sig_alg alg = {0};
    enum hf_curve curve = HF_CURVE_NONE;
    struct hf_digest digest;
    int64_t cose = 0;

    HF_TRY(hf_cose_alg(msg, &cose));
    HF_TRY(sig_alg(cose, &alg, &curve));
    if (hf_pubkey_curve(key) != curve)
        return hf_fail(HF_E_KEY_TYPE, "COSE algorithm %" PRId64 " wants a key on %s", cose, hf_curve_name(curve));
    HF_TRY(message_hash(msg, alg.hash, &digest));
    return hf_pubkey_verify(key, &alg, hf_digest_bytes(&digest), msg->signature);
}

/* The same, remembered: a platform token is one for many realms, and for as long as the platform runs. */
static hf_err signature_known(const struct hf_judge *j, const struct hf_cose_sign1 *msg, const struct hf_pubkey *key,
                              const uint8_t spki_sha256[32])
{
    struct hf_bytes parts[] = {
        hf_bytes_text("cose"), msg->protected_bytes, msg->payload, msg->signature, {spki_sha256, 32}};
    struct hf_digest name;
    void *object = NULL;

    HF_TRY(hf_hash(HF_SHA256, parts, HF_COUNT(parts), &name));
    if (hf_cache_get(j->cache, HF_FACT_OTHER, name.bytes, &object))
        return HF_OK;
    HF_TRY(hf_arm_signature(msg, key));
    (void)hf_cache_put(j->cache, HF_FACT_OTHER, name.bytes, NULL, NULL);
    return HF_OK;
}

/* ---- the platform's key ---- */

static void say_no_key(const struct hf_arm_claims *claims, size_t tried, struct hf_verdict *v)
{
    struct hf_check *row = hf_check(
        v, "signature",
        tried ? hf_fail(HF_E_MISMATCH, "it is by none of the %zu keys that were given", tried)
              : hf_fail(HF_E_UNTRUSTED, "no key to check it with: give the platform's public attestation key"));

    hf_check_expected_hex(row, claims->instance_id);
    hf_check_found_hex(row, claims->implementation_id);
    if (!tried)
        hf_check_note(row, "no key to check it with: give the public attestation key of the platform whose instance id "
                           "(expected) and implementation id (found) are shown");
}

static void say_certificate(const struct hf_judge *j, const struct hf_cert *cert, struct hf_verdict *v,
                            struct hf_findings *f)
{
    struct hf_chain chain;

    (void)hf_judge_chain(j, HF_VENDOR_ANY, cert, &j->endorsements->certs, NULL, v, f, &chain);
    if (chain.n > 1)
        (void)hf_judge_revocation(j, &chain, NULL, v, f);
}

void hf_arm_judge_signature(const struct hf_judge *j, const struct hf_cose_sign1 *msg,
                            const struct hf_arm_claims *claims, struct hf_verdict *v, struct hf_findings *f)
{
    size_t tried = 0;

    for (size_t i = 0; i < j->endorsements->n; i++) {
        const struct hf_endorsement *e = &j->endorsements->item[i];
        const struct hf_pubkey *key = e->cert ? e->cert->key : e->key;
        struct hf_check *row;

        if (!key || (e->kind != HF_ENDORSEMENT_PUBLIC_KEY && e->kind != HF_ENDORSEMENT_CERT))
            continue;
        tried++;
        if (signature_known(j, msg, key, e->cert ? e->cert->spki_sha256 : e->sha256) != HF_OK)
            continue;
        row = hf_check(v, "signature", HF_OK);
        hf_check_found(row, "by the key of %s", e->source);
        if (e->cert)
            say_certificate(j, e->cert, v, f);
        else
            (void)hf_check_not_applicable(v, "root", "a bare key: that it is the platform's is the caller's knowledge");
        return;
    }
    say_no_key(claims, tried, v);
}

/* ---- claims ---- */

void hf_arm_judge_lifecycle(const struct hf_arm_claims *claims, struct hf_verdict *v, struct hf_findings *f)
{
    enum hf_arm_lifecycle state = hf_arm_lifecycle_of(claims->lifecycle);
    bool debug = state == HF_ARM_LIFECYCLE_OTHER_DEBUG || state == HF_ARM_LIFECYCLE_ROT_DEBUG;
    char how[64];
    struct hf_check *row = hf_check(
        v, "lifecycle",
        state == HF_ARM_LIFECYCLE_SECURED
            ? HF_OK
            : hf_fail(HF_E_UNTRUSTED, "the platform is not secured: %s", hf_arm_lifecycle_name(state)));

    hf_check_expected(row, "0x3000 to 0x30ff (secured)");
    hf_check_found(row, "0x%04" PRIx64 " (%s)", claims->lifecycle, hf_arm_lifecycle_name(state));
    (void)snprintf(how, sizeof(how), "lifecycle 0x%04" PRIx64, claims->lifecycle);
    hf_judge_debug(debug, how, v, f);
}

void hf_arm_judge_unknown(struct hf_cbor map, size_t n, bool (*known)(int64_t key), const char *row,
                          struct hf_verdict *v)
{
    char keys[160];

    if (n == 0)
        return;
    hf_arm_unknown_keys(map, known, keys, sizeof(keys));
    hf_check_found(hf_check_not_applicable(v, row,
                                           "signed, and passed over as RFC 9711 asks: nobody here knows what "
                                           "they mean"),
                   "%s", keys);
}

/* The components' types, with commas; one without has its number. */
static void software_claim(const struct hf_arm_claims *claims, struct hf_claims *out)
{
    char names[512];
    size_t n = 0;

    names[0] = 0;
    for (size_t i = 0; i < claims->n_components && n < sizeof(names); i++) {
        const struct hf_bytes type = claims->component[i].type;
        size_t from = n;

        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s", i ? "," : "");
        from = n;
        if (type.n)
            n += (size_t)snprintf(names + n, sizeof(names) - n, "%.*s", (int)(type.n < 40 ? type.n : 40),
                                  (const char *)type.p);
        else
            n += (size_t)snprintf(names + n, sizeof(names) - n, "component %zu", i);
        for (; from < n && from < sizeof(names); from++) {
            if (names[from] == ',')
                names[from] = ' ';
        }
    }
    hf_claim_texts_copy(out, "platform_software", hf_bytes_text(names));
}

void hf_arm_claims_of(const struct hf_arm_claims *claims, struct hf_claims *out)
{
    hf_claim_text(out, "profile", claims->profile_text);
    hf_claim_bytes(out, "platform_instance_id", claims->instance_id);
    hf_claim_bytes(out, "platform_implementation_id", claims->implementation_id);
    hf_claim_number(out, "platform_lifecycle", claims->lifecycle);
    hf_claim_word(out, "platform_lifecycle_state", hf_arm_lifecycle_name(hf_arm_lifecycle_of(claims->lifecycle)));
    if (claims->config.p)
        hf_claim_bytes(out, "platform_config", claims->config);
    if (claims->hash.p)
        hf_claim_text(out, "platform_hash_algorithm", claims->hash);
    if (claims->service.p)
        hf_claim_text(out, "verification_service", claims->service);
    if (claims->certification.p)
        hf_claim_text(out, "certification_reference", claims->certification);
    if (claims->boot_seed.p)
        hf_claim_bytes(out, "boot_seed", claims->boot_seed);
    if (claims->has_client)
        hf_claim_printf(out, "client_id", "%" PRId64, claims->client);
    if (claims->n_components)
        software_claim(claims, out);
    for (size_t i = 0; i < claims->n_components; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "platform_measurement%zu", i);
        hf_claim_bytes(out, name, claims->component[i].measurement);
        (void)snprintf(name, sizeof(name), "platform_signer%zu", i);
        hf_claim_bytes(out, name, claims->component[i].signer);
    }
}
