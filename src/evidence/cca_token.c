/* Arm CCA attestation token (draft-ffm-rats-cca-token-04). */
#include "evidence/cca_token.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum claim {
    CHALLENGE = 10,
    INSTANCE_ID = 256,
    PROFILE = 265,
    PERSONALIZATION = 44235,
    HASH = 44236,
    PUBLIC_KEY = 44237,
    INITIAL = 44238,
    EXTENSIBLE = 44239,
    KEY_HASH = 44240,
    DEVICES_HASH = 44242,
    MEC_POLICY = 44243,
    LFA_POLICY = 44244,
};

/* Claims that are one string, with the bytes they must have: 0 any, -1 those of a hash. */
static const struct string_claim {
    enum claim key;
    const char *name;
    bool text, needed;
    int size;
    size_t at;
} strings[] = {
    {PROFILE, "profile", true, false, 0, offsetof(struct hf_cca_realm, profile)},
    {CHALLENGE, "challenge", false, true, 64, offsetof(struct hf_cca_realm, challenge)},
    {PERSONALIZATION, "personalization value", false, true, 64, offsetof(struct hf_cca_realm, personalization)},
    {HASH, "hash algorithm", true, true, 0, offsetof(struct hf_cca_realm, hash)},
    {PUBLIC_KEY, "public key", false, true, 0, offsetof(struct hf_cca_realm, public_key)},
    {KEY_HASH, "public key hash algorithm", true, true, 0, offsetof(struct hf_cca_realm, key_hash)},
    {INITIAL, "initial measurement", false, true, -1, offsetof(struct hf_cca_realm, initial)},
    {INSTANCE_ID, "instance id", false, false, 33, offsetof(struct hf_cca_realm, instance_id)},
};

bool hf_cca_realm_claim_known(int64_t key)
{
    for (size_t i = 0; i < HF_COUNT(strings); i++) {
        if (key == (int64_t)strings[i].key)
            return true;
    }
    return key == EXTENSIBLE || (key >= DEVICES_HASH && key <= LFA_POLICY);
}

static bool digest_size(size_t n)
{
    return n == 32 || n == 48 || n == 64;
}

/* ---- realm claims ---- */

static hf_err read_string(struct hf_cbor v, const struct string_claim *s, struct hf_cca_realm *out)
{
    struct hf_bytes *place = (struct hf_bytes *)(void *)((char *)out + s->at);

    HF_TRY(s->text ? hf_cbor_as_text(v, place) : hf_cbor_as_bytes(v, place));
    if (s->size < 0 ? !digest_size(place->n) : s->size > 0 && place->n != (size_t)s->size)
        return hf_fail(HF_E_FORMAT, "CCA realm: %s of %zu bytes, where %s are wanted", s->name, place->n,
                       s->size < 0     ? "32, 48 or 64"
                       : s->size == 33 ? "33"
                                       : "64");
    return HF_OK;
}

static hf_err read_extensible(struct hf_cbor v, struct hf_cca_realm *out)
{
    size_t n = 0;

    if (v.type != HF_CBOR_ARRAY || v.value != HF_CCA_EXTENSIBLE)
        return hf_fail(HF_E_FORMAT, "CCA realm: extensible measurements are %s of %" PRIu64 ", where 4 are wanted",
                       hf_cbor_type_name(v.type), v.value);
    for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it); n++) {
        HF_TRY(hf_cbor_as_bytes(it.value, &out->extensible[n]));
        if (!digest_size(out->extensible[n].n))
            return hf_fail(HF_E_FORMAT, "CCA realm: extensible measurement %zu of %zu bytes", n, out->extensible[n].n);
    }
    return HF_OK;
}

static hf_err read_flag(struct hf_cbor v, bool *has, uint64_t *out)
{
    *has = true;
    return hf_cbor_as_u64(v, 1, out);
}

