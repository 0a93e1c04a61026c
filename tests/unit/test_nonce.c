/* Nonces and the replay cache, on both databases. */
#include "core/nonce.h"
#include "store_rig.h"

#define NOW ((hf_time)1800000000)

static struct hf_nonce_spec spec_of(size_t count, uint32_t ttl, const char *purpose)
{
    return (struct hf_nonce_spec){.bytes = 32, .count = count, .ttl_s = ttl, .purpose = purpose};
}

static struct hf_bytes nth(const struct hf_buf *nonces, size_t i)
{
    return (struct hf_bytes){nonces->p + 32 * i, 32};
}

TEST(a_nonce_is_fresh_once)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);
        HF_CLEANUP(hf_buf_free) struct hf_buf n = {0};
        struct hf_nonce_spec spec = spec_of(3, 300, NULL);
        struct hf_nonce_answer a;

        OK(hf_nonce_issue(store, &spec, NOW, &n));
        CHECK(n.n == 96 && !hf_bytes_equal(nth(&n, 0), nth(&n, 1)));
        OK(hf_nonce_burn(store, nth(&n, 1), NULL, NOW + 1, &a));
        CHECK(a.state == HF_NONCE_FRESH);
        FAILS(hf_nonce_burn(store, nth(&n, 1), NULL, NOW + 2, &a), HF_E_MISMATCH);
        CHECK(a.state == HF_NONCE_USED && a.used_at == NOW + 1 && a.issued_at == NOW && a.expires_at == NOW + 300);
        CHECK_DETAIL("2027-01-15T08:00:01Z");
        OK(hf_nonce_burn(store, nth(&n, 0), "", NOW, &a));
        hf_store_close(&store);
        store = open_store(&db, 0);
        FAILS(hf_nonce_burn(store, nth(&n, 0), NULL, NOW + 2, &a), HF_E_MISMATCH);
        OK(hf_nonce_burn(store, nth(&n, 2), NULL, NOW + 2, &a));
        hf_store_close(&store);
    }
}

TEST(what_is_not_fresh_says_why)
{
    static const struct {
        const char *name;
        size_t flip;         /* a byte of the nonce to change, + 1 */
        const char *purpose; /* it was issued for "login" */
        hf_time after;
        enum hf_nonce_state want;
    } cases[] = {
        {"another nonce", 32, "login", 0, HF_NONCE_UNKNOWN},
        {"its first byte", 1, "login", 0, HF_NONCE_UNKNOWN},
        {"another purpose", 0, "logout", 0, HF_NONCE_OTHER},
        {"no purpose", 0, NULL, 0, HF_NONCE_OTHER},
        {"a longer purpose", 0, "login ", 0, HF_NONCE_OTHER},
        {"the last second", 0, "login", 300, HF_NONCE_FRESH},
        {"the second after", 0, "login", 301, HF_NONCE_EXPIRED},
        {"long after", 0, "login", 100000, HF_NONCE_EXPIRED},
        {"a clock set back", 0, "login", -1000, HF_NONCE_FRESH},
    };

    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);

        for (size_t i = 0; i < HF_COUNT(cases); i++) {
            HF_CLEANUP(hf_buf_free) struct hf_buf n = {0};
            struct hf_nonce_spec spec = spec_of(1, 300, "login");
            struct hf_nonce_answer a;
            bool fresh = cases[i].want == HF_NONCE_FRESH;

            CASE(cases[i].name);
            OK(hf_nonce_issue(store, &spec, NOW, &n));
            if (cases[i].flip)
                n.p[cases[i].flip - 1] ^= 1;
            FAILS(hf_nonce_burn(store, hf_buf_bytes(&n), cases[i].purpose, NOW + cases[i].after, &a),
                  fresh ? HF_OK : HF_E_MISMATCH);
            CHECK(a.state == cases[i].want);
            if (cases[i].want == HF_NONCE_OTHER) /* it is not used up */
                OK(hf_nonce_burn(store, hf_buf_bytes(&n), "login", NOW, &a));
        }
        hf_store_close(&store);
    }
}

