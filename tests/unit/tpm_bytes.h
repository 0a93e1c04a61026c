/*
 * TPM commands as bytes, for tests of what lies beneath the command layer. Every function gives the
 * response code; results are written where it is 0.
 */
#ifndef HF_TEST_TPM_BYTES_H
#define HF_TEST_TPM_BYTES_H

#include "test.h"
#include "tpm/wire.h"

#include <tss2/tss2_tpm2_types.h>

/* Who runs a command: a manager's client, a transport. */
typedef hf_err run_fn(void *who, struct hf_bytes command, struct hf_tpm_reply *reply);

struct tpm_user {
    run_fn *run;
    void *who;
    struct hf_writer w;
    struct hf_tpm_reply reply;
    uint8_t out[HF_TPM_IO_MAX];
};

static inline void cmd(struct tpm_user *u, uint16_t tag, uint32_t code)
{
    u->w = hf_wire_start(u->out, tag, code);
}

/* Run what is written. A transport that fails counts as 0xffffffff. */
static inline uint32_t go(struct tpm_user *u)
{
    struct hf_bytes command = {0};
    uint32_t rc = 0;

    OK(hf_wire_end(&u->w, &command));
    if (u->run(u->who, command, &u->reply) != HF_OK || hf_wire_reply_check(&u->reply, &rc) != HF_OK)
        return 0xffffffffu;
    return rc;
}

static inline struct hf_reader answer(const struct tpm_user *u)
{
    struct hf_reader r = hf_reader((struct hf_bytes){u->reply.bytes, u->reply.n});

    hf_rd_skip(&r, HF_WIRE_HEADER);
    return r;
}

static inline void password(struct tpm_user *u, const char *value)
{
    struct hf_bytes v = hf_bytes_text(value);

    hf_wr_u32be(&u->w, (uint32_t)(9 + v.n));
    hf_wr_u32be(&u->w, TPM2_RS_PW);
    hf_wr_u16be(&u->w, 0);
    hf_wr_u8(&u->w, 0);
    hf_wr_b16(&u->w, v);
}

static inline void policy_session(struct tpm_user *u, uint32_t handle, bool keep)
{
    hf_wr_u32be(&u->w, 9);
    hf_wr_u32be(&u->w, handle);
    hf_wr_u16be(&u->w, 0);
    hf_wr_u8(&u->w, keep);
    hf_wr_u16be(&u->w, 0);
}

/* A sealed primary: what TPM2_Unseal gives tells which object a handle is. `policy` may be empty. */
static inline uint32_t sealed(struct tpm_user *u, uint32_t hierarchy, const char *auth, bool no_da,
                              struct hf_bytes policy, const char *content, uint32_t *handle)
{
    uint32_t attributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | (no_da ? TPMA_OBJECT_NODA : 0) |
                          (policy.n ? 0 : TPMA_OBJECT_USERWITHAUTH);
    size_t a = strlen(auth);
    size_t c = strlen(content);
    uint32_t rc;

    cmd(u, TPM2_ST_SESSIONS, TPM2_CC_CreatePrimary);
    hf_wr_u32be(&u->w, hierarchy);
    password(u, "");
    hf_wr_u16be(&u->w, (uint16_t)(4 + a + c));
    hf_wr_b16(&u->w, hf_bytes_text(auth));
    hf_wr_b16(&u->w, hf_bytes_text(content));
    hf_wr_u16be(&u->w, (uint16_t)(14 + policy.n));
    hf_wr_u16be(&u->w, TPM2_ALG_KEYEDHASH);
    hf_wr_u16be(&u->w, TPM2_ALG_SHA256);
    hf_wr_u32be(&u->w, attributes);
    hf_wr_b16(&u->w, policy);
    hf_wr_u16be(&u->w, TPM2_ALG_NULL);
    hf_wr_u16be(&u->w, 0); /* unique */
    hf_wr_u16be(&u->w, 0); /* outsideInfo */
    hf_wr_u32be(&u->w, 0); /* creationPCR */
    rc = go(u);
    if (rc == 0) {
        struct hf_reader r = answer(u);

        *handle = hf_rd_u32be(&r);
    }
    return rc;
}

static inline uint32_t unsealed(struct tpm_user *u, char out[64])
{
    uint32_t rc = go(u);

    if (rc == 0) {
        struct hf_reader r = answer(u);
        struct hf_bytes data;

        hf_rd_skip(&r, 4);
        data = hf_rd_view(&r, hf_rd_u16be(&r));
        CHECK(data.n < 64);
        if (data.n)
            memcpy(out, data.p, data.n);
        out[data.n] = 0;
    }
    return rc;
}

static inline uint32_t unseal(struct tpm_user *u, uint32_t handle, const char *auth, char out[64])
{
    cmd(u, TPM2_ST_SESSIONS, TPM2_CC_Unseal);
    hf_wr_u32be(&u->w, handle);
    password(u, auth);
    return unsealed(u, out);
}

static inline uint32_t unseal_policy(struct tpm_user *u, uint32_t handle, uint32_t session, bool keep, char out[64])
{
    cmd(u, TPM2_ST_SESSIONS, TPM2_CC_Unseal);
    hf_wr_u32be(&u->w, handle);
    policy_session(u, session, keep);
    return unsealed(u, out);
}