static hf_err read_claim(int64_t key, struct hf_cbor v, struct hf_cca_realm *out)
{
    for (size_t i = 0; i < HF_COUNT(strings); i++) {
        if (key == (int64_t)strings[i].key)
            return read_string(v, &strings[i], out);
    }
    if (key == EXTENSIBLE)
        return read_extensible(v, out);
    if (key == MEC_POLICY)
        return read_flag(v, &out->has_mec_policy, &out->mec_policy);
    if (key == LFA_POLICY)
        return read_flag(v, &out->has_lfa_policy, &out->lfa_policy);
    out->n_unknown += !hf_cca_realm_claim_known(key);
    return HF_OK;
}

/* All claims in one pass, and those that are needed are there. */
static hf_err read_claims(struct hf_cca_realm *out)
{
    for (struct hf_cbor_iter it = hf_cbor_iter(out->map); hf_cbor_next(&it);) {
        bool number = it.key.type == HF_CBOR_UINT || it.key.type == HF_CBOR_NINT;
        int64_t key = 0;

        if (number && hf_cbor_as_i64(it.key, &key) == HF_OK)
            HF_TRY(read_claim(key, it.value, out));
        else
            out->n_unknown++;
    }
    for (size_t i = 0; i < HF_COUNT(strings); i++) {
        const struct hf_bytes *value = (const struct hf_bytes *)(const void *)((const char *)out + strings[i].at);

        if (strings[i].needed && !value->p)
            return hf_fail(HF_E_FORMAT, "CCA realm: no %s", strings[i].name);
    }
    return out->extensible[0].p ? HF_OK : hf_fail(HF_E_FORMAT, "CCA realm: no extensible measurements");
}

/* SEC 1, 2.3.3, not compressed: 04 || x || y. */
static hf_err read_point(struct hf_bytes in, struct hf_cose_key *out)
{
    static const int64_t curves[] = {HF_COSE_P256, HF_COSE_P384, HF_COSE_P521};

    for (size_t i = 0; i < HF_COUNT(curves); i++) {
        size_t size = hf_cose_curve_size(curves[i]);

        if (in.n != 1 + 2 * size || in.p[0] != 0x04)
            continue;
        *out = (struct hf_cose_key){
            .kty = HF_COSE_KTY_EC2, .curve = curves[i], .x = {in.p + 1, size}, .y = {in.p + 1 + size, size}};
        return HF_OK;
    }
    return hf_fail(HF_E_FORMAT, "CCA realm: public key of %zu bytes beginning %02x is neither a point nor a COSE_Key",
                   in.n, in.n ? in.p[0] : 0);
}

hf_err hf_cca_realm_parse(struct hf_bytes in, struct hf_cca_realm *out)
{
    struct hf_cca_realm realm = {0};

    HF_TRY(hf_cbor_parse(in, HF_CBOR_DEFINITE, &realm.map));
    if (realm.map.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "CCA realm: the claims are %s, where a map is wanted",
                       hf_cbor_type_name(realm.map.type));
    HF_TRY(read_claims(&realm));
    if (realm.instance_id.n && realm.instance_id.p[0] != 0x01)
        return hf_fail(HF_E_FORMAT, "CCA realm: instance id of type %02x, where 01 is wanted", realm.instance_id.p[0]);
    /* a map has 0xa0 to 0xbf as its first byte, a point 0x04 */
    realm.cose_key = realm.public_key.n && realm.public_key.p[0] >= 0xa0 && realm.public_key.p[0] <= 0xbf;
    if (realm.cose_key)
        HF_TRY(hf_cose_key_parse(realm.public_key, HF_CBOR_DEFINITE, &realm.key));
    else
        HF_TRY(read_point(realm.public_key, &realm.key));
    *out = realm;
    return HF_OK;
}

static bool written(struct hf_cbor key)
{
    int64_t number = 0;

    return key.type == HF_CBOR_UINT && hf_cbor_as_i64(key, &number) == HF_OK && hf_cca_realm_claim_known(number) &&
           number != DEVICES_HASH;
}

