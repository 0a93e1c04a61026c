/* A guest owner's side of an SEV launch. AMD publication 55766 (SEV API); key derivation of NIST SP 800-108, 5.1. */
#include "verify/sev_launch.h"
#include "base/cleanup.h"
#include "base/writer.h"
#include "crypto/cipher.h"
#include "crypto/ecdh.h"
#include "crypto/hash.h"

#define MEASURE_CONTEXT 0x04
#define SECRET_CONTEXT 0x01

static hf_err key_size(const struct hf_secret *key, const char *name)
{
    size_t n = hf_secret_expose(key).n;

    return n == HF_SEV_KEY_BYTES ? HF_OK
                                 : hf_fail(HF_E_ARG, "a %s of %zu bytes; %d are right", name, n, HF_SEV_KEY_BYTES);
}

static void digest_wipe(struct hf_digest *d)
{
    hf_wipe(d, sizeof(*d));
}

/* ---- measurement ---- */

hf_err hf_sev_launch_measure(const struct hf_sev_launch *l, const struct hf_secret *tik, uint8_t out[32])
{
    uint8_t text[1 + 3 + 4 + 32 + 16];
    struct hf_writer w = hf_writer(text, sizeof(text));
    struct hf_bytes part;
    struct hf_digest mac = {0};

    HF_TRY(key_size(tik, "TIK"));
    hf_wr_u8(&w, MEASURE_CONTEXT);
    hf_wr_u8(&w, l->api_major);
    hf_wr_u8(&w, l->api_minor);
    hf_wr_u8(&w, l->build);
    hf_wr_u32le(&w, l->policy);
    hf_wr_bytes(&w, HF_BYTES_OF(l->digest));
    hf_wr_bytes(&w, HF_BYTES_OF(l->mnonce));
    HF_TRY(hf_wr_end(&w, &part));
    HF_TRY(hf_hmac(HF_SHA256, hf_secret_expose(tik), &part, 1, &mac));
    memcpy(out, mac.bytes, 32);
    return HF_OK;
}

hf_err hf_sev_launch_check(const struct hf_sev_launch *launch, const struct hf_secret *tik, const uint8_t measure[32])
{
    uint8_t want[32];
    bool same;

    HF_TRY(hf_sev_launch_measure(launch, tik, want));
    same = hf_equal_secretly(HF_BYTES_OF(want), (struct hf_bytes){measure, 32});
    hf_wipe(want, sizeof(want));
    return same ? HF_OK
                : hf_fail(HF_E_MISMATCH, "the measurement is of another guest, policy or firmware, or by another TIK");
}

/* ---- session ---- */

/* One block of counter mode is enough: 128 bits are asked for. Everything little-endian. */
static hf_err derive(struct hf_bytes key, const char *label, struct hf_bytes context, struct hf_secret **out)
{
    static const uint8_t counter[4] = {1, 0, 0, 0}, zero[1] = {0}, bits[4] = {128, 0, 0, 0};
    struct hf_bytes parts[] = {HF_BYTES_OF(counter), hf_bytes_text(label), HF_BYTES_OF(zero), context,
                               HF_BYTES_OF(bits)};
    HF_CLEANUP(digest_wipe) struct hf_digest block = {0};

    HF_TRY(hf_hmac(HF_SHA256, key, parts, HF_COUNT(parts), &block));
    return hf_secret_new((struct hf_bytes){block.bytes, HF_SEV_KEY_BYTES}, out);
}

hf_err hf_sev_session_keys(const struct hf_secret *z, const uint8_t nonce[16], struct hf_secret **master,
                           struct hf_secret **kek, struct hf_secret **kik)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *m = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *e = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *i = NULL;
    struct hf_bytes none = {0};

    HF_TRY(derive(hf_secret_expose(z), "sev-master-secret", (struct hf_bytes){nonce, 16}, &m));
    HF_TRY(derive(hf_secret_expose(m), "sev-kek", none, &e));
    HF_TRY(derive(hf_secret_expose(m), "sev-kik", none, &i));
    if (master)
        *master = hf_take(m);
    if (kek)
        *kek = hf_take(e);
    if (kik)
        *kik = hf_take(i);
    return HF_OK;
}

