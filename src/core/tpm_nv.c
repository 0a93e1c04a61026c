/* NV indices. */
#include "core/tpm_nv.h"
#include "base/cleanup.h"
#include "core/audit_read.h"
#include "crypto/hash.h"

#include <stdio.h>

#define LABEL 16 /* "0x01500016" */

/* What one use takes and gives; each operation fills in its part. */
struct use {
    const struct hf_core_nv *ref;
    hf_err (*with)(struct hf_tpm *tpm, const struct hf_tpm_nv_auth *auth, struct use *use);
    const struct hf_core_nv_write *write;
    struct hf_bytes data;
    size_t offset, n;
    bool flag;
    const struct hf_secret *hierarchy_auth;
    struct hf_secret *secret;
    uint64_t number;
    bool known;
};

static hf_err bind_and_use(struct hf_core *core, void *arg)
{
    struct use *use = arg;
    const struct hf_core_nv *ref = use->ref;
    struct hf_tpm_nv_auth auth = {.by = ref->by, .value = ref->auth, .policy = ref->policy, .answers = ref->answers};
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    if (ref->policy)
        HF_TRY(hf_policy_bind_tpm(ref->policy, tpm));
    return use->with(tpm, &auth, use);
}

static hf_err run(struct hf_core *core, const struct hf_who *who, enum hf_op op, struct use *use)
{
    char label[LABEL];

    (void)snprintf(label, sizeof(label), "0x%08x", (unsigned)use->ref->index);
    return hf_core_do(core, who, op, label, bind_and_use, use);
}

struct define {
    struct hf_tpm_nv_spec spec;
    struct hf_policy *policy;
    const uint32_t *pin_limit;
};

/* A PIN is written by owner or platform: the value given is the hierarchy's. */
static hf_err set_limit(struct hf_tpm *tpm, const struct define *d)
{
    struct hf_tpm_nv_auth auth = {.by = d->spec.platform ? HF_TPM_NV_BY_PLATFORM : HF_TPM_NV_BY_OWNER,
                                  .value = d->spec.hierarchy_auth};
    hf_err err = hf_tpm_nv_pin_limit(tpm, d->spec.index, &auth, *d->pin_limit);

    return err == HF_OK ? HF_OK
                        : hf_fail(err, "the index is defined, but its limit could not be set: %s", hf_err_detail());
}

static hf_err define(struct hf_core *core, void *arg)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    struct define *d = arg;
    struct hf_tpm *tpm = NULL;
    const char *hash = d->spec.hash ? hf_hash_name((enum hf_hash_alg)d->spec.hash) : NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    if (d->policy) {
        HF_TRY(hf_policy_bind_tpm(d->policy, tpm));
        HF_TRY(hf_policy_digest(d->policy, hash, &digest));
        d->spec.policy = hf_buf_bytes(&digest);
    }
    HF_TRY(hf_tpm_nv_define(tpm, &d->spec));
    return d->pin_limit ? set_limit(tpm, d) : HF_OK;
}

hf_err hf_core_tpm_nv_define(struct hf_core *core, const struct hf_who *who, const struct hf_tpm_nv_spec *spec,
                             struct hf_policy *policy, const uint32_t *pin_limit)
{
    struct define d = {*spec, policy, pin_limit};
    char label[LABEL];

    if (pin_limit && spec->kind != HF_TPM_NV_PIN_FAIL && spec->kind != HF_TPM_NV_PIN_PASS)
        return hf_fail(HF_E_ARG, "a limit is for pin-fail and pin-pass; the kind is %s",
                       hf_tpm_nv_kind_name(spec->kind));
    (void)snprintf(label, sizeof(label), "0x%08x", (unsigned)spec->index);
    return hf_core_do(core, who, HF_OP_TPM_NV_DEFINE, label, define, &d);
}

static hf_err with_undefine(struct hf_tpm *tpm, const struct hf_tpm_nv_auth *auth, struct use *use)
{
    return use->flag ? hf_tpm_nv_undefine_special(tpm, use->ref->index, auth, use->hierarchy_auth)
                     : hf_tpm_nv_undefine(tpm, use->ref->index, use->hierarchy_auth);
}

hf_err hf_core_tpm_nv_undefine(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref,
                               bool special, const struct hf_secret *hierarchy_auth)
{
    struct use use = {.ref = ref, .with = with_undefine, .flag = special, .hierarchy_auth = hierarchy_auth};

    return run(core, who, HF_OP_TPM_NV_UNDEFINE, &use);
}

static hf_err with_read(struct hf_tpm *tpm, const struct hf_tpm_nv_auth *auth, struct use *use)
{
    return hf_tpm_nv_read(tpm, use->ref->index, auth, use->offset, use->n, &use->secret);
}

hf_err hf_core_tpm_nv_read(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref, size_t offset,
                           size_t n, struct hf_secret **out)
{
    struct use use = {.ref = ref, .with = with_read, .offset = offset, .n = n};
    hf_err err = run(core, who, HF_OP_TPM_NV_READ, &use);

    if (err == HF_OK)
        *out = use.secret;
    else
        hf_secret_free(&use.secret);
    return err;
}

