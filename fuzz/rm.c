/*
 * The resource manager between clients and a TPM that are both the fuzzer's. The TPM is a model with
 * three slots of each kind, which may answer any code to any command, but does what it says it did.
 * However they behave: every answer to a client is a frame, and when the clients are gone nothing of
 * theirs is left in the model.
 */
#include "tpm/rm.h"
#include "base/alloc.h"
#include "fuzz.h"
#include "tpm/wire.h"

#include <stdlib.h>
#include <tss2/tss2_tpm2_types.h>

#define SLOTS 3u
#define ACTIVE 8u

struct model {
    struct hf_tpm_transport base;
    struct hf_reader *script;                     /* codes it answers instead of working; ends with the input */
    bool behave;                                  /* the script is over */
    bool object[SLOTS];                           /* 0x80000000 + i */
    enum { FREE, LOADED, SAVED } session[ACTIVE]; /* 0x02000000 + i */
    uint64_t sequence;
    uint64_t saved_as[ACTIVE];
};

/* TPMA_CC: index, handles << 25, a handle in the answer << 28, flushes << 24. */
static const uint32_t commands[] = {
    TPM2_CC_EvictControl | 2u << 25,
    TPM2_CC_Clear | 1u << 25,
    TPM2_CC_CreatePrimary | 1u << 25 | 1u << 28,
    TPM2_CC_SequenceComplete | 1u << 25 | 1u << 24,
    TPM2_CC_Certify | 2u << 25,
    TPM2_CC_HMAC_Start | 1u << 25 | 1u << 28,
    TPM2_CC_Load | 1u << 25 | 1u << 28,
    TPM2_CC_Unseal | 1u << 25,
    TPM2_CC_ContextLoad | 1u << 28,
    TPM2_CC_ContextSave | 1u << 25,
    TPM2_CC_FlushContext,
    TPM2_CC_StartAuthSession | 2u << 25 | 1u << 28,
    TPM2_CC_GetCapability,
    TPM2_CC_GetRandom,
    TPM2_CC_PolicyGetDigest | 1u << 25,
};

static void say(struct hf_writer *w, struct hf_tpm_reply *reply)
{
    reply->n = hf_wr_done(w).n;
    hf_wire_put_u32(reply->bytes, 2, (uint32_t)reply->n);
}

static struct hf_writer good(struct hf_tpm_reply *reply)
{
    struct hf_writer w = hf_writer(reply->bytes, sizeof(reply->bytes));

    hf_wr_u16be(&w, TPM2_ST_NO_SESSIONS);
    hf_wr_u32be(&w, 0);
    hf_wr_u32be(&w, TPM2_RC_SUCCESS);
    return w;
}

static void capability(const struct model *m, struct hf_bytes command, struct hf_tpm_reply *reply)
{
    struct hf_writer w = good(reply);
    uint32_t what = 0;
    uint32_t property = 0;

    (void)hf_wire_get_u32(command, 10, &what);
    (void)hf_wire_get_u32(command, 14, &property);
    hf_wr_u8(&w, 0);
    hf_wr_u32be(&w, what);
    if (what == TPM2_CAP_COMMANDS) {
        hf_wr_u32be(&w, (uint32_t)HF_COUNT(commands));
        for (size_t i = 0; i < HF_COUNT(commands); i++)
            hf_wr_u32be(&w, commands[i]);
    } else if (what == TPM2_CAP_TPM_PROPERTIES) {
        hf_wr_u32be(&w, 1);
        hf_wr_u32be(&w, property);
        hf_wr_u32be(&w, property == TPM2_PT_ACTIVE_SESSIONS_MAX ? ACTIVE : 16);
    } else {
        uint32_t n = 0;

        for (uint32_t i = 0; i < SLOTS; i++)
            n += m->object[i];
        hf_wr_u32be(&w, n);
        for (uint32_t i = 0; i < SLOTS; i++)
            if (m->object[i])
                hf_wr_u32be(&w, HF_WIRE_TRANSIENT + i);
    }
    say(&w, reply);
}

