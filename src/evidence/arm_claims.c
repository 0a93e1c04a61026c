/* Claims of PSA and CCA platform tokens. */
#include "evidence/arm_claims.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum kind { TEXT, BYTES, HASH, UEID, ID32, SEED, SIGNED, LIFECYCLE, COMPONENTS, FLAG, OTHER };

/* One claim: its key in RFC 9783 and the CCA draft, and in PSA_IOT_PROFILE_1 (0: it has none there). */
static const struct field {
    int64_t key, psa1;
    const char *name;
    enum kind kind;
    size_t at;
} fields[] = {
    {265, -75000, "profile", TEXT, offsetof(struct hf_arm_claims, profile_text)},
    {10, -75008, "nonce", HASH, offsetof(struct hf_arm_claims, nonce)},
    {2408, 0, "workload binding", HASH, offsetof(struct hf_arm_claims, binding)},
    {256, -75009, "instance id", UEID, offsetof(struct hf_arm_claims, instance_id)},
    {2396, -75003, "implementation id", ID32, offsetof(struct hf_arm_claims, implementation_id)},
    {2401, 0, "platform config", BYTES, offsetof(struct hf_arm_claims, config)},
    {268, -75004, "boot seed", SEED, offsetof(struct hf_arm_claims, boot_seed)},
    {2397, 0, "boot seed", SEED, offsetof(struct hf_arm_claims, boot_seed)}, /* of the drafts */
    {2402, 0, "hash algorithm", TEXT, offsetof(struct hf_arm_claims, hash)},
    {2400, -75010, "verification service", TEXT, offsetof(struct hf_arm_claims, service)},
    {2398, -75005, "certification reference", TEXT, offsetof(struct hf_arm_claims, certification)},
    {2394, -75001, "client id", SIGNED, offsetof(struct hf_arm_claims, client)},
    {2395, -75002, "lifecycle", LIFECYCLE, offsetof(struct hf_arm_claims, lifecycle)},
    {2399, -75006, "software components", COMPONENTS, 0},
    {0, -75007, "no software measurements", FLAG, offsetof(struct hf_arm_claims, no_software)},
    {2403, 0, "manufacturing config", OTHER, 0},
    {2404, 0, "platform extension", OTHER, 0},
    {2405, 0, "trusted board boot keys", OTHER, 0},
    {2406, 0, "peer signers", OTHER, 0},
    {2407, 0, "discrete TPM binding data", OTHER, 0},
};

bool hf_arm_claim_known(int64_t key)
{
    for (size_t i = 0; i < HF_COUNT(fields); i++) {
        if (key != 0 && (fields[i].key == key || fields[i].psa1 == key))
            return true;
    }
    return false;
}

static bool integer_key(struct hf_cbor key, int64_t *out)
{
    return (key.type == HF_CBOR_UINT || key.type == HF_CBOR_NINT) && hf_cbor_as_i64(key, out) == HF_OK;
}

void hf_arm_unknown_keys(struct hf_cbor map, bool (*known)(int64_t key), char *out, size_t room)
{
    size_t n = 0;
    int64_t key;

    out[0] = 0;
    for (struct hf_cbor_iter it = hf_cbor_iter(map); hf_cbor_next(&it) && n + 1 < room;) {
        int wrote;

        if (integer_key(it.key, &key) && known(key))
            continue;
        if (it.key.type == HF_CBOR_TEXT)
            wrote = snprintf(out + n, room - n, "%s\"%.*s\"", n ? ", " : "",
                             (int)(it.key.content.n < 40 ? it.key.content.n : 40),
                             it.key.content.n ? (const char *)it.key.content.p : "");
        else if (integer_key(it.key, &key))
            wrote = snprintf(out + n, room - n, "%s%" PRId64, n ? ", " : "", key);
        else
            wrote = snprintf(out + n, room - n, "%s%s", n ? ", " : "", hf_cbor_type_name(it.key.type));
        n += wrote > 0 ? (size_t)wrote : 0;
    }
}