static hf_err with_write(struct hf_tpm *tpm, const struct hf_tpm_nv_auth *auth, struct use *use)
{
    const struct hf_core_nv_write *what = use->write;

    if (what->bits)
        return hf_tpm_nv_set_bits(tpm, use->ref->index, auth, *what->bits);
    if (what->limit)
        return hf_tpm_nv_pin_limit(tpm, use->ref->index, auth, *what->limit);
    return hf_tpm_nv_write(tpm, use->ref->index, auth, what->offset, what->data);
}

hf_err hf_core_tpm_nv_write(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref,
                            const struct hf_core_nv_write *what)
{
    struct use use = {.ref = ref, .with = with_write, .write = what};

    return run(core, who, HF_OP_TPM_NV_WRITE, &use);
}

static hf_err with_extend(struct hf_tpm *tpm, const struct hf_tpm_nv_auth *auth, struct use *use)
{
    return hf_tpm_nv_extend(tpm, use->ref->index, auth, use->data);
}

hf_err hf_core_tpm_nv_extend(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref,
                             struct hf_bytes data)
{
    struct use use = {.ref = ref, .with = with_extend, .data = data};

    return run(core, who, HF_OP_TPM_NV_EXTEND, &use);
}

static hf_err with_increment(struct hf_tpm *tpm, const struct hf_tpm_nv_auth *auth, struct use *use)
{
    HF_TRY(hf_tpm_nv_increment(tpm, use->ref->index, auth));
    /* Who may increment need not be one who may read; the increment stands either way. A policy is not run again. */
    use->known = !auth->policy && hf_tpm_nv_number(tpm, use->ref->index, auth, &use->number) == HF_OK;
    return HF_OK;
}

hf_err hf_core_tpm_nv_increment(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref,
                                uint64_t *out, bool *known)
{
    struct use use = {.ref = ref, .with = with_increment};

    HF_TRY(run(core, who, HF_OP_TPM_NV_INCREMENT, &use));
    *out = use.number;
    *known = use.known;
    return HF_OK;
}

static hf_err with_lock(struct hf_tpm *tpm, const struct hf_tpm_nv_auth *auth, struct use *use)
{
    return use->flag ? hf_tpm_nv_lock_read(tpm, use->ref->index, auth)
                     : hf_tpm_nv_lock_write(tpm, use->ref->index, auth);
}

hf_err hf_core_tpm_nv_lock(struct hf_core *core, const struct hf_who *who, const struct hf_core_nv *ref, bool read)
{
    struct use use = {.ref = ref, .with = with_lock, .flag = read};

    return run(core, who, HF_OP_TPM_NV_LOCK, &use);
}

static hf_err add_row(void *arg, const struct hf_tpm_nv_info *info)
{
    return hf_buf_add(arg, (struct hf_bytes){(const uint8_t *)info, sizeof(*info)});
}

static hf_err list(struct hf_core *core, void *arg)
{
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return hf_tpm_nv_list(tpm, add_row, arg);
}

hf_err hf_core_tpm_nv_list(struct hf_core *core, const struct hf_who *who, struct hf_buf *rows)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_NV_LIST, NULL, list, &made));
    return hf_buf_move(&made, rows);
}

struct show {
    uint32_t index;
    char label[LABEL];
    struct hf_tpm_nv_info info;
    struct hf_core_nv_wear wear;
};

static bool is_writing(const char *op)
{
    static const enum hf_op ops[] = {HF_OP_TPM_NV_WRITE, HF_OP_TPM_NV_EXTEND, HF_OP_TPM_NV_INCREMENT,
                                     HF_OP_TPM_NV_LOCK};

    for (size_t i = 0; i < HF_COUNT(ops); i++) {
        if (strcmp(op, hf_op_name(ops[i])) == 0)
            return true;
    }
    return false;
}

static hf_err count(void *arg, const struct hf_audit_place *place, struct hf_bytes line)
{
    struct show *s = arg;
    struct hf_audit_record rec;

    if (!place->whole || hf_audit_line_parse(line, &rec) != HF_OK) /* `holdfast audit verify` judges those */
        return HF_OK;
    if (s->wear.since_ms == 0)
        s->wear.since_ms = rec.time_ms;
    if (is_writing(rec.op) && strcmp(rec.object, s->label) == 0 && strcmp(rec.result, hf_err_name(HF_OK)) == 0)
        s->wear.writes++;
    return HF_OK;
}

static hf_err show(struct hf_core *core, void *arg)
{
    struct show *s = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(hf_tpm_nv_info_get(tpm, s->index, &s->info));
    return hf_audit_walk(hf_core_state_dir(core), 0, count, s);
}

hf_err hf_core_tpm_nv_show(struct hf_core *core, const struct hf_who *who, uint32_t index, struct hf_tpm_nv_info *info,
                           struct hf_core_nv_wear *wear)
{
    struct show s = {.index = index};

    (void)snprintf(s.label, sizeof(s.label), "0x%08x", (unsigned)index);
    HF_TRY(hf_core_do(core, who, HF_OP_TPM_NV_SHOW, s.label, show, &s));
    *info = s.info;
    *wear = s.wear;
    return HF_OK;
}
