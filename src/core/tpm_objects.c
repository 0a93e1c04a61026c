/* Objects: made, taken in, made persistent, removed, listed. */
#include "core/tpm_objects.h"
#include "base/cleanup.h"
#include "crypto/hash.h"

#include <stdio.h>

void hf_core_kept_free(struct hf_core_kept *kept)
{
    hf_tpm_key_close(&kept->key);
    hf_buf_free(&kept->pem);
    hf_buf_free(&kept->context);
}

/* May an object be put at this handle? What stands there already the TPM itself does not overwrite. */
static hf_err may_persist(struct hf_tpm *tpm, uint32_t handle, bool system)
{
    const char *whose = hf_tpm_system_handle(handle);
    struct hf_tpm_object there;

    if (hf_tpm_object_at(tpm, handle, &there) == HF_OK)
        return hf_fail(HF_E_EXISTS, "the handle 0x%08x is occupied by a %s key (%s)%s", (unsigned)handle,
                       there.algorithm, there.kind,
                       there.system ? ": it belongs to the system, take another handle"
                                    : ": evict it first, or take another handle");
    if (whose && !system)
        return hf_fail(
            HF_E_DENIED,
            "0x%08x is the handle of the %s, which other programs look for there: take another handle, or insist "
            "with --system",
            (unsigned)handle, whose);
    return HF_OK;
}

static hf_err may_remove(struct hf_tpm *tpm, uint32_t handle, bool system)
{
    struct hf_tpm_object there;

    HF_TRY(hf_tpm_object_at(tpm, handle, &there));
    if (there.system && !system)
        return hf_fail(
            HF_E_DENIED,
            "0x%08x is a key of the system (%s), which other keys and programs depend on: insist with --system",
            (unsigned)handle, there.kind);
    return HF_OK;
}

static hf_err persist(struct hf_tpm *tpm, struct hf_tpm_key *key, const struct hf_core_evict *how)
{
    HF_TRY(may_persist(tpm, how->handle, how->system));
    return hf_tpm_key_persist(key, how->owner_auth, how->handle);
}

static hf_err keep_it(struct hf_tpm *tpm, const struct hf_core_keep *keep, struct hf_core_kept *out)
{
    const struct hf_core_evict how = {keep->persist, keep->owner_auth, keep->system};

    if (keep->pem)
        HF_TRY(hf_tpm_key_to_pem(out->key, &out->pem));
    if (keep->context)
        HF_TRY(hf_tpm_key_to_context(out->key, &out->context));
    return keep->persist ? persist(tpm, out->key, &how) : HF_OK;
}

/* Hand over what was made; the last thing an operation does. */
static void give(struct hf_core_kept *from, struct hf_core_kept *to)
{
    *to = *from;
    *from = (struct hf_core_kept){0};
}

struct primary {
    const struct hf_core_primary *what;
    const struct hf_core_keep *keep;
    struct hf_core_kept *made;
};

static hf_err primary_work(struct hf_core *core, void *arg)
{
    const struct primary *p = arg;
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    struct hf_tpm_key_spec spec = p->what->spec;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    if (p->keep->persist) /* before the TPM works for minutes */
        HF_TRY(may_persist(tpm, p->keep->persist, p->keep->system));
    if (p->what->policy) {
        HF_TRY(hf_core_policy(core, p->what->policy, &policy));
        HF_TRY(hf_policy_digest(policy, spec.hash ? hf_hash_name((enum hf_hash_alg)spec.hash) : NULL, &digest));
        spec.policy = hf_buf_bytes(&digest);
    }
    HF_TRY(hf_tpm_create_primary(tpm, p->what->hierarchy, p->what->hierarchy_auth, &spec, &p->made->key));
    return keep_it(tpm, p->keep, p->made);
}

hf_err hf_core_tpm_primary(struct hf_core *core, const struct hf_who *who, const struct hf_core_primary *what,
                           const struct hf_core_keep *keep, struct hf_core_kept *out)
{
    HF_CLEANUP(hf_core_kept_free) struct hf_core_kept made = {0};
    struct primary p = {what, keep, &made};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_PRIMARY, what->spec.algorithm, primary_work, &p));
    give(&made, out);
    return HF_OK;
}

struct load {
    const struct hf_core_source *from;
    const struct hf_core_keep *keep;
    struct hf_core_kept *made;
};

static hf_err from_blobs(struct hf_core *core, struct hf_tpm *tpm, const struct hf_core_source *from,
                         struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *parent = NULL;

    if (from->parent)
        HF_TRY(hf_core_key_open(core, from->parent, &parent));
    HF_TRY(from->seed.n ? hf_tpm_load_duplicate(tpm, parent, from->private_blob, from->public_blob, from->seed, out)
                        : hf_tpm_load_key(tpm, parent, from->private_blob, from->public_blob, out));
    hf_tpm_key_keep_parent(*out);
    parent = NULL;
    return HF_OK;
}

static hf_err load_work(struct hf_core *core, void *arg)
{
    struct load *l = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(l->from->key ? hf_core_key_open(core, l->from->key, &l->made->key)
                        : from_blobs(core, tpm, l->from, &l->made->key));
    HF_TRY(hf_tpm_key_load_now(l->made->key));
    return keep_it(tpm, l->keep, l->made);
}