static uint32_t loaded(const struct model *m)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < ACTIVE; i++)
        n += m->session[i] == LOADED;
    return n;
}

static uint32_t make_object(struct model *m, uint32_t *handle)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (!m->object[i]) {
            m->object[i] = true;
            *handle = HF_WIRE_TRANSIENT + i;
            return TPM2_RC_SUCCESS;
        }
    }
    return TPM2_RC_OBJECT_MEMORY;
}

static uint32_t make_session(struct model *m, uint32_t *handle)
{
    if (loaded(m) == SLOTS)
        return TPM2_RC_SESSION_MEMORY;
    for (uint32_t i = 0; i < ACTIVE; i++) {
        if (m->session[i] == FREE) {
            m->session[i] = LOADED;
            *handle = HF_WIRE_LOADED_SESSIONS + i;
            return TPM2_RC_SUCCESS;
        }
    }
    return TPM2_RC_SESSION_HANDLES;
}

static bool is_object(const struct model *m, uint32_t h)
{
    return h >= HF_WIRE_TRANSIENT && h < HF_WIRE_TRANSIENT + SLOTS && m->object[h - HF_WIRE_TRANSIENT];
}

static bool is_session(const struct model *m, uint32_t h)
{
    return h >= HF_WIRE_LOADED_SESSIONS && h < HF_WIRE_LOADED_SESSIONS + ACTIVE &&
           m->session[h - HF_WIRE_LOADED_SESSIONS] != FREE;
}

static uint32_t save(struct model *m, uint32_t h, struct hf_tpm_reply *reply)
{
    struct hf_writer w = good(reply);

    if (!is_object(m, h) && (!is_session(m, h) || m->session[h - HF_WIRE_LOADED_SESSIONS] != LOADED))
        return TPM2_RC_REFERENCE_H0;
    hf_wr_u64be(&w, ++m->sequence);
    hf_wr_u32be(&w, is_object(m, h) ? HF_WIRE_TRANSIENT : h);
    hf_wr_u32be(&w, TPM2_RH_OWNER);
    hf_wr_u16be(&w, 0);
    if (!is_object(m, h)) {
        m->session[h - HF_WIRE_LOADED_SESSIONS] = SAVED;
        m->saved_as[h - HF_WIRE_LOADED_SESSIONS] = m->sequence;
    }
    say(&w, reply);
    return TPM2_RC_SUCCESS;
}

static uint32_t load(struct model *m, struct hf_bytes command, uint32_t *handle)
{
    struct hf_reader r = hf_reader(command);
    uint64_t sequence;

    hf_rd_skip(&r, HF_WIRE_HEADER);
    sequence = hf_rd_u64be(&r);
    *handle = hf_rd_u32be(&r);
    if (*handle >> 24 == 0x80)
        return make_object(m, handle);
    if (!is_session(m, *handle) || m->session[*handle - HF_WIRE_LOADED_SESSIONS] != SAVED ||
        m->saved_as[*handle - HF_WIRE_LOADED_SESSIONS] != sequence)
        return TPM2_RC_HANDLE | TPM2_RC_P | TPM2_RC_1;
    if (loaded(m) == SLOTS)
        return TPM2_RC_SESSION_MEMORY;
    m->session[*handle - HF_WIRE_LOADED_SESSIONS] = LOADED;
    return TPM2_RC_SUCCESS;
}

static uint32_t drop(struct model *m, uint32_t h)
{
    if (is_object(m, h))
        m->object[h - HF_WIRE_TRANSIENT] = false;
    else if (is_session(m, h))
        m->session[h - HF_WIRE_LOADED_SESSIONS] = FREE;
    else
        return TPM2_RC_HANDLE | TPM2_RC_P | TPM2_RC_1;
    return TPM2_RC_SUCCESS;
}

