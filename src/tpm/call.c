/*
 * Building a command, protecting it, and checking and decrypting its response
 * (TCG TPM 2.0 Library, Part 1, sections 17 to 21).
 */
#include "tpm/call.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/cipher.h"
#include "tpm/connection.h"

#include <time.h>

#define HEADER 10 /* tag, size, code */

/* Sessions of one command: at most one for each authorized handle, and one for encryption alone. */
#define SESSIONS_MAX 3

/* What the sessions of one command are, while it runs. */
struct plan {
    size_t n;
    struct hf_tpm_session *session[SESSIONS_MAX];
    const struct hf_secret *value[SESSIONS_MAX]; /* of the entity it authorizes; NULL: empty or none */
    uint8_t attributes[SESSIONS_MAX];
    size_t crypt; /* which one encrypts; n when none does */
};

hf_err hf_tpm_call_start(struct hf_tpm_call *c, uint32_t code)
{
    c->command = hf_tpm_command_find(code);
    if (!c->command)
        return hf_fail(HF_E_INTERNAL, "command 0x%08x is not in the table", (unsigned)code);
    memset(c->auth, 0, sizeof(c->auth));
    c->n_entities = 0;
    c->new_auth = NULL;
    c->changes_auth = false;
    c->bare = false;
    c->w = hf_writer(c->params, sizeof(c->params));
    c->out_handle = 0;
    c->reply.n = 0;
    c->r = hf_reader((struct hf_bytes){NULL, 0});
    return HF_OK;
}

void hf_tpm_call_handle(struct hf_tpm_call *c, const struct hf_tpm_entity *entity, const struct hf_tpm_auth *auth)
{
    if (c->n_entities < HF_TPM_CALL_HANDLES) {
        c->entity[c->n_entities] = *entity;
        if (auth)
            c->auth[c->n_entities] = *auth;
    }
    c->n_entities++;
}

void hf_tpm_call_wipe(struct hf_tpm_call *c)
{
    hf_wipe(c->params, sizeof(c->params));
    hf_wipe(c->reply.bytes, c->reply.n <= sizeof(c->reply.bytes) ? c->reply.n : sizeof(c->reply.bytes));
}

/* Choose a session for each authorized handle, and one for encryption where none of them will do.
 * A policy session does not encrypt: its key would depend on a value that its user need not know. */
static hf_err plan_sessions(struct hf_tpm *tpm, const struct hf_tpm_call *c, struct plan *plan)
{
    size_t pooled = 0;

    *plan = (struct plan){0};
    for (size_t i = 0; i < c->command->auths; i++) {
        if (c->auth[i].policy)
            plan->session[i] = c->auth[i].policy;
        else
            HF_TRY(hf_tpm_pool_get(tpm, pooled++, &plan->session[i]));
        plan->value[i] = c->auth[i].value;
        plan->attributes[i] = c->auth[i].policy ? 0 : TPMA_SESSION_CONTINUESESSION;
        plan->n++;
    }
    for (plan->crypt = 0; plan->crypt < plan->n; plan->crypt++) {
        if (!plan->session[plan->crypt]->policy)
            break;
    }
    if (plan->crypt == plan->n && !c->command->no_sessions && !c->bare && !tpm->plain_bus) {
        HF_TRY(hf_tpm_pool_get(tpm, pooled, &plan->session[plan->n]));
        plan->attributes[plan->n++] = TPMA_SESSION_CONTINUESESSION;
    }
    if (tpm->plain_bus || plan->crypt == plan->n)
        return HF_OK;
    if (c->command->enc_in)
        plan->attributes[plan->crypt] |= TPMA_SESSION_DECRYPT;
    if (c->command->enc_out)
        plan->attributes[plan->crypt] |= TPMA_SESSION_ENCRYPT;
    /* A session that neither authorizes nor encrypts must audit (Part 1, 17.6.5): for its response HMAC. */
    if (plan->crypt >= c->command->auths && !(c->command->enc_in || c->command->enc_out))
        plan->attributes[plan->crypt] |= TPMA_SESSION_AUDIT;
    return HF_OK;
}