static hf_err mac_of(const struct hf_secret *key, struct hf_bytes text, struct hf_digest *out)
{
    return hf_hmac(HF_SHA256, hf_secret_expose(key), &text, 1, out);
}

static hf_err policy_mac(const struct hf_secret *tik, uint32_t policy, struct hf_digest *out)
{
    uint8_t le[4] = {(uint8_t)policy, (uint8_t)(policy >> 8), (uint8_t)(policy >> 16), (uint8_t)(policy >> 24)};

    return mac_of(tik, HF_BYTES_OF(le), out);
}

hf_err hf_sev_session_make(const struct hf_sev_session_spec *spec, struct hf_sev_session *out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *kek = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *kik = NULL;
    struct hf_sev_session s = {0};
    struct hf_digest mac = {0};

    HF_TRY(key_size(spec->tek, "TEK"));
    HF_TRY(key_size(spec->tik, "TIK"));
    HF_TRY(hf_sev_session_keys(spec->z, spec->nonce, NULL, &kek, &kik));
    memcpy(s.nonce, spec->nonce, sizeof(s.nonce));
    memcpy(s.wrap_iv, spec->iv, sizeof(s.wrap_iv));
    memcpy(s.wrap_tk, hf_secret_expose(spec->tek).p, HF_SEV_KEY_BYTES);
    memcpy(s.wrap_tk + HF_SEV_KEY_BYTES, hf_secret_expose(spec->tik).p, HF_SEV_KEY_BYTES);
    HF_TRY(hf_aes_ctr(hf_secret_expose(kek), s.wrap_iv, s.wrap_tk, sizeof(s.wrap_tk)));
    HF_TRY(mac_of(kik, HF_BYTES_OF(s.wrap_tk), &mac));
    memcpy(s.wrap_mac, mac.bytes, sizeof(s.wrap_mac));
    HF_TRY(policy_mac(spec->tik, spec->policy, &mac));
    memcpy(s.policy_mac, mac.bytes, sizeof(s.policy_mac));
    *out = s;
    return HF_OK;
}

hf_err hf_sev_session_open(const struct hf_secret *z, const struct hf_sev_session *session, uint32_t policy,
                           struct hf_secret **tek, struct hf_secret **tik)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *kek = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *kik = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *both = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *e = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *i = NULL;
    struct hf_digest mac = {0};
    uint8_t *place = NULL;

    HF_TRY(hf_sev_session_keys(z, session->nonce, NULL, &kek, &kik));
    HF_TRY(mac_of(kik, HF_BYTES_OF(session->wrap_tk), &mac));
    if (!hf_equal_secretly(hf_digest_bytes(&mac), HF_BYTES_OF(session->wrap_mac)))
        return hf_fail(HF_E_INTEGRITY, "the wrapped transport keys were changed, or are for another platform");
    HF_TRY(hf_secret_new_zero(sizeof(session->wrap_tk), &place, &both));
    memcpy(place, session->wrap_tk, sizeof(session->wrap_tk));
    HF_TRY(hf_aes_ctr(hf_secret_expose(kek), session->wrap_iv, place, sizeof(session->wrap_tk)));
    HF_TRY(hf_secret_new((struct hf_bytes){place, HF_SEV_KEY_BYTES}, &e));
    HF_TRY(hf_secret_new((struct hf_bytes){place + HF_SEV_KEY_BYTES, HF_SEV_KEY_BYTES}, &i));
    HF_TRY(policy_mac(i, policy, &mac));
    if (!hf_equal_secretly(hf_digest_bytes(&mac), HF_BYTES_OF(session->policy_mac)))
        return hf_fail(HF_E_INTEGRITY, "the session is for another policy than 0x%08x", policy);
    *tek = hf_take(e);
    *tik = hf_take(i);
    return HF_OK;
}

