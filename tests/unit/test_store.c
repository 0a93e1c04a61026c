/* The store, the same suite on both databases. */
#include "store/store.h"
#include "base/clock.h"
#include "dying_vfs.h"
#include "store/store_i.h"
#include "store_rig.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* ---- rows ---- */

struct row {
    uint8_t id[4];
    const char *purpose;
    int64_t issued, expires;
    hf_err end; /* what the work ends with */
    uint64_t changed;
};

static void row_args(const struct row *r, struct hf_value out[5])
{
    out[0] = hf_value_blob(HF_BYTES_OF(r->id));
    out[1] = r->purpose ? hf_value_text(r->purpose) : (struct hf_value){0};
    out[2] = hf_value_int(r->issued);
    out[3] = hf_value_int(r->expires);
    out[4] = hf_value_int(r->expires);
}

static hf_err add(struct hf_store *store, void *arg)
{
    struct row *r = arg;
    struct hf_value args[5];

    row_args(r, args);
    HF_TRY(hf_store_run(store, HF_STMT_NONCE_ADD, args, &r->changed));
    return r->end ? hf_fail(r->end, "the work's own") : HF_OK;
}

struct shown {
    size_t n;
    char purpose[64];
    size_t purpose_n;
    int64_t issued, expires;
    bool used_is_null;
};

static hf_err see(void *arg, const struct hf_value *column, size_t n)
{
    struct shown *s = arg;

    if (n != 4 || column[0].kind != HF_VALUE_TEXT || column[1].kind != HF_VALUE_INT || column[2].kind != HF_VALUE_INT ||
        column[0].bytes.n >= sizeof(s->purpose))
        return hf_fail(HF_E_INTERNAL, "%zu columns of other kinds", n);
    s->n++;
    s->purpose_n = column[0].bytes.n;
    memcpy(s->purpose, column[0].bytes.n ? (const char *)column[0].bytes.p : "", column[0].bytes.n);
    s->issued = column[1].number;
    s->expires = column[2].number;
    s->used_is_null = column[3].kind == HF_VALUE_NULL;
    return HF_OK;
}

struct look {
    const struct row *row;
    struct shown shown;
};

static hf_err show(struct hf_store *store, void *arg)
{
    struct look *l = arg;
    struct hf_value id = hf_value_blob(HF_BYTES_OF(l->row->id));

    l->shown = (struct shown){0};
    return hf_store_query(store, HF_STMT_NONCE_SHOW, &id, see, &l->shown);
}

static hf_err count(struct hf_store *store, void *arg)
{
    return hf_store_number(store, HF_STMT_NONCE_COUNT, NULL, arg);
}

static int64_t rows_in(struct hf_store *store)
{
    int64_t n = -1;

    OK(hf_store_do(store, HF_STORE_READ, count, &n));
    return n;
}

TEST(what_is_written_is_read_again)
{
    static const struct row rows[] = {
        {{0, 0, 0, 0}, "", 0, 0, HF_OK, 0},
        {{0, 1, 0, 2}, "plain", 1, -1, HF_OK, 0},
        {{0xff, 0xff, 0xff, 0xff}, "h\xc3\xa9llo \xf0\x9f\x98\x80 ' \" ; -- $1 \\", INT64_MAX, INT64_MIN, HF_OK, 0},
    };

    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);

        for (size_t i = 0; i < HF_COUNT(rows); i++) {
            struct row r = rows[i];
            struct look l = {.row = &rows[i]};

            OK(hf_store_do(store, i % 2 ? HF_STORE_GROUP : HF_STORE_DURABLE, add, &r));
            CHECK(r.changed == 1);
            hf_store_close(&store);
            store = open_store(&db, 0);
            OK(hf_store_do(store, HF_STORE_READ, show, &l));
            CHECK(l.shown.n == 1 && l.shown.issued == r.issued && l.shown.expires == r.expires);
            CHECK(l.shown.used_is_null && l.shown.purpose_n == strlen(r.purpose));
            CHECK(memcmp(l.shown.purpose, r.purpose, l.shown.purpose_n) == 0);
            OK(hf_store_do(store, HF_STORE_DURABLE, add, &r));
            CHECK(r.changed == 0); /* it is there */
        }
        OK(hf_store_check(store));
        CHECK_TEXT(hf_store_kind(store), db.name);
        hf_store_close(&store);
        CHECK(store == NULL);
    }
}

