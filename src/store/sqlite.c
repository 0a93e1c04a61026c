/* The store in SQLite: one file, mode 0600, in WAL mode. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/flush.h"
#include "store/store_i.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define APPLICATION_ID 0x48466462 /* "HFdb" */

struct sqlite {
    struct hf_store_db base;
    sqlite3 *db;
    char *path;
    uint32_t wait_ms;
    bool one_shot;
    enum hf_store_class class; /* of the transaction that is open */
    int synchronous;           /* as last set: 1 NORMAL, 2 FULL; 0: not yet */
    struct hf_flusher *flusher;
    sqlite3_stmt *stmt[HF_STATEMENT_COUNT];
};

static hf_err fail(struct sqlite *s, int rc)
{
    const char *said = s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc);

    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return hf_fail(HF_E_BUSY, "%s: %s; waited %u ms for other processes", s->path, said, (unsigned)s->wait_ms);
    case SQLITE_FULL:
        return hf_fail(HF_E_FULL, "%s: %s", s->path, said);
    case SQLITE_NOMEM:
        return hf_fail(HF_E_MEMORY, "%s: %s", s->path, said);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return hf_fail(HF_E_INTEGRITY, "%s is damaged, or no database (%s): put a backup in its place", s->path, said);
    case SQLITE_CONSTRAINT:
        return hf_fail(HF_E_EXISTS, "%s: %s", s->path, said);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return hf_fail(HF_E_PERMISSION, "%s: %s: may this user write there?", s->path, said);
    case SQLITE_IOERR:
        errno = s->db ? sqlite3_system_errno(s->db) : 0;
        if (errno)
            return hf_fail_errno("%s: %s", s->path, said);
        return hf_fail(HF_E_IO, "%s: %s", s->path, said);
    default:
        return hf_fail(HF_E_INTERNAL, "%s: %s (SQLite code %d)", s->path, said, rc);
    }
}

static hf_err exec(struct sqlite *s, const char *sql)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? HF_OK : fail(s, rc);
}

