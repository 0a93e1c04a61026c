/*
 * Records that outlive the process, in SQLite or PostgreSQL: one interface, two drivers, the same statements. What is
 * correct under concurrency is so by constraints and transactions, not by a lock in a process.
 *
 *     static hf_err work(struct hf_store *store, void *arg)
 *     {
 *         struct hf_value args[] = {hf_value_blob(id), hf_value_int(now)};
 *
 *         return hf_store_run(store, HF_STMT_NONCE_BURN, args, &changed);
 *     }
 *
 *     HF_TRY(hf_store_open(&(struct hf_store_conf){.uri = uri, .folder = state}, &store));
 *     HF_TRY(hf_store_do(store, HF_STORE_DURABLE, work, &arg));
 *
 * A database is migrated in place when it is opened, within one transaction; one that a newer holdfast wrote is
 * refused. A store may be used from any number of threads (their transactions take turns); after fork(2) the child
 * opens its own.
 */
#ifndef HF_STORE_STORE_H
#define HF_STORE_STORE_H

#include "base/bytes.h"
#include "store/statements.h"

struct hf_store_conf {
    const char *uri;    /* "sqlite:PATH", "postgresql://..." (libpq's), NULL: holdfast.db in `folder` */
    const char *folder; /* the state directory */
    uint32_t wait_ms;   /* how long a transaction may wait for others, and be tried again; 0: 10 s */
    bool one_shot;      /* a process that ends after a few operations: it starts no flusher thread */
};

struct hf_store;

/*
 * Open it, made when missing, and bring its schema up to date.
 *   HF_E_ARG         a URI of another kind
 *   HF_E_CONFIG      the database is a newer holdfast's, or another program's
 *   HF_E_INTEGRITY   it is damaged
 *   HF_E_PERMISSION, HF_E_IO, HF_E_FULL, HF_E_BUSY, HF_E_UNAVAILABLE (no server), HF_E_UNSUPPORTED (no libpq)
 */
hf_err hf_store_open(const struct hf_store_conf *conf, struct hf_store **out);
void hf_store_close(struct hf_store **store);

/* "sqlite", "postgresql". */
const char *hf_store_kind(const struct hf_store *store);

/* ---- transactions ---- */

enum hf_store_class {
    HF_STORE_READ,    /* changes nothing */
    HF_STORE_GROUP,   /* survives the process at once, and power loss after 100 ms (PostgreSQL: as the server is set) */
    HF_STORE_DURABLE, /* survives power loss before hf_store_do returns */
};

/*
 * One transaction around `work`: committed when that returns HF_OK, else as if it had not been. It may be run more
 * than once (another transaction came between, the server was restarted), so it has no effects but on the store and
 * on what it fills in behind `arg`, anew each time. It calls the functions below, and does not nest.
 *
 * Returns what the work returned, or HF_E_BUSY (others held it for wait_ms), HF_E_FULL, HF_E_IO, HF_E_UNAVAILABLE (also
 * where the connection was lost during the commit, so that nobody knows: the detail says so).
 */
typedef hf_err hf_store_work(struct hf_store *store, void *arg);
hf_err hf_store_do(struct hf_store *store, enum hf_store_class class, hf_store_work *work, void *arg);

/* ---- statements, within a transaction ---- */

struct hf_value {
    enum hf_value_kind { HF_VALUE_NULL, HF_VALUE_INT, HF_VALUE_TEXT, HF_VALUE_BLOB } kind;
    int64_t number;
    struct hf_bytes bytes; /* TEXT is UTF-8 without NUL */
};

static inline struct hf_value hf_value_int(int64_t number)
{
    return (struct hf_value){.kind = HF_VALUE_INT, .number = number};
}

static inline struct hf_value hf_value_text(const char *text)
{
    return (struct hf_value){.kind = HF_VALUE_TEXT, .bytes = hf_bytes_text(text)};
}

static inline struct hf_value hf_value_blob(struct hf_bytes bytes)
{
    return (struct hf_value){.kind = HF_VALUE_BLOB, .bytes = bytes};
}

/* Run one; `args` has as many values as its row in statements.h says. *changed: rows inserted, changed or deleted; may
 * be NULL. A constraint that does not hold is HF_E_EXISTS, and ends the transaction. */
hf_err hf_store_run(struct hf_store *store, enum hf_statement statement, const struct hf_value *args,
                    uint64_t *changed);

/* The same for n rows of values one after another, in one go over the network; `changed` has n places, or is NULL. */
hf_err hf_store_run_many(struct hf_store *store, enum hf_statement statement, const struct hf_value *args, size_t n,
                         uint64_t *changed);

/* Show each row of the answer. Views are valid during the call. An error of the visitor ends it, and is returned. */
typedef hf_err hf_store_row(void *arg, const struct hf_value *column, size_t n);
hf_err hf_store_query(struct hf_store *store, enum hf_statement statement, const struct hf_value *args,
                      hf_store_row *row, void *arg);

/* The number that a statement gives as its only column in its only row; HF_E_NOT_FOUND without a row. */
hf_err hf_store_number(struct hf_store *store, enum hf_statement statement, const struct hf_value *args, int64_t *out);

/* Is the database whole, as far as it can tell by itself? HF_E_INTEGRITY says what is wrong. Reads all of it. */
hf_err hf_store_check(struct hf_store *store);

#endif