/* A real handle that is not there is the manager's mistake, not the client's. */
static void check_handles(const struct model *m, const struct hf_wire_command *cmd)
{
    for (size_t i = 0; i < cmd->n_handles; i++) {
        if (cmd->handle[i] >> 24 == 0x80 && !is_object(m, cmd->handle[i]))
            abort();
    }
}

static uint32_t work(struct model *m, const struct hf_wire_command *cmd, struct hf_bytes command,
                     struct hf_tpm_reply *reply, uint32_t *handle)
{
    uint32_t h = 0;

    switch (cmd->head.code) {
    case TPM2_CC_ContextSave:
        return save(m, cmd->handle[0], reply);
    case TPM2_CC_ContextLoad:
        return load(m, command, handle);
    case TPM2_CC_FlushContext:
        (void)hf_wire_get_u32(command, HF_WIRE_HEADER, &h);
        return drop(m, h);
    case TPM2_CC_StartAuthSession:
        return make_session(m, handle);
    case TPM2_CC_SequenceComplete:
        return drop(m, cmd->handle[0]);
    case TPM2_CC_CreatePrimary:
    case TPM2_CC_HMAC_Start:
    case TPM2_CC_Load:
        return make_object(m, handle);
    case TPM2_CC_Clear:
        memset(m->object, 0, sizeof(m->object));
        return TPM2_RC_SUCCESS;
    default:
        return TPM2_RC_SUCCESS;
    }
}

/* Sessions that the command does not continue end with its success. */
static void end_sessions(struct model *m, const struct hf_wire_command *cmd)
{
    for (size_t i = 0; i < cmd->n_sessions; i++) {
        if (!(cmd->session[i].attributes & 1))
            (void)drop(m, cmd->session[i].handle);
    }
}

static hf_err model_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                             struct hf_tpm_reply *reply)
{
    static const uint32_t refusals[] = {
        TPM2_RC_CONTEXT_GAP,     TPM2_RC_OBJECT_MEMORY,     TPM2_RC_SESSION_MEMORY, TPM2_RC_MEMORY,
        TPM2_RC_SESSION_HANDLES, TPM2_RC_LOCKOUT,           TPM2_RC_FAILURE,        TPM2_RC_OBJECT_HANDLES,
        TPM2_RC_AUTH_FAIL,       TPM2_RC_TOO_MANY_CONTEXTS,
    };
    struct model *m = (struct model *)t;
    struct hf_wire_command cmd;
    struct hf_writer w = good(reply);
    uint32_t code = 0;
    uint32_t handle = 0;
    uint32_t rc = 0;
    size_t n = 0;
    uint8_t way = m->behave ? 0 : hf_rd_u8(m->script);

    (void)timeout_ms;
    if (way >= 200) {
        hf_wire_reply_rc(reply, refusals[way % HF_COUNT(refusals)]);
        return HF_OK;
    }
    (void)hf_wire_get_u32(command, 6, &code);
    if (code == TPM2_CC_GetCapability) {
        capability(m, command, reply);
        return HF_OK;
    }
    for (size_t i = 0; i < HF_COUNT(commands); i++) {
        if ((commands[i] & 0xffff) == code)
            n = commands[i] >> 25 & 7;
    }
    if (hf_wire_command_parse(command, n, &cmd) != HF_OK)
        abort();
    check_handles(m, &cmd);
    say(&w, reply);
    rc = work(m, &cmd, command, reply, &handle);
    if (rc != TPM2_RC_SUCCESS) {
        hf_wire_reply_rc(reply, rc);
        return HF_OK;
    }
    end_sessions(m, &cmd);
    if (handle) {
        w = good(reply);
        hf_wr_u32be(&w, handle);
        say(&w, reply);
    }
    return HF_OK;
}

static void model_close(struct hf_tpm_transport **t)
{
    *t = NULL;
}

