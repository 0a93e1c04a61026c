/* Opening by URI, transactions that are tried again, statements. */
#include "store/store.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "store/store_i.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 10000u

struct hf_store {
    struct hf_store_db *db;
    pthread_mutex_t lock; /* one transaction at a time */
    uint32_t wait_ms;
    pid_t owner;
    bool inside; /* a transaction is open */
    bool failed; /* a statement of it failed: it cannot be committed */
};

#define ROW(id, values, text) {values, text},
static const struct {
    size_t values;
    const char *text;
} statements[] = {HF_STATEMENTS(ROW)};

const char *hf_statement_text(enum hf_statement s)
{
    return statements[s].text;
}

size_t hf_statement_values(enum hf_statement s)
{
    return statements[s].values;
}

struct hf_store_db *hf_store_db(struct hf_store *store)
{
    return store->db;
}

const char *hf_store_kind(const struct hf_store *store)
{
    return store->db->driver->kind;
}

static hf_err choose(const char *uri, const struct hf_store_driver **driver, const char **where)
{
    *where = uri;
    if (!uri || strncmp(uri, "sqlite:", 7) == 0) {
        *driver = &hf_store_sqlite;
        *where = uri ? uri + 7 : NULL;
        return HF_OK;
    }
    if (strncmp(uri, "postgresql://", 13) == 0 || strncmp(uri, "postgres://", 11) == 0) {
        *driver = &hf_store_postgres;
        return HF_OK;
    }
    /* not quoted beyond its scheme: it may hold a password */
    return hf_fail(HF_E_ARG, "store \"%.*s...\": wanted sqlite:PATH or postgresql://HOST/DATABASE",
                   (int)strcspn(uri, ":/@"), uri);
}

hf_err hf_store_open(const struct hf_store_conf *conf, struct hf_store **out)
{
    HF_CLEANUP(hf_store_close) struct hf_store *store = NULL;
    struct hf_store_conf full = *conf;
    const struct hf_store_driver *driver = NULL;
    const char *where = NULL;
    pthread_mutexattr_t checked;

    if (!full.wait_ms)
        full.wait_ms = WAIT_MS;
    HF_TRY(choose(conf->uri, &driver, &where));
    HF_TRY(hf_alloc(sizeof(*store), &store));
    (void)pthread_mutexattr_init(&checked);
    (void)pthread_mutexattr_settype(&checked, PTHREAD_MUTEX_ERRORCHECK);
    (void)pthread_mutex_init(&store->lock, &checked);
    (void)pthread_mutexattr_destroy(&checked);
    store->wait_ms = full.wait_ms;
    store->owner = getpid();
    HF_TRY(driver->open(where, &full, &store->db));
    HF_TRY(hf_store_migrate(store, hf_store_schema, hf_store_schema_n));
    *out = hf_take(store);
    return HF_OK;
}

void hf_store_close(struct hf_store **store)
{
    struct hf_store *gone = hf_take(*store);

    if (!gone)
        return;
    if (gone->db)
        gone->db->driver->close(&gone->db);
    (void)pthread_mutex_destroy(&gone->lock);
    hf_free(&gone);
}

/* One try of a transaction. */
static hf_err attempt(struct hf_store *store, enum hf_store_class class, hf_store_work *work, void *arg)
{
    struct hf_store_db *db = store->db;
    hf_err err;

    db->again = db->in_doubt = false;
    store->failed = false;
    err = db->driver->begin(db, class);
    store->inside = err == HF_OK;
    if (err == HF_OK)
        err = work(store, arg);
    if (err == HF_OK && store->failed)
        err = hf_fail(HF_E_INTERNAL, "a transaction went on after a statement of it failed: %.300s", hf_err_detail());
    if (err == HF_OK)
        err = db->driver->commit(db);
    store->inside = false;
    if (err != HF_OK && !db->in_doubt)
        db->driver->rollback(db);
    return err;
}