/* ---- transactions ---- */

static hf_err add_and_go_on(struct hf_store *store, void *arg)
{
    struct row bad = {.id = {9}};
    hf_err err;

    HF_TRY(add(store, arg));
    err = add(store, &bad); /* a purpose must not be NULL */
    if (err != HF_E_EXISTS)
        return hf_fail(HF_E_INTERNAL, "it ended with %s", hf_err_name(err));
    FAILS(add(store, &(struct row){.id = {8}, .purpose = ""}), HF_E_INTERNAL);
    return HF_OK; /* as if nothing had happened */
}

static hf_err nest(struct hf_store *store, void *arg)
{
    return hf_store_do(store, HF_STORE_READ, add, arg);
}

TEST(a_transaction_that_fails_leaves_nothing)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);
        struct row r = {.id = {1}, .purpose = "x", .end = HF_E_DENIED};
        struct hf_value args[5];

        FAILS(hf_store_do(store, HF_STORE_DURABLE, add, &r), HF_E_DENIED);
        CHECK_TEXT(hf_err_detail(), "the work's own");
        CHECK(rows_in(store) == 0);
        r.end = HF_OK;
        FAILS(hf_store_do(store, HF_STORE_DURABLE, add_and_go_on, &r), HF_E_INTERNAL);
        CHECK_DETAIL("went on after a statement of it failed");
        CHECK(rows_in(store) == 0);
        FAILS(hf_store_do(store, HF_STORE_DURABLE, nest, &r), HF_E_INTERNAL);
        row_args(&r, args);
        FAILS(hf_store_run(store, HF_STMT_NONCE_ADD, args, NULL), HF_E_INTERNAL);
        OK(hf_store_do(store, HF_STORE_DURABLE, add, &r));
        CHECK(rows_in(store) == 1);
        hf_store_close(&store);
    }
}

#define MANY 1000

static hf_err add_many(struct hf_store *store, void *arg)
{
    static struct hf_value args[MANY][5];
    static struct row rows[MANY];

    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t id = i % 700; /* 300 come twice */

        rows[i] = (struct row){.purpose = "many", .issued = i, .expires = i};
        memcpy(rows[i].id, &id, sizeof(id));
        row_args(&rows[i], args[i]);
    }
    return hf_store_run_many(store, HF_STMT_NONCE_ADD, args[0], MANY, arg);
}

TEST(many_rows_in_one_go_each_say_what_they_changed)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);
        static uint64_t changed[MANY];

        memset(changed, 0xff, sizeof(changed));
        OK(hf_store_do(store, HF_STORE_DURABLE, add_many, changed));
        for (size_t i = 0; i < MANY; i++)
            CHECK(changed[i] == (i < 700));
        CHECK(rows_in(store) == 700);
        OK(hf_store_do(store, HF_STORE_DURABLE, add_many, NULL));
        CHECK(rows_in(store) == 700);
        hf_store_close(&store);
    }
}

struct worker {
    struct hf_store *store;
    uint8_t number;
    hf_err err;
};

static void *work_fifty(void *arg)
{
    struct worker *w = arg;

    for (uint8_t i = 0; w->err == HF_OK && i < 50; i++) {
        struct row r = {.id = {w->number, i}, .purpose = ""};

        w->err = hf_store_do(w->store, HF_STORE_GROUP, add, &r);
    }
    return NULL;
}

TEST(threads_take_turns_on_one_store)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);
        struct worker w[8];
        pthread_t t[8];

        for (uint8_t i = 0; i < 8; i++) {
            w[i] = (struct worker){store, i, HF_OK};
            CHECK(pthread_create(&t[i], NULL, work_fifty, &w[i]) == 0);
        }
        for (size_t i = 0; i < 8; i++) {
            CHECK(pthread_join(t[i], NULL) == 0);
            CHECK(w[i].err == HF_OK);
        }
        CHECK(rows_in(store) == 400);
        hf_store_close(&store);
    }
}

