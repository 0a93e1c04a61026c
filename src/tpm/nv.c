/* Using NV indices: who may, and the data in pieces (Part 3, 31.7 to 31.15). */
#include "tpm/nv.h"
#include "base/cleanup.h"
#include "tpm/caps.h"
#include "tpm/lockout.h"
#include "tpm/policy_run.h"

#include <stdio.h>

#define NUMBER_SIZE 8
#define PIECE_MAX 2048 /* leaves a command its handles, sessions and sizes */

void hf_tpm_nv_access_close(struct hf_tpm_nv_access *access)
{
    hf_tpm_session_close(&access->session);
}

hf_err hf_tpm_nv_look(struct hf_tpm *tpm, uint32_t index, TPMS_NV_PUBLIC *pub, struct hf_tpm_name *name)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    hf_err err;

    if (index >> 24 != TPM2_HT_NV_INDEX)
        return hf_fail(HF_E_ARG, "0x%08x is no NV index: 0x01000000 to 0x01ffffff are", (unsigned)index);
    err = hf_tpm_nv_read_public(tpm, index, &area, name);
    if (err == HF_E_NOT_FOUND)
        return hf_fail_device(err, hf_err_device_code(),
                              "the NV index 0x%08x is not defined; `holdfast tpm nv list` shows those "
                              "that are",
                              (unsigned)index);
    HF_TRY(err);
    return hf_tpm_nv_public_parse(hf_buf_bytes(&area), pub);
}

struct permitted {
    bool index, owner, platform, policy;
};

static struct permitted permitted(uint32_t a, bool write)
{
    return (struct permitted){
        .index = (a & (write ? TPMA_NV_AUTHWRITE : TPMA_NV_AUTHREAD)) != 0,
        .owner = (a & (write ? TPMA_NV_OWNERWRITE : TPMA_NV_OWNERREAD)) != 0,
        .platform = (a & (write ? TPMA_NV_PPWRITE : TPMA_NV_PPREAD)) != 0,
        .policy = (a & (write ? TPMA_NV_POLICYWRITE : TPMA_NV_POLICYREAD)) != 0,
    };
}

/* The first that attributes and what is at hand permit (holdfast/nv.h, HF_TPM_NV_BY_ANY). */
static enum hf_tpm_nv_by choose(const struct permitted *p, const struct hf_tpm_nv_auth *auth)
{
    if (auth->by != HF_TPM_NV_BY_ANY)
        return auth->by;
    if (auth->policy)
        return HF_TPM_NV_BY_POLICY;
    if (hf_secret_expose(auth->value).n && p->index)
        return HF_TPM_NV_BY_INDEX;
    if (p->owner)
        return HF_TPM_NV_BY_OWNER;
    if (p->index)
        return HF_TPM_NV_BY_INDEX;
    return p->platform ? HF_TPM_NV_BY_PLATFORM : HF_TPM_NV_BY_POLICY;
}

static hf_err satisfy_policy(struct hf_tpm *tpm, const struct hf_tpm_nv_auth *auth, struct hf_tpm_nv_access *access)
{
    if (!auth->policy)
        return hf_fail(HF_E_DENIED, "only its policy opens the NV index 0x%08x for this: give it with --policy",
                       access->index.handle);
    HF_TRY(hf_policy_run(tpm, auth->policy, (enum hf_hash_alg)access->pub.nameAlg, auth->answers, &access->session));
    access->auth.policy = access->session;
    return HF_OK;
}

hf_err hf_tpm_nv_access_open(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, bool write,
                             struct hf_tpm_nv_access *out)
{
    struct permitted p;

    out->index.handle = index;
    HF_TRY(hf_tpm_nv_look(tpm, index, &out->pub, &out->index.name));
    p = permitted(out->pub.attributes, write);
    out->auth.value = auth->value;
    switch (choose(&p, auth)) {
    case HF_TPM_NV_BY_OWNER:
        out->who = hf_tpm_entity_plain(TPM2_RH_OWNER);
        return HF_OK;
    case HF_TPM_NV_BY_PLATFORM:
        out->who = hf_tpm_entity_plain(TPM2_RH_PLATFORM);
        return HF_OK;
    case HF_TPM_NV_BY_INDEX:
        out->who = out->index;
        return HF_OK;
    case HF_TPM_NV_BY_POLICY:
    case HF_TPM_NV_BY_ANY:
        break;
    }
    out->who = out->index;
    return satisfy_policy(tpm, auth, out);
}

hf_err hf_tpm_nv_range_check(const TPMS_NV_PUBLIC *pub, size_t offset, size_t n)
{
    if (offset > pub->dataSize || n > pub->dataSize - offset)
        return hf_fail(HF_E_ARG, "%zu bytes at offset %zu leave the NV index 0x%08x, which has %u", n, offset,
                       pub->nvIndex, pub->dataSize);
    return HF_OK;
}