static inline uint32_t start_session(struct tpm_user *u, uint8_t type, uint32_t *handle)
{
    static const uint8_t nonce[16] = {1};
    uint32_t rc;

    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_StartAuthSession);
    hf_wr_u32be(&u->w, TPM2_RH_NULL);
    hf_wr_u32be(&u->w, TPM2_RH_NULL);
    hf_wr_b16(&u->w, HF_BYTES_OF(nonce));
    hf_wr_u16be(&u->w, 0);
    hf_wr_u8(&u->w, type);
    hf_wr_u16be(&u->w, TPM2_ALG_NULL);
    hf_wr_u16be(&u->w, TPM2_ALG_SHA256);
    rc = go(u);
    if (rc == 0) {
        struct hf_reader r = answer(u);

        *handle = hf_rd_u32be(&r);
    }
    return rc;
}

static inline uint32_t policy_command(struct tpm_user *u, uint32_t session, uint32_t code)
{
    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_PolicyCommandCode);
    hf_wr_u32be(&u->w, session);
    hf_wr_u32be(&u->w, code);
    return go(u);
}

static inline uint32_t policy_digest(struct tpm_user *u, uint32_t session, uint8_t out[32])
{
    uint32_t rc;

    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_PolicyGetDigest);
    hf_wr_u32be(&u->w, session);
    rc = go(u);
    if (rc == 0) {
        struct hf_reader r = answer(u);

        CHECK(hf_rd_u16be(&r) == 32);
        hf_rd_copy(&r, out, 32);
    }
    return rc;
}

static inline uint32_t flush(struct tpm_user *u, uint32_t handle)
{
    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_FlushContext);
    hf_wr_u32be(&u->w, handle);
    return go(u);
}

static inline uint32_t context_save(struct tpm_user *u, uint32_t handle, struct hf_buf *context)
{
    uint32_t rc;

    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_ContextSave);
    hf_wr_u32be(&u->w, handle);
    rc = go(u);
    if (rc == 0) {
        struct hf_reader r = answer(u);

        OK(hf_buf_set(context, hf_rd_rest(&r)));
    }
    return rc;
}

static inline uint32_t context_load(struct tpm_user *u, const struct hf_buf *context, uint32_t *handle)
{
    uint32_t rc;

    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_ContextLoad);
    hf_wr_bytes(&u->w, hf_buf_bytes(context));
    rc = go(u);
    if (rc == 0) {
        struct hf_reader r = answer(u);

        *handle = hf_rd_u32be(&r);
    }
    return rc;
}

/* The handles that the TPM lists from `first`; their number. */
static inline uint32_t handles(struct tpm_user *u, uint32_t first, uint32_t out[64])
{
    struct hf_reader r;
    uint32_t n;

    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_GetCapability);
    hf_wr_u32be(&u->w, TPM2_CAP_HANDLES);
    hf_wr_u32be(&u->w, first);
    hf_wr_u32be(&u->w, 64);
    CHECK(go(u) == 0);
    r = answer(u);
    hf_rd_skip(&r, 5);
    n = hf_rd_u32be(&r);
    CHECK(n <= 64);
    for (uint32_t i = 0; i < n; i++)
        out[i] = hf_rd_u32be(&r);
    OK(hf_rd_end(&r));
    return n;
}

/* One property of the TPM (TPM2_CAP_TPM_PROPERTIES). */
static inline uint32_t property(struct tpm_user *u, uint32_t which)
{
    struct hf_reader r;
    uint32_t seen;
    uint32_t value;

    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_GetCapability);
    hf_wr_u32be(&u->w, TPM2_CAP_TPM_PROPERTIES);
    hf_wr_u32be(&u->w, which);
    hf_wr_u32be(&u->w, 1);
    CHECK(go(u) == 0);
    r = answer(u);
    hf_rd_skip(&r, 9);
    seen = hf_rd_u32be(&r);
    value = hf_rd_u32be(&r);
    OK(hf_rd_end(&r));
    CHECK(seen == which);
    return value;
}

static inline uint32_t nv_define(struct tpm_user *u, uint32_t index, uint32_t attributes, uint16_t size)
{
    cmd(u, TPM2_ST_SESSIONS, TPM2_CC_NV_DefineSpace);
    hf_wr_u32be(&u->w, TPM2_RH_OWNER);
    password(u, "");
    hf_wr_u16be(&u->w, 0); /* auth */
    hf_wr_u16be(&u->w, 14);
    hf_wr_u32be(&u->w, index);
    hf_wr_u16be(&u->w, TPM2_ALG_SHA256);
    hf_wr_u32be(&u->w, attributes);
    hf_wr_u16be(&u->w, 0); /* policy */
    hf_wr_u16be(&u->w, size);
    return go(u);
}

static inline uint32_t nv_increment(struct tpm_user *u, uint32_t index)
{
    cmd(u, TPM2_ST_SESSIONS, TPM2_CC_NV_Increment);
    hf_wr_u32be(&u->w, TPM2_RH_OWNER);
    hf_wr_u32be(&u->w, index);
    password(u, "");
    return go(u);
}

static inline uint32_t nv_read(struct tpm_user *u, uint32_t index, uint64_t *value)
{
    uint32_t rc;

    cmd(u, TPM2_ST_SESSIONS, TPM2_CC_NV_Read);
    hf_wr_u32be(&u->w, TPM2_RH_OWNER);
    hf_wr_u32be(&u->w, index);
    password(u, "");
    hf_wr_u16be(&u->w, 8);
    hf_wr_u16be(&u->w, 0);
    rc = go(u);
    if (rc == 0) {
        struct hf_reader r = answer(u);

        hf_rd_skip(&r, 6);
        *value = hf_rd_u64be(&r);
    }
    return rc;
}

#define NV_COUNTER \
    (TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_NO_DA | (uint32_t)TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT)

#endif
