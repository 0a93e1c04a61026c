/*
 * The way to the TPM as somebody sees it who records all of it: no secret, PIN or authorization value is
 * there, nor anything that can be decrypted without the salt. With encryption off the same test finds
 * them, so it can fail.
 */
#include "crypto/cipher.h"
#include "crypto/privkey.h"
#include "test.h"
#include "tpm/call.h"
#include "tpm/connection.h"
#include "tpm/session.h"

#include <holdfast/key.h>
#include <stdlib.h>

/* 32 bytes that do not occur by chance. */
static const char secret_text[] = "the-secret-that-must-not-be-seen";
static const char pin_text[] = "pin-9271-that-must-not-be-seen!!";
static const char new_pin_text[] = "another-pin-which-stays-unseen!!";

#define MESSAGES_MAX 400

/* Everything that crossed, commands and responses in turn. */
static struct {
    size_t n;
    struct hf_buf message[MESSAGES_MAX];
} wire;

static struct hf_tpm_transport *below;

static void keep(struct hf_bytes message)
{
    CHECK(wire.n < MESSAGES_MAX);
    OK(hf_buf_set(&wire.message[wire.n++], message));
}

static hf_err tap_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms, struct hf_tpm_reply *reply)
{
    (void)t;
    keep(command);
    HF_TRY(below->ops->transact(below, command, timeout_ms, reply));
    keep((struct hf_bytes){reply->bytes, reply->n});
    return HF_OK;
}

static void tap_close(struct hf_tpm_transport **t)
{
    *t = NULL;
    hf_tpm_transport_close(&below);
}

static const struct hf_tpm_transport_ops tap_ops = {.scheme = "tap", .transact = tap_transact, .close = tap_close};
static struct hf_tpm_transport tap;

static bool holds(struct hf_bytes in, struct hf_bytes what)
{
    return what.n && in.n >= what.n && memmem(in.p, in.n, what.p, what.n) != NULL;
}

/* The row of a command: how many handles stand before its parameters and its answer's, as everybody knows. */
static const struct hf_tpm_command *row_of(struct hf_bytes command)
{
    const struct hf_tpm_command *row = hf_tpm_command_find((uint32_t)command.p[8] << 8 | command.p[9]);

    CHECK(row != NULL);
    return row;
}

/* One session as it stands in a command or response. */
struct seen {
    struct hf_bytes nonce;
    uint8_t attributes;
};

static void read_sessions(struct hf_reader *r, bool command, struct seen *out, size_t *n)
{
    while (hf_rd_more(r) && *n < 3) {
        if (command)
            hf_rd_skip(r, 4);
        out[*n].nonce = hf_rd_view(r, hf_rd_u16be(r));
        out[*n].attributes = hf_rd_u8(r);
        (void)hf_rd_view(r, hf_rd_u16be(r));
        (*n)++;
    }
}

/*
 * What a passive observer can try: decrypt the first parameter with the key that follows from the nonces
 * alone, as it would be for a session without salt whose entity has an empty authorization.
 */
static bool opens(struct hf_bytes params, struct hf_bytes newer, struct hf_bytes older, struct hf_bytes what)
{
    struct hf_reader r = hf_reader(params);
    struct hf_bytes first = hf_rd_view(&r, hf_rd_u16be(&r));
    struct hf_buf plain = {0};
    uint8_t key[32];
    bool found = false;

    if (first.n == 0)
        return false;
    OK(hf_buf_set(&plain, first));
    OK(hf_tpm_kdfa(HF_SHA256, (struct hf_bytes){NULL, 0}, "CFB", newer, older, 256, key));
    OK(hf_aes_cfb(false, (struct hf_bytes){key, 16}, key + 16, plain.p, plain.n));
    found = holds(hf_buf_bytes(&plain), what);
    hf_buf_free(&plain);
    return found;
}

