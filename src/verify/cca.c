/* Verdicts over Arm CCA tokens (draft-ffm-rats-cca-token-04, 4.10 and 9: platform, realm, and what binds them). */
#include "evidence/cca_token.h"
#include "verify/arm_token.h"

#include <inttypes.h>
#include <stdio.h>

static void key_free(void *address)
{
    hf_pubkey_free(address);
}

/* The realm's key, shared with the cache. Free with hf_pubkey_free. */
static hf_err realm_key(const struct hf_judge *j, const struct hf_cose_key *in, struct hf_pubkey **out)
{
    static const enum hf_curve curves[] = {
        [HF_COSE_P256] = HF_P256, [HF_COSE_P384] = HF_P384, [HF_COSE_P521] = HF_P521};
    struct hf_bytes parts[] = {in->x, in->y};
    struct hf_digest name;
    struct hf_pubkey *key = NULL, *keep;
    void *object = NULL;

    if (in->kty != HF_COSE_KTY_EC2)
        return hf_fail(HF_E_UNSUPPORTED, "the realm's key is of type %" PRId64 ", where an EC2 key is wanted", in->kty);
    HF_TRY(hf_hash(HF_SHA256, parts, HF_COUNT(parts), &name));
    if (hf_cache_get(j->cache, HF_FACT_KEY, name.bytes, &object)) {
        *out = hf_pubkey_share(object);
        return HF_OK;
    }
    HF_TRY(hf_pubkey_from_point(curves[in->curve], in->x, in->y, &key));
    keep = hf_pubkey_share(key);
    if (hf_cache_put(j->cache, HF_FACT_KEY, name.bytes, keep, key_free) != HF_OK)
        hf_pubkey_free(&keep);
    *out = key;
    return HF_OK;
}

static void check_realm_signature(const struct hf_judge *j, const struct hf_cca_token *t, struct hf_verdict *v)
{
    struct hf_pubkey *key = NULL;
    hf_err err = realm_key(j, &t->realm_claims.key, &key);
    struct hf_check *row = hf_check(v, "realm signature", err == HF_OK ? hf_arm_signature(&t->realm, key) : err);

    hf_check_found(row, "by the key in claim 44237");
    hf_pubkey_free(&key);
}

static hf_err hash_of(struct hf_bytes name, enum hf_hash_alg *out)
{
    switch (hf_arm_hash_size(name)) {
    case 32:
        *out = HF_SHA256;
        return HF_OK;
    case 48:
        *out = HF_SHA384;
        return HF_OK;
    case 64:
        *out = HF_SHA512;
        return HF_OK;
    default:
        return hf_fail(HF_E_UNSUPPORTED, "hash algorithm \"%.*s\"; known are sha-256, sha-384, sha-512",
                       (int)(name.n < 40 ? name.n : 40), (const char *)name.p);
    }
}

/* The platform says, under its signature, which realm key it handed out: by its challenge, or since 2026 by the
 * workload binding. */
static void check_binding(const struct hf_cca_token *t, struct hf_verdict *v)
{
    const struct hf_arm_claims *p = &t->platform_claims;
    struct hf_bytes carried = p->profile == HF_ARM_PROFILE_CCA_2 ? p->binding : p->nonce;
    enum hf_hash_alg alg = HF_HASH_NONE;
    struct hf_digest want = {0};
    hf_err err = hash_of(t->realm_claims.key_hash, &alg);
    struct hf_check *row;

    if (err == HF_OK)
        err = hf_hash_one(alg, t->realm_claims.public_key, &want);
    if (err == HF_OK && !hf_bytes_equal(hf_digest_bytes(&want), carried))
        err = hf_fail(HF_E_MISMATCH, "the platform token is not about this realm's key");
    row = hf_check(v, "binding", err);
    hf_check_expected_hex(row, hf_digest_bytes(&want));
    hf_check_found_hex(row, carried);
}

static bool realm_profile_fits(const struct hf_cca_token *t)
{
    static const struct {
        const char *text;
        enum hf_arm_profile with;
    } known[] = {
        {"tag:arm.com,2023:realm#1.0.0", HF_ARM_PROFILE_CCA_1},
        {"tag:arm.com,2024:realm#1.1.0", HF_ARM_PROFILE_CCA_1},
        {"tag:arm.com,2024:realm#2.0.0", HF_ARM_PROFILE_CCA_1},
        {"tag:arm.com,2026:realm#2.0.0", HF_ARM_PROFILE_CCA_2},
    };

    if (t->realm_claims.profile.n == 0) /* then the platform's says all */
        return true;
    for (size_t i = 0; i < HF_COUNT(known); i++) {
        if (hf_bytes_equal(t->realm_claims.profile, hf_bytes_text(known[i].text)))
            return known[i].with == t->platform_claims.profile;
    }
    return false;
}

