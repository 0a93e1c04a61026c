/* Permission, work, record. */
#include "core/core.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/state_dir.h"
#include "core/audit.h"
#include "core/state.h"
#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct hf_core {
    char *path;
    int dir;
    char *uri; /* copies of the caller's texts */
    char *configured_uri;
    char *tpm_state;
    char *store_uri;
    struct hf_tpm_options options;
    bool one_shot;
    pthread_mutex_t lock; /* over those below being opened */
    struct hf_tpm *tpm;
    struct hf_audit *audit;
    struct hf_store *store;
};

struct row {
    const char *name;
    enum hf_op_class class;
    unsigned roles;
};

#define ROW(id, name, class, roles) {name, class, roles},
static const struct row rows[] = {HF_OPS(ROW)};

const char *hf_op_name(enum hf_op op)
{
    return (unsigned)op < HF_OP_COUNT ? rows[op].name : "unknown";
}

static hf_err copy(const char *text, char **out)
{
    return text ? hf_strdup(text, out) : HF_OK;
}

hf_err hf_core_open(const struct hf_core_conf *conf, struct hf_core **out)
{
    HF_CLEANUP(hf_core_close) struct hf_core *core = NULL;
    const char *store = secure_getenv("HOLDFAST_STORE");

    HF_TRY(hf_alloc(sizeof(*core), &core));
    core->dir = -1;
    core->one_shot = conf->one_shot;
    (void)pthread_mutex_init(&core->lock, NULL);
    HF_TRY(hf_state_dir_choose(conf->state_dir, conf->configured_state, &core->path));
    HF_TRY(hf_state_open(core->path, &core->dir));
    HF_TRY(copy(conf->tpm.uri, &core->uri));
    HF_TRY(copy(conf->tpm.configured_uri, &core->configured_uri));
    HF_TRY(copy(conf->tpm.tpm_state, &core->tpm_state));
    if (!store || !store[0])
        store = conf->configured_store;
    HF_TRY(copy(conf->store ? conf->store : store, &core->store_uri));
    core->options = conf->tpm;
    core->options.uri = core->uri;
    core->options.configured_uri = core->configured_uri;
    core->options.state_dir = core->path;
    core->options.tpm_state = core->tpm_state;
    *out = hf_take(core);
    return HF_OK;
}

void hf_core_close(struct hf_core **core)
{
    struct hf_core *gone = hf_take(*core);

    if (!gone)
        return;
    hf_tpm_close(&gone->tpm);
    hf_audit_close(&gone->audit);
    hf_store_close(&gone->store);
    hf_fd_close(&gone->dir);
    (void)pthread_mutex_destroy(&gone->lock);
    hf_free(&gone->uri);
    hf_free(&gone->configured_uri);
    hf_free(&gone->tpm_state);
    hf_free(&gone->store_uri);
    hf_free(&gone->path);
    hf_free(&gone);
}

struct hf_who hf_who_here(const char *door)
{
    struct hf_who who = {.role = HF_ROLE_ADMIN, .door = door};

    (void)snprintf(who.name, sizeof(who.name), "uid:%u", (unsigned)getuid());
    return who;
}

hf_err hf_core_tpm(struct hf_core *core, struct hf_tpm **out)
{
    hf_err err = HF_OK;

    (void)pthread_mutex_lock(&core->lock);
    if (!core->tpm)
        err = hf_tpm_open(&core->options, &core->tpm);
    (void)pthread_mutex_unlock(&core->lock);
    HF_TRY(err);
    *out = core->tpm;
    return HF_OK;
}

const struct hf_tpm_options *hf_core_tpm_options(const struct hf_core *core)
{
    return &core->options;
}

hf_err hf_core_audit(struct hf_core *core, struct hf_audit **out)
{
    hf_err err = HF_OK;

    (void)pthread_mutex_lock(&core->lock);
    if (!core->audit)
        err = hf_audit_open(core->dir, core->one_shot, &core->audit);
    (void)pthread_mutex_unlock(&core->lock);
    HF_TRY(err);
    *out = core->audit;
    return HF_OK;
}

hf_err hf_core_store(struct hf_core *core, struct hf_store **out)
{
    struct hf_store_conf conf = {.uri = core->store_uri, .folder = core->path, .one_shot = core->one_shot};
    hf_err err = HF_OK;

    (void)pthread_mutex_lock(&core->lock);
    if (!core->store)
        err = hf_store_open(&conf, &core->store);
    (void)pthread_mutex_unlock(&core->lock);
    HF_TRY(err);
    *out = core->store;
    return HF_OK;
}

