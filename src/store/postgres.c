/* The store in PostgreSQL, or what speaks its protocol and SQL: one connection, opened again when it is lost. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "store/libpq.h"
#include "store/store_i.h"

#include <errno.h>
#include <stdlib.h>

#define PIPELINE 256 /* statements in flight */
#define MIGRATION_LOCK "1215718515" /* any number that others do not use: "Hfs3" */

/* Types as the protocol numbers them (pg_type.dat). */
enum { TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_INT4 = 23, TYPE_TEXT = 25 };

struct postgres {
    struct hf_store_db base;
    struct hf_libpq pq;
    char *uri; /* may hold a password: never in errors or logs */
    uint32_t wait_ms;
    PGconn *conn;
    bool prepared[HF_STATEMENT_COUNT];
};

/* What the server, or libpq, says, on one line. */
static hf_err fail_text(hf_err err, const char *said)
{
    char line[400];
    size_t n;

    (void)snprintf(line, sizeof(line), "%s", said);
    n = strlen(line);
    while (n && line[n - 1] == '\n')
        line[--n] = 0;
    for (size_t i = 0; i < n; i++)
        line[i] = line[i] == '\n' || line[i] == '\t' ? ' ' : line[i];
    return hf_fail(err, "PostgreSQL: %s", line);
}

/* SQLSTATE (PostgreSQL documentation, appendix A) by its beginning. */
static const struct {
    const char *state;
    hf_err err;
    bool again;
} states[] = {
    {"40001", HF_E_BUSY, true}, /* serialization failure */
    {"40P01", HF_E_BUSY, true}, /* deadlock */
    {"55P03", HF_E_BUSY, false},       {"57014", HF_E_BUSY, false}, /* lock timeout, statement timeout */
    {"57P", HF_E_UNAVAILABLE, true},   {"08", HF_E_UNAVAILABLE, true},
    {"25006", HF_E_UNAVAILABLE, true}, /* it has become a read-only standby */
    {"53100", HF_E_FULL, false},       {"53", HF_E_UNAVAILABLE, true},
    {"23", HF_E_EXISTS, false},        {"42501", HF_E_PERMISSION, false},
    {"28", HF_E_AUTH, false},          {"3D", HF_E_CONFIG, false},
    {"XX001", HF_E_INTEGRITY, false},  {"XX002", HF_E_INTEGRITY, false},
};