static hf_err profile_err(const struct hf_cca_token *t)
{
    enum hf_arm_profile p = t->platform_claims.profile;

    if (p == HF_ARM_PROFILE_CCA_DIRECT)
        return hf_fail(HF_E_UNSUPPORTED, "the direct model: its realm has no key of its own");
    if (p != HF_ARM_PROFILE_CCA_LEGACY && p != HF_ARM_PROFILE_CCA_1 && p != HF_ARM_PROFILE_CCA_2)
        return hf_fail(HF_E_UNSUPPORTED, "a platform profile that is not known");
    if (!realm_profile_fits(t))
        return hf_fail(HF_E_MISMATCH, "the realm's profile is not known, or of another generation than the platform's");
    if (t->realm_claims.cose_key == (p == HF_ARM_PROFILE_CCA_LEGACY))
        return hf_fail(HF_E_FORMAT, "the realm's key is %s, which this profile does not write",
                       t->realm_claims.cose_key ? "a COSE_Key" : "a bare point");
    if ((p == HF_ARM_PROFILE_CCA_2) != (t->platform_claims.binding.n != 0))
        return hf_fail(HF_E_FORMAT,
                       "a workload binding (claim 2408) goes with the profiles of 2026, and only with them");
    if (p == HF_ARM_PROFILE_CCA_2 && t->platform_claims.nonce.n &&
        !hf_bytes_equal(t->platform_claims.nonce, t->realm_claims.challenge))
        return hf_fail(HF_E_MISMATCH, "the platform's challenge is not the realm's");
    return HF_OK;
}

static void check_profile(const struct hf_cca_token *t, struct hf_verdict *v)
{
    struct hf_bytes platform = t->platform_claims.profile_text, realm = t->realm_claims.profile;
    struct hf_check *row = hf_check(v, "profile", profile_err(t));

    hf_check_found(row, "%.*s; realm %.*s", (int)(platform.n < 60 ? platform.n : 60), (const char *)platform.p,
                   realm.n ? (int)(realm.n < 60 ? realm.n : 60) : 4, realm.n ? (const char *)realm.p : "none");
}

/* Known algorithms. Tokens in use name one whose digests are not as wide as their measurements; the draft does not
 * forbid it, and no reference value of another width can match, so it is only told. */
static void check_hashes(const struct hf_cca_token *t, struct hf_verdict *v)
{
    const struct hf_cca_realm *r = &t->realm_claims;
    size_t size = hf_arm_hash_size(r->hash);
    bool fits = r->initial.n == size;
    struct hf_check *row;

    for (size_t i = 0; i < HF_CCA_EXTENSIBLE; i++)
        fits &= r->extensible[i].n == size;
    row = hf_check(v, "hash algorithms",
                   size && hf_arm_hash_size(t->platform_claims.hash)
                       ? HF_OK
                       : hf_fail(HF_E_UNSUPPORTED, "known are sha-256, sha-384, sha-512"));
    if (size && !fits)
        hf_check_note(row, "the realm's measurements are not as wide as its algorithm's digests");
    hf_check_found(row, "realm %.*s with %zu bytes, platform %.*s", (int)(r->hash.n < 40 ? r->hash.n : 40),
                   (const char *)r->hash.p, r->initial.n,
                   (int)(t->platform_claims.hash.n < 40 ? t->platform_claims.hash.n : 40),
                   (const char *)t->platform_claims.hash.p);
}

static void realm_claims(const struct hf_cca_realm *r, struct hf_claims *out)
{
    if (r->profile.p)
        hf_claim_text(out, "realm_profile", r->profile);
    hf_claim_bytes(out, "realm_initial_measurement", r->initial);
    for (size_t i = 0; i < HF_CCA_EXTENSIBLE; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "realm_extensible_measurement%zu", i);
        hf_claim_bytes(out, name, r->extensible[i]);
    }
    hf_claim_bytes(out, "realm_personalization", r->personalization);
    hf_claim_bytes(out, "realm_challenge", r->challenge);
    hf_claim_bytes(out, "realm_public_key", r->public_key);
    hf_claim_text(out, "realm_hash_algorithm", r->hash);
    if (r->instance_id.p)
        hf_claim_bytes(out, "realm_instance_id", r->instance_id);
    if (r->has_mec_policy)
        hf_claim_word(out, "realm_mec_policy", r->mec_policy ? "private" : "shared");
    if (r->has_lfa_policy)
        hf_claim_word(out, "realm_lfa_policy", r->lfa_policy ? "allowed" : "not allowed");
}

hf_judge_fn hf_cca_judge;

void hf_cca_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_cca_token t;
    hf_err err = hf_cca_token_parse(evidence, &t);

    if (hf_check(v, "structure", err)->status != HF_CHECK_OK)
        return;
    check_profile(&t, v);
    hf_arm_judge_signature(j, &t.platform, &t.platform_claims, v, f);
    check_realm_signature(j, &t, v);
    check_binding(&t, v);
    hf_arm_judge_lifecycle(&t.platform_claims, v, f);
    check_hashes(&t, v);
    hf_arm_judge_unknown(t.platform_claims.map, t.platform_claims.n_unknown, hf_arm_claim_known, "unknown claims", v);
    hf_arm_judge_unknown(t.realm_claims.map, t.realm_claims.n_unknown, hf_cca_realm_claim_known, "unknown realm claims",
                         v);
    if (t.n_other)
        hf_check_found(hf_check_not_applicable(v, "other entries", "beside platform and realm; not looked into"), "%zu",
                       t.n_other);
    hf_judge_freshness(j, t.realm_claims.challenge, 64, v, f);
    realm_claims(&t.realm_claims, &f->claims);
    hf_arm_claims_of(&t.platform_claims, &f->claims);
    if (f->environment == HF_ENV_HARDWARE)
        f->level = HF_LEVEL_HIGH;
}
