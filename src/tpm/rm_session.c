/* Sessions: real handles, in and out of the TPM, saved by clients, kept within the context gap. */
#include "base/log.h"
#include "crypto/hash.h"
#include "tpm/rm_inside.h"

#define CONTEXT_MAX 8192u

struct hf_rm_session *hf_rm_session_any(struct hf_rm *rm, uint32_t handle)
{
    for (size_t i = 0; i < HF_RM_SESSIONS; i++) {
        if (rm->session[i].handle == handle)
            return &rm->session[i];
    }
    return NULL;
}

struct hf_rm_session *hf_rm_session_find(struct hf_rm_client *c, uint32_t handle)
{
    struct hf_rm_session *s = hf_rm_session_any(c->rm, handle);

    return s && s->handle != HF_RM_NO_HANDLE && s->owner == c ? s : NULL;
}

/* One client may have half of what the TPM has, so that others have some. */
bool hf_rm_session_room(const struct hf_rm_client *c)
{
    bool free_row = false;
    size_t n = 0;

    for (size_t i = 0; i < HF_RM_SESSIONS; i++) {
        const struct hf_rm_session *s = &c->rm->session[i];

        free_row = free_row || s->handle == HF_RM_NO_HANDLE;
        n += s->handle != HF_RM_NO_HANDLE && s->owner == c && !s->parked;
    }
    return free_row && n < c->rm->active_max / 2;
}

void hf_rm_session_drop(struct hf_rm *rm, struct hf_rm_session *s)
{
    if (!s->parked)
        hf_rm_tell(rm, s->handle, false);
    hf_buf_free(&s->context);
    *s = (struct hf_rm_session){0};
}

void hf_rm_session_add(struct hf_rm_client *c, uint32_t handle)
{
    struct hf_rm_session *s = hf_rm_session_any(c->rm, handle);

    if (s) /* its handle was given again: the TPM had flushed it without our knowing */
        hf_rm_session_drop(c->rm, s);
    hf_rm_raw_unstick(c->rm, handle);
    s = hf_rm_session_any(c->rm, HF_RM_NO_HANDLE);
    if (!s)
        return; /* hf_rm_session_room was asked before */
    *s = (struct hf_rm_session){.owner = c, .handle = handle, .loaded = true, .used = c->rm->turn};
    s->context.max = CONTEXT_MAX;
    hf_rm_tell(c->rm, handle, true);
}

hf_err hf_rm_session_end(struct hf_rm *rm, struct hf_rm_session *s, uint32_t *rc)
{
    hf_err err = hf_rm_raw_flush(rm, s->handle, rc);

    hf_rm_session_drop(rm, s);
    return err;
}

/* TPMS_CONTEXT starts with its sequence number. */
static void note_sequence(struct hf_rm *rm, struct hf_rm_session *s)
{
    struct hf_reader r = hf_reader(hf_buf_bytes(&s->context));

    s->sequence = hf_rd_u64be(&r);
    if (s->sequence > rm->last_sequence)
        rm->last_sequence = s->sequence;
}

static hf_err save(struct hf_rm *rm, struct hf_rm_session *s, uint32_t *rc)
{
    HF_TRY(hf_rm_raw_save(rm, s->handle, &s->context, rc));
    if (*rc == TPM2_RC_SUCCESS) {
        s->loaded = false;
        note_sequence(rm, s);
    }
    return HF_OK;
}

static hf_err load(struct hf_rm *rm, struct hf_rm_session *s, uint32_t *rc)
{
    uint32_t handle = 0;
    uint32_t ignored = 0;

    HF_TRY(hf_rm_raw_load(rm, hf_buf_bytes(&s->context), &handle, rc));
    if (*rc != TPM2_RC_SUCCESS)
        return HF_OK;
    if (handle != s->handle) {
        HF_TRY(hf_rm_raw_flush(rm, handle, &ignored));
        *rc = TPM2_RC_HANDLE;
        return HF_OK;
    }
    s->loaded = true;
    s->context.n = 0; /* a session's context is good for one load */
    return HF_OK;
}

hf_err hf_rm_session_load(struct hf_rm *rm, struct hf_rm_session *s, uint32_t *rc)
{
    *rc = TPM2_RC_SUCCESS;
    s->used = rm->turn;
    if (s->loaded)
        return HF_OK;
    HF_TRY(load(rm, s, rc));
    if (*rc & TPM2_RC_FMT1) { /* the TPM does not know it any more */
        hf_rm_session_drop(rm, s);
        *rc = TPM2_RC_HANDLE;
    }
    return HF_OK;
}

static struct hf_rm_session *least_used(struct hf_rm *rm, uint64_t after)
{
    struct hf_rm_session *best = NULL;

    for (size_t i = 0; i < HF_RM_SESSIONS; i++) {
        struct hf_rm_session *s = &rm->session[i];

        if (s->handle != HF_RM_NO_HANDLE && s->loaded && s->used != rm->turn && s->used > after &&
            (!best || s->used < best->used))
            best = s;
    }
    return best;
}