static hf_err fail_result(struct postgres *p, const PGresult *result)
{
    const char *state = result ? p->pq.PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    hf_err err = HF_E_INTERNAL;

    if (!state || p->pq.PQstatus(p->conn) != CONNECTION_OK) {
        p->base.again = true;
        return fail_text(HF_E_UNAVAILABLE, p->pq.PQerrorMessage(p->conn));
    }
    for (size_t i = 0; i < HF_COUNT(states); i++) {
        if (strncmp(state, states[i].state, strlen(states[i].state)) == 0) {
            err = states[i].err;
            p->base.again = states[i].again;
            break;
        }
    }
    return fail_text(err, p->pq.PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

/* Take what a command gave, and free it. */
static hf_err finish(struct postgres *p, PGresult *result)
{
    ExecStatusType status = p->pq.PQresultStatus(result);
    hf_err err = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? HF_OK : fail_result(p, result);

    p->pq.PQclear(result);
    return err;
}

static hf_err exec(struct postgres *p, const char *sql)
{
    return finish(p, p->pq.PQexec(p->conn, sql));
}

static void disconnect(struct postgres *p)
{
    if (p->conn)
        p->pq.PQfinish(p->conn);
    p->conn = NULL;
    memset(p->prepared, 0, sizeof(p->prepared));
}

static void postgres_close(struct hf_store_db **db)
{
    struct postgres *p = (struct postgres *)*db;

    *db = NULL;
    if (!p)
        return;
    disconnect(p);
    hf_free(&p->uri);
    hf_free(&p);
}

static void quiet(void *arg, const char *message)
{
    (void)arg;
    hf_log(HF_LOG_DEBUG, "store.notice", "text=\"%.200s\"", message);
}

static hf_err connect_now(struct postgres *p)
{
    char wait[16], settings[256];
    /* what stands behind dbname would override what the URI says */
    const char *const names[] = {"application_name", "connect_timeout", "tcp_user_timeout", "dbname", NULL};
    const char *const values[] = {"holdfast", "5", wait, p->uri, NULL};
    hf_err err;

    (void)snprintf(wait, sizeof(wait), "%u", (unsigned)p->wait_ms);
    (void)snprintf(settings, sizeof(settings),
                   "SET client_encoding = 'UTF8'; SET lock_timeout = %u; SET statement_timeout = %u; "
                   "SET idle_in_transaction_session_timeout = %u",
                   (unsigned)p->wait_ms, (unsigned)p->wait_ms, (unsigned)p->wait_ms * 3);
    disconnect(p);
    p->conn = p->pq.PQconnectdbParams(names, values, 1);
    if (!p->conn)
        return hf_fail(HF_E_MEMORY, "PostgreSQL: no memory for a connection");
    if (p->pq.PQstatus(p->conn) != CONNECTION_OK) {
        err = fail_text(HF_E_UNAVAILABLE, p->pq.PQerrorMessage(p->conn));
        disconnect(p);
        p->base.again = true;
        return err;
    }
    (void)p->pq.PQsetNoticeProcessor(p->conn, quiet, NULL);
    return exec(p, settings);
}

static hf_err postgres_open(const char *where, const struct hf_store_conf *conf, struct hf_store_db **out)
{
    struct postgres *p = NULL;
    HF_CLEANUP(postgres_close) struct hf_store_db *db = NULL;

    HF_TRY(hf_alloc(sizeof(*p), &p));
    db = &p->base;
    p->base.driver = &hf_store_postgres;
    p->wait_ms = conf->wait_ms;
    HF_TRY(hf_strdup(where, &p->uri));
    HF_TRY(hf_libpq_load(&p->pq));
    HF_TRY(connect_now(p));
    *out = hf_take(db);
    return HF_OK;
}

/* ---- transactions ---- */

static hf_err postgres_begin(struct hf_store_db *db, enum hf_store_class class)
{
    struct postgres *p = (struct postgres *)db;
    static const char *const begin[] = {
        [HF_STORE_READ] = "BEGIN READ ONLY",
        [HF_STORE_GROUP] = "BEGIN; SET LOCAL synchronous_commit = off",
        [HF_STORE_DURABLE] = "BEGIN; SET LOCAL synchronous_commit = on",
    };

    if (!p->conn || p->pq.PQstatus(p->conn) != CONNECTION_OK)
        HF_TRY(connect_now(p));
    return exec(p, begin[class]);
}

static hf_err postgres_commit(struct hf_store_db *db)
{
    struct postgres *p = (struct postgres *)db;
    PGresult *result = p->pq.PQexec(p->conn, "COMMIT");
    bool committed = p->pq.PQresultStatus(result) == PGRES_COMMAND_OK &&
                     strcmp(p->pq.PQcmdStatus(result), "COMMIT") == 0; /* "ROLLBACK": it had failed before */
    hf_err err = HF_OK;

    if (p->pq.PQstatus(p->conn) != CONNECTION_OK) {
        p->base.in_doubt = true;
        err = hf_fail(HF_E_UNAVAILABLE,
                      "PostgreSQL: the connection was lost during the commit: nobody knows whether it was done");
    } else if (!committed) {
        err = p->pq.PQresultStatus(result) == PGRES_COMMAND_OK
                  ? hf_fail(HF_E_INTERNAL, "PostgreSQL: the transaction had failed")
                  : fail_result(p, result);
    }
    p->pq.PQclear(result);
    return err;
}

static void postgres_rollback(struct hf_store_db *db)
{
    struct postgres *p = (struct postgres *)db;
    PGresult *result;
    bool done;

    if (!p->conn || p->pq.PQstatus(p->conn) != CONNECTION_OK)
        return;
    if (p->pq.PQtransactionStatus(p->conn) == PQTRANS_IDLE)
        return;
    result = p->pq.PQexec(p->conn, "ROLLBACK");
    done = p->pq.PQresultStatus(result) == PGRES_COMMAND_OK;
    p->pq.PQclear(result);
    if (!done) /* what failed before is what is told; this connection is of no use any more */
        disconnect(p);
}

/* ---- statements ---- */

/* Values as the protocol wants them: integers as eight bytes, big-endian. */
struct wired {
    const char *value[HF_STORE_ARGS_MAX];
    int length[HF_STORE_ARGS_MAX];
    int binary[HF_STORE_ARGS_MAX];
    unsigned char number[HF_STORE_ARGS_MAX][8];
};

static hf_err wire(const struct hf_value *args, size_t n, struct wired *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct hf_value *v = &args[i];

        out->binary[i] = 1;
        if (v->kind == HF_VALUE_NULL) {
            out->value[i] = NULL;
            out->length[i] = 0;
        } else if (v->kind == HF_VALUE_INT) {
            for (unsigned b = 0; b < 8; b++)
                out->number[i][b] = (unsigned char)((uint64_t)v->number >> (56 - 8 * b));
            out->value[i] = (const char *)out->number[i];
            out->length[i] = 8;
        } else {
            if (v->bytes.n > INT32_MAX)
                return hf_fail(HF_E_LIMIT, "a value of %zu bytes", v->bytes.n);
            out->value[i] = v->bytes.n ? (const char *)v->bytes.p : "";
            out->length[i] = (int)v->bytes.n;
        }
    }
    return HF_OK;
}

static void statement_name(enum hf_statement id, char out[16])
{
    (void)snprintf(out, 16, "hf%d", (int)id);
}

/* Types are those of the first values: the same statement always gets the same kinds, or NULL. */
static hf_err prepare(struct postgres *p, enum hf_statement id, const struct hf_value *args, char name[16])
{
    static const Oid types[] = {
        [HF_VALUE_NULL] = 0, [HF_VALUE_INT] = TYPE_INT8, [HF_VALUE_TEXT] = TYPE_TEXT, [HF_VALUE_BLOB] = TYPE_BYTEA};
    size_t n = hf_statement_values(id);
    Oid type[HF_STORE_ARGS_MAX];

    statement_name(id, name);
    if (p->prepared[id])
        return HF_OK;
    for (size_t i = 0; i < n; i++)
        type[i] = types[args[i].kind];
    HF_TRY(finish(p, p->pq.PQprepare(p->conn, name, hf_statement_text(id), (int)n, type)));
    p->prepared[id] = true;
    return HF_OK;
}

static uint64_t tuples(struct postgres *p, PGresult *result)
{
    return strtoull(p->pq.PQcmdTuples(result), NULL, 10);
}

static hf_err run_one(struct postgres *p, enum hf_statement id, const struct hf_value *args, uint64_t *changed)
{
    size_t n = hf_statement_values(id);
    struct wired w;
    char name[16];
    PGresult *result;

    HF_TRY(prepare(p, id, args, name));
    HF_TRY(wire(args, n, &w));
    result = p->pq.PQexecPrepared(p->conn, name, (int)n, w.value, w.length, w.binary, 1);
    if (changed && p->pq.PQresultStatus(result) == PGRES_COMMAND_OK)
        *changed = tuples(p, result);
    return finish(p, result);
}

/* The answers to n statements and the mark behind them. The first failure counts: those after it were not run. */
static hf_err collect(struct postgres *p, size_t n, uint64_t *changed)
{
    hf_err err = HF_OK;

    for (size_t i = 0; i <= n; i++) {
        PGresult *result = p->pq.PQgetResult(p->conn);
        ExecStatusType status = p->pq.PQresultStatus(result);

        if (changed && i < n && status == PGRES_COMMAND_OK)
            changed[i] = tuples(p, result);
        if (status != PGRES_COMMAND_OK && status != PGRES_PIPELINE_SYNC && err == HF_OK)
            err = fail_result(p, result);
        p->pq.PQclear(result);
        if (!result)
            return err;
        while (i < n && (result = p->pq.PQgetResult(p->conn)) != NULL) /* the NULL that ends each answer */
            p->pq.PQclear(result);
    }
    return err;
}

static hf_err send_some(struct postgres *p, enum hf_statement id, const struct hf_value *args, size_t n,
                        uint64_t *changed)
{
    size_t values = hf_statement_values(id);
    struct wired w;
    char name[16];

    statement_name(id, name);
    for (size_t i = 0; i < n; i++) {
        HF_TRY(wire(args + i * values, values, &w));
        if (!p->pq.PQsendQueryPrepared(p->conn, name, (int)values, w.value, w.length, w.binary, 1))
            return fail_result(p, NULL);
    }
    if (!p->pq.PQpipelineSync(p->conn))
        return fail_result(p, NULL);
    return collect(p, n, changed);
}

static hf_err run_pipeline(struct postgres *p, enum hf_statement id, const struct hf_value *args, size_t n,
                           uint64_t *changed)
{
    size_t values = hf_statement_values(id);
    char name[16];
    hf_err err = HF_OK;

    HF_TRY(prepare(p, id, args, name));
    if (!p->pq.PQenterPipelineMode(p->conn))
        return fail_result(p, NULL);
    for (size_t i = 0; err == HF_OK && i < n; i += PIPELINE)
        err = send_some(p, id, args + i * values, n - i < PIPELINE ? n - i : PIPELINE, changed ? changed + i : NULL);
    if (!p->pq.PQexitPipelineMode(p->conn)) { /* answers are left over: this connection is of no use any more */
        disconnect(p);
        p->base.again = true;
        return err != HF_OK ? err : hf_fail(HF_E_UNAVAILABLE, "PostgreSQL: the pipeline does not end");
    }
    return err;
}

static hf_err postgres_run(struct hf_store_db *db, enum hf_statement id, const struct hf_value *args, size_t n,
                           uint64_t *changed)
{
    struct postgres *p = (struct postgres *)db;

    return n == 1 ? run_one(p, id, args, changed) : run_pipeline(p, id, args, n, changed);
}

static hf_err take_value(struct postgres *p, const PGresult *result, int row, int column, struct hf_value *out)
{
    const unsigned char *bytes = (const unsigned char *)p->pq.PQgetvalue(result, row, column);
    size_t n = (size_t)p->pq.PQgetlength(result, row, column);
    Oid type = p->pq.PQftype(result, column);
    uint64_t number = 0;

    *out = (struct hf_value){0};
    if (p->pq.PQgetisnull(result, row, column))
        return HF_OK;
    if (type == TYPE_BYTEA || type == TYPE_TEXT) {
        *out = (struct hf_value){.kind = type == TYPE_TEXT ? HF_VALUE_TEXT : HF_VALUE_BLOB, .bytes = {bytes, n}};
        return HF_OK;
    }
    if ((type != TYPE_INT8 || n != 8) && (type != TYPE_INT4 || n != 4))
        return hf_fail(HF_E_INTERNAL, "PostgreSQL: a column of type %u with %zu bytes", type, n);
    for (size_t i = 0; i < n; i++)
        number = number << 8 | bytes[i];
    *out = hf_value_int(n == 4 ? (int64_t)(int32_t)(uint32_t)number : (int64_t)number);
    return HF_OK;
}

static hf_err show_rows(struct postgres *p, const PGresult *result, hf_store_row *row, void *arg)
{
    int n = p->pq.PQnfields(result);
    struct hf_value column[HF_STORE_ARGS_MAX];

    if (n > HF_STORE_ARGS_MAX)
        return hf_fail(HF_E_INTERNAL, "PostgreSQL: %d columns", n);
    for (int i = 0; i < p->pq.PQntuples(result); i++) {
        for (int k = 0; k < n; k++)
            HF_TRY(take_value(p, result, i, k, &column[k]));
        HF_TRY(row(arg, column, (size_t)n));
    }
    return HF_OK;
}

static hf_err postgres_query(struct hf_store_db *db, enum hf_statement id, const struct hf_value *args,
                             hf_store_row *row, void *arg)
{
    struct postgres *p = (struct postgres *)db;
    size_t n = hf_statement_values(id);
    struct wired w;
    char name[16];
    PGresult *result;
    hf_err err;

    HF_TRY(prepare(p, id, args, name));
    HF_TRY(wire(args, n, &w));
    result = p->pq.PQexecPrepared(p->conn, name, (int)n, w.value, w.length, w.binary, 1);
    if (p->pq.PQresultStatus(result) != PGRES_TUPLES_OK)
        return finish(p, result);
    err = show_rows(p, result, row, arg);
    p->pq.PQclear(result);
    return err;
}

/* ---- schema ---- */

static hf_err number(struct postgres *p, const char *sql, int64_t *out)
{
    PGresult *result = p->pq.PQexec(p->conn, sql);

    if (p->pq.PQresultStatus(result) == PGRES_TUPLES_OK && p->pq.PQntuples(result) == 1)
        *out = strtoll(p->pq.PQgetvalue(result, 0, 0), NULL, 10);
    return finish(p, result);
}

static hf_err postgres_version(struct hf_store_db *db, int64_t *out)
{
    struct postgres *p = (struct postgres *)db;
    int64_t there = 0;

    *out = 0;
    /* the table itself: to_regclass would answer from a cache that this transaction has not renewed */
    HF_TRY(number(p, "SELECT count(*) FROM pg_class WHERE relname = 'hf_schema' AND pg_table_is_visible(oid)", &there));
    return there ? number(p, "SELECT version FROM hf_schema", out) : HF_OK;
}

static hf_err postgres_alone(struct hf_store_db *db)
{
    return exec((struct postgres *)db, "SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ")");
}

static hf_err postgres_script(struct hf_store_db *db, const char *sql)
{
    return exec((struct postgres *)db, sql);
}

static hf_err postgres_check(struct hf_store_db *db)
{
    (void)db; /* the server's own business: its checksums, and pg_amcheck */
    return HF_OK;
}

const struct hf_store_driver hf_store_postgres = {
    .kind = "postgresql",
    .open = postgres_open,
    .close = postgres_close,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .run = postgres_run,
    .query = postgres_query,
    .version = postgres_version,
    .alone = postgres_alone,
    .script = postgres_script,
    .check = postgres_check,
    .word_int = "BIGINT",
    .word_blob = "BYTEA",
    .word_table = "",
};
