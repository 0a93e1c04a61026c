/* One command of a client: handles mapped, what it needs brought in, what it made and ended noted. */
#include "base/log.h"
#include "tpm/rm_inside.h"

#define ATTEMPTS 32 /* each one made room or gave up, and a TPM has few slots */
#define CONTINUE_SESSION 0x01u

/* The client's objects and sessions behind the command's handles, or the code that says which is not its. */
static uint32_t bind(struct hf_rm_work *w)
{
    struct hf_rm_client *c = w->client;

    for (size_t i = 0; i < w->cmd.n_handles; i++) {
        uint32_t handle = w->cmd.handle[i];

        if (hf_rm_is_transient(handle)) {
            w->object[i] = hf_rm_object_find(c, handle);
            if (!w->object[i])
                return TPM2_RC_REFERENCE_H0 + (uint32_t)i;
            w->object[i]->used = c->rm->turn;
        } else if (hf_rm_is_session(handle)) {
            w->in_area[i] = hf_rm_session_find(c, handle);
            if (!w->in_area[i] || w->in_area[i]->parked)
                return TPM2_RC_REFERENCE_H0 + (uint32_t)i;
            w->in_area[i]->used = c->rm->turn;
        }
    }
    for (size_t i = 0; i < w->cmd.n_sessions; i++) {
        uint32_t handle = w->cmd.session[i].handle;

        if (!hf_rm_is_session(handle))
            continue; /* a password; anything else the TPM refuses itself */
        w->auth[i] = hf_rm_session_find(c, handle);
        if (!w->auth[i] || w->auth[i]->parked)
            return TPM2_RC_REFERENCE_S0 + (uint32_t)i;
        w->auth[i]->used = c->rm->turn;
    }
    return TPM2_RC_SUCCESS;
}

/* Room in our tables for what the command may make. */
static uint32_t reserve(struct hf_rm_work *w)
{
    bool context_load = w->cmd.head.code == TPM2_CC_ContextLoad;
    bool session = w->cmd.head.code == TPM2_CC_StartAuthSession;

    if (!(w->attributes & TPMA_CC_RHANDLE))
        return TPM2_RC_SUCCESS;
    if ((session || context_load) && !hf_rm_session_room(w->client))
        return TPM2_RC_SESSION_HANDLES;
    if (session)
        return TPM2_RC_SUCCESS;
    w->made = hf_rm_object_new(w->client);
    return w->made ? TPM2_RC_SUCCESS : TPM2_RC_OBJECT_MEMORY;
}

/* Everything the command names into the TPM, real handles into its copy. */
static hf_err bring_in(struct hf_rm_work *w, uint8_t *bytes, uint32_t *rc)
{
    struct hf_rm *rm = w->client->rm;

    *rc = TPM2_RC_SUCCESS;
    for (size_t i = 0; i < w->cmd.n_handles && *rc == TPM2_RC_SUCCESS; i++) {
        if (w->object[i]) {
            HF_TRY(hf_rm_object_load(rm, w->object[i], rc));
            if (*rc == TPM2_RC_SUCCESS)
                hf_wire_put_u32(bytes, HF_WIRE_HANDLE_AT(i), w->object[i]->real);
        } else if (w->in_area[i]) {
            HF_TRY(hf_rm_session_load(rm, w->in_area[i], rc));
        }
        if (*rc == TPM2_RC_HANDLE)
            *rc = TPM2_RC_REFERENCE_H0 + (uint32_t)i;
    }
    for (size_t i = 0; i < w->cmd.n_sessions && *rc == TPM2_RC_SUCCESS; i++) {
        if (!w->auth[i])
            continue;
        HF_TRY(hf_rm_session_load(rm, w->auth[i], rc));
        if (*rc == TPM2_RC_HANDLE)
            *rc = TPM2_RC_REFERENCE_S0 + (uint32_t)i;
    }
    return HF_OK;
}

/* The TPM says that it lost an object of ours, as it does when the machine slept: load it again where
 * its saved form still stands. */
static void reload(struct hf_rm_work *w, uint32_t rc, bool *again)
{
    struct hf_rm_object *o;

    if (rc < TPM2_RC_REFERENCE_H0 || rc - TPM2_RC_REFERENCE_H0 >= w->cmd.n_handles)
        return;
    o = w->object[rc - TPM2_RC_REFERENCE_H0];
    if (!o || o->real == HF_RM_NO_HANDLE)
        return;
    if (o->context.n == 0 || o->sequence) {
        hf_rm_object_drop(w->client->rm, o);
        return;
    }
    hf_rm_tell(w->client->rm, o->real, false);
    o->real = HF_RM_NO_HANDLE;
    *again = true;
}

/* Make the room that the TPM asks for. *again: whether trying again makes sense. */
static hf_err recover(struct hf_rm_work *w, uint32_t rc, bool *again)
{
    struct hf_rm *rm = w->client->rm;

    *again = false;
    switch (rc) {
    case TPM2_RC_OBJECT_MEMORY:
    case TPM2_RC_OBJECT_HANDLES:
        return hf_rm_object_evict(rm, again);
    case TPM2_RC_SESSION_MEMORY:
        return hf_rm_session_evict(rm, again);
    case TPM2_RC_SESSION_HANDLES:
        return hf_rm_session_drop_oldest(rm, again);
    case TPM2_RC_CONTEXT_GAP:
        return hf_rm_session_refresh(rm, again);
    case TPM2_RC_MEMORY:
        HF_TRY(hf_rm_object_evict(rm, again));
        return *again ? HF_OK : hf_rm_session_evict(rm, again);
    default:
        reload(w, rc, again);
        return HF_OK;
    }
}