static hf_err random_key(struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *key = NULL;
    uint8_t *place = NULL;

    HF_TRY(hf_secret_new_zero(HF_SEV_KEY_BYTES, &place, &key));
    HF_TRY(hf_random(place, HF_SEV_KEY_BYTES));
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_sev_session_start(const struct hf_pubkey *pdh, uint32_t policy, struct hf_point *owner,
                            struct hf_sev_session *session, struct hf_secret **tek, struct hf_secret **tik)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *z = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *e = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *i = NULL;
    struct hf_sev_session_spec spec = {.policy = policy};
    struct hf_sev_session made;
    struct hf_point mine;

    HF_TRY(hf_ecdh_ephemeral_key(pdh, &mine, &z));
    HF_TRY(random_key(&e));
    HF_TRY(random_key(&i));
    HF_TRY(hf_random(spec.nonce, sizeof(spec.nonce)));
    HF_TRY(hf_random(spec.iv, sizeof(spec.iv)));
    spec.z = z;
    spec.tek = e;
    spec.tik = i;
    HF_TRY(hf_sev_session_make(&spec, &made));
    *owner = mine;
    *session = made;
    *tek = hf_take(e);
    *tik = hf_take(i);
    return HF_OK;
}

/* ---- secret ---- */

static hf_err secret_mac(const struct hf_sev_secret_spec *spec, const struct hf_sev_secret_header *header,
                         struct hf_bytes payload, struct hf_digest *out)
{
    uint8_t head[1 + 4 + 16 + 4 + 4];
    struct hf_writer w = hf_writer(head, sizeof(head));
    struct hf_bytes parts[3] = {{head, sizeof(head)}, payload, {spec->measure, spec->measure ? 32 : 0}};

    hf_wr_u8(&w, SECRET_CONTEXT);
    hf_wr_u32le(&w, header->flags);
    hf_wr_bytes(&w, HF_BYTES_OF(header->iv));
    hf_wr_u32le(&w, (uint32_t)payload.n); /* GUEST_LENGTH */
    hf_wr_u32le(&w, (uint32_t)payload.n); /* TRANS_LENGTH: not compressed */
    return hf_hmac(HF_SHA256, hf_secret_expose(spec->tik), parts, spec->measure ? 3 : 2, out);
}

static hf_err check_spec(const struct hf_sev_secret_spec *spec, size_t n)
{
    HF_TRY(key_size(spec->tek, "TEK"));
    HF_TRY(key_size(spec->tik, "TIK"));
    return n > UINT32_MAX ? hf_fail(HF_E_LIMIT, "a launch secret of %zu bytes", n) : HF_OK;
}

hf_err hf_sev_secret_seal(const struct hf_sev_secret_spec *spec, uint8_t *payload, size_t n,
                          struct hf_sev_secret_header *out)
{
    struct hf_sev_secret_header header = {.flags = spec->flags};
    struct hf_digest mac = {0};

    HF_TRY(check_spec(spec, n));
    memcpy(header.iv, spec->iv, sizeof(header.iv));
    HF_TRY(hf_aes_ctr(hf_secret_expose(spec->tek), header.iv, payload, n));
    HF_TRY(secret_mac(spec, &header, (struct hf_bytes){payload, n}, &mac));
    memcpy(header.mac, mac.bytes, sizeof(header.mac));
    *out = header;
    return HF_OK;
}

hf_err hf_sev_secret_open(const struct hf_sev_secret_spec *spec, const struct hf_sev_secret_header *header,
                          uint8_t *payload, size_t n)
{
    struct hf_digest mac = {0};

    HF_TRY(check_spec(spec, n));
    HF_TRY(secret_mac(spec, header, (struct hf_bytes){payload, n}, &mac));
    if (!hf_equal_secretly(hf_digest_bytes(&mac), HF_BYTES_OF(header->mac)))
        return hf_fail(HF_E_INTEGRITY, "the launch secret was changed, or is for another launch");
    return hf_aes_ctr(hf_secret_expose(spec->tek), header->iv, payload, n);
}