hf_err hf_store_do(struct hf_store *store, enum hf_store_class class, hf_store_work *work, void *arg)
{
    uint64_t until = hf_monotonic_ms() + store->wait_ms;
    struct timespec pause = {.tv_nsec = 5000000};
    hf_err err;

    if (store->owner != getpid())
        return hf_fail(HF_E_INTERNAL, "this store was opened by process %ld: after fork(2), open another",
                       (long)store->owner);
    if (pthread_mutex_lock(&store->lock) != 0)
        return hf_fail(HF_E_INTERNAL, "a transaction within a transaction");
    for (;;) {
        err = attempt(store, class, work, arg);
        if (err == HF_OK || !store->db->again || hf_monotonic_ms() >= until)
            break;
        (void)nanosleep(&pause, NULL);
        if (pause.tv_nsec < 200000000)
            pause.tv_nsec *= 2;
    }
    (void)pthread_mutex_unlock(&store->lock);
    return err;
}

static hf_err note(struct hf_store *store, hf_err err)
{
    store->failed |= err != HF_OK;
    return err;
}

static hf_err usable(const struct hf_store *store, enum hf_statement statement)
{
    if (!store->inside || (unsigned)statement >= HF_STATEMENT_COUNT)
        return hf_fail(HF_E_INTERNAL, "statement %u of %u, %s a transaction", (unsigned)statement,
                       (unsigned)HF_STATEMENT_COUNT, store->inside ? "in" : "outside of");
    if (store->failed)
        return hf_fail(HF_E_INTERNAL, "an earlier statement of this transaction failed");
    return HF_OK;
}

hf_err hf_store_run_many(struct hf_store *store, enum hf_statement statement, const struct hf_value *args, size_t n,
                         uint64_t *changed)
{
    HF_TRY(usable(store, statement));
    return n ? note(store, store->db->driver->run(store->db, statement, args, n, changed)) : HF_OK;
}

hf_err hf_store_run(struct hf_store *store, enum hf_statement statement, const struct hf_value *args,
                    uint64_t *changed)
{
    return hf_store_run_many(store, statement, args, 1, changed);
}

/* What the visitor returned is not the database's failure. */
struct visiting {
    hf_store_row *row;
    void *arg;
    hf_err err;
};

static hf_err visit(void *arg, const struct hf_value *column, size_t n)
{
    struct visiting *v = arg;

    v->err = v->row(v->arg, column, n);
    return v->err;
}

hf_err hf_store_query(struct hf_store *store, enum hf_statement statement, const struct hf_value *args,
                      hf_store_row *row, void *arg)
{
    struct visiting v = {.row = row, .arg = arg};
    hf_err err;

    HF_TRY(usable(store, statement));
    err = store->db->driver->query(store->db, statement, args, visit, &v);
    return v.err != HF_OK ? v.err : note(store, err);
}

struct number {
    bool found;
    int64_t n;
};

static hf_err take_number(void *arg, const struct hf_value *column, size_t n)
{
    struct number *out = arg;

    if (n != 1 || column[0].kind != HF_VALUE_INT || out->found)
        return hf_fail(HF_E_INTERNAL, "an answer of %zu columns, where one number was expected", n);
    *out = (struct number){true, column[0].number};
    return HF_OK;
}

hf_err hf_store_number(struct hf_store *store, enum hf_statement statement, const struct hf_value *args, int64_t *out)
{
    struct number got = {0};

    HF_TRY(hf_store_query(store, statement, args, take_number, &got));
    if (!got.found)
        return hf_fail(HF_E_NOT_FOUND, "there is no such row");
    *out = got.n;
    return HF_OK;
}

static hf_err check(struct hf_store *store, void *arg)
{
    (void)arg;
    return store->db->driver->check(store->db);
}

hf_err hf_store_check(struct hf_store *store)
{
    return hf_store_do(store, HF_STORE_READ, check, NULL);
}
