/*
 * The databases that store tests run on, each fresh: SQLite in a folder of the test's own, PostgreSQL at
 * HOLDFAST_POSTGRES (tests/postgres.sh) with its schema emptied.
 *
 *     EACH_DATABASE(db) { ... open_store(&db, 0) ... }
 */
#ifndef HF_STORE_RIG_H
#define HF_STORE_RIG_H

#include "folder.h"
#include "store/store.h"
#include "test.h"

#include <sys/wait.h>

struct database {
    const char *name;
    char uri[400];
    struct folder folder;
};

static const char *const database_names[] = {"sqlite", "postgresql"};

static inline bool shell_ok(const char *line)
{
    int status = system(line);

    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static inline bool database_psql(const char *uri, const char *sql)
{
    char line[1400];

    (void)snprintf(line, sizeof(line), "psql '%s' -qAtc \"%s\" >/dev/null 2>&1", uri, sql);
    return shell_ok(line);
}

/* False where the test is skipped for this one: said loudly. */
static inline bool database_start(size_t i, struct database *out)
{
    const char *postgres = getenv("HOLDFAST_POSTGRES");
    const char *why = getenv("HOLDFAST_POSTGRES_WHY");

    *out = (struct database){.name = database_names[i], .folder = {"", -1}};
    CASE(out->name);
    if (i == 1 && (!postgres || !postgres[0])) {
        print_message("# SKIPPED: on PostgreSQL: %s\n", why && why[0] ? why : "run it by tests/postgres.sh");
        return false;
    }
    out->folder = folder_new();
    if (i == 0) {
        (void)snprintf(out->uri, sizeof(out->uri), "sqlite:%s/holdfast.db", out->folder.path);
        return true;
    }
    (void)snprintf(out->uri, sizeof(out->uri), "%s", postgres);
    CHECK(database_psql(postgres, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"));
    return true;
}

static inline void database_end(struct database *db)
{
    folder_free(&db->folder);
    CASE("");
}

#define EACH_DATABASE(db) \
    for (size_t each_ = 0; each_ < HF_COUNT(database_names); each_++) \
        for (struct database db, *once_ = database_start(each_, &db) ? &db : NULL; once_; \
             database_end(&db), once_ = NULL)

static inline struct hf_store *open_store(const struct database *db, uint32_t wait_ms)
{
    struct hf_store *store = NULL;

    OK(hf_store_open(&(struct hf_store_conf){.uri = db->uri, .wait_ms = wait_ms}, &store));
    return store;
}

/* A process of its own that must end with status 0. */
static inline pid_t start_child(int (*run)(const struct database *db, int number), const struct database *db,
                                int number)
{
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid == 0)
        _exit(run(db, number));
    return pid;
}

static inline int child_status(pid_t pid)
{
    int status = 0;

    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

/* In a child: say what failed, since cmocka's macros are the parent's. */
static inline int child_fails(const char *what)
{
    (void)fprintf(stderr, "# child: %s: %s\n", what, hf_err_detail());
    return 1;
}

#endif