/* Until the TPM did it, or there is no room to be made. *rc is the answer; where it does not come from
 * the reply (*sent false), the reply is still to be made of it. */
static hf_err attempt(struct hf_rm_work *w, uint8_t *bytes, struct hf_tpm_reply *reply, uint32_t *rc, bool *sent)
{
    bool again = true;

    for (int i = 0; again && i < ATTEMPTS; i++) {
        *sent = false;
        HF_TRY(bring_in(w, bytes, rc));
        if (*rc == TPM2_RC_SUCCESS) {
            HF_TRY(hf_rm_raw(w->client->rm, (struct hf_bytes){bytes, w->command.n}, w->timeout_ms, reply, rc));
            *sent = true;
        }
        if (*rc == TPM2_RC_SUCCESS)
            return HF_OK;
        if (!*sent && *rc >= TPM2_RC_REFERENCE_H0 && *rc <= TPM2_RC_REFERENCE_S6)
            return HF_OK; /* lost and forgotten: nothing of it may be touched again */
        HF_TRY(recover(w, *rc, &again));
    }
    return HF_OK;
}

/* The handle in the answer becomes the client's. */
static hf_err note_made(struct hf_rm_work *w, struct hf_tpm_reply *reply)
{
    struct hf_rm *rm = w->client->rm;
    uint32_t code = w->cmd.head.code;
    uint32_t saved_as = 0;
    uint32_t handle = 0;

    if (!hf_wire_get_u32((struct hf_bytes){reply->bytes, reply->n}, HF_WIRE_HANDLE_AT(0), &handle)) {
        rm->dead = true;
        return hf_fail(HF_E_FORMAT, "command 0x%08x was answered without the handle it makes", code);
    }
    if (hf_rm_is_session(handle)) {
        hf_rm_session_add(w->client, handle);
        return HF_OK;
    }
    if (!hf_rm_is_transient(handle) || !w->made)
        return HF_OK;                /* TPM2_NV_* and vendor commands may answer handles that nobody need manage */
    if (code == TPM2_CC_ContextLoad) /* 0x80000001 marks the context of a sequence (Part 2, 14.1) */
        (void)hf_wire_get_u32(w->command, w->cmd.params + 8, &saved_as);
    hf_rm_object_add(w->made, handle,
                     code == TPM2_CC_HashSequenceStart || code == TPM2_CC_HMAC_Start || saved_as == 0x80000001);
    hf_wire_put_u32(reply->bytes, HF_WIRE_HANDLE_AT(0), w->made->virtual_handle);
    w->made = NULL;
    return HF_OK;
}

/* What a command ended: sessions not continued, sequences completed. */
static void note_ended(struct hf_rm_work *w)
{
    struct hf_rm *rm = w->client->rm;

    for (size_t i = 0; i < w->cmd.n_sessions; i++) {
        if (w->auth[i] && w->auth[i]->handle != HF_RM_NO_HANDLE && !(w->cmd.session[i].attributes & CONTINUE_SESSION))
            hf_rm_session_drop(rm, w->auth[i]);
    }
    if (!(w->attributes & TPMA_CC_FLUSHED))
        return;
    for (size_t i = w->cmd.n_handles; i-- > 0;) {
        if (w->object[i]) {
            hf_rm_object_drop(rm, w->object[i]);
            return;
        }
    }
}

static bool flushes_others(uint32_t code)
{
    return code == TPM2_CC_Clear || code == TPM2_CC_ChangeEPS || code == TPM2_CC_ChangePPS ||
           code == TPM2_CC_HierarchyControl || code == TPM2_CC_Startup;
}

static hf_err note(struct hf_rm_work *w, struct hf_tpm_reply *reply)
{
    struct hf_rm *rm = w->client->rm;

    note_ended(w);
    if (w->attributes & TPMA_CC_RHANDLE)
        HF_TRY(note_made(w, reply));
    if (w->cmd.head.code == TPM2_CC_ContextSave && w->in_area[0])
        HF_TRY(hf_rm_session_park(rm, w->in_area[0],
                                  (struct hf_bytes){reply->bytes + HF_WIRE_HEADER, reply->n - HF_WIRE_HEADER}));
    if (flushes_others(w->cmd.head.code))
        HF_TRY(hf_rm_object_resync(rm));
    return HF_OK;
}

hf_err hf_rm_run(struct hf_rm_work *w, struct hf_tpm_reply *reply)
{
    struct hf_rm *rm = w->client->rm;
    uint64_t sequence = rm->last_sequence;
    uint8_t bytes[HF_TPM_IO_MAX];
    uint32_t rc = bind(w);
    bool sent = false;
    hf_err err = HF_OK;

    if (rc == TPM2_RC_SUCCESS)
        rc = reserve(w);
    if (rc == TPM2_RC_SUCCESS) {
        memcpy(bytes, w->command.p, w->command.n);
        err = attempt(w, bytes, reply, &rc, &sent);
        hf_wipe(bytes, w->command.n);
    }
    if (err == HF_OK && !sent)
        hf_wire_reply_rc(reply, rc);
    if (err == HF_OK && rc == TPM2_RC_SUCCESS)
        err = note(w, reply);
    hf_rm_object_free(&w->made);
    if (err == HF_OK && rm->last_sequence != sequence)
        err = hf_rm_session_refresh_early(rm);
    return err;
}