/* An authorization value as it counts: without trailing zeros (Part 1, 19.6.4.3). */
static struct hf_bytes value_of(const struct hf_secret *secret)
{
    struct hf_bytes v = hf_secret_expose(secret);

    while (v.n && v.p[v.n - 1] == 0)
        v.n--;
    return v;
}

#define KEY_MAX (HF_DIGEST_MAX + 128)

/* sessionKey || authValue. */
static hf_err session_value(const struct hf_tpm_session *s, struct hf_bytes value, uint8_t key[KEY_MAX], size_t *n)
{
    if (value.n > KEY_MAX - s->n_key)
        return hf_fail(HF_E_ARG, "an authorization value of %zu bytes is longer than any digest", value.n);
    memcpy(key, s->key, s->n_key);
    if (value.n)
        memcpy(key + s->n_key, value.p, value.n);
    *n = s->n_key + value.n;
    return HF_OK;
}

/* XOR the first parameter with AES-128-CFB (Part 1, 21.3): key and IV from both nonces. */
static hf_err crypt(bool encrypt, const struct hf_tpm_session *s, struct hf_bytes value, const uint8_t *newer,
                    const uint8_t *older, uint8_t *params, size_t n)
{
    struct hf_reader r = hf_reader((struct hf_bytes){params, n});
    struct hf_bytes first = hf_rd_view(&r, hf_rd_u16be(&r));
    uint8_t key[KEY_MAX];
    uint8_t made[32];
    size_t n_key = 0;
    hf_err err;

    HF_TRY(hf_rd_err(&r));
    if (first.n == 0)
        return HF_OK;
    HF_TRY(session_value(s, value, key, &n_key));
    err = hf_tpm_kdfa(s->alg, (struct hf_bytes){key, n_key}, "CFB", (struct hf_bytes){newer, HF_TPM_NONCE},
                      (struct hf_bytes){older, HF_TPM_NONCE}, 256, made);
    if (err == HF_OK)
        err = hf_aes_cfb(encrypt, (struct hf_bytes){made, 16}, made + 16, params + 2, first.n);
    hf_wipe(key, sizeof(key));
    hf_wipe(made, sizeof(made));
    return err;
}

/* One session's HMAC over a command or a response (Part 1, 19.6.4). */
static hf_err session_hmac(const struct plan *plan, size_t i, struct hf_bytes hash, struct hf_bytes value, bool command,
                           struct hf_digest *out)
{
    const struct hf_tpm_session *s = plan->session[i];
    struct hf_bytes caller = HF_BYTES_OF(s->nonce_caller);
    struct hf_bytes from_tpm = HF_BYTES_OF(s->nonce_tpm);
    struct hf_bytes crypt_nonce = {NULL, 0};
    struct hf_bytes attributes = {&plan->attributes[i], 1};
    uint8_t key[KEY_MAX];
    size_t n_key = 0;
    hf_err err;

    /* The first session's HMAC covers the nonce of the session that encrypts, when that is another one. */
    if (command && i == 0 && plan->crypt > 0 && plan->crypt < plan->n &&
        plan->attributes[plan->crypt] & (TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT))
        crypt_nonce = HF_BYTES_OF(plan->session[plan->crypt]->nonce_tpm);
    if (s->policy && !s->needs_auth)
        value = (struct hf_bytes){NULL, 0};
    HF_TRY(session_value(s, value, key, &n_key));
    {
        struct hf_bytes parts[] = {hash, command ? caller : from_tpm, command ? from_tpm : caller, crypt_nonce, attributes};

        err = hf_hmac(s->alg, (struct hf_bytes){key, n_key}, parts, HF_COUNT(parts), out);
    }
    hf_wipe(key, sizeof(key));
    return err;
}