/* ---- reading ---- */

static bool digest_size(size_t n)
{
    return n == 32 || n == 48 || n == 64;
}

static hf_err take_bytes(struct hf_cbor v, enum kind kind, const char *name, struct hf_bytes *out)
{
    struct hf_bytes b;

    HF_TRY(hf_cbor_as_bytes(v, &b));
    if (kind == HASH && !digest_size(b.n))
        return hf_fail(HF_E_FORMAT, "Arm token: %s of %zu bytes, where 32, 48 or 64 are wanted", name, b.n);
    if (kind == ID32 && b.n != 32)
        return hf_fail(HF_E_FORMAT, "Arm token: %s of %zu bytes, where 32 are wanted", name, b.n);
    if (kind == UEID && (b.n != 33 || b.p[0] != 0x01))
        return hf_fail(HF_E_FORMAT, "Arm token: %s of %zu bytes beginning %02x, where 33 beginning 01 are wanted", name,
                       b.n, b.n ? b.p[0] : 0);
    if (kind == SEED && (b.n < 8 || b.n > 32))
        return hf_fail(HF_E_FORMAT, "Arm token: %s of %zu bytes, where 8 to 32 are wanted", name, b.n);
    *out = b;
    return HF_OK;
}

static hf_err take_part(struct hf_cbor v, enum kind kind, const char *name, void *place)
{
    return kind == TEXT ? hf_cbor_as_text(v, place) : take_bytes(v, kind, name, place);
}

static hf_err take_component(struct hf_cbor v, struct hf_arm_component *out)
{
    static const struct {
        int64_t key;
        enum kind kind;
        const char *name;
        size_t at;
    } parts[] = {
        {1, TEXT, "component type", offsetof(struct hf_arm_component, type)},
        {2, HASH, "component measurement", offsetof(struct hf_arm_component, measurement)},
        {4, TEXT, "component version", offsetof(struct hf_arm_component, version)},
        {5, HASH, "component signer", offsetof(struct hf_arm_component, signer)},
        {6, TEXT, "component hash algorithm", offsetof(struct hf_arm_component, hash)},
    };
    struct hf_arm_component c = {.map = v};

    if (v.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "Arm token: a software component is %s", hf_cbor_type_name(v.type));
    for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it);) {
        size_t i = 0;

        while (i < HF_COUNT(parts) && (it.key.type != HF_CBOR_UINT || it.key.value != (uint64_t)parts[i].key))
            i++;
        if (i < HF_COUNT(parts))
            HF_TRY(take_part(it.value, parts[i].kind, parts[i].name, (char *)&c + parts[i].at));
    }
    if (!c.measurement.n || !c.signer.n)
        return hf_fail(HF_E_FORMAT, "Arm token: a software component without %s",
                       c.measurement.n ? "signer" : "measurement");
    *out = c;
    return HF_OK;
}

static hf_err take_components(struct hf_cbor v, struct hf_arm_claims *out)
{
    if (v.type != HF_CBOR_ARRAY || v.value == 0)
        return hf_fail(HF_E_FORMAT, "Arm token: software components are %s of %" PRIu64 ", where a list is wanted",
                       hf_cbor_type_name(v.type), v.value);
    for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it);) {
        if (out->n_components == HF_ARM_COMPONENTS_MAX)
            return hf_fail(HF_E_LIMIT, "Arm token: more than %d software components", HF_ARM_COMPONENTS_MAX);
        HF_TRY(take_component(it.value, &out->component[out->n_components++]));
    }
    return HF_OK;
}