hf_err hf_tpm_nv_piece(struct hf_tpm *tpm, size_t *out)
{
    uint32_t max = 0;

    HF_TRY(hf_tpm_property(tpm, TPM2_PT_NV_BUFFER_MAX, &max));
    if (max == 0)
        return hf_fail(HF_E_DEVICE, "the TPM says that its NV buffer has no bytes (TPM_PT_NV_BUFFER_MAX)");
    *out = max < PIECE_MAX ? max : PIECE_MAX;
    return HF_OK;
}

/* One command on an index: what it is called with, and what must hold before. */
struct use {
    uint32_t code;
    bool write;
    int kind; /* enum hf_tpm_nv_kind that it needs; ANY_KIND; PLAIN_KIND: bytes at an offset */
    void (*build)(struct hf_tpm_call *c, const struct use *use);
    struct hf_bytes data;
    size_t offset, n;
    uint64_t bits;
};
#define ANY_KIND (-1)
#define PLAIN_KIND (-2)

static const char *way_of(unsigned kind)
{
    switch (kind) {
    case HF_TPM_NV_COUNTER:
        return "it is incremented";
    case HF_TPM_NV_BITS:
        return "its bits are set";
    case HF_TPM_NV_EXTEND:
        return "it is extended";
    case HF_TPM_NV_ORDINARY:
        return "it is written";
    default:
        return "it has a count and a limit";
    }
}

static hf_err check_kind(const struct hf_tpm_nv_access *access, const struct use *use)
{
    unsigned kind = hf_tpm_nv_kind_of(access->pub.attributes);
    bool plain = kind == HF_TPM_NV_ORDINARY || kind == HF_TPM_NV_PIN_FAIL || kind == HF_TPM_NV_PIN_PASS;

    if (use->kind == ANY_KIND || use->kind == (int)kind || (use->kind == PLAIN_KIND && plain))
        return HF_OK;
    return hf_fail(HF_E_KEY_TYPE, "the NV index 0x%08x is of kind %s: %s", access->index.handle,
                   hf_tpm_nv_kind_name(kind), way_of(kind));
}

/* What the TPM's codes leave open: which index, which lock. */
static hf_err explain(struct hf_tpm *tpm, const struct hf_tpm_nv_access *access, hf_err err)
{
    uint32_t rc = hf_err_device_code();
    uint32_t a = access->pub.attributes;

    if (rc == TPM2_RC_NV_UNINITIALIZED)
        return hf_fail_device(err, rc, "the NV index 0x%08x was never written", access->index.handle);
    if (rc == TPM2_RC_NV_LOCKED)
        return hf_fail_device(err, rc, "the NV index 0x%08x is locked for %s%s", access->index.handle,
                              a & TPMA_NV_WRITELOCKED ? "writing" : "reading",
                              a & TPMA_NV_WRITELOCKED && a & TPMA_NV_WRITEDEFINE ? " for good"
                                                                                 : " until the next reset");
    if (rc == TPM2_RC_NV_AUTHORIZATION)
        return hf_fail_device(err, rc,
                              "the NV index 0x%08x does not permit this to who asks (attributes 0x%08x): "
                              "`holdfast tpm nv show`",
                              access->index.handle, a);
    return hf_tpm_tries_left(tpm, err);
}

static hf_err run_taken(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, const struct use *use,
                        struct hf_tpm_call *c)
{
    HF_CLEANUP(hf_tpm_nv_access_close) struct hf_tpm_nv_access access = {0};
    hf_err err;

    HF_TRY(hf_tpm_nv_access_open(tpm, index, auth, use->write, &access));
    HF_TRY(check_kind(&access, use));
    if (use->code == TPM2_CC_NV_Read || use->code == TPM2_CC_NV_Write)
        HF_TRY(hf_tpm_nv_range_check(&access.pub, use->offset, use->n));
    HF_TRY(hf_tpm_call_start(c, use->code));
    hf_tpm_call_handle(c, &access.who, &access.auth);
    hf_tpm_call_handle(c, &access.index, NULL);
    if (use->build)
        use->build(c, use);
    err = hf_tpm_call_run(tpm, c);
    return err == HF_OK ? HF_OK : explain(tpm, &access, err);
}

static hf_err run(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, const struct use *use)
{
    static const struct hf_tpm_nv_auth none;
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c;
    hf_err err;

    c.reply.n = 0;
    HF_TRY(hf_tpm_take(tpm));
    err = run_taken(tpm, index, auth ? auth : &none, use, &c);
    hf_tpm_give(tpm);
    HF_TRY(err);
    return hf_rd_end(&c.r);
}

static void build_read(struct hf_tpm_call *c, const struct use *use)
{
    hf_wr_u16be(&c->w, (uint16_t)use->n);
    hf_wr_u16be(&c->w, (uint16_t)use->offset);
}