hf_err hf_core_tpm_load(struct hf_core *core, const struct hf_who *who, const struct hf_core_source *from,
                        const struct hf_core_keep *keep, struct hf_core_kept *out)
{
    HF_CLEANUP(hf_core_kept_free) struct hf_core_kept made = {0};
    struct load l = {from, keep, &made};

    /* A persistent copy changes the TPM, so it is permitted and recorded as that. */
    HF_TRY(hf_core_do(core, who, keep->persist ? HF_OP_TPM_EVICT : HF_OP_TPM_LOAD, from->label, load_work, &l));
    give(&made, out);
    return HF_OK;
}

struct external {
    struct hf_bytes public_key;
    bool context;
    struct hf_core_kept *made;
};

static hf_err external_work(struct hf_core *core, void *arg)
{
    struct external *e = arg;
    const struct hf_core_keep keep = {.context = e->context};
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(hf_tpm_load_external(tpm, e->public_key, &e->made->key));
    HF_TRY(hf_tpm_key_load_now(e->made->key));
    return keep_it(tpm, &keep, e->made);
}

hf_err hf_core_tpm_load_external(struct hf_core *core, const struct hf_who *who, const char *label,
                                 struct hf_bytes public_key, bool context, struct hf_core_kept *out)
{
    HF_CLEANUP(hf_core_kept_free) struct hf_core_kept made = {0};
    struct external e = {public_key, context, &made};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_LOAD_EXTERNAL, label, external_work, &e));
    give(&made, out);
    return HF_OK;
}

struct duplicate {
    const struct hf_core_key *ref;
    struct hf_bytes parent;
    uint32_t parent_handle;
    struct hf_buf *pem;
};

static hf_err duplicate_work(struct hf_core *core, void *arg)
{
    struct duplicate *d = arg;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(hf_core_public_area(d->parent, &area));
    HF_TRY(hf_core_key_open(core, d->ref, &key));
    return hf_tpm_duplicate(key, hf_buf_bytes(&area), d->parent_handle, d->pem);
}

hf_err hf_core_tpm_duplicate(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref,
                             struct hf_bytes new_parent, uint32_t parent_handle, struct hf_buf *pem)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    struct duplicate d = {ref, new_parent, parent_handle, &made};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_DUPLICATE, ref->label, duplicate_work, &d));
    return hf_buf_move(&made, pem);
}

struct evict {
    const struct hf_core_key *ref;
    const struct hf_core_evict *how;
};

static hf_err evict_work(struct hf_core *core, void *arg)
{
    const struct evict *e = arg;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    if (!e->ref) {
        HF_TRY(may_remove(tpm, e->how->handle, e->how->system));
        return hf_tpm_evict(tpm, e->how->owner_auth, e->how->handle);
    }
    HF_TRY(hf_core_key_open(core, e->ref, &key));
    return persist(tpm, key, e->how);
}

hf_err hf_core_tpm_evict(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref,
                         const struct hf_core_evict *how)
{
    struct evict e = {ref, how};
    char handle[16];

    (void)snprintf(handle, sizeof(handle), "0x%08x", (unsigned)how->handle);
    return hf_core_do(core, who, HF_OP_TPM_EVICT, handle, evict_work, &e);
}

struct flush {
    uint32_t handle;
    size_t flushed;
};

static hf_err flush_work(struct hf_core *core, void *arg)
{
    struct flush *f = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    if (!f->handle)
        return hf_tpm_flush_foreign(tpm, &f->flushed);
    HF_TRY(hf_tpm_flush_handle(tpm, f->handle));
    f->flushed = 1;
    return HF_OK;
}

hf_err hf_core_tpm_flush(struct hf_core *core, const struct hf_who *who, uint32_t handle, size_t *flushed)
{
    struct flush f = {.handle = handle};
    char text[16];

    (void)snprintf(text, sizeof(text), "0x%08x", (unsigned)handle);
    HF_TRY(hf_core_do(core, who, HF_OP_TPM_FLUSH, handle ? text : "all", flush_work, &f));
    *flushed = f.flushed;
    return HF_OK;
}

static hf_err list_work(struct hf_core *core, void *arg)
{
    const struct hf_core_list *list = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(hf_tpm_persistent_each(tpm, list->persistent, list->arg));
    HF_TRY(hf_tpm_transient_each(tpm, list->transient, list->arg));
    return hf_tpm_session_each(tpm, list->session, list->arg);
}

hf_err hf_core_tpm_list(struct hf_core *core, const struct hf_who *who, const struct hf_core_list *list)
{
    struct hf_core_list copy = *list;

    return hf_core_do(core, who, HF_OP_TPM_LIST, NULL, list_work, &copy);
}

static hf_err pipe_work(struct hf_core *core, void *arg)
{
    struct hf_tpm_options options = *hf_core_tpm_options(core);

    return hf_tpm_pipe_open(&options, arg);
}

hf_err hf_core_tpm_pipe(struct hf_core *core, const struct hf_who *who, struct hf_tpm_pipe **out)
{
    struct hf_tpm_pipe *p = NULL;
    hf_err err = hf_core_do(core, who, HF_OP_TPM_PIPE, NULL, pipe_work, &p);

    if (err != HF_OK) {
        hf_tpm_pipe_close(&p);
        return err;
    }
    *out = p;
    return HF_OK;
}