/* The number, or the text, that a statement answers with. */
static hf_err ask(struct sqlite *s, const char *sql, int64_t *number, char text[64])
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW && number)
        *number = sqlite3_column_int64(stmt, 0);
    if (rc == SQLITE_ROW && text)
        (void)snprintf(text, 64, "%s", (const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? HF_OK : rc == SQLITE_DONE ? hf_fail(HF_E_INTERNAL, "%s: no answer", sql) : fail(s, rc);
}

static void sqlite_close(struct hf_store_db **db)
{
    struct sqlite *s = (struct sqlite *)*db;

    *db = NULL;
    if (!s)
        return;
    hf_flusher_free(&s->flusher);
    for (size_t i = 0; i < HF_STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(s->stmt[i]);
    (void)sqlite3_close(s->db);
    hf_free(&s->path);
    hf_free(&s);
}

/* ---- opening ---- */

/*
 * An empty file of mode 0600 under this name, unless there is one. Never opened under its own name: a descriptor of
 * ours on a database, closed, would take this process's locks on it away (POSIX), those of other stores too.
 */
static hf_err make_file(const char *path)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf template = {0};
    HF_CLEANUP(hf_fd_close) int fd = -1;
    char *temporary = NULL;
    struct stat st;
    hf_err err = HF_OK;

    if (lstat(path, &st) == 0) {
        if (!S_ISREG(st.st_mode))
            return hf_fail(HF_E_ARG, "%s is not a plain file", path);
        if (st.st_mode & 077)
            return hf_fail(HF_E_PERMISSION,
                           "%s has mode %04o and holds what only its owner may see: chmod 600 %s", path,
                           (unsigned)(st.st_mode & 07777), path);
        return HF_OK;
    }
    HF_TRY(hf_buf_printf(&template, "%s.XXXXXX", path));
    HF_TRY(hf_buf_text(&template, &temporary));
    fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return hf_fail_errno("%s", path);
    hf_fd_close(&fd);
    if (link(temporary, path) != 0 && errno != EEXIST)
        err = hf_fail_errno("%s", path);
    (void)unlink(temporary);
    return err;
}

static hf_err choose_path(const char *where, const struct hf_store_conf *conf, char **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf path = {0};

    if (where && !where[0])
        return hf_fail(HF_E_ARG, "store \"sqlite:\": the path is missing");
    if (where)
        return hf_strdup(where, out);
    if (!conf->folder)
        return hf_fail(HF_E_ARG, "no store was named, and no state directory");
    HF_TRY(hf_buf_printf(&path, "%s/holdfast.db", conf->folder));
    return hf_text_of(hf_buf_bytes(&path), out);
}

/* Into WAL mode, once in a database's life. SQLite calls no busy handler for it. */
static hf_err set_wal(struct sqlite *s)
{
    uint64_t until = hf_monotonic_ms() + s->wait_ms;
    char mode[64] = "";
    hf_err err;

    for (;;) {
        err = ask(s, "PRAGMA journal_mode = WAL", NULL, mode);
        if (err != HF_E_BUSY || hf_monotonic_ms() >= until)
            break;
        (void)nanosleep(&(const struct timespec){.tv_nsec = 5000000}, NULL);
    }
    HF_TRY(err);
    if (strcmp(mode, "wal") != 0)
        return hf_fail(HF_E_UNSUPPORTED, "%s: the file system has no shared memory for SQLite's WAL (mode %s)", s->path,
                       mode);
    return HF_OK;
}

/* Nobody else's database: one of ours, or an empty one that becomes ours. */
static hf_err claim(struct sqlite *s)
{
    char pragma[64];
    int64_t id = 0, tables = 0;

    HF_TRY(ask(s, "PRAGMA application_id", &id, NULL));
    if (id == APPLICATION_ID)
        return HF_OK;
    HF_TRY(ask(s, "SELECT count(*) FROM sqlite_master", &tables, NULL));
    if (id != 0 || tables != 0)
        return hf_fail(HF_E_CONFIG, "%s is another program's database", s->path);
    (void)snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d", APPLICATION_ID);
    return exec(s, pragma);
}

static hf_err sqlite_open(const char *where, const struct hf_store_conf *conf, struct hf_store_db **out)
{
    struct sqlite *s = NULL;
    HF_CLEANUP(sqlite_close) struct hf_store_db *db = NULL;
    int rc;

    HF_TRY(hf_alloc(sizeof(*s), &s));
    db = &s->base;
    s->base.driver = &hf_store_sqlite;
    s->wait_ms = conf->wait_ms;
    s->one_shot = conf->one_shot;
    HF_TRY(choose_path(where, conf, &s->path));
    HF_TRY(make_file(s->path));
    rc = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (rc != SQLITE_OK)
        return fail(s, rc);
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_busy_timeout(s->db, (int)s->wait_ms);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    HF_TRY(exec(s, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON;"
                   "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"));
    HF_TRY(set_wal(s));
    HF_TRY(claim(s));
    *out = hf_take(db);
    return HF_OK;
}

/* ---- transactions ---- */

/* When a commit is on disk: FULL before it returns, NORMAL with the next checkpoint, or the flusher before that. */
static hf_err set_synchronous(struct sqlite *s, int level)
{
    if (s->synchronous == level)
        return HF_OK;
    HF_TRY(exec(s, level == 2 ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
    s->synchronous = level;
    return HF_OK;
}

static hf_err sqlite_begin(struct hf_store_db *db, enum hf_store_class class)
{
    struct sqlite *s = (struct sqlite *)db;

    s->class = class;
    HF_TRY(set_synchronous(s, class == HF_STORE_DURABLE ? 2 : 1));
    return exec(s, class == HF_STORE_READ ? "BEGIN" : "BEGIN IMMEDIATE");
}

/* The WAL, which SQLite locks by another file: a descriptor of ours on it does no harm. */
static hf_err start_flusher(struct sqlite *s)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf path = {0};
    char *text = NULL;
    int fd;

    HF_TRY(hf_buf_printf(&path, "%s-wal", s->path));
    HF_TRY(hf_buf_text(&path, &text));
    fd = open(text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return hf_fail_errno("%s", text);
    return hf_flusher_new(fd, !s->one_shot, &s->flusher);
}

static hf_err sqlite_commit(struct hf_store_db *db)
{
    struct sqlite *s = (struct sqlite *)db;

    if (s->class == HF_STORE_GROUP && !s->flusher)
        HF_TRY(start_flusher(s));
    HF_TRY(exec(s, "COMMIT"));
    if (s->class == HF_STORE_GROUP)
        hf_flusher_note(s->flusher);
    return HF_OK;
}

static void sqlite_rollback(struct hf_store_db *db)
{
    struct sqlite *s = (struct sqlite *)db;

    if (!sqlite3_get_autocommit(s->db))
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- statements ---- */

static hf_err prepared(struct sqlite *s, enum hf_statement id, sqlite3_stmt **out)
{
    int rc = SQLITE_OK;

    if (!s->stmt[id])
        rc = sqlite3_prepare_v3(s->db, hf_statement_text(id), -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[id], NULL);
    if (rc != SQLITE_OK)
        return fail(s, rc);
    if ((size_t)sqlite3_bind_parameter_count(s->stmt[id]) != hf_statement_values(id))
        return hf_fail(HF_E_INTERNAL, "statement %d has %d values, its row says %zu", (int)id,
                       sqlite3_bind_parameter_count(s->stmt[id]), hf_statement_values(id));
    *out = s->stmt[id];
    return HF_OK;
}

/* Values stay the caller's, who keeps them until the statement has ended. */
static int bind(sqlite3_stmt *stmt, const struct hf_value *args, size_t n)
{
    int rc = SQLITE_OK;

    for (size_t i = 0; rc == SQLITE_OK && i < n; i++) {
        const struct hf_value *v = &args[i];
        int at = (int)i + 1;

        if (v->kind == HF_VALUE_INT)
            rc = sqlite3_bind_int64(stmt, at, v->number);
        else if (v->kind == HF_VALUE_TEXT)
            rc = sqlite3_bind_text64(stmt, at, v->bytes.n ? (const char *)v->bytes.p : "", v->bytes.n, SQLITE_STATIC,
                                     SQLITE_UTF8);
        else if (v->kind == HF_VALUE_BLOB)
            rc = sqlite3_bind_blob64(stmt, at, v->bytes.n ? (const void *)v->bytes.p : "", v->bytes.n, SQLITE_STATIC);
        else
            rc = sqlite3_bind_null(stmt, at);
    }
    return rc;
}

static hf_err sqlite_run(struct hf_store_db *db, enum hf_statement id, const struct hf_value *args, size_t n,
                         uint64_t *changed)
{
    struct sqlite *s = (struct sqlite *)db;
    size_t values = hf_statement_values(id);
    sqlite3_stmt *stmt = NULL;
    int rc = SQLITE_DONE;

    HF_TRY(prepared(s, id, &stmt));
    for (size_t i = 0; i < n; i++) {
        rc = bind(stmt, args + i * values, values);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(stmt);
        if (rc == SQLITE_DONE && changed)
            changed[i] = (uint64_t)sqlite3_changes64(s->db);
        if (rc != SQLITE_DONE)
            break;
        (void)sqlite3_reset(stmt);
    }
    if (rc != SQLITE_DONE) {
        hf_err err = rc == SQLITE_ROW ? hf_fail(HF_E_INTERNAL, "statement %d answers with rows", (int)id) : fail(s, rc);

        (void)sqlite3_reset(stmt);
        return err;
    }
    return HF_OK;
}

static void take_row(sqlite3_stmt *stmt, struct hf_value *column, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int at = (int)i;
        int type = sqlite3_column_type(stmt, at);

        column[i] = (struct hf_value){0};
        if (type == SQLITE_INTEGER) {
            column[i] = hf_value_int(sqlite3_column_int64(stmt, at));
        } else if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
            column[i].kind = type == SQLITE_TEXT ? HF_VALUE_TEXT : HF_VALUE_BLOB;
            column[i].bytes.p = sqlite3_column_blob(stmt, at);
            column[i].bytes.n = (size_t)sqlite3_column_bytes(stmt, at);
        }
    }
}

static hf_err sqlite_query(struct hf_store_db *db, enum hf_statement id, const struct hf_value *args,
                           hf_store_row *row, void *arg)
{
    struct sqlite *s = (struct sqlite *)db;
    struct hf_value column[HF_STORE_ARGS_MAX];
    sqlite3_stmt *stmt = NULL;
    hf_err err = HF_OK;
    size_t n;
    int rc;

    HF_TRY(prepared(s, id, &stmt));
    n = (size_t)sqlite3_column_count(stmt);
    if (n > HF_STORE_ARGS_MAX)
        return hf_fail(HF_E_INTERNAL, "statement %d answers with %zu columns", (int)id, n);
    rc = bind(stmt, args, hf_statement_values(id));
    if (rc != SQLITE_OK)
        return fail(s, rc);
    while (err == HF_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        take_row(stmt, column, n);
        err = row(arg, column, n);
    }
    if (err == HF_OK && rc != SQLITE_DONE)
        err = fail(s, rc);
    (void)sqlite3_reset(stmt);
    return err;
}

/* ---- schema ---- */

static hf_err sqlite_version(struct hf_store_db *db, int64_t *out)
{
    struct sqlite *s = (struct sqlite *)db;
    int64_t there = 0;

    HF_TRY(ask(s, "SELECT count(*) FROM sqlite_master WHERE name = 'hf_schema'", &there, NULL));
    *out = 0;
    return there ? ask(s, "SELECT version FROM hf_schema", out, NULL) : HF_OK;
}

static hf_err sqlite_alone(struct hf_store_db *db)
{
    (void)db; /* the transaction is the only one that writes */
    return HF_OK;
}

static hf_err sqlite_script(struct hf_store_db *db, const char *sql)
{
    return exec((struct sqlite *)db, sql);
}

static hf_err sqlite_check(struct hf_store_db *db)
{
    struct sqlite *s = (struct sqlite *)db;
    char said[64] = "";

    HF_TRY(ask(s, "PRAGMA integrity_check(1)", NULL, said));
    return strcmp(said, "ok") == 0 ? HF_OK : hf_fail(HF_E_INTEGRITY, "%s is damaged: %s", s->path, said);
}

const struct hf_store_driver hf_store_sqlite = {
    .kind = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .run = sqlite_run,
    .query = sqlite_query,
    .version = sqlite_version,
    .alone = sqlite_alone,
    .script = sqlite_script,
    .check = sqlite_check,
    .word_int = "INTEGER",
    .word_blob = "BLOB",
    .word_table = "STRICT, WITHOUT ROWID",
};