/* cpHash = H(commandCode || names || parameters as sent). */
static hf_err cp_hash(const struct hf_tpm_call *c, enum hf_hash_alg alg, struct hf_bytes params, struct hf_digest *out)
{
    uint8_t code[4];
    struct hf_writer w = hf_writer(code, sizeof(code));
    struct hf_bytes parts[HF_TPM_CALL_HANDLES + 2] = {{code, 4}};
    size_t n = 1;

    hf_wr_u32be(&w, c->command->code);
    for (size_t i = 0; i < c->n_entities; i++)
        parts[n++] = hf_tpm_name_bytes(&c->entity[i].name);
    parts[n++] = params;
    return hf_hash(alg, parts, n, out);
}

/* The authorization area: each session with its HMAC (TPMS_AUTH_COMMAND). */
static hf_err write_auths(const struct hf_tpm_call *c, const struct plan *plan, struct hf_bytes params, struct hf_writer *w)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct hf_tpm_session *s = plan->session[i];
        struct hf_digest hash = {0};
        struct hf_digest hmac = {0};

        HF_TRY(cp_hash(c, s->alg, params, &hash));
        HF_TRY(session_hmac(plan, i, hf_digest_bytes(&hash), value_of(plan->value[i]), true, &hmac));
        hf_wr_u32be(w, s->handle);
        hf_wr_b16(w, HF_BYTES_OF(s->nonce_caller));
        hf_wr_u8(w, plan->attributes[i]);
        hf_wr_b16(w, hf_digest_bytes(&hmac));
    }
    return HF_OK;
}

/* The whole command into `out`; the parameters in c->params are left as they were. */
static hf_err write_command(const struct hf_tpm_call *c, const struct plan *plan, struct hf_tpm_reply *out, struct hf_bytes *whole)
{
    struct hf_bytes plain = hf_wr_done(&c->w);
    uint8_t params[HF_TPM_IO_MAX];
    uint8_t auths[SESSIONS_MAX * (4 + 2 + HF_TPM_NONCE + 1 + 2 + HF_DIGEST_MAX)];
    struct hf_writer a = hf_writer(auths, sizeof(auths));
    struct hf_writer w = hf_writer(out->bytes, sizeof(out->bytes));
    struct hf_bytes sent = {params, plain.n};
    size_t size;

    if (plain.n)
        memcpy(params, plain.p, plain.n);
    for (size_t i = 0; i < plan->n; i++)
        HF_TRY(hf_random(plan->session[i]->nonce_caller, HF_TPM_NONCE));
    if (plan->crypt < plan->n && plan->attributes[plan->crypt] & TPMA_SESSION_DECRYPT) {
        const struct hf_tpm_session *s = plan->session[plan->crypt];

        HF_TRY(crypt(true, s, value_of(plan->value[plan->crypt]), s->nonce_caller, s->nonce_tpm, params, plain.n));
    }
    HF_TRY(write_auths(c, plan, sent, &a));
    size = HEADER + 4 * c->n_entities + (plan->n ? 4 + hf_wr_done(&a).n : 0) + plain.n;
    hf_wr_u16be(&w, plan->n ? TPM2_ST_SESSIONS : TPM2_ST_NO_SESSIONS);
    hf_wr_u32be(&w, (uint32_t)size);
    hf_wr_u32be(&w, c->command->code);
    for (size_t i = 0; i < c->n_entities; i++)
        hf_wr_u32be(&w, c->entity[i].handle);
    if (plan->n) {
        hf_wr_u32be(&w, (uint32_t)hf_wr_done(&a).n);
        hf_wr_bytes(&w, hf_wr_done(&a));
    }
    hf_wr_bytes(&w, sent);
    if (w.full)
        return hf_fail(HF_E_LIMIT, "%s: a command of %zu bytes; the TPM takes %d", c->command->name, size, HF_TPM_IO_MAX);
    return hf_wr_end(&w, whole);
}