static hf_err take_field(const struct field *f, struct hf_cbor v, struct hf_arm_claims *out)
{
    char *place = (char *)out + f->at;
    struct hf_bytes *bytes = (struct hf_bytes *)(void *)place;
    uint64_t number = 0;

    switch (f->kind) {
    case TEXT:
        return hf_cbor_as_text(v, bytes);
    case BYTES:
    case HASH:
    case UEID:
    case ID32:
    case SEED:
        if (bytes->p)
            return hf_fail(HF_E_FORMAT, "Arm token: %s twice", f->name);
        return take_bytes(v, f->kind, f->name, bytes);
    case SIGNED:
        out->has_client = true;
        HF_TRY(hf_cbor_as_i64(v, &out->client));
        if (out->client < INT32_MIN || out->client > INT32_MAX)
            return hf_fail(HF_E_FORMAT, "Arm token: client id %" PRId64 " is wider than 32 bits", out->client);
        return HF_OK;
    case LIFECYCLE:
        return hf_cbor_as_u64(v, UINT16_MAX, &out->lifecycle);
    case COMPONENTS:
        return take_components(v, out);
    case FLAG:
        out->no_software = true;
        HF_TRY(hf_cbor_as_u64(v, 1, &number));
        return number ? HF_OK : hf_fail(HF_E_FORMAT, "Arm token: %s is 0, where only 1 says anything", f->name);
    case OTHER:
        break;
    }
    return HF_OK;
}

static hf_err need(bool there, const char *name)
{
    return there ? HF_OK : hf_fail(HF_E_FORMAT, "Arm token: no %s", name);
}

static const struct field *field_of(int64_t key, bool psa1)
{
    for (size_t i = 0; i < HF_COUNT(fields); i++) {
        if (key != 0 && (psa1 ? fields[i].psa1 : fields[i].key) == key)
            return &fields[i];
    }
    return NULL;
}

/* One map, in one pass, by the keys of its generation. */
static hf_err read_map(struct hf_bytes in, struct hf_arm_claims *out, bool *lifecycle)
{
    struct hf_cbor v;
    bool psa1;

    HF_TRY(hf_cbor_parse(in, HF_CBOR_DEFINITE, &out->map));
    if (out->map.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "Arm token: the claims are %s, where a map is wanted",
                       hf_cbor_type_name(out->map.type));
    psa1 = hf_cbor_get(out->map, -75003, &v) == HF_OK;
    for (struct hf_cbor_iter it = hf_cbor_iter(out->map); hf_cbor_next(&it);) {
        int64_t key = 0;
        const struct field *f = integer_key(it.key, &key) ? field_of(key, psa1) : NULL;

        out->n_unknown += !f && !hf_arm_claim_known(key);
        if (!f)
            continue;
        HF_TRY(take_field(f, it.value, out));
        *lifecycle |= f->kind == LIFECYCLE;
    }
    out->profile = hf_arm_profile_of(out->profile_text);
    if (psa1 && out->profile == HF_ARM_PROFILE_NONE) /* optional there */
        out->profile = HF_ARM_PROFILE_PSA_1;
    if (psa1 != (out->profile == HF_ARM_PROFILE_PSA_1))
        return hf_fail(HF_E_FORMAT, "Arm token: profile and keys are of different generations");
    HF_TRY(need(out->instance_id.n, "instance id"));
    HF_TRY(need(out->implementation_id.n, "implementation id"));
    return need(*lifecycle, "lifecycle");
}

hf_err hf_arm_psa_parse(struct hf_bytes in, struct hf_arm_claims *out)
{
    struct hf_arm_claims claims = {0};
    bool lifecycle = false;

    HF_TRY(read_map(in, &claims, &lifecycle));
    HF_TRY(need(claims.nonce.n, "nonce"));
    HF_TRY(need(claims.has_client, "client id"));
    HF_TRY(need(claims.profile != HF_ARM_PROFILE_NONE, "profile"));
    HF_TRY(need(claims.n_components || claims.no_software, "software components"));
    if (claims.n_components && claims.no_software)
        return hf_fail(HF_E_FORMAT, "Arm token: software components, and the claim that there are none");
    *out = claims;
    return HF_OK;
}