static void put_realm(struct hf_cbor_writer *w, const struct hf_cca_realm *realm)
{
    for (size_t i = 0; i < HF_COUNT(strings); i++) {
        const struct hf_bytes *value = (const struct hf_bytes *)(const void *)((const char *)realm + strings[i].at);

        if (!value->p)
            continue;
        hf_cbor_put_i64(w, strings[i].key);
        if (strings[i].text)
            hf_cbor_put_text_n(w, *value);
        else
            hf_cbor_put_bytes(w, *value);
    }
    hf_cbor_put_i64(w, EXTENSIBLE);
    hf_cbor_put_array(w);
    for (size_t i = 0; i < HF_CCA_EXTENSIBLE; i++)
        hf_cbor_put_bytes(w, realm->extensible[i]);
    hf_cbor_put_close(w);
    if (realm->has_mec_policy) {
        hf_cbor_put_i64(w, MEC_POLICY);
        hf_cbor_put_u64(w, realm->mec_policy);
    }
    if (realm->has_lfa_policy) {
        hf_cbor_put_i64(w, LFA_POLICY);
        hf_cbor_put_u64(w, realm->lfa_policy);
    }
    if (realm->map.type != HF_CBOR_MAP)
        return;
    for (struct hf_cbor_iter it = hf_cbor_iter(realm->map); hf_cbor_next(&it);) {
        if (written(it.key))
            continue;
        hf_cbor_put_raw(w, it.key.raw);
        hf_cbor_put_raw(w, it.value.raw);
    }
}

hf_err hf_cca_realm_write(const struct hf_cca_realm *realm, struct hf_buf *out)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);
    size_t before = out->n;
    hf_err err;

    hf_cbor_put_map(&w);
    put_realm(&w, realm);
    hf_cbor_put_close(&w);
    err = hf_cbor_end(&w);
    if (err != HF_OK)
        out->n = before;
    return err;
}

/* ---- the collection ---- */

/* An entry's message: a byte string under tag 399; under CMW a record of content format and byte string. */
static hf_err read_entry(const struct hf_cca_token *t, int64_t key, const char *name, struct hf_bytes *out)
{
    struct hf_cbor v, part;
    uint64_t format = 0;

    if (hf_cbor_get(t->map, key, &v) != HF_OK)
        return hf_fail(HF_E_FORMAT, "CCA token: no %s token (key %" PRId64 ")", name, key);
    if (t->tag == HF_CCA_TAG_COLLECTION)
        return hf_cbor_as_bytes(v, out);
    if (v.type != HF_CBOR_ARRAY || (v.value != 2 && v.value != 3))
        return hf_fail(HF_E_FORMAT, "CCA token: the %s entry is %s of %" PRIu64 ", where a CMW record is wanted", name,
                       hf_cbor_type_name(v.type), v.value);
    HF_TRY(hf_cbor_item(v, 0, &part));
    HF_TRY(hf_cbor_as_u64(part, UINT16_MAX, &format));
    if (format != HF_CCA_EAT_CWT)
        return hf_fail(HF_E_UNSUPPORTED,
                       "CCA token: the %s token has content format %" PRIu64
                       ", where 263 (a signed EAT) is wanted; realms of the direct model are not signed",
                       name, format);
    HF_TRY(hf_cbor_item(v, 1, &part));
    return hf_cbor_as_bytes(part, out);
}

static hf_err read_collection(struct hf_bytes in, struct hf_cca_token *out)
{
    struct hf_cbor top;

    HF_TRY(hf_cbor_parse(in, HF_CBOR_DEFINITE, &top));
    if (top.type != HF_CBOR_TAG || (top.value != HF_CCA_TAG_COLLECTION && top.value != HF_CCA_TAG_CMW))
        return hf_fail(HF_E_FORMAT, "CCA token: %s, where tag 399 or 907 is wanted", hf_cbor_type_name(top.type));
    out->tag = top.value;
    HF_TRY(hf_cbor_untag(top, top.value, &out->map));
    if (out->map.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "CCA token: %s behind tag %" PRIu64 ", where a map is wanted",
                       hf_cbor_type_name(out->map.type), out->tag);
    HF_TRY(read_entry(out, HF_CCA_PLATFORM, "platform", &out->platform_bytes));
    HF_TRY(read_entry(out, HF_CCA_REALM, "realm", &out->realm_bytes));
    out->n_other = (size_t)out->map.value - 2;
    return HF_OK;
}