static int use_inherited(const struct database *db, int number)
{
    (void)number;
    return hf_store_do((struct hf_store *)(uintptr_t)db, HF_STORE_READ, count, &(int64_t){0}) == HF_E_INTERNAL ? 0 : 1;
}

TEST(a_child_does_not_use_its_parents_store)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);

        CHECK(child_status(start_child(use_inherited, (const struct database *)(uintptr_t)store, 0)) == 0);
        CHECK(rows_in(store) == 0);
        hf_store_close(&store);
    }
}

/* ---- processes ---- */

#define PROCESSES 16

static int open_and_add(const struct database *db, int number)
{
    struct hf_store *store = NULL;

    if (hf_store_open(&(struct hf_store_conf){.uri = db->uri, .one_shot = number % 2}, &store) != HF_OK)
        return child_fails("open");
    for (uint8_t i = 0; i < 10; i++) {
        struct row r = {.id = {(uint8_t)number, i}, .purpose = ""};

        if (hf_store_do(store, i % 2 ? HF_STORE_GROUP : HF_STORE_DURABLE, add, &r) != HF_OK || r.changed != 1)
            return child_fails("add");
    }
    hf_store_close(&store);
    return 0;
}

TEST(processes_that_make_the_database_at_once_lose_nothing)
{
    EACH_DATABASE(db) {
        struct hf_store *store = NULL;
        pid_t pid[PROCESSES];

        for (int i = 0; i < PROCESSES; i++)
            pid[i] = start_child(open_and_add, &db, i);
        for (int i = 0; i < PROCESSES; i++)
            CHECK(child_status(pid[i]) == 0);
        store = open_store(&db, 0);
        CHECK(rows_in(store) == PROCESSES * 10);
        OK(hf_store_check(store));
        hf_store_close(&store);
    }
}

/* Two rows in each transaction; a byte to the parent once it is acknowledged. */
static int pair_pipe[2];

static hf_err add_pair(struct hf_store *store, void *arg)
{
    uint8_t i = *(const uint8_t *)arg;
    struct row a = {.id = {'a', i}, .purpose = ""};
    struct row b = {.id = {'b', i}, .purpose = ""};

    HF_TRY(add(store, &a));
    return add(store, &b);
}

static int add_pairs(const struct database *db, int point)
{
    struct hf_store *store = NULL;

    if (point)
        dying_start(point);
    if (hf_store_open(&(struct hf_store_conf){.uri = db->uri}, &store) != HF_OK)
        return child_fails("open");
    for (uint8_t i = 0; i < (point ? 6 : 200); i++) {
        if (hf_store_do(store, HF_STORE_DURABLE, add_pair, &i) != HF_OK || write(pair_pipe[1], &i, 1) != 1)
            return child_fails("pair");
    }
    hf_store_close(&store);
    return 0;
}

static void check_pairs(const struct database *db)
{
    struct hf_store *store = open_store(db, 0);
    int acknowledged = 0;
    uint8_t i;

    (void)close(pair_pipe[1]);
    while (read(pair_pipe[0], &i, 1) == 1)
        acknowledged++;
    (void)close(pair_pipe[0]);
    for (int k = 0; k < 200; k++) {
        struct row a = {.id = {'a', (uint8_t)k}}, b = {.id = {'b', (uint8_t)k}};
        struct look la = {.row = &a}, lb = {.row = &b};

        OK(hf_store_do(store, HF_STORE_READ, show, &la));
        OK(hf_store_do(store, HF_STORE_READ, show, &lb));
        CHECK(la.shown.n == lb.shown.n);
        CHECK(k >= acknowledged || la.shown.n == 1);
        CHECK(k <= acknowledged || la.shown.n == 0); /* one more may have been done, unacknowledged */
    }
    OK(hf_store_check(store));
    hf_store_close(&store);
}