static hf_err read_piece(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, size_t offset, size_t n,
                         uint8_t *place)
{
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c;
    struct use use = {.code = TPM2_CC_NV_Read, .kind = ANY_KIND, .build = build_read, .offset = offset, .n = n};
    struct hf_bytes data;

    c.reply.n = 0;
    HF_TRY(run_taken(tpm, index, auth, &use, &c));
    data = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    if (data.n != n)
        return hf_fail(HF_E_DEVICE, "TPM2_NV_Read: %zu bytes came, where %zu were asked for", data.n, n);
    memcpy(place, data.p, n);
    return HF_OK;
}

static hf_err read_all(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, size_t offset, size_t n,
                       struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *made = NULL;
    struct hf_tpm_name name = {0};
    TPMS_NV_PUBLIC pub;
    uint8_t *place = NULL;
    size_t piece = 0;

    HF_TRY(hf_tpm_nv_look(tpm, index, &pub, &name));
    if (n == SIZE_MAX)
        n = offset <= pub.dataSize ? pub.dataSize - offset : 0;
    HF_TRY(hf_tpm_nv_range_check(&pub, offset, n));
    if (n == 0)
        return hf_fail(HF_E_ARG, "nothing to read: the NV index 0x%08x has %u bytes, and the offset is %zu", index,
                       pub.dataSize, offset);
    HF_TRY(hf_tpm_nv_piece(tpm, &piece));
    HF_TRY(hf_secret_new_zero(n, &place, &made));
    for (size_t at = 0; at < n; at += piece)
        HF_TRY(read_piece(tpm, index, auth, offset + at, n - at < piece ? n - at : piece, place + at));
    *out = hf_take(made);
    return HF_OK;
}

hf_err hf_tpm_nv_read(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, size_t offset, size_t n,
                      struct hf_secret **out)
{
    static const struct hf_tpm_nv_auth none;
    hf_err err;

    HF_TRY(hf_tpm_take(tpm)); /* for all pieces: no command of this process comes between */
    err = read_all(tpm, index, auth ? auth : &none, offset, n, out);
    hf_tpm_give(tpm);
    return err;
}

static void build_write(struct hf_tpm_call *c, const struct use *use)
{
    hf_wr_b16(&c->w, use->data);
    hf_wr_u16be(&c->w, (uint16_t)use->offset);
}

static hf_err write_all(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, size_t offset,
                        struct hf_bytes data)
{
    struct hf_tpm_name name = {0};
    TPMS_NV_PUBLIC pub;
    size_t piece = 0;

    HF_TRY(hf_tpm_nv_look(tpm, index, &pub, &name));
    HF_TRY(hf_tpm_nv_range_check(&pub, offset, data.n)); /* before the first piece is written */
    if (data.n == 0)
        return hf_fail(HF_E_ARG, "nothing to write");
    HF_TRY(hf_tpm_nv_piece(tpm, &piece));
    if ((pub.attributes & TPMA_NV_WRITEALL) && data.n != pub.dataSize)
        return hf_fail(HF_E_ARG,
                       "the NV index 0x%08x is written whole or not at all (writeall): %zu bytes, where it has %u",
                       index, data.n, pub.dataSize);
    for (size_t at = 0; at < data.n; at += piece) {
        size_t n = data.n - at < piece ? data.n - at : piece;
        struct use use = {.code = TPM2_CC_NV_Write,
                          .write = true,
                          .kind = PLAIN_KIND,
                          .build = build_write,
                          .data = {data.p + at, n},
                          .offset = offset + at,
                          .n = n};
        hf_err err = run(tpm, index, auth, &use);

        if (err != HF_OK && at)
            return hf_fail_device(err, hf_err_device_code(), "%s (after %zu of %zu bytes were written)",
                                  hf_err_detail(), at, data.n);
        HF_TRY(err);
    }
    return HF_OK;
}

hf_err hf_tpm_nv_write(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, size_t offset,
                       struct hf_bytes data)
{
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = write_all(tpm, index, auth, offset, data);
    hf_tpm_give(tpm);
    return err;
}

static void build_data(struct hf_tpm_call *c, const struct use *use)
{
    hf_wr_b16(&c->w, use->data);
}

hf_err hf_tpm_nv_extend(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, struct hf_bytes data)
{
    struct use use = {
        .code = TPM2_CC_NV_Extend, .write = true, .kind = HF_TPM_NV_EXTEND, .build = build_data, .data = data};
    size_t piece = 0;

    HF_TRY(hf_tpm_nv_piece(tpm, &piece));
    if (data.n > piece)
        return hf_fail(HF_E_LIMIT, "%zu bytes to extend with; one command carries %zu: extend with their hash", data.n,
                       piece);
    return run(tpm, index, auth, &use);
}