TEST(unusable_requests_are_refused)
{
    static const struct {
        const char *name;
        struct hf_nonce_spec spec;
    } cases[] = {
        {"too short", {15, 1, 300, NULL, 0}},
        {"too long", {65, 1, 300, NULL, 0}},
        {"none", {32, 0, 300, NULL, 0}},
        {"too many", {32, 10001, 300, NULL, 0}},
        {"no time", {32, 1, 0, NULL, 0}},
        {"too much time", {32, 1, HF_NONCE_TTL_MAX + 1, NULL, 0}},
    };
    struct database db;
    struct hf_store *store;
    struct hf_nonce_answer a;
    char long_purpose[300];
    uint8_t bytes[65] = {0};

    (void)database_start(0, &db);
    store = open_store(&db, 0);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf n = {0};

        CASE(cases[i].name);
        FAILS(hf_nonce_issue(store, &cases[i].spec, NOW, &n), HF_E_ARG);
    }
    memset(long_purpose, 'x', sizeof(long_purpose));
    long_purpose[256] = 0;
    FAILS(hf_nonce_burn(store, (struct hf_bytes){bytes, 32}, long_purpose, NOW, &a), HF_E_ARG);
    FAILS(hf_nonce_burn(store, (struct hf_bytes){bytes, 15}, NULL, NOW, &a), HF_E_ARG);
    FAILS(hf_nonce_burn(store, (struct hf_bytes){bytes, 65}, NULL, NOW, &a), HF_E_ARG);
    hf_store_close(&store);
    database_end(&db);
}

TEST(the_store_is_bounded_and_makes_room_of_what_is_over)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);
        HF_CLEANUP(hf_buf_free) struct hf_buf old = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf n = {0};
        struct hf_nonce_spec spec = spec_of(100, 10, NULL);
        struct hf_nonce_answer a;

        spec.max = 100;
        OK(hf_nonce_issue(store, &spec, NOW, &old));
        spec.count = 1;
        FAILS(hf_nonce_issue(store, &spec, NOW + 5, &n), HF_E_FULL);
        CHECK_DETAIL("limit of 100");
        OK(hf_nonce_burn(store, nth(&old, 0), NULL, NOW + 5, &a));
        OK(hf_nonce_issue(store, &spec, NOW + 5, &n)); /* in the place of the used one */
        FAILS(hf_nonce_burn(store, nth(&old, 0), NULL, NOW + 5, &a), HF_E_MISMATCH);
        CHECK(a.state == HF_NONCE_UNKNOWN);
        OK(hf_nonce_burn(store, nth(&old, 1), NULL, NOW + 10, &a));
        spec.count = 99;
        OK(hf_nonce_issue(store, &spec, NOW + 11, &old)); /* in the place of those that expired */
        OK(hf_nonce_burn(store, hf_buf_bytes(&n), NULL, NOW + 15, &a)); /* which this one has not */
        spec.count = 1;
        spec.max = 0;
        OK(hf_nonce_issue(store, &spec, NOW + 11 + 21, &n));
        FAILS(hf_nonce_burn(store, nth(&old, 0), NULL, NOW + 15, &a), HF_E_MISMATCH); /* after twice its time */
        CHECK(a.state == HF_NONCE_UNKNOWN);
        hf_store_close(&store);
    }
}

TEST(many_are_burned_in_one_go)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);
        HF_CLEANUP(hf_buf_free) struct hf_buf n = {0};
        struct hf_nonce_spec spec = spec_of(1000, 300, "x");
        struct hf_bytes which[1000];
        bool fresh[1000];

        OK(hf_nonce_issue(store, &spec, NOW, &n));
        for (size_t i = 0; i < 1000; i++)
            which[i] = nth(&n, i % 900);
        OK(hf_nonce_burn_many(store, which, 1000, "x", NOW, fresh));
        for (size_t i = 0; i < 1000; i++)
            CHECK(fresh[i] == (i < 900));
        OK(hf_nonce_burn_many(store, which, 1000, "x", NOW, fresh));
        for (size_t i = 0; i < 1000; i++)
            CHECK(!fresh[i]);
        OK(hf_nonce_burn_many(store, which, 0, "x", NOW, fresh));
        hf_store_close(&store);
    }
}

/* ---- races ---- */

#define RACERS 32
#define PRIZES 24

static struct hf_buf prizes;
static int gun[2];    /* closed by the parent: go */
static int winners[2]; /* a byte a win: which prize */

static int race(const struct database *db, int number)
{
    struct hf_store *store = NULL;
    struct hf_nonce_answer a;
    uint8_t c;

    if (hf_store_open(&(struct hf_store_conf){.uri = db->uri, .wait_ms = 60000, .one_shot = true}, &store) != HF_OK)
        return child_fails("open");
    (void)close(gun[1]);
    if (read(gun[0], &c, 1) != 0)
        return 3;
    for (uint8_t i = 0; i < PRIZES; i++) {
        uint8_t at = (uint8_t)((i + number * 5) % PRIZES); /* in another order each */
        hf_err err = number % 4 == 3 ? hf_replay_check(store, nth(&prizes, at).p, 300, 0, NOW, &a)
                                     : hf_nonce_burn(store, nth(&prizes, at), "race", NOW, &a);

        if (number % 4 == 3)
            at = (uint8_t)(at + PRIZES);
        if (err == HF_OK && write(winners[1], &at, 1) != 1)
            return 2;
        if (err != HF_OK && err != HF_E_MISMATCH)
            return child_fails("burn");
    }
    hf_store_close(&store);
    return 0;
}

