/*
 * Nonces used up in batches, against the same statement through SQLite alone: same schema, same durability, same disk.
 *
 *   bench_nonce FOLDER
 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "bench.h"
#include "core/nonce.h"
#include "crypto/hash.h"
#include "store/store_i.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAIRS = 9, ROUNDS = 40, BATCH = 128, TOTAL = ROUNDS * BATCH };

static struct hf_store *fresh(const char *path, struct hf_buf *nonces)
{
    struct hf_nonce_spec spec = {.bytes = 32, .count = TOTAL, .ttl_s = 3600, .max = 10 * TOTAL};
    struct hf_store *store = NULL;
    char uri[200];

    (void)unlink(path);
    (void)snprintf(uri, sizeof(uri), "sqlite:%s", path);
    MUST(hf_store_open(&(struct hf_store_conf){.uri = uri}, &store));
    MUST(hf_nonce_issue(store, &spec, hf_now(), nonces));
    return store;
}

static double ours(void)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf nonces = {0};
    struct hf_store *store = fresh("ours.db", &nonces);
    struct hf_bytes which[BATCH];
    bool good[BATCH];
    uint64_t start = hf_monotonic_ns();
    double took;

    for (size_t r = 0; r < ROUNDS; r++) {
        for (size_t i = 0; i < BATCH; i++)
            which[i] = (struct hf_bytes){nonces.p + 32 * (r * BATCH + i), 32};
        MUST(hf_nonce_burn_many(store, which, BATCH, NULL, hf_now(), good));
        for (size_t i = 0; i < BATCH; i++)
            MUST(good[i] ? HF_OK : HF_E_INTERNAL);
    }
    took = (double)(hf_monotonic_ns() - start);
    hf_store_close(&store);
    return TOTAL / took * 1e9;
}

static void must(int rc, int want, sqlite3 *db)
{
    if (rc != want) {
        (void)fprintf(stderr, "SQLite: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
}

static double raw(void)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf nonces = {0};
    struct hf_store *store = fresh("raw.db", &nonces);
    sqlite3 *db = NULL;
    sqlite3_stmt *burn = NULL;
    static uint8_t id[TOTAL][32];
    uint64_t start;
    double took;

    for (size_t i = 0; i < TOTAL; i++) { /* what the store has as keys, ready made */
        struct hf_digest d;

        MUST(hf_hash_one(HF_SHA256, (struct hf_bytes){nonces.p + 32 * i, 32}, &d));
        memcpy(id[i], d.bytes, 32);
    }
    hf_store_close(&store);
    must(sqlite3_open_v2("raw.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL), SQLITE_OK, db);
    must(sqlite3_exec(db, "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON", NULL, NULL, NULL), SQLITE_OK, db);
    must(sqlite3_prepare_v2(db, hf_statement_text(HF_STMT_NONCE_BURN), -1, &burn, NULL), SQLITE_OK, db);
    /* its pages and its log are there before the clock starts, as they are for ours */
    must(sqlite3_exec(db, "SELECT sum(length(id)) FROM hf_nonces; UPDATE hf_schema SET version = version", NULL, NULL,
                      NULL),
         SQLITE_OK, db);
    start = hf_monotonic_ns();
    for (size_t r = 0; r < ROUNDS; r++) {
        must(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK, db);
        for (size_t i = 0; i < BATCH; i++) {
            (void)sqlite3_bind_int64(burn, 1, hf_now());
            (void)sqlite3_bind_blob(burn, 2, id[r * BATCH + i], 32, SQLITE_STATIC);
            (void)sqlite3_bind_text(burn, 3, "", 0, SQLITE_STATIC);
            must(sqlite3_step(burn), SQLITE_DONE, db);
            (void)sqlite3_reset(burn);
        }
        must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK, db);
    }
    took = (double)(hf_monotonic_ns() - start);
    (void)sqlite3_finalize(burn);
    (void)sqlite3_close(db);
    return TOTAL / took * 1e9;
}

int main(int argc, char **argv)
{
    double o[PAIRS], r[PAIRS], ratio[PAIRS];

    if (argc != 2 || (mkdir(argv[1], 0700) != 0 && access(argv[1], W_OK) != 0) || chdir(argv[1]) != 0) {
        (void)fprintf(stderr, "usage: bench_nonce FOLDER\n");
        return 1;
    }
    for (size_t i = 0; i < PAIRS; i++) { /* in turns */
        o[i] = ours();
        r[i] = raw();
        ratio[i] = o[i] / r[i];
    }
    bench_fact("nonces used up, durable, 128 in a transaction", bench_median(o, PAIRS), "/s");
    bench_fact("the same by SQLite alone", bench_median(r, PAIRS), "/s");
    bench_row("nonce check: of the store's batch rate", bench_median(ratio, PAIRS), "x", ">=", 0.8);
    return 0;
}
