/* Transient objects: virtual handles, in and out of the TPM. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "tpm/rm_inside.h"

#define FIRST_VIRTUAL 0x80ffffffu /* downwards: far from the handles that TPMs give */
#define CONTEXT_MAX 8192u

struct hf_rm_object *hf_rm_object_find(const struct hf_rm_client *c, uint32_t virtual_handle)
{
    for (size_t i = 0; i < c->rm->n_objects; i++) {
        struct hf_rm_object *o = c->rm->object[i];

        if (o->owner == c && o->virtual_handle == virtual_handle)
            return o;
    }
    return NULL;
}

/* The client's next free handle. It has fewer objects than handles, so there is one. */
static uint32_t free_handle(struct hf_rm_client *c)
{
    do {
        if (c->next_handle < FIRST_VIRTUAL - 0xfffff || c->next_handle > FIRST_VIRTUAL)
            c->next_handle = FIRST_VIRTUAL;
        c->next_handle--;
    } while (hf_rm_object_find(c, c->next_handle + 1));
    return c->next_handle + 1;
}

struct hf_rm_object *hf_rm_object_new(struct hf_rm_client *c)
{
    struct hf_rm_object *o = NULL;

    if (c->n_objects >= HF_RM_CLIENT_OBJECTS || c->rm->n_objects >= HF_RM_OBJECTS)
        return NULL;
    if (hf_alloc(sizeof(*o), &o) != HF_OK)
        return NULL;
    o->owner = c;
    o->context.max = CONTEXT_MAX;
    return o;
}

void hf_rm_object_free(struct hf_rm_object **o)
{
    if (*o)
        hf_buf_free(&(*o)->context);
    hf_free(o);
}

void hf_rm_object_add(struct hf_rm_object *o, uint32_t real, bool sequence)
{
    struct hf_rm *rm = o->owner->rm;

    for (size_t i = rm->n_objects; i-- > 0;) { /* what had this handle is gone without our knowing */
        if (rm->object[i]->real == real)
            hf_rm_object_drop(rm, rm->object[i]);
    }
    hf_rm_raw_unstick(rm, real);
    o->virtual_handle = free_handle(o->owner);
    o->real = real;
    o->sequence = sequence;
    o->used = rm->turn;
    o->owner->n_objects++;
    rm->object[rm->n_objects++] = o;
    hf_rm_tell(rm, real, true);
}

void hf_rm_object_drop(struct hf_rm *rm, struct hf_rm_object *o)
{
    if (o->real != HF_RM_NO_HANDLE)
        hf_rm_tell(rm, o->real, false);
    for (size_t i = 0; i < rm->n_objects; i++) {
        if (rm->object[i] == o) {
            rm->object[i] = rm->object[--rm->n_objects];
            rm->object[rm->n_objects] = NULL;
            break;
        }
    }
    o->owner->n_objects--;
    hf_rm_object_free(&o);
}

hf_err hf_rm_object_end(struct hf_rm *rm, struct hf_rm_object *o)
{
    uint32_t rc = 0;
    hf_err err = HF_OK;

    if (o->real != HF_RM_NO_HANDLE)
        err = hf_rm_raw_flush(rm, o->real, &rc);
    hf_rm_object_drop(rm, o);
    return err;
}

/* Out of the TPM: saved where its saved form is missing or old, then flushed. */
static hf_err save_and_flush(struct hf_rm *rm, struct hf_rm_object *o, uint32_t *rc)
{
    uint32_t flushed = 0;

    if (o->context.n == 0 || o->sequence) {
        HF_TRY(hf_rm_raw_save(rm, o->real, &o->context, rc));
        if (*rc != TPM2_RC_SUCCESS)
            return HF_OK;
    }
    HF_TRY(hf_rm_raw_flush(rm, o->real, &flushed));
    hf_rm_tell(rm, o->real, false);
    o->real = HF_RM_NO_HANDLE;
    *rc = TPM2_RC_SUCCESS;
    return HF_OK;
}

static struct hf_rm_object *least_used(const struct hf_rm *rm, uint64_t after)
{
    struct hf_rm_object *best = NULL;

    for (size_t i = 0; i < rm->n_objects; i++) {
        struct hf_rm_object *o = rm->object[i];

        if (o->real != HF_RM_NO_HANDLE && o->used != rm->turn && o->used > after && (!best || o->used < best->used))
            best = o;
    }
    return best;
}

hf_err hf_rm_object_evict(struct hf_rm *rm, bool *done)
{
    struct hf_rm_object *o = NULL;
    uint64_t after = 0;

    HF_TRY(hf_rm_raw_flush_stuck(rm, done));
    while (!*done && (o = least_used(rm, after)) != NULL) {
        uint32_t rc = 0;

        after = o->used; /* one that cannot be saved is passed over */
        HF_TRY(save_and_flush(rm, o, &rc));
        *done = rc == TPM2_RC_SUCCESS;
        if (!*done)
            hf_log(HF_LOG_WARNING, "rm.save", "handle=0x%08x rc=0x%08x", o->real, rc);
        if (rc == TPM2_RC_REFERENCE_H0) { /* the TPM has it no more: its slot is free already */
            hf_rm_object_drop(rm, o);
            *done = true;
        }
    }
    return HF_OK;
}

hf_err hf_rm_object_load(struct hf_rm *rm, struct hf_rm_object *o, uint32_t *rc)
{
    uint32_t real = 0;
    uint32_t ignored = 0;

    *rc = TPM2_RC_SUCCESS;
    o->used = rm->turn;
    if (o->real != HF_RM_NO_HANDLE)
        return HF_OK;
    HF_TRY(hf_rm_raw_load(rm, hf_buf_bytes(&o->context), &real, rc));
    if (*rc == TPM2_RC_SUCCESS && !hf_rm_is_transient(real)) {
        HF_TRY(hf_rm_raw_flush(rm, real, &ignored));
        *rc = TPM2_RC_HANDLE;
    }
    if (*rc == TPM2_RC_SUCCESS) {
        hf_rm_raw_unstick(rm, real);
        o->real = real;
        hf_rm_tell(rm, real, true);
    } else if (*rc & TPM2_RC_FMT1) { /* cleared, or its hierarchy is off */
        hf_rm_object_drop(rm, o);
        *rc = TPM2_RC_HANDLE;
    }
    return HF_OK;
}

hf_err hf_rm_object_resync(struct hf_rm *rm)
{
    uint32_t there[64];
    struct hf_reader r;
    bool more = false;
    uint32_t n = 0;

    HF_TRY(hf_rm_raw_capability(rm, TPM2_CAP_HANDLES, HF_WIRE_TRANSIENT, (uint32_t)HF_COUNT(there), &more, &n, &r));
    for (uint32_t k = 0; k < n; k++)
        there[k] = hf_rd_u32be(&r);
    HF_TRY(hf_rd_end(&r));
    for (size_t i = rm->n_objects; i-- > 0;) {
        struct hf_rm_object *o = rm->object[i];
        bool found = o->real == HF_RM_NO_HANDLE || more;

        for (uint32_t k = 0; k < n; k++)
            found = found || there[k] == o->real;
        if (!found)
            hf_rm_object_drop(rm, o);
    }
    return HF_OK;
}