const char *hf_core_state_path(const struct hf_core *core)
{
    return core->path;
}

int hf_core_state_dir(const struct hf_core *core)
{
    return core->dir;
}

/* The audit trail is there, and takes a record of what cannot be undone: asked before the work is done. */
static hf_err ready(struct hf_core *core, const struct row *row, struct hf_audit **audit)
{
    hf_err err = hf_core_audit(core, audit);

    if (err == HF_OK && row->class == HF_OP_CHANGE)
        err = hf_audit_reserve(*audit);
    return err == HF_OK ? HF_OK
                        : hf_fail(err, "%s was not done, for it could not be recorded: %s", row->name, hf_err_detail());
}

/* Record how the work ended. What stands as this thread's failure then is the work's own. */
static hf_err record(struct hf_audit *audit, const struct hf_who *who, const struct row *row, const char *object,
                     hf_err ended)
{
    char detail[1024] = "";
    uint32_t code = ended == HF_OK ? 0 : hf_err_device_code();
    struct hf_audit_entry entry = {
        .who = who->name,
        .door = who->door,
        .op = row->name,
        .object = object,
        .result = hf_err_name(ended),
        .detail = detail,
        .code = code,
    };
    hf_err err;

    if (ended != HF_OK)
        (void)snprintf(detail, sizeof(detail), "%s", hf_err_detail());
    err = hf_audit_append(audit, &entry, row->class == HF_OP_CHANGE);
    if (err != HF_OK && ended == HF_OK)
        return hf_fail(err, "%s was done, but its result is withheld, for it could not be recorded: %s", row->name,
                       hf_err_detail());
    if (err != HF_OK)
        return hf_fail(err, "%s failed (%s), and that could not be recorded: %.300s", row->name, detail,
                       hf_err_detail());
    return ended == HF_OK ? HF_OK : hf_fail_device(ended, code, "%s", detail);
}

static bool allowed(const struct hf_who *who, const struct row *row)
{
    return (unsigned)who->role < 8 * sizeof(row->roles) && (row->roles >> (unsigned)who->role & 1u);
}

hf_err hf_core_do(struct hf_core *core, const struct hf_who *who, enum hf_op op, const char *object, hf_work *work,
                  void *arg)
{
    struct hf_audit *audit = NULL;
    const struct row *row;
    hf_err err;

    if ((unsigned)op >= HF_OP_COUNT)
        return hf_fail(HF_E_INTERNAL, "operation %u is not in the table of %u", (unsigned)op, (unsigned)HF_OP_COUNT);
    row = &rows[op];
    HF_TRY(ready(core, row, &audit));
    if (allowed(who, row))
        err = work(core, arg);
    else
        err = hf_fail(HF_E_DENIED, "%s may not do %s", who->name, row->name);
    return record(audit, who, row, object, err);
}

hf_err hf_core_log_event(struct hf_core *core, const struct hf_who *who, const char *event_type, uint32_t key_handle,
                         const char *operation, const char *result)
{
    char object[16] = "";
    char detail[256];
    struct hf_audit_entry entry = {.who = who->name,
                                   .door = who->door,
                                   .op = rows[HF_OP_EVENT].name,
                                   .object = object,
                                   .result = result,
                                   .detail = detail};
    struct hf_audit *audit = NULL;

    if (!event_type || !operation || !result)
        return hf_fail(HF_E_ARG, "an event needs a type, an operation and a result");
    if (!allowed(who, &rows[HF_OP_EVENT]))
        return hf_fail(HF_E_DENIED, "%s may not log events", who->name);
    if (key_handle)
        (void)snprintf(object, sizeof(object), "0x%08x", (unsigned)key_handle);
    (void)snprintf(detail, sizeof(detail), "%s %s", event_type, operation);
    HF_TRY(hf_core_audit(core, &audit));
    return hf_audit_append(audit, &entry, rows[HF_OP_EVENT].class == HF_OP_CHANGE);
}

hf_err hf_buf_move(struct hf_buf *from, struct hf_buf *to)
{
    size_t max = to->max;

    if (max && from->n > max)
        return hf_fail(HF_E_LIMIT, "the result of %zu bytes exceeds the limit of %zu", from->n, max);
    hf_buf_free(to);
    *to = *from;
    to->max = max;
    *from = (struct hf_buf){.max = from->max};
    return HF_OK;
}