hf_err hf_rm_session_evict(struct hf_rm *rm, bool *done)
{
    struct hf_rm_session *s = NULL;
    uint64_t after = 0;

    HF_TRY(hf_rm_raw_flush_stuck(rm, done));
    while (!*done && (s = least_used(rm, after)) != NULL) {
        bool refreshed = false;
        uint32_t rc = 0;

        after = s->used;
        HF_TRY(save(rm, s, &rc));
        if (rc == TPM2_RC_CONTEXT_GAP) {
            HF_TRY(hf_rm_session_refresh(rm, &refreshed));
            if (refreshed && s->loaded)
                HF_TRY(save(rm, s, &rc));
        }
        *done = rc == TPM2_RC_SUCCESS;
        if (rc == TPM2_RC_REFERENCE_H0 || (rc & TPM2_RC_FMT1)) { /* the TPM has it no more */
            hf_rm_session_drop(rm, s);
            *done = true;
        }
        if (!*done)
            hf_log(HF_LOG_WARNING, "rm.save", "handle=0x%08x rc=0x%08x", s->handle, rc);
    }
    return HF_OK;
}

static struct hf_rm_session *oldest(struct hf_rm *rm, bool parked_only)
{
    struct hf_rm_session *best = NULL;

    for (size_t i = 0; i < HF_RM_SESSIONS; i++) {
        struct hf_rm_session *s = &rm->session[i];

        if (s->handle == HF_RM_NO_HANDLE || s->loaded || (parked_only && !s->parked))
            continue;
        if (!best || (parked_only ? s->used < best->used : s->sequence < best->sequence))
            best = s;
    }
    return best;
}

static size_t parked(const struct hf_rm *rm)
{
    size_t n = 0;

    for (size_t i = 0; i < HF_RM_SESSIONS; i++)
        n += rm->session[i].parked;
    return n;
}

hf_err hf_rm_session_drop_oldest(struct hf_rm *rm, bool *done)
{
    struct hf_rm_session *s = oldest(rm, true);
    uint32_t rc = 0;

    *done = s != NULL;
    if (!s)
        return HF_OK;
    hf_log(HF_LOG_NOTICE, "rm.drop", "handle=0x%08x why=too many saved sessions", s->handle);
    return hf_rm_session_end(rm, s, &rc);
}

hf_err hf_rm_session_park(struct hf_rm *rm, struct hf_rm_session *s, struct hf_bytes context)
{
    struct hf_digest digest = {0};
    bool done = true;

    s->loaded = false;
    HF_TRY(hf_buf_set(&s->context, context));
    note_sequence(rm, s);
    HF_TRY(hf_hash_one(HF_SHA256, context, &digest));
    memcpy(s->blob, digest.bytes, sizeof(s->blob));
    s->parked = true;
    hf_rm_tell(rm, s->handle, false); /* the client's own from now on */
    while (done && parked(rm) > rm->active_max / 2)
        HF_TRY(hf_rm_session_drop_oldest(rm, &done));
    return HF_OK;
}

bool hf_rm_session_unpark(struct hf_rm_client *c, struct hf_rm_session *s, struct hf_bytes context)
{
    struct hf_digest digest = {0};

    if (!s->parked || hf_hash_one(HF_SHA256, context, &digest) != HF_OK ||
        memcmp(s->blob, digest.bytes, sizeof(s->blob)) != 0)
        return false;
    s->parked = false;
    s->used = c->rm->turn;
    s->owner = c;
    hf_rm_tell(c->rm, s->handle, true);
    return true;
}

hf_err hf_rm_session_refresh(struct hf_rm *rm, bool *done)
{
    struct hf_rm_session *s = oldest(rm, false);
    uint32_t rc = 0;

    *done = false;
    if (!s)
        return HF_OK;
    HF_TRY(load(rm, s, &rc));
    if (rc != TPM2_RC_SUCCESS) {
        hf_log(HF_LOG_WARNING, "rm.refresh", "handle=0x%08x rc=0x%08x", s->handle, rc);
        return HF_OK;
    }
    HF_TRY(save(rm, s, &rc));
    if (rc != TPM2_RC_SUCCESS && s->parked) { /* neither saved nor in use: nobody could flush it */
        HF_TRY(hf_rm_session_end(rm, s, &rc));
    }
    *done = rc == TPM2_RC_SUCCESS;
    return HF_OK;
}

hf_err hf_rm_session_refresh_early(struct hf_rm *rm)
{
    const struct hf_rm_session *s = oldest(rm, false);
    bool done = true;
    bool room = false;

    while (done && s && rm->last_sequence - s->sequence >= rm->gap_max / 2) {
        HF_TRY(hf_rm_session_refresh(rm, &done));
        if (!done) { /* no slot to load it into */
            HF_TRY(hf_rm_session_evict(rm, &room));
            if (room)
                HF_TRY(hf_rm_session_refresh(rm, &done));
        }
        s = oldest(rm, false);
    }
    return HF_OK;
}