TEST(killed_at_any_time_a_transaction_is_there_or_not)
{
    EACH_DATABASE(db) {
        for (int round = 0; round < 12; round++) {
            const struct timespec pause = {.tv_nsec = (round * 7 + 3) * 1000000L};
            pid_t pid;

            CHECK(pipe(pair_pipe) == 0);
            if (each_ == 1)
                (void)database_psql(db.uri, "TRUNCATE hf_nonces");
            pid = start_child(add_pairs, &db, 0);
            (void)nanosleep(&pause, NULL);
            (void)kill(pid, SIGKILL);
            (void)child_status(pid);
            check_pairs(&db);
            if (each_ == 0) { /* the next round finds a folder without a database */
                folder_free(&db.folder);
                db.folder = folder_new();
                (void)snprintf(db.uri, sizeof(db.uri), "sqlite:%s/holdfast.db", db.folder.path);
            }
        }
    }
}

TEST(killed_before_any_write_of_sqlite_a_transaction_is_there_or_not)
{
    for (int point = 1;; point++) {
        struct database db;
        int status;

        (void)database_start(0, &db);
        CHECK(pipe(pair_pipe) == 0);
        status = child_status(start_child(add_pairs, &db, point));
        check_pairs(&db);
        database_end(&db);
        if (status == 0) {
            CHECK(point > 40); /* there were that many */
            print_message("# killed at each of %d points\n", point - 1);
            break;
        }
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
}

static int hold_pipe[2];

static hf_err hold(struct hf_store *store, void *arg)
{
    HF_TRY(add(store, arg));
    if (write(hold_pipe[1], "x", 1) == 1)
        (void)pause(); /* until it is killed */
    return HF_OK;
}

static int hold_it(const struct database *db, int number)
{
    struct hf_store *store = NULL;
    struct row r = {.id = {7}, .purpose = ""};

    (void)number;
    if (hf_store_open(&(struct hf_store_conf){.uri = db->uri}, &store) != HF_OK)
        return child_fails("open");
    return hf_store_do(store, HF_STORE_DURABLE, hold, &r) == HF_OK ? 0 : 1;
}

TEST(waiting_for_others_is_bounded)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 300);
        struct row r = {.id = {7}, .purpose = ""};
        uint64_t start;
        char c;
        pid_t pid;

        CHECK(pipe(hold_pipe) == 0);
        pid = start_child(hold_it, &db, 0);
        CHECK(read(hold_pipe[0], &c, 1) == 1);
        start = hf_monotonic_ms();
        FAILS(hf_store_do(store, HF_STORE_DURABLE, add, &r), HF_E_BUSY);
        CHECK(hf_monotonic_ms() - start >= 200 && hf_monotonic_ms() - start < 3000);
        CHECK(rows_in(store) == 0); /* readers are not held up */
        (void)kill(pid, SIGKILL);
        (void)child_status(pid);
        OK(hf_store_do(store, HF_STORE_DURABLE, add, &r));
        CHECK(r.changed == 1);
        hf_store_close(&store);
        (void)close(hold_pipe[0]);
        (void)close(hold_pipe[1]);
    }
}

/* ---- versions ---- */

static const char *const newer[] = {
    "CREATE TABLE hf_a (a {int} PRIMARY KEY) {table};",
    "CREATE TABLE hf_b (b {blob} PRIMARY KEY) {table}; INSERT INTO hf_a (a) VALUES (5);",
    "CREATE TABLE hf_c (c TEXT PRIMARY KEY) {table};",
};
static const char *const broken[] = {
    "CREATE TABLE hf_a (a {int} PRIMARY KEY) {table};",
    "CREATE TABLE hf_b (b {blob} PRIMARY KEY) {table}; CREATE TABLE hf_b (b {blob} PRIMARY KEY) {table};",
};

static hf_err version(struct hf_store *store, void *arg)
{
    return hf_store_db(store)->driver->version(hf_store_db(store), arg);
}

static int64_t version_of(struct hf_store *store)
{
    int64_t v = -1;

    OK(hf_store_do(store, HF_STORE_READ, version, &v));
    return v;
}

static hf_err script(struct hf_store *store, void *arg)
{
    return hf_store_db(store)->driver->script(hf_store_db(store), arg);
}