TEST(of_32_processes_that_race_exactly_one_wins_each)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);
        struct hf_nonce_spec spec = spec_of(PRIZES, 300, "race");
        unsigned wins[2 * PRIZES] = {0};
        pid_t pid[RACERS];
        uint8_t at;

        OK(hf_nonce_issue(store, &spec, NOW, &prizes));
        hf_store_close(&store);
        CHECK(pipe(gun) == 0 && pipe(winners) == 0);
        for (int i = 0; i < RACERS; i++)
            pid[i] = start_child(race, &db, i);
        (void)close(gun[0]);
        (void)close(gun[1]);
        (void)close(winners[1]);
        for (int i = 0; i < RACERS; i++)
            CHECK(child_status(pid[i]) == 0);
        while (read(winners[0], &at, 1) == 1)
            wins[at]++;
        (void)close(winners[0]);
        for (size_t i = 0; i < HF_COUNT(wins); i++)
            CHECK(wins[i] == 1);
        hf_buf_free(&prizes);
    }
}

/* ---- replay ---- */

static struct hf_bytes text(const char *s)
{
    return hf_bytes_text(s);
}

TEST(evidence_is_new_once_while_it_would_be_accepted)
{
    EACH_DATABASE(db) {
        struct hf_store *store = open_store(&db, 0);
        struct hf_nonce_answer a;
        uint8_t id[32], other[32];

        OK(hf_replay_id(text("nonce"), NOW, text("quote"), id));
        OK(hf_replay_check(store, id, 60, 0, NOW, &a));
        CHECK(a.state == HF_NONCE_FRESH);
        FAILS(hf_replay_check(store, id, 60, 0, NOW + 120, &a), HF_E_MISMATCH);
        CHECK(a.state == HF_NONCE_USED && a.used_at == NOW);
        CHECK_DETAIL("seen at 2027-01-15T08:00:00Z");
        OK(hf_replay_check(store, id, 60, 0, NOW + 121, &a)); /* too old to be accepted anyway */
        for (unsigned i = 0; i < 9; i++) {
            OK(hf_replay_id(text("nonce"), NOW + 1 + i, text("quote"), other));
            OK(hf_replay_check(store, other, 60, 10, NOW + 121, &a));
        }
        OK(hf_replay_id(text("nonce"), NOW, text("quotf"), other));
        FAILS(hf_replay_check(store, other, 60, 10, NOW + 121, &a), HF_E_FULL); /* none may be forgotten yet */
        FAILS(hf_replay_check(store, id, 60, 10, NOW + 121, &a), HF_E_MISMATCH);
        OK(hf_replay_check(store, other, 60, 10, NOW + 300, &a));
        hf_store_close(&store);
    }
}

TEST(the_parts_of_evidence_do_not_run_into_each_other)
{
    uint8_t a[32], b[32];

    OK(hf_replay_id(text("ab"), 1, text("c"), a));
    OK(hf_replay_id(text("a"), 1, text("bc"), b));
    CHECK(memcmp(a, b, 32) != 0);
    OK(hf_replay_id(text("ab"), 2, text("c"), b));
    CHECK(memcmp(a, b, 32) != 0);
    OK(hf_replay_id(text("ab"), 1, text("c"), b));
    CHECK(memcmp(a, b, 32) == 0);
}

static hf_err whole(const char *uri)
{
    struct hf_store *store = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf n = {0};
    struct hf_nonce_spec spec = spec_of(2, 300, NULL);
    struct hf_nonce_answer a;
    struct hf_bytes second;
    bool fresh;
    hf_err err;

    HF_TRY(hf_store_open(&(struct hf_store_conf){.uri = uri}, &store));
    err = hf_nonce_issue(store, &spec, NOW, &n);
    if (err == HF_OK)
        err = hf_nonce_burn(store, nth(&n, 0), NULL, NOW, &a);
    if (err == HF_OK) {
        second = nth(&n, 1);
        err = hf_nonce_burn_many(store, &second, 1, NULL, NOW, &fresh);
    }
    hf_store_close(&store);
    return err;
}

TEST(each_allocation_may_fail)
{
    EACH_DATABASE(db) {
        SWEEP(whole(db.uri));
    }
}

TESTS(RUN(a_nonce_is_fresh_once), RUN(what_is_not_fresh_says_why), RUN(unusable_requests_are_refused),
      RUN(the_store_is_bounded_and_makes_room_of_what_is_over), RUN(many_are_burned_in_one_go),
      RUN(of_32_processes_that_race_exactly_one_wins_each), RUN(evidence_is_new_once_while_it_would_be_accepted),
      RUN(the_parts_of_evidence_do_not_run_into_each_other), RUN(each_allocation_may_fail))