/* Check one session's part of the response: its new nonce, its HMAC over the parameters. */
static hf_err check_auth(const struct hf_tpm_call *c, const struct plan *plan, size_t i, struct hf_bytes params, struct hf_reader *r)
{
    struct hf_tpm_session *s = plan->session[i];
    struct hf_bytes nonce = hf_rd_view(r, hf_rd_u16be(r));
    uint8_t attributes = hf_rd_u8(r);
    struct hf_bytes hmac = hf_rd_view(r, hf_rd_u16be(r));
    uint8_t codes[8];
    struct hf_writer w = hf_writer(codes, sizeof(codes));
    struct hf_bytes parts[] = {{codes, 8}, params};
    struct hf_digest hash = {0};
    struct hf_digest want = {0};
    struct hf_bytes value = value_of(i == 0 && c->changes_auth ? c->new_auth : plan->value[i]);

    HF_TRY(hf_rd_err(r));
    if (nonce.n != HF_TPM_NONCE)
        return hf_fail(HF_E_DEVICE, "%s: a nonce of %zu bytes in the response, where %d are due", c->command->name, nonce.n, HF_TPM_NONCE);
    if ((attributes & TPMA_SESSION_CONTINUESESSION) != (plan->attributes[i] & TPMA_SESSION_CONTINUESESSION))
        return hf_fail(HF_E_DEVICE, "%s: the session attributes 0x%02x came back as 0x%02x", c->command->name,
                       plan->attributes[i], attributes);
    memcpy(s->nonce_tpm, nonce.p, nonce.n);
    hf_wr_u32be(&w, TPM2_RC_SUCCESS);
    hf_wr_u32be(&w, c->command->code);
    HF_TRY(hf_hash(s->alg, parts, 2, &hash));
    {
        struct plan seen = *plan; /* the HMAC covers the attributes of the response */

        seen.attributes[i] = attributes;
        HF_TRY(session_hmac(&seen, i, hf_digest_bytes(&hash), value, false, &want));
    }
    /* No key at all on either side: an unsalted policy session without a value has an empty HMAC. */
    if (hmac.n == 0 && s->policy && s->n_key == 0 && (value.n == 0 || !s->needs_auth))
        return HF_OK;
    if (!hf_equal_secretly(hmac, hf_digest_bytes(&want)))
        return hf_fail(HF_E_INTEGRITY, "%s: the response HMAC is wrong: something between here and the TPM changed the answer",
                       c->command->name);
    return HF_OK;
}

/* Split, check and decrypt a successful response; c->r reads its parameters. */
static hf_err read_response(struct hf_tpm_call *c, const struct plan *plan, uint16_t tag, struct hf_reader *r)
{
    uint32_t handle = c->command->out_handles ? hf_rd_u32be(r) : 0;
    struct hf_bytes params;

    if (tag != (plan->n ? TPM2_ST_SESSIONS : TPM2_ST_NO_SESSIONS))
        return hf_fail(HF_E_DEVICE, "%s: a response with tag 0x%04x to a command %s sessions", c->command->name, tag,
                       plan->n ? "with" : "without");
    params = plan->n ? hf_rd_view(r, hf_rd_u32be(r)) : hf_rd_rest(r);
    for (size_t i = 0; i < plan->n; i++)
        HF_TRY(check_auth(c, plan, i, params, r));
    HF_TRY(hf_rd_end(r));
    if (plan->crypt < plan->n && plan->attributes[plan->crypt] & TPMA_SESSION_ENCRYPT) {
        const struct hf_tpm_session *s = plan->session[plan->crypt];
        const struct hf_secret *value = plan->crypt == 0 && c->changes_auth ? c->new_auth : plan->value[plan->crypt];

        HF_TRY(crypt(false, s, value_of(value), s->nonce_tpm, s->nonce_caller,
                     c->reply.bytes + (params.p - c->reply.bytes), params.n));
    }
    c->out_handle = handle;
    c->r = hf_reader(params);
    return HF_OK;
}

