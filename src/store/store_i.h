/* Inside store/: what a driver does, and the schema. */
#ifndef HF_STORE_STORE_I_H
#define HF_STORE_STORE_I_H

#include "store/store.h"

/* A connection. Each driver's struct begins with it. */
struct hf_store_db {
    const struct hf_store_driver *driver;
    bool again;      /* set with a failure: nothing was done, and the transaction may be tried anew */
    bool in_doubt;   /* set with a failed commit: whether it was done is not known */
};

struct hf_store_driver {
    const char *kind; /* "sqlite" */
    hf_err (*open)(const char *where, const struct hf_store_conf *conf, struct hf_store_db **out);
    void (*close)(struct hf_store_db **db);
    hf_err (*begin)(struct hf_store_db *db, enum hf_store_class class);
    hf_err (*commit)(struct hf_store_db *db);
    void (*rollback)(struct hf_store_db *db);
    hf_err (*run)(struct hf_store_db *db, enum hf_statement s, const struct hf_value *args, size_t n,
                  uint64_t *changed);
    hf_err (*query)(struct hf_store_db *db, enum hf_statement s, const struct hf_value *args, hf_store_row *row,
                    void *arg);
    /* Schema work, within a transaction. */
    hf_err (*version)(struct hf_store_db *db, int64_t *out); /* 0: none yet; HF_E_CONFIG: not ours */
    hf_err (*alone)(struct hf_store_db *db);                 /* until its end, nobody else migrates */
    hf_err (*script)(struct hf_store_db *db, const char *sql);
    hf_err (*check)(struct hf_store_db *db);
    /* How it says {int}, {blob}, {table} (what follows a table's last bracket) in definitions. */
    const char *word_int, *word_blob, *word_table;
};

extern const struct hf_store_driver hf_store_sqlite;
extern const struct hf_store_driver hf_store_postgres;

/* Text and number of values of a statement. */
const char *hf_statement_text(enum hf_statement s);
size_t hf_statement_values(enum hf_statement s);

/* The steps from an empty database to today's: applying the i-th gives version i + 1. A step that was released is
 * never changed; what changes is a further step. */
extern const char *const hf_store_schema[];
extern const size_t hf_store_schema_n;

/* Bring a database up to n steps. HF_E_CONFIG: it has more. */
hf_err hf_store_migrate(struct hf_store *store, const char *const *steps, size_t n);

/* The store's driver and connection, for tests. */
struct hf_store_db *hf_store_db(struct hf_store *store);

#endif
