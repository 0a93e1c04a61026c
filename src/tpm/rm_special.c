/* What the resource manager answers itself: handles listed, things flushed, contexts saved by clients. */
#include "tpm/rm_inside.h"

#define RC_PARAMETER_1(rc) ((rc) + TPM2_RC_P + TPM2_RC_1)
#define LIST_MAX 254u /* MAX_CAP_HANDLES: (1024 - 8) / 4 */

struct list {
    size_t n;
    uint32_t handle[HF_RM_CLIENT_OBJECTS + HF_RM_SESSIONS];
};

/* Keep the list ascending, as TPM2_GetCapability gives it. */
static void list_add(struct list *l, uint32_t handle)
{
    size_t i = l->n;

    if (l->n == HF_COUNT(l->handle))
        return;
    for (; i > 0 && l->handle[i - 1] > handle; i--)
        l->handle[i] = l->handle[i - 1];
    l->handle[i] = handle;
    l->n++;
}

static void list_objects(const struct hf_rm_client *c, uint32_t from, struct list *l)
{
    for (size_t i = 0; i < c->rm->n_objects; i++) {
        const struct hf_rm_object *o = c->rm->object[i];

        if (o->owner == c && o->virtual_handle >= from)
            list_add(l, o->virtual_handle);
    }
}

/* Part 3, 30.2.1: loaded sessions are asked for as 0x02, saved ones as 0x03, of either type. */
static void list_sessions(const struct hf_rm_client *c, uint32_t from, bool saved, struct list *l)
{
    for (size_t i = 0; i < HF_RM_SESSIONS; i++) {
        const struct hf_rm_session *s = &c->rm->session[i];

        if (s->handle != HF_RM_NO_HANDLE && s->owner == c && s->parked == saved &&
            (s->handle & TPM2_HR_HANDLE_MASK) >= (from & TPM2_HR_HANDLE_MASK))
            list_add(l, s->handle);
    }
}

static void list_reply(const struct list *l, uint32_t count, struct hf_tpm_reply *reply)
{
    struct hf_writer w = hf_writer(reply->bytes, sizeof(reply->bytes));
    size_t n = l->n;

    if (n > count)
        n = count;
    if (n > LIST_MAX)
        n = LIST_MAX;
    hf_wr_u16be(&w, TPM2_ST_NO_SESSIONS);
    hf_wr_u32be(&w, (uint32_t)(HF_WIRE_HEADER + 9 + 4 * n));
    hf_wr_u32be(&w, TPM2_RC_SUCCESS);
    hf_wr_u8(&w, n < l->n); /* moreData */
    hf_wr_u32be(&w, TPM2_CAP_HANDLES);
    hf_wr_u32be(&w, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        hf_wr_u32be(&w, l->handle[i]);
    reply->n = hf_wr_done(&w).n;
}

/* A client sees its own handles. Inside a session that would need a key we do not have, so the list
 * of them is to be asked for without one. */
static hf_err get_capability(struct hf_rm_work *w, struct hf_tpm_reply *reply, bool *done)
{
    struct hf_reader r = hf_reader(w->command);
    struct list l = {0};
    uint32_t capability;
    uint32_t property;
    uint32_t count;

    hf_rd_skip(&r, w->cmd.params);
    capability = hf_rd_u32be(&r);
    property = hf_rd_u32be(&r);
    count = hf_rd_u32be(&r);
    if (hf_rd_end(&r) != HF_OK || capability != TPM2_CAP_HANDLES)
        return HF_OK;
    switch (property >> TPM2_HR_SHIFT) {
    case TPM2_HT_TRANSIENT:
        list_objects(w->client, property, &l);
        break;
    case TPM2_HT_LOADED_SESSION:
    case TPM2_HT_SAVED_SESSION:
        list_sessions(w->client, property, property >> TPM2_HR_SHIFT == TPM2_HT_SAVED_SESSION, &l);
        break;
    default:
        return HF_OK;
    }
    *done = true;
    if (w->cmd.n_sessions)
        hf_wire_reply_rc(reply, TPM2_RC_AUTH_CONTEXT);
    else
        list_reply(&l, count, reply);
    return HF_OK;
}

static hf_err flush_context(struct hf_rm_work *w, struct hf_tpm_reply *reply, bool *done)
{
    struct hf_rm *rm = w->client->rm;
    struct hf_rm_object *o;
    struct hf_rm_session *s;
    uint32_t handle = 0;
    uint32_t rc = TPM2_RC_SUCCESS;

    *done = true;
    if (w->cmd.n_sessions) {
        hf_wire_reply_rc(reply, TPM2_RC_AUTH_CONTEXT);
        return HF_OK;
    }
    if (w->command.n != w->cmd.params + 4 || !hf_wire_get_u32(w->command, w->cmd.params, &handle)) {
        hf_wire_reply_rc(reply, TPM2_RC_COMMAND_SIZE);
        return HF_OK;
    }
    o = hf_rm_object_find(w->client, handle);
    s = hf_rm_is_session(handle) ? hf_rm_session_find(w->client, handle) : NULL;
    if (o)
        HF_TRY(hf_rm_object_end(rm, o));
    else if (s)
        HF_TRY(hf_rm_session_end(rm, s, &rc));
    else
        rc = RC_PARAMETER_1(TPM2_RC_HANDLE);
    hf_wire_reply_rc(reply, rc);
    return HF_OK;
}

/* A session that a client saved and we know: the latest context of it is the only one that loads. */
static hf_err context_load(struct hf_rm_work *w, struct hf_tpm_reply *reply, bool *done)
{
    struct hf_bytes context = {w->command.p + w->cmd.params, w->command.n - w->cmd.params};
    struct hf_rm_session *s;
    uint32_t handle = 0;

    if (w->cmd.n_sessions || !hf_wire_get_u32(context, 8, &handle) || !hf_rm_is_session(handle))
        return HF_OK;
    s = hf_rm_session_any(w->client->rm, handle);
    if (!s)
        return HF_OK; /* saved before this manager began: the TPM knows whether it is one of its own */
    *done = true;
    if (!hf_rm_session_unpark(w->client, s, context)) {
        hf_wire_reply_rc(reply, RC_PARAMETER_1(TPM2_RC_HANDLE));
        return HF_OK;
    }
    hf_wire_reply_rc(reply, TPM2_RC_SUCCESS);
    hf_wire_put_u32(reply->bytes, HF_WIRE_HANDLE_AT(0), handle);
    hf_wire_put_u32(reply->bytes, 2, HF_WIRE_HEADER + 4);
    reply->n = HF_WIRE_HEADER + 4;
    return HF_OK;
}

hf_err hf_rm_special(struct hf_rm_work *w, struct hf_tpm_reply *reply, bool *done)
{
    *done = false;
    switch (w->cmd.head.code) {
    case TPM2_CC_GetCapability:
        return get_capability(w, reply, done);
    case TPM2_CC_FlushContext:
        return flush_context(w, reply, done);
    case TPM2_CC_ContextLoad:
        return context_load(w, reply, done);
    default:
        return HF_OK;
    }
}