static hf_err read_message(struct hf_bytes in, const char *name, struct hf_cose_sign1 *out)
{
    HF_TRY(hf_cose_sign1_parse(in, HF_CBOR_DEFINITE, out));
    if (out->detached)
        return hf_fail(HF_E_FORMAT, "CCA token: the %s token has no claims in it", name);
    return HF_OK;
}

hf_err hf_cca_token_parse(struct hf_bytes in, struct hf_cca_token *out)
{
    struct hf_cca_token token = {0};

    HF_TRY(read_collection(in, &token));
    HF_TRY(read_message(token.platform_bytes, "platform", &token.platform));
    HF_TRY(hf_arm_cca_parse(token.platform.payload, &token.platform_claims));
    HF_TRY(read_message(token.realm_bytes, "realm", &token.realm));
    HF_TRY(hf_cca_realm_parse(token.realm.payload, &token.realm_claims));
    *out = token;
    return HF_OK;
}

static void put_entry(struct hf_cbor_writer *w, uint64_t tag, uint64_t key, struct hf_bytes message)
{
    hf_cbor_put_u64(w, key);
    if (tag == HF_CCA_TAG_CMW) {
        hf_cbor_put_array(w);
        hf_cbor_put_u64(w, HF_CCA_EAT_CWT);
    }
    hf_cbor_put_bytes(w, message);
    if (tag == HF_CCA_TAG_CMW)
        hf_cbor_put_close(w);
}

static bool is_key(struct hf_cbor key, uint64_t value)
{
    return key.type == HF_CBOR_UINT && key.value == value;
}

hf_err hf_cca_token_write(const struct hf_cca_token *token, struct hf_buf *out)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);
    size_t before = out->n;
    hf_err err;

    hf_cbor_put_tag(&w, token->tag);
    hf_cbor_put_map(&w);
    put_entry(&w, token->tag, HF_CCA_PLATFORM, token->platform_bytes);
    put_entry(&w, token->tag, HF_CCA_REALM, token->realm_bytes);
    for (struct hf_cbor_iter it = hf_cbor_iter(token->map); token->n_other && hf_cbor_next(&it);) {
        if (is_key(it.key, HF_CCA_PLATFORM) || is_key(it.key, HF_CCA_REALM))
            continue;
        hf_cbor_put_raw(&w, it.key.raw);
        hf_cbor_put_raw(&w, it.value.raw);
    }
    hf_cbor_put_close(&w);
    err = hf_cbor_end(&w);
    if (err != HF_OK)
        out->n = before;
    return err;
}

/* ---- telling ---- */

static void tell_realm_pair(struct hf_cbor key, struct hf_cbor v, struct hf_inspect *out)
{
    int64_t number = -1;
    char name[48] = "unknown claim";
    size_t n = 0;

    if (hf_cbor_as_i64(key, &number) == HF_OK)
        (void)snprintf(name, sizeof(name), "%" PRId64, number);
    for (size_t i = 0; i < HF_COUNT(strings); i++) {
        if (number == (int64_t)strings[i].key)
            (void)snprintf(name, sizeof(name), "%s", strings[i].name);
    }
    if (number == EXTENSIBLE && v.type == HF_CBOR_ARRAY) {
        for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it); n++) {
            (void)snprintf(name, sizeof(name), "extensible measurement %zu", n);
            hf_inspect_bytes(out, name, it.value.content, NULL);
        }
    } else if (number == MEC_POLICY && v.type == HF_CBOR_UINT) {
        hf_inspect_number(out, "memory encryption context", v.raw, v.value, "%s", v.value ? "private" : "shared");
    } else if (number == LFA_POLICY && v.type == HF_CBOR_UINT) {
        hf_inspect_number(out, "live firmware activation", v.raw, v.value, "%s", v.value ? "allowed" : "not allowed");
    } else if (v.type == HF_CBOR_TEXT && !v.indefinite) {
        hf_inspect_text(out, name, v.content, NULL);
    } else if (v.type == HF_CBOR_BYTES && !v.indefinite) {
        hf_inspect_bytes(out, name, v.content, NULL);
    } else {
        hf_inspect_bytes(out, name, v.raw, "%s, CBOR", hf_cbor_type_name(v.type));
    }
}