/* Once: command out, response in, its code in *rc. */
static hf_err once(struct hf_tpm *tpm, struct hf_tpm_call *c, struct plan *plan, uint32_t *rc)
{
    struct hf_tpm_reply command;
    struct hf_bytes whole = {0};
    struct hf_reader r;
    uint16_t tag;

    HF_TRY(plan_sessions(tpm, c, plan));
    HF_TRY(write_command(c, plan, &command, &whole));
    HF_TRY(hf_tpm_exchange(tpm, whole, &c->reply));
    r = hf_reader((struct hf_bytes){c->reply.bytes, c->reply.n});
    tag = hf_rd_u16be(&r);
    hf_rd_skip(&r, 4); /* the size, checked by the transport */
    *rc = hf_rd_u32be(&r);
    return *rc == TPM2_RC_SUCCESS ? read_response(c, plan, tag, &r) : HF_OK;
}

/* A policy session ends with the command it authorizes, when that succeeds. */
static void end_policies(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->session[i]->policy && !(plan->attributes[i] & TPMA_SESSION_CONTINUESESSION))
            plan->session[i]->handle = 0;
    }
}

static bool waits(uint32_t rc)
{
    return rc == TPM2_RC_RETRY || rc == TPM2_RC_YIELDED || rc == TPM2_RC_TESTING || rc == TPM2_RC_NV_RATE;
}

/* The TPM does not know a session handle: all of ours are then worth nothing. */
static bool session_gone(const struct plan *plan, uint32_t rc)
{
    if (rc >= TPM2_RC_REFERENCE_S0 && rc <= TPM2_RC_REFERENCE_S6) {
        size_t i = rc - TPM2_RC_REFERENCE_S0;

        return i < plan->n && !plan->session[i]->policy;
    }
    return false;
}

#define RETRY_MS_MAX 30000u

static hf_err run(struct hf_tpm *tpm, struct hf_tpm_call *c)
{
    unsigned wait_ms = 1;
    unsigned waited_ms = 0;
    bool renewed = false;

    for (;;) {
        struct plan plan;
        uint32_t rc = 0;

        HF_TRY(once(tpm, c, &plan, &rc));
        if (rc == TPM2_RC_SUCCESS) {
            end_policies(&plan);
            return HF_OK;
        }
        if (session_gone(&plan, rc) && !renewed) {
            hf_tpm_pool_forget(tpm);
            renewed = true;
            continue;
        }
        if (!waits(rc) || waited_ms >= RETRY_MS_MAX)
            return hf_tpm_fail_rc(c->command, rc);
        hf_log(HF_LOG_INFO, "tpm.wait", "command=%s rc=0x%03x wait_ms=%u", c->command->name, (unsigned)rc, wait_ms);
        (void)nanosleep(&(struct timespec){.tv_sec = wait_ms / 1000, .tv_nsec = (long)(wait_ms % 1000) * 1000000L}, NULL);
        waited_ms += wait_ms;
        wait_ms = wait_ms < 1000 ? wait_ms * 2 : wait_ms;
    }
}

hf_err hf_tpm_call_run(struct hf_tpm *tpm, struct hf_tpm_call *c)
{
    hf_err err;

    if (c->w.full)
        return hf_fail(HF_E_LIMIT, "%s: the parameters exceed what one command carries (%d bytes)", c->command->name, HF_TPM_IO_MAX);
    if (c->n_entities != c->command->handles)
        return hf_fail(HF_E_INTERNAL, "%s: %zu handles, where %u are due", c->command->name, c->n_entities, c->command->handles);
    HF_TRY(hf_tpm_take(tpm));
    err = run(tpm, c);
    hf_tpm_give(tpm);
    return err;
}