/* Try it on every exchange, with every nonce of the TPM that was seen before as the older one. */
static bool decrypts(struct hf_bytes what)
{
    struct hf_bytes nonce[MESSAGES_MAX];
    size_t n = 0;

    for (size_t i = 0; i + 1 < wire.n; i += 2) {
        struct hf_bytes command = hf_buf_bytes(&wire.message[i]);
        struct hf_bytes reply = hf_buf_bytes(&wire.message[i + 1]);
        struct seen sent[3] = {0};
        size_t sessions = 0;
        struct hf_reader r = hf_reader(command);
        struct hf_reader area;
        struct hf_bytes params;

        if (command.p[1] == 1) { /* no sessions: StartAuthSession's answer carries the first nonce */
            if (reply.n > 16 && n < MESSAGES_MAX)
                nonce[n++] = (struct hf_bytes){reply.p + 16, reply.n - 16 < HF_TPM_NONCE ? reply.n - 16 : HF_TPM_NONCE};
            continue;
        }
        hf_rd_skip(&r, 10 + 4u * row_of(command)->handles);
        area = hf_rd_sub(&r, hf_rd_u32be(&r));
        read_sessions(&area, true, sent, &sessions);
        params = hf_rd_rest(&r);
        for (size_t s = 0; s < sessions; s++) {
            for (size_t k = 0; k < n; k++) {
                if (sent[s].attributes & TPMA_SESSION_DECRYPT && opens(params, sent[s].nonce, nonce[k], what))
                    return true;
            }
        }
        if (reply.p[1] == 2 && n < MESSAGES_MAX) {
            struct seen back[3] = {0};
            size_t answers = 0;
            struct hf_reader q = hf_reader(reply);

            hf_rd_skip(&q, 10 + 4u * row_of(command)->out_handles);
            params = hf_rd_view(&q, hf_rd_u32be(&q));
            read_sessions(&q, false, back, &answers);
            for (size_t s = 0; s < answers; s++) {
                if (opens(params, back[s].nonce, sent[s].nonce, what))
                    return true;
                if (n < MESSAGES_MAX)
                    nonce[n++] = back[s].nonce;
            }
        }
    }
    return false;
}

static bool seen(const char *text)
{
    for (size_t i = 0; i < wire.n; i++) {
        if (holds(hf_buf_bytes(&wire.message[i]), hf_bytes_text(text)))
            return true;
    }
    return false;
}

static void forget(void)
{
    for (size_t i = 0; i < wire.n; i++)
        hf_buf_free(&wire.message[i]);
    wire.n = 0;
}

static void open_tpm(bool plain, struct hf_tpm **tpm)
{
    static char dir[] = "/tmp/holdfast-wire-XXXXXX";
    static bool made;
    struct hf_tpm_options opt = {.plain_bus = plain, .no_pin = true};
    struct hf_tpm_transport *t = &tap;

    if (!made)
        CHECK(mkdtemp(dir) != NULL);
    made = true;
    opt.state_dir = dir;
    OK(hf_tpm_transport_open("embedded", dir, NULL, &below));
    tap = (struct hf_tpm_transport){.ops = &tap_ops, .kind = below->kind, .managed = below->managed};
    OK(hf_tpm_open_over(&t, false, &opt, tpm));
}

static void secret_of(const char *text, struct hf_secret **out)
{
    OK(hf_secret_new(hf_bytes_text(text), out));
}

static void seal_and_unseal(struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *back = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

    secret_of(secret_text, &secret);
    OK(hf_tpm_seal(tpm, NULL, secret, NULL, &key));
    OK(hf_tpm_unseal(key, &back));
    CHECK(hf_secret_equal(back, hf_bytes_text(secret_text)));
}

/* Create with an authorization value, use it, change it, use the new one. */
static void auth_values(struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *pin = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *new_pin = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};

    secret_of(pin_text, &pin);
    secret_of(new_pin_text, &new_pin);
    spec.auth = pin;
    OK(hf_tpm_generate_key_pair(tpm, NULL, &spec, &key));
    OK(hf_tpm_sign(key, hf_bytes_text("message"), 0, 0, &sig));
    OK(hf_tpm_key_change_auth(key, new_pin));
    OK(hf_tpm_sign(key, hf_bytes_text("message"), 0, 0, &sig));
}