hf_err hf_tpm_nv_increment(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth)
{
    struct use use = {.code = TPM2_CC_NV_Increment, .write = true, .kind = HF_TPM_NV_COUNTER};

    return run(tpm, index, auth, &use);
}

static void build_bits(struct hf_tpm_call *c, const struct use *use)
{
    hf_wr_u64be(&c->w, use->bits);
}

hf_err hf_tpm_nv_set_bits(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, uint64_t bits)
{
    struct use use = {
        .code = TPM2_CC_NV_SetBits, .write = true, .kind = HF_TPM_NV_BITS, .build = build_bits, .bits = bits};

    return run(tpm, index, auth, &use);
}

static bool is_number(unsigned kind)
{
    return kind == HF_TPM_NV_COUNTER || kind == HF_TPM_NV_BITS || kind == HF_TPM_NV_PIN_FAIL ||
           kind == HF_TPM_NV_PIN_PASS;
}

hf_err hf_tpm_nv_pin_limit(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, uint32_t limit)
{
    uint8_t bytes[NUMBER_SIZE]; /* TPMS_NV_PIN_COUNTER_PARAMETERS: pinCount, pinLimit */
    struct hf_writer w = hf_writer(bytes, sizeof(bytes));
    struct hf_tpm_nv_info info;

    HF_TRY(hf_tpm_nv_info_get(tpm, index, &info));
    if (info.kind != HF_TPM_NV_PIN_FAIL && info.kind != HF_TPM_NV_PIN_PASS)
        return hf_fail(HF_E_KEY_TYPE, "the NV index 0x%08x is of kind %s, which has no limit", index,
                       hf_tpm_nv_kind_name(info.kind));
    hf_wr_u32be(&w, 0);
    hf_wr_u32be(&w, limit);
    return hf_tpm_nv_write(tpm, index, auth, 0, hf_wr_done(&w));
}

hf_err hf_tpm_nv_number(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, uint64_t *out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *content = NULL;
    struct hf_tpm_nv_info info;
    struct hf_reader r;
    uint64_t number;

    HF_TRY(hf_tpm_nv_info_get(tpm, index, &info));
    if (!is_number(info.kind))
        return hf_fail(HF_E_KEY_TYPE, "the NV index 0x%08x is of kind %s, which is no number", index,
                       hf_tpm_nv_kind_name(info.kind));
    HF_TRY(hf_tpm_nv_read(tpm, index, auth, 0, NUMBER_SIZE, &content));
    r = hf_reader(hf_secret_expose(content));
    number = hf_rd_u64be(&r);
    HF_TRY(hf_rd_end(&r));
    *out = number;
    return HF_OK;
}

static hf_err lock(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, uint32_t code, uint32_t needs,
                   const char *word)
{
    struct use use = {.code = code, .write = code == TPM2_CC_NV_WriteLock, .kind = ANY_KIND};
    struct hf_tpm_nv_info info;

    HF_TRY(hf_tpm_nv_info_get(tpm, index, &info));
    if (!(info.attributes & needs))
        return hf_fail(HF_E_ARG, "the NV index 0x%08x cannot be locked: it was defined without %s", index, word);
    return run(tpm, index, auth, &use);
}

hf_err hf_tpm_nv_lock_write(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth)
{
    return lock(tpm, index, auth, TPM2_CC_NV_WriteLock, TPMA_NV_WRITEDEFINE | TPMA_NV_WRITE_STCLEAR,
                "writedefine or write_stclear");
}

hf_err hf_tpm_nv_lock_read(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth)
{
    return lock(tpm, index, auth, TPM2_CC_NV_ReadLock, TPMA_NV_READ_STCLEAR, "read_stclear");
}

static hf_err change_auth(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth,
                          const struct hf_secret *new_auth)
{
    HF_CLEANUP(hf_tpm_nv_access_close) struct hf_tpm_nv_access access = {0};
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c;
    struct hf_tpm_nv_auth by_policy = *auth;
    hf_err err;

    c.reply.n = 0;
    by_policy.by = HF_TPM_NV_BY_POLICY;
    HF_TRY(hf_tpm_nv_access_open(tpm, index, &by_policy, true, &access));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_NV_ChangeAuth));
    hf_tpm_call_handle(&c, &access.index, &access.auth);
    hf_wr_b16(&c.w, hf_secret_expose(new_auth));
    c.changes_auth = true;
    c.new_auth = new_auth;
    err = hf_tpm_call_run(tpm, &c);
    HF_TRY(err == HF_OK ? HF_OK : explain(tpm, &access, err));
    return hf_rd_end(&c.r);
}

hf_err hf_tpm_nv_change_auth(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth,
                             const struct hf_secret *new_auth)
{
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = change_auth(tpm, index, auth, new_auth);
    hf_tpm_give(tpm);
    return err;
}
