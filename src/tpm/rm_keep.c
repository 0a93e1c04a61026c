/* What outlives a resource manager: sessions that clients saved; and what a dead one left behind. */
#include "tpm/rm_inside.h"

#define SWEEP_MAX 64u

/* u32 count, then for each: u32 handle, blob[32], u16 length and bytes of the context. */
hf_err hf_rm_keep(const struct hf_rm *rm, struct hf_buf *out)
{
    uint8_t row[38];
    size_t start = out->n;
    uint8_t *place = NULL;
    uint32_t n = 0;

    HF_TRY(hf_buf_grow(out, 4, &place));
    for (size_t i = 0; i < HF_RM_SESSIONS; i++) {
        const struct hf_rm_session *s = &rm->session[i];
        struct hf_writer w = hf_writer(row, sizeof(row));

        if (s->handle == HF_RM_NO_HANDLE || !s->parked)
            continue;
        hf_wr_u32be(&w, s->handle);
        hf_wr_bytes(&w, HF_BYTES_OF(s->blob));
        hf_wr_u16be(&w, (uint16_t)s->context.n);
        HF_TRY(hf_buf_add(out, hf_wr_done(&w)));
        HF_TRY(hf_buf_add(out, hf_buf_bytes(&s->context)));
        n++;
    }
    hf_wire_put_u32(out->p, start, n);
    return HF_OK;
}

static hf_err restore_one(struct hf_rm *rm, struct hf_reader *r)
{
    struct hf_rm_session s = {.parked = true, .context = {.max = 8192}};
    struct hf_rm_session *row = hf_rm_session_any(rm, HF_RM_NO_HANDLE);
    struct hf_bytes context;
    struct hf_reader head;

    s.handle = hf_rd_u32be(r);
    hf_rd_copy(r, s.blob, sizeof(s.blob));
    context = hf_rd_view(r, hf_rd_u16be(r));
    if (!hf_rm_is_session(s.handle) || hf_rm_session_any(rm, s.handle) || !row)
        hf_rd_fail(r, HF_E_FORMAT, "a kept session 0x%08x that cannot be", s.handle);
    HF_TRY(hf_rd_err(r));
    head = hf_reader(context);
    s.sequence = hf_rd_u64be(&head);
    HF_TRY(hf_rd_err(&head));
    HF_TRY(hf_buf_set(&s.context, context));
    if (s.sequence > rm->last_sequence)
        rm->last_sequence = s.sequence;
    *row = s;
    return HF_OK;
}

hf_err hf_rm_restore(struct hf_rm *rm, struct hf_bytes kept)
{
    struct hf_reader r = hf_reader(kept);
    uint32_t n = hf_rd_u32be(&r);

    for (uint32_t i = 0; i < n && hf_rd_more(&r); i++)
        HF_TRY(restore_one(rm, &r));
    return hf_rd_end(&r);
}

static bool listed(uint32_t handle, const uint32_t *list, size_t n)
{
    for (size_t i = 0; list && i < n; i++) {
        if (list[i] == handle)
            return true;
    }
    return !list;
}

static bool known(struct hf_rm *rm, uint32_t real)
{
    for (size_t i = 0; i < rm->n_objects; i++) {
        if (rm->object[i]->real == real)
            return true;
    }
    return hf_rm_session_any(rm, real) != NULL;
}

hf_err hf_rm_sweep(struct hf_rm *rm, const uint32_t *ours, size_t n_ours, size_t *flushed, size_t *foreign)
{
    static const uint32_t from[] = {HF_WIRE_TRANSIENT, HF_WIRE_LOADED_SESSIONS, HF_WIRE_SAVED_SESSIONS};
    size_t ended = 0;
    size_t left = 0;

    for (size_t i = 0; i < HF_COUNT(from); i++) {
        uint32_t there[SWEEP_MAX];
        struct hf_reader r;
        bool more = false;
        uint32_t rc = 0;
        uint32_t n = 0;

        HF_TRY(hf_rm_raw_capability(rm, TPM2_CAP_HANDLES, from[i], SWEEP_MAX, &more, &n, &r));
        for (uint32_t k = 0; k < n; k++)
            there[k] = hf_rd_u32be(&r);
        HF_TRY(hf_rd_end(&r));
        for (uint32_t k = 0; k < n; k++) {
            if (known(rm, there[k]))
                continue;
            if (listed(there[k], ours, n_ours)) {
                HF_TRY(hf_rm_raw_flush(rm, there[k], &rc));
                ended += rc == TPM2_RC_SUCCESS;
            } else {
                left++;
            }
        }
    }
    *flushed = ended;
    *foreign = left;
    return HF_OK;
}