hf_err hf_arm_cca_parse(struct hf_bytes in, struct hf_arm_claims *out)
{
    struct hf_arm_claims claims = {0};
    bool lifecycle = false;

    HF_TRY(read_map(in, &claims, &lifecycle));
    HF_TRY(need(claims.profile != HF_ARM_PROFILE_NONE, "profile"));
    HF_TRY(need(claims.nonce.n || claims.binding.n, "challenge or workload binding"));
    HF_TRY(need(claims.config.p != NULL, "platform config"));
    HF_TRY(need(claims.n_components, "software components"));
    HF_TRY(need(claims.hash.n, "hash algorithm"));
    *out = claims;
    return HF_OK;
}

/* ---- writing ---- */

static void put_text(struct hf_cbor_writer *w, int64_t key, struct hf_bytes text)
{
    if (!text.p)
        return;
    hf_cbor_put_i64(w, key);
    hf_cbor_put_text_n(w, text);
}

static void put_bytes(struct hf_cbor_writer *w, int64_t key, struct hf_bytes bytes)
{
    if (!bytes.p)
        return;
    hf_cbor_put_i64(w, key);
    hf_cbor_put_bytes(w, bytes);
}

/* Pairs that the struct has no place for, as they came. */
static void put_rest(struct hf_cbor_writer *w, struct hf_cbor map, bool (*placed)(int64_t key))
{
    int64_t key;

    if (map.type != HF_CBOR_MAP)
        return;
    for (struct hf_cbor_iter it = hf_cbor_iter(map); hf_cbor_next(&it);) {
        if (integer_key(it.key, &key) && placed(key))
            continue;
        hf_cbor_put_raw(w, it.key.raw);
        hf_cbor_put_raw(w, it.value.raw);
    }
}

static bool component_placed(int64_t key)
{
    return key == 1 || key == 2 || key == 4 || key == 5 || key == 6;
}

static bool claim_placed(int64_t key)
{
    return hf_arm_claim_known(key) && !(key >= 2403 && key <= 2407);
}

static void put_components(struct hf_cbor_writer *w, const struct hf_arm_claims *claims)
{
    hf_cbor_put_array(w);
    for (size_t i = 0; i < claims->n_components; i++) {
        const struct hf_arm_component *c = &claims->component[i];

        hf_cbor_put_map(w);
        put_text(w, 1, c->type);
        put_bytes(w, 2, c->measurement);
        put_text(w, 4, c->version);
        put_bytes(w, 5, c->signer);
        put_text(w, 6, c->hash);
        put_rest(w, c->map, component_placed);
        hf_cbor_put_close(w);
    }
    hf_cbor_put_close(w);
}

/* The boot seed has one place and two keys: the one it came under is kept. */
static bool skip_seed(const struct hf_arm_claims *claims, int64_t key)
{
    struct hf_cbor v;
    bool draft = claims->map.type == HF_CBOR_MAP && hf_cbor_get(claims->map, 2397, &v) == HF_OK;

    return (key == 268 && draft) || (key == 2397 && !draft);
}

static void put_field(struct hf_cbor_writer *w, const struct field *f, int64_t key, const struct hf_arm_claims *claims)
{
    const struct hf_bytes *bytes = (const struct hf_bytes *)(const void *)((const char *)claims + f->at);

    if (f->kind == TEXT) {
        put_text(w, key, *bytes);
    } else if (f->kind >= BYTES && f->kind <= SEED) {
        if (!skip_seed(claims, key))
            put_bytes(w, key, *bytes);
    } else if (f->kind == LIFECYCLE || (f->kind == SIGNED && claims->has_client)) {
        hf_cbor_put_i64(w, key);
        hf_cbor_put_i64(w, f->kind == SIGNED ? claims->client : (int64_t)claims->lifecycle);
    } else if (f->kind == COMPONENTS && claims->n_components) {
        hf_cbor_put_i64(w, key);
        put_components(w, claims);
    } else if (f->kind == FLAG && claims->no_software) {
        hf_cbor_put_i64(w, key);
        hf_cbor_put_u64(w, 1);
    }
}