TEST(an_older_database_is_brought_up_to_date_whole_or_not_at_all)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);
        char drop[] = "DROP TABLE hf_nonces; DROP TABLE hf_seen; DROP TABLE hf_schema;";

        CHECK(version_of(store) == (int64_t)hf_store_schema_n);
        OK(hf_store_do(store, HF_STORE_DURABLE, script, drop));
        OK(hf_store_migrate(store, newer, 1));
        CHECK(version_of(store) == 1);
        CHECK(hf_store_migrate(store, broken, 2) != HF_OK);
        CHECK(version_of(store) == 1);
        FAILS(hf_store_migrate(store, (const char *const[]){newer[0], "CREATE TABLE hf_x (x {word});"}, 2),
              HF_E_INTERNAL);
        OK(hf_store_migrate(store, newer, 3)); /* hf_b is made: the broken one left nothing */
        CHECK(version_of(store) == 3);
        OK(hf_store_migrate(store, newer, 3));
        hf_store_close(&store);
    }
}

TEST(a_newer_database_is_refused_and_left_alone)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);
        char set[] = "UPDATE hf_schema SET version = 99;";
        struct row r = {.id = {1}, .purpose = "kept"};

        OK(hf_store_do(store, HF_STORE_DURABLE, add, &r));
        OK(hf_store_do(store, HF_STORE_DURABLE, script, set));
        hf_store_close(&store);
        FAILS(hf_store_open(&(struct hf_store_conf){.uri = db.uri}, &store), HF_E_CONFIG);
        CHECK_DETAIL("schema version 99");
        CHECK(store == NULL);
    }
}

/* ---- trouble with files ---- */