/* An NV index with an authorization value, the secret written into it and read back. */
static void nv(struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *pin = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c = {0};
    TPMS_NV_PUBLIC pub = {.nvIndex = 0x01500077, .nameAlg = TPM2_ALG_SHA256, .dataSize = 32,
                          .attributes = TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA | TPMA_NV_OWNERWRITE};
    struct hf_tpm_entity owner = hf_tpm_entity_plain(TPM2_RH_OWNER);
    struct hf_tpm_entity index = {.handle = pub.nvIndex};
    struct hf_tpm_auth auth = {0};
    struct hf_bytes data;

    secret_of(pin_text, &pin);
    auth.value = pin;
    OK(hf_tpm_nv_public_write(&pub, &area));
    OK(hf_tpm_call_start(&c, TPM2_CC_NV_DefineSpace));
    hf_tpm_call_handle(&c, &owner, NULL);
    hf_wr_b16(&c.w, hf_bytes_text(pin_text));
    hf_wr_b16(&c.w, hf_buf_bytes(&area));
    OK(hf_tpm_call_run(tpm, &c));
    OK(hf_tpm_nv_read_public(tpm, index.handle, NULL, &index.name));
    OK(hf_tpm_call_start(&c, TPM2_CC_NV_Write));
    hf_tpm_call_handle(&c, &index, &auth);
    hf_tpm_call_handle(&c, &index, NULL);
    hf_wr_b16(&c.w, hf_bytes_text(secret_text));
    hf_wr_u16be(&c.w, 0);
    OK(hf_tpm_call_run(tpm, &c));
    OK(hf_tpm_nv_read_public(tpm, index.handle, NULL, &index.name)); /* written: another Name */
    OK(hf_tpm_call_start(&c, TPM2_CC_NV_Read));
    hf_tpm_call_handle(&c, &index, &auth);
    hf_tpm_call_handle(&c, &index, NULL);
    hf_wr_u16be(&c.w, 32);
    hf_wr_u16be(&c.w, 0);
    OK(hf_tpm_call_run(tpm, &c));
    data = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    CHECK_BYTES(data, hf_bytes_text(secret_text));
    OK(hf_tpm_call_start(&c, TPM2_CC_NV_UndefineSpace));
    hf_tpm_call_handle(&c, &owner, NULL);
    hf_tpm_call_handle(&c, &index, NULL);
    OK(hf_tpm_call_run(tpm, &c));
}

/* A hmac key whose bytes are the secret, brought in from outside. */
static void import(struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *raw = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct hf_tpm_key_spec spec = {.algorithm = "hmac"};

    secret_of(secret_text, &raw);
    OK(hf_tpm_import_key(tpm, NULL, raw, NULL, &spec, &key));
}

static const struct {
    const char *name;
    void (*run)(struct hf_tpm *tpm);
    const char *texts[3];
    bool wrapped; /* what crosses is wrapped for the parent even when the bus is plain */
} cases[] = {
    {"seal and unseal", seal_and_unseal, {secret_text}, false},
    {"authorization made, used, changed", auth_values, {pin_text, new_pin_text}, false},
    {"NV defined, written, read", nv, {secret_text, pin_text}, false},
    {"import", import, {secret_text}, true},
};

TEST(a_recording_holds_no_secret_and_nothing_that_opens_without_the_salt)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;

    open_tpm(false, &tpm);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        forget();
        hf_tpm_pool_flush(tpm); /* a new session each time: its start is in the recording */
        cases[i].run(tpm);
        CHECK(wire.n > 4);
        for (size_t k = 0; k < HF_COUNT(cases[i].texts) && cases[i].texts[k]; k++) {
            CHECK(!seen(cases[i].texts[k]));
            CHECK(!decrypts(hf_bytes_text(cases[i].texts[k])));
        }
    }
    forget();
}

TEST(with_encryption_off_the_same_recording_holds_them)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;

    open_tpm(true, &tpm);
    CHECK(hf_tpm_bus(tpm) == HF_TPM_BUS_PLAIN);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        if (cases[i].wrapped)
            continue;
        CASE(cases[i].name);
        forget();
        cases[i].run(tpm);
        for (size_t k = 0; k < HF_COUNT(cases[i].texts) && cases[i].texts[k]; k++)
            CHECK(seen(cases[i].texts[k]));
    }
    forget();
}

/* The attack of `decrypts` does work on a session without salt: else its silence would say nothing. */
TEST(a_session_without_salt_is_opened_by_its_nonces)
{
    uint8_t newer[HF_TPM_NONCE] = {1};
    uint8_t older[HF_TPM_NONCE] = {2};
    uint8_t params[2 + 32] = {0, 32};
    uint8_t key[32];

    memcpy(params + 2, secret_text, 32);
    OK(hf_tpm_kdfa(HF_SHA256, (struct hf_bytes){NULL, 0}, "CFB", HF_BYTES_OF(newer), HF_BYTES_OF(older), 256, key));
    OK(hf_aes_cfb(true, (struct hf_bytes){key, 16}, key + 16, params + 2, 32));
    CHECK(!holds(HF_BYTES_OF(params), hf_bytes_text(secret_text)));
    CHECK(opens(HF_BYTES_OF(params), HF_BYTES_OF(newer), HF_BYTES_OF(older), hf_bytes_text(secret_text)));
}

TESTS(RUN(a_recording_holds_no_secret_and_nothing_that_opens_without_the_salt),
      RUN(with_encryption_off_the_same_recording_holds_them), RUN(a_session_without_salt_is_opened_by_its_nonces))