hf_err hf_arm_claims_write(const struct hf_arm_claims *claims, struct hf_buf *out)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);
    size_t before = out->n;
    hf_err err;

    hf_cbor_put_map(&w);
    for (size_t i = 0; i < HF_COUNT(fields); i++) {
        int64_t key = claims->profile == HF_ARM_PROFILE_PSA_1 ? fields[i].psa1 : fields[i].key;

        if (key != 0)
            put_field(&w, &fields[i], key, claims);
    }
    put_rest(&w, claims->map, claim_placed);
    hf_cbor_put_close(&w);
    err = hf_cbor_end(&w);
    if (err != HF_OK)
        out->n = before;
    return err;
}

/* ---- telling ---- */

static void tell_component(struct hf_cbor v, size_t index, struct hf_inspect *out)
{
    struct hf_arm_component c;
    char name[32];

    (void)snprintf(name, sizeof(name), "component %zu", index);
    if (take_component(v, &c) != HF_OK) {
        hf_inspect_bytes(out, name, v.raw, "%s", hf_err_detail());
        return;
    }
    hf_inspect_open(out, name, v.raw);
    if (c.type.p)
        hf_inspect_text(out, "type", c.type, NULL);
    hf_inspect_bytes(out, "measurement", c.measurement, NULL);
    if (c.version.p)
        hf_inspect_text(out, "version", c.version, NULL);
    hf_inspect_bytes(out, "signer", c.signer, NULL);
    if (c.hash.p)
        hf_inspect_text(out, "hash algorithm", c.hash, NULL);
    hf_inspect_close(out);
}

static void tell_pair(const struct field *f, struct hf_cbor key, struct hf_cbor v, struct hf_inspect *out)
{
    char name[64];
    int64_t number = 0;

    if (f)
        (void)snprintf(name, sizeof(name), "%s", f->name);
    else if (integer_key(key, &number))
        (void)snprintf(name, sizeof(name), "%" PRId64, number);
    else
        (void)snprintf(name, sizeof(name), "%.*s", (int)(key.content.n < 40 ? key.content.n : 40),
                       key.content.n ? (const char *)key.content.p : "");
    if (f && f->kind == COMPONENTS && v.type == HF_CBOR_ARRAY) {
        size_t n = 0;

        hf_inspect_open(out, name, v.raw);
        for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it);)
            tell_component(it.value, n++, out);
        hf_inspect_close(out);
    } else if (v.type == HF_CBOR_TEXT && !v.indefinite) {
        hf_inspect_text(out, name, v.content, f ? NULL : "unknown claim");
    } else if (f && f->kind == LIFECYCLE && v.type == HF_CBOR_UINT) {
        hf_inspect_number(out, name, v.raw, v.value, "0x%04" PRIx64 ": %s", v.value,
                          hf_arm_lifecycle_name(hf_arm_lifecycle_of(v.value)));
    } else if (v.type == HF_CBOR_UINT) {
        hf_inspect_number(out, name, v.raw, v.value, f ? NULL : "unknown claim");
    } else if (v.type == HF_CBOR_BYTES && !v.indefinite) {
        hf_inspect_bytes(out, name, v.content, f ? NULL : "unknown claim");
    } else {
        hf_inspect_bytes(out, name, v.raw, "%s, CBOR", hf_cbor_type_name(v.type));
    }
}

void hf_arm_claims_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    struct hf_cbor map;

    if (hf_cbor_parse(in, HF_CBOR_DEFINITE, &map) != HF_OK || map.type != HF_CBOR_MAP) {
        hf_inspect_bytes(out, "claims", in, "no CBOR map");
        return;
    }
    for (struct hf_cbor_iter it = hf_cbor_iter(map); hf_cbor_next(&it);) {
        const struct field *f = NULL;
        int64_t key = 0;

        for (size_t i = 0; integer_key(it.key, &key) && i < HF_COUNT(fields); i++) {
            if (key != 0 && (fields[i].key == key || fields[i].psa1 == key))
                f = &fields[i];
        }
        tell_pair(f, it.key, it.value, out);
    }
}