static const struct hf_tpm_transport_ops model_ops = {
    .scheme = "model", .about = "a TPM of the fuzzer's", .close = model_close, .transact = model_transact};

/* A command that the input composes: code, handles near those that exist, sessions, parameters. */
static size_t compose(struct hf_reader *r, uint8_t out[256])
{
    struct hf_writer w = hf_writer(out, 256);
    uint32_t cc = commands[hf_rd_u8(r) % HF_COUNT(commands)];
    uint8_t shape = hf_rd_u8(r);
    bool with_session = shape & 1;

    hf_wr_u16be(&w, with_session ? TPM2_ST_SESSIONS : TPM2_ST_NO_SESSIONS);
    hf_wr_u32be(&w, 0);
    hf_wr_u32be(&w, cc & 0xffff);
    for (uint32_t i = 0; i < (cc >> 25 & 7) || ((cc & 0xffff) == TPM2_CC_FlushContext && i < 1); i++) {
        uint8_t which = hf_rd_u8(r);

        hf_wr_u32be(&w, which & 0x80 ? 0x80ffffffu - (which & 7) : HF_WIRE_LOADED_SESSIONS + (which & 7));
    }
    if (with_session) {
        hf_wr_u32be(&w, 9);
        hf_wr_u32be(&w, shape & 2 ? TPM2_RS_PW : HF_WIRE_LOADED_SESSIONS + (shape >> 4 & 7));
        hf_wr_u16be(&w, 0);
        hf_wr_u8(&w, shape >> 2 & 1);
        hf_wr_u16be(&w, 0);
    }
    hf_wr_bytes(&w, hf_rd_view(r, hf_rd_u8(r) % 24));
    if (shape >= 0xf0) /* not even a frame */
        return hf_wr_done(&w).n;
    hf_wire_put_u32(out, 2, (uint32_t)hf_wr_done(&w).n);
    return hf_wr_done(&w).n;
}

static void check_left(const struct model *m, size_t saved)
{
    size_t n = 0;

    for (uint32_t i = 0; i < SLOTS; i++) {
        if (m->object[i])
            abort();
    }
    for (uint32_t i = 0; i < ACTIVE; i++)
        n += m->session[i] != FREE;
    if (n != saved)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_reader r = hf_reader((struct hf_bytes){data, size});
    struct model m = {.base = {.ops = &model_ops}, .script = &r, .behave = true};
    struct hf_rm_client *client[2] = {NULL, NULL};
    struct hf_rm *rm = NULL;
    struct hf_tpm_reply reply;
    bool done = false;

    if (hf_rm_open(&m.base, &rm) != HF_OK || hf_rm_client_open(rm, &client[0]) != HF_OK ||
        hf_rm_client_open(rm, &client[1]) != HF_OK)
        abort();
    m.behave = false;
    while (hf_rd_more(&r)) {
        uint8_t command[256];
        uint8_t who = hf_rd_u8(&r);
        size_t n = compose(&r, command);
        uint32_t rc = 0;

        if (hf_rm_transact(client[who & 1], (struct hf_bytes){command, n}, 0, &reply) != HF_OK ||
            hf_wire_reply_check(&reply, &rc) != HF_OK)
            abort();
        if (who == 0xff) {
            hf_rm_client_close(&client[1]);
            if (hf_rm_client_open(rm, &client[1]) != HF_OK)
                abort();
        }
    }
    m.behave = true;
    for (int i = 0; i < 2; i++)
        hf_rm_client_close(&client[i]);
    if (hf_rm_counts(rm).objects || hf_rm_counts(rm).sessions)
        abort();
    done = hf_rm_counts(rm).saved <= ACTIVE;
    if (!done)
        abort();
    {
        size_t saved = hf_rm_counts(rm).saved;

        hf_rm_close(&rm); /* flushes what was stuck */
        check_left(&m, saved);
    }
    return 0;
}