static void tell_realm(struct hf_bytes in, struct hf_inspect *out)
{
    struct hf_cbor map;

    if (hf_cbor_parse(in, HF_CBOR_DEFINITE, &map) != HF_OK || map.type != HF_CBOR_MAP) {
        hf_inspect_bytes(out, "claims", in, "no CBOR map");
        return;
    }
    for (struct hf_cbor_iter it = hf_cbor_iter(map); hf_cbor_next(&it);)
        tell_realm_pair(it.key, it.value, out);
}

void hf_arm_cose_inspect(const struct hf_cose_sign1 *msg, void (*claims)(struct hf_bytes in, struct hf_inspect *out),
                         struct hf_inspect *out)
{
    int64_t alg = 0;

    if (hf_cose_alg(msg, &alg) == HF_OK)
        hf_inspect_bytes(out, "protected header", msg->protected_bytes, "algorithm %" PRId64 " (IANA, COSE Algorithms)",
                         alg);
    else
        hf_inspect_bytes(out, "protected header", msg->protected_bytes, "no algorithm");
    if (msg->unprotected_header.value)
        hf_inspect_bytes(out, "unprotected header", msg->unprotected_header.raw, "not signed");
    hf_inspect_open(out, "claims", msg->payload);
    claims(msg->payload, out);
    hf_inspect_close(out);
    hf_inspect_bytes(out, "signature", msg->signature, NULL);
}

static void tell_message(const char *name, struct hf_bytes in,
                         void (*claims)(struct hf_bytes in, struct hf_inspect *out), struct hf_inspect *out)
{
    struct hf_cose_sign1 msg;

    hf_inspect_open(out, name, in);
    if (read_message(in, name, &msg) == HF_OK)
        hf_arm_cose_inspect(&msg, claims, out);
    else
        hf_inspect_bytes(out, "message", in, "%s", hf_err_detail());
    hf_inspect_close(out);
}

hf_err hf_cca_token_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    struct hf_cca_token token;

    HF_TRY(read_collection(in, &token));
    hf_inspect_number(out, "tag", (struct hf_bytes){in.p, 3}, token.tag, "%s",
                      token.tag == HF_CCA_TAG_CMW ? "CMW collection" : "CCA token collection");
    tell_message("platform token", token.platform_bytes, hf_arm_claims_inspect, out);
    tell_message("realm token", token.realm_bytes, tell_realm, out);
    if (token.n_other)
        hf_inspect_number(out, "other entries", token.map.raw, token.n_other, "not looked into");
    return hf_cca_token_parse(in, &token);
}

/* Tag 399, or 907 before a map whose first key is one of ours. */
static bool detect(struct hf_bytes in)
{
    struct hf_reader r = hf_reader(in);
    uint8_t head = hf_rd_u8(&r);
    uint16_t tag = hf_rd_u16be(&r);
    uint8_t map = hf_rd_u8(&r), key = hf_rd_u8(&r);
    uint16_t first = hf_rd_u16be(&r);

    if (hf_rd_err(&r) != HF_OK || head != 0xd9 || (map & 0xe0) != 0xa0)
        return false;
    return tag == HF_CCA_TAG_COLLECTION ||
           (tag == HF_CCA_TAG_CMW && key == 0x19 && (first == HF_CCA_PLATFORM || first == HF_CCA_REALM));
}

const struct hf_evidence_format hf_format_cca_token = {
    .name = "cca-token",
    .family = "cca",
    .about = "Arm CCA attestation token: platform and realm, profiles of 2021 to 2026",
    .detect = detect,
    .inspect = hf_cca_token_inspect,
};