TEST(a_damaged_or_foreign_file_is_refused_by_name)
{
    static const struct {
        const char *name;
        const char *make; /* with sh, $D is the file */
        hf_err want;
        const char *says;
    } cases[] = {
        {"text", "echo 'this is no database, but it is long enough to look at' >$D", HF_E_INTEGRITY, "damaged"},
        {"a damaged header", "printf 'XXXXXX' | dd of=$D conv=notrunc bs=1 seek=0 2>/dev/null", HF_E_INTEGRITY,
         "damaged"},
        {"damaged pages", "head -c 30000 /dev/urandom | dd of=$D conv=notrunc bs=1 seek=100 2>/dev/null",
         HF_E_INTEGRITY, "damaged"},
        {"a cut file", "truncate -s 3000 $D", HF_E_INTEGRITY, "damaged"},
        {"another program's", "rm $D; sqlite3 $D 'CREATE TABLE t (x)'; chmod 600 $D", HF_E_CONFIG, "another program"},
        {"readable by all", "chmod 644 $D", HF_E_PERMISSION, "chmod 600"},
        {"a directory", "rm $D; mkdir $D", HF_E_ARG, "plain file"},
        {"a symbolic link", "mv $D $D.real; ln -s $D.real $D", HF_E_ARG, "plain file"},
        {"a pipe", "rm $D; mkfifo $D", HF_E_ARG, "plain file"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct database db;
        struct hf_store *store = NULL;
        char line[600];

        (void)database_start(0, &db);
        CASE(cases[i].name);
        store = open_store(&db, 0);
        hf_store_close(&store);
        (void)snprintf(line, sizeof(line), "D=%s; %s", db.uri + 7, cases[i].make);
        CHECK(shell_ok(line));
        FAILS(hf_store_open(&(struct hf_store_conf){.uri = db.uri}, &store), cases[i].want);
        CHECK_DETAIL(cases[i].says);
        database_end(&db);
    }
}

TEST(a_database_is_its_owners_alone)
{
    struct database db;
    struct hf_store *store;
    struct row r = {.id = {1}, .purpose = "x"};
    char path[500];

    (void)umask(0);
    (void)database_start(0, &db);
    store = open_store(&db, 0);
    OK(hf_store_do(store, HF_STORE_DURABLE, add, &r));
    for (size_t i = 0; i < 3; i++) {
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s%s", db.uri + 7, ((const char *const[]){"", "-wal", "-shm"})[i]);
        CASE(path);
        CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
    }
    hf_store_close(&store);
    (void)umask(022);
    database_end(&db);
}

/* Nothing may grow beyond 100,000 bytes, as on a full disk. */
static int fill(const struct database *db, int number)
{
    struct rlimit limit = {100000, RLIM_INFINITY};
    struct hf_store *store = NULL;
    static uint64_t changed[MANY];
    hf_err err = HF_OK;

    (void)number;
    (void)signal(SIGXFSZ, SIG_IGN);
    if (hf_store_open(&(struct hf_store_conf){.uri = db->uri}, &store) != HF_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return child_fails("open");
    for (int i = 0; err == HF_OK && i < 300; i++) {
        for (uint8_t k = 0; err == HF_OK && k < 200; k++) {
            struct row r = {.id = {(uint8_t)i, k, 1}, .purpose = "a text of some length, so that it soon fills up"};

            err = hf_store_do(store, HF_STORE_DURABLE, add, &r);
            if (err == HF_OK && write(pair_pipe[1], "x", 1) != 1)
                return 2;
        }
    }
    if (err != HF_E_FULL && err != HF_E_IO)
        return child_fails(hf_err_name(err));
    if (!strstr(hf_err_detail(), "holdfast.db"))
        return child_fails("the file's name");
    limit.rlim_cur = RLIM_INFINITY; /* somebody made room: it goes on */
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || hf_store_do(store, HF_STORE_DURABLE, add_many, changed) != HF_OK)
        return child_fails("after there was room again");
    hf_store_close(&store);
    return 0;
}

TEST(a_full_disk_fails_and_loses_nothing)
{
    struct database db;
    struct hf_store *store;
    int64_t acknowledged = 0;
    char c;

    (void)database_start(0, &db);
    store = open_store(&db, 0);
    hf_store_close(&store);
    CHECK(pipe(pair_pipe) == 0 && fcntl(pair_pipe[1], F_SETPIPE_SZ, 1 << 20) > 0);
    CHECK(child_status(start_child(fill, &db, 0)) == 0);
    (void)close(pair_pipe[1]);
    while (read(pair_pipe[0], &c, 1) == 1)
        acknowledged++;
    (void)close(pair_pipe[0]);
    store = open_store(&db, 0);
    CHECK(acknowledged > 10 && rows_in(store) == acknowledged + 700);
    OK(hf_store_check(store));
    hf_store_close(&store);
    database_end(&db);
}

static int open_as_nobody(const struct database *db, int number)
{
    struct hf_store *store = NULL;
    struct row r = {.id = {1}, .purpose = ""};
    hf_err err;

    (void)number;
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        return 0;
    err = hf_store_open(&(struct hf_store_conf){.uri = db->uri}, &store);
    if (err == HF_OK)
        err = hf_store_do(store, HF_STORE_DURABLE, add, &r);
    return err == HF_E_PERMISSION ? 0 : child_fails(hf_err_name(err));
}

TEST(a_folder_that_cannot_be_written_is_a_matter_of_permission)
{
    struct database db;
    struct hf_store *store = NULL;

    (void)database_start(0, &db);
    CASE("a new one");
    CHECK(chmod(db.folder.path, 0555) == 0);
    CHECK(child_status(start_child(open_as_nobody, &db, 0)) == 0);
    CASE("one that is there");
    CHECK(chmod(db.folder.path, 0700) == 0);
    store = open_store(&db, 0);
    hf_store_close(&store);
    if (geteuid() == 0)
        CHECK(chown(db.uri + 7, 65534, 65534) == 0 && chown(db.folder.path, 65534, 65534) == 0);
    CHECK(chmod(db.folder.path, 0500) == 0);
    CHECK(child_status(start_child(open_as_nobody, &db, 0)) == 0);
    CHECK(chmod(db.folder.path, 0700) == 0);
    database_end(&db);
}

/* ---- trouble with servers ---- */

struct cut {
    struct row row;
    const char *uri;
    int times;
};

static hf_err add_while_cut(struct hf_store *store, void *arg)
{
    struct cut *c = arg;

    HF_TRY(add(store, &c->row));
    if (c->times++ == 0)
        CHECK(database_psql(c->uri, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                    "WHERE application_name = 'holdfast'"));
    return HF_OK;
}

/* The connection ends with the work done and the commit not sent. */
static hf_err add_then_read_cut(struct hf_store *store, void *arg)
{
    int64_t n;

    HF_TRY(add_while_cut(store, arg));
    return hf_store_number(store, HF_STMT_NONCE_COUNT, NULL, &n);
}

TEST(a_lost_connection_is_opened_again_and_the_work_done_once)
{
    struct database db;
    struct hf_store *store;
    struct cut c = {.row = {.id = {1}, .purpose = "x"}};

    if (!database_start(1, &db))
        return;
    c.uri = db.uri;
    store = open_store(&db, 0);
    OK(hf_store_do(store, HF_STORE_DURABLE, add_then_read_cut, &c));
    CHECK(c.times == 2 && c.row.changed == 1 && rows_in(store) == 1);
    CASE("between transactions");
    CHECK(database_psql(db.uri, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                "WHERE application_name = 'holdfast'"));
    CHECK(rows_in(store) == 1);
    CASE("during the commit");
    c = (struct cut){.row = {.id = {2}, .purpose = "x"}, .uri = db.uri};
    FAILS(hf_store_do(store, HF_STORE_DURABLE, add_while_cut, &c), HF_E_UNAVAILABLE);
    CHECK_DETAIL("nobody knows");
    CHECK(c.times == 1 && rows_in(store) == 1);
    hf_store_close(&store);
    database_end(&db);
}

TEST(uris_that_lead_nowhere_have_their_errors)
{
    static const struct {
        const char *uri;
        hf_err want;
        const char *says;
    } cases[] = {
        {"mysql://host/x", HF_E_ARG, "sqlite:PATH"},
        {"", HF_E_ARG, "sqlite:PATH"},
        {"sqlite:", HF_E_ARG, "path"},
        {NULL, HF_E_ARG, "state directory"},
        {"sqlite:/nonexistent/folder/x.db", HF_E_NOT_FOUND, "/nonexistent/folder/x.db"},
        {"postgresql://user:topsecret@127.0.0.1:1/x", HF_E_UNAVAILABLE, "127.0.0.1"},
        {"postgres://user:topsecret@/x?host=/nonexistent", HF_E_UNAVAILABLE, "/nonexistent"},
        {"postgresql://user:topsecret@h/x?nonsense=1", HF_E_UNAVAILABLE, "nonsense"},
        {"mysql://user:topsecret@h/x", HF_E_ARG, "mysql"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_store *store = NULL;

        CASE(cases[i].uri ? cases[i].uri : "NULL");
        FAILS(hf_store_open(&(struct hf_store_conf){.uri = cases[i].uri, .wait_ms = 200}, &store), cases[i].want);
        CHECK_DETAIL(cases[i].says);
        CHECK(!strstr(hf_err_detail(), "topsecret"));
    }
}

static hf_err open_use_close(const char *uri)
{
    struct hf_store *store = NULL;
    struct row r = {.id = {1}, .purpose = ""};
    hf_err err;

    HF_TRY(hf_store_open(&(struct hf_store_conf){.uri = uri}, &store));
    err = hf_store_do(store, HF_STORE_GROUP, add, &r);
    hf_store_close(&store);
    return err;
}

TEST(each_allocation_may_fail)
{
    EACH_DATABASE(db) {
        SWEEP(open_use_close(db.uri));
    }
}

TESTS(RUN(what_is_written_is_read_again), RUN(a_transaction_that_fails_leaves_nothing),
      RUN(many_rows_in_one_go_each_say_what_they_changed), RUN(threads_take_turns_on_one_store),
      RUN(a_child_does_not_use_its_parents_store), RUN(processes_that_make_the_database_at_once_lose_nothing),
      RUN(killed_at_any_time_a_transaction_is_there_or_not),
      RUN(killed_before_any_write_of_sqlite_a_transaction_is_there_or_not), RUN(waiting_for_others_is_bounded),
      RUN(an_older_database_is_brought_up_to_date_whole_or_not_at_all),
      RUN(a_newer_database_is_refused_and_left_alone), RUN(a_damaged_or_foreign_file_is_refused_by_name),
      RUN(a_database_is_its_owners_alone), RUN(a_full_disk_fails_and_loses_nothing),
      RUN(a_folder_that_cannot_be_written_is_a_matter_of_permission),
      RUN(a_lost_connection_is_opened_again_and_the_work_done_once), RUN(uris_that_lead_nowhere_have_their_errors),
      RUN(each_allocation_may_fail))
