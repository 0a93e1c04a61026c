/* The tables, and how a database gets from one version of them to the next. */
#include "base/cleanup.h"
#include "base/text.h"
#include "store/store_i.h"

#include <inttypes.h>

const char *const hf_store_schema[] = {
    /* 1: nonces that were issued, and evidence that was seen */
    "CREATE TABLE hf_nonces ("
    " id {blob} PRIMARY KEY," /* SHA-256 of the nonce */
    " purpose TEXT NOT NULL,"
    " issued_at {int} NOT NULL,"
    " expires_at {int} NOT NULL,"
    " forget_at {int} NOT NULL,"
    " used_at {int}) {table};"
    "CREATE INDEX hf_nonces_forget ON hf_nonces (forget_at);"
    "CREATE TABLE hf_seen ("
    " id {blob} PRIMARY KEY,"
    " seen_at {int} NOT NULL,"
    " forget_at {int} NOT NULL) {table};"
    "CREATE INDEX hf_seen_forget ON hf_seen (forget_at);",
};
const size_t hf_store_schema_n = HF_COUNT(hf_store_schema);

/* A definition with the driver's words in it. */
static hf_err spell(const struct hf_store_driver *driver, const char *sql, struct hf_buf *out)
{
    const struct {
        const char *name, *word;
    } words[] = {{"{int}", driver->word_int}, {"{blob}", driver->word_blob}, {"{table}", driver->word_table}};

    while (*sql) {
        size_t n = strcspn(sql, "{");
        size_t i = 0;

        HF_TRY(hf_buf_add(out, (struct hf_bytes){(const uint8_t *)sql, n}));
        sql += n;
        if (!*sql)
            break;
        while (i < HF_COUNT(words) && strncmp(sql, words[i].name, strlen(words[i].name)) != 0)
            i++;
        if (i == HF_COUNT(words))
            return hf_fail(HF_E_INTERNAL, "no word for \"%.10s\"", sql);
        HF_TRY(hf_buf_add(out, hf_bytes_text(words[i].word)));
        sql += strlen(words[i].name);
    }
    return HF_OK;
}

static hf_err run_spelled(struct hf_store_db *db, const char *sql)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *spelled = NULL;

    HF_TRY(spell(db->driver, sql, &text));
    HF_TRY(hf_buf_text(&text, &spelled));
    return db->driver->script(db, spelled);
}

struct migration {
    const char *const *steps;
    size_t n;
    int64_t found;
};

static hf_err read_version(struct hf_store *store, void *arg)
{
    struct migration *m = arg;
    struct hf_store_db *db = hf_store_db(store);

    return db->driver->version(db, &m->found);
}

static hf_err migrate(struct hf_store *store, void *arg)
{
    struct migration *m = arg;
    struct hf_store_db *db = hf_store_db(store);
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *sql = NULL;

    HF_TRY(db->driver->alone(db));
    HF_TRY(db->driver->version(db, &m->found)); /* another process may have come first */
    if (m->found < 0 || (uint64_t)m->found >= m->n)
        return HF_OK;
    if (m->found == 0)
        HF_TRY(run_spelled(db, "CREATE TABLE hf_schema (version {int} PRIMARY KEY) {table};"));
    for (size_t i = (size_t)m->found; i < m->n; i++)
        HF_TRY(run_spelled(db, m->steps[i]));
    HF_TRY(hf_buf_printf(&text, "DELETE FROM hf_schema; INSERT INTO hf_schema (version) VALUES (%zu);", m->n));
    HF_TRY(hf_buf_text(&text, &sql));
    HF_TRY(db->driver->script(db, sql));
    m->found = (int64_t)m->n;
    return HF_OK;
}

hf_err hf_store_migrate(struct hf_store *store, const char *const *steps, size_t n)
{
    struct migration m = {.steps = steps, .n = n};

    HF_TRY(hf_store_do(store, HF_STORE_READ, read_version, &m));
    if (m.found >= 0 && (uint64_t)m.found < n)
        HF_TRY(hf_store_do(store, HF_STORE_DURABLE, migrate, &m));
    if (m.found < 0 || (uint64_t)m.found > n)
        return hf_fail(HF_E_CONFIG,
                       "the database has schema version %" PRId64 ", and this holdfast knows those up to %zu: use the "
                       "newer holdfast that wrote it",
                       m.found, n);
    return HF_OK;
}
