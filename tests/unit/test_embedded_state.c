/* The state of the embedded TPM: durable, whole or refused, encrypted, in and out of swtpm's form; and
 * what a crash must not cost. */
#include "embedded_rig.h"

#include "helper/clock_set.h"
#include "helper/engine.h"
#include "helper/state.h"
#include "helper/transfer.h"
#include "tpm/tpm_inproc.h"

#include <inttypes.h>
#include <sys/stat.h>

#define COUNTER 0x01800001u

static const struct hf_bytes no_policy = {0};

TEST(an_acknowledged_change_survives_a_kill)
{
    static struct rig r;
    uint64_t value = 0;
    uint64_t want = 0;

    rig_make(&r);
    OK(rig_connect(&r, 0));
    CHECK(nv_define(&r.a, COUNTER, NV_COUNTER, 8) == 0);
    for (int round = 0; round < 15; round++) {
        CHECK(nv_increment(&r.a, COUNTER) == 0);
        if (round == 0)
            CHECK(nv_read(&r.a, COUNTER, &want) == 0);
        rig_kill(&r, SIGKILL);
        rig_disconnect(&r, 0);
        OK(rig_connect(&r, 0));
        CHECK(nv_read(&r.a, COUNTER, &value) == 0);
        CHECK(value == want + (uint64_t)round);
    }
    rig_remove(&r);
}

/* libtpms counts a loss after the use of a protected object as a failed try; five of them lock it. */
TEST(a_kill_after_a_right_pin_costs_no_try_and_a_wrong_pin_costs_one)
{
    static struct rig r;
    struct hf_buf context = {0};
    uint32_t object = 0;
    char got[64];

    rig_make(&r);
    for (int round = 0; round < 6; round++) {
        OK(rig_connect(&r, 0));
        CHECK(property(&r.a, TPM2_PT_LOCKOUT_COUNTER) == 0);
        CHECK(sealed(&r.a, TPM2_RH_OWNER, "1234", false, no_policy, "behind a pin", &object) == 0);
        CHECK(unseal(&r.a, object, "1234", got) == 0);
        CHECK_TEXT(got, "behind a pin");
        rig_kill(&r, SIGKILL);
        rig_disconnect(&r, 0);
    }
    OK(rig_connect(&r, 0));
    CHECK(sealed(&r.a, TPM2_RH_OWNER, "1234", false, no_policy, "behind a pin", &object) == 0);
    CHECK(unseal(&r.a, object, "9999", got) == (TPM2_RC_AUTH_FAIL | TPM2_RC_S | TPM2_RC_1));
    CHECK(property(&r.a, TPM2_PT_LOCKOUT_COUNTER) == 1);
    rig_kill(&r, SIGKILL);
    rig_disconnect(&r, 0);
    OK(rig_connect(&r, 0));
    CHECK(property(&r.a, TPM2_PT_LOCKOUT_COUNTER) == 1);
    hf_buf_free(&context);
    rig_remove(&r);
}

static void clock_read(struct tpm_user *u, uint64_t *clock, uint32_t *resets)
{
    struct hf_reader r;

    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_ReadClock);
    CHECK(go(u) == 0);
    r = answer(u);
    hf_rd_skip(&r, 8);
    *clock = hf_rd_u64be(&r);
    *resets = hf_rd_u32be(&r);
}

TEST(the_clock_is_wall_time_and_never_goes_back)
{
    static struct rig r;
    uint64_t first = 0;
    uint64_t second = 0;
    uint32_t resets[2];
    uint64_t now = hf_now_ms();

    rig_make(&r);
    OK(rig_connect(&r, 0));
    clock_read(&r.a, &first, &resets[0]);
    CHECK(first >= now && first < now + 60000);
    rig_kill(&r, SIGKILL);
    rig_disconnect(&r, 0);
    OK(rig_connect(&r, 0));
    clock_read(&r.a, &second, &resets[1]);
    CHECK(second >= first && second < now + 60000);
    CHECK(resets[1] == resets[0] + 1);
    rig_remove(&r);
}

TEST(only_a_plausible_wall_clock_is_taken_over)
{
    const uint64_t y2024 = UINT64_C(1704067200000);
    const uint64_t y2026 = UINT64_C(1767225600000);
    const uint64_t y2037 = UINT64_C(2114380800000);
    static const uint64_t year = UINT64_C(31557600000);
    const struct {
        const char *name;
        uint64_t clock, wall, want;
    } cases[] = {
        {"a new TPM", 0, y2026, y2026},
        {"a TPM that counted its running time", year, y2026, y2026},
        {"a day later", y2026, y2026 + 86400000, y2026 + 86400000},
        {"the wall clock stands still", y2026, y2026, 0},
        {"the wall clock went back", y2026, y2026 - 1, 0},
        {"the wall clock lost its battery", 0, 1, 0},
        {"a millisecond before 2024", 0, y2024 - 1, 0},
        {"2024", 0, y2024, y2024},
        {"after 2100", 0, UINT64_C(4102444800001), 0},
        {"ten years ahead", y2026, y2026 + 10 * year, y2026 + 10 * year},
        {"more than ten years ahead", y2026, y2037, 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        CHECK(hf_tpm_clock_target(cases[i].clock, cases[i].wall) == cases[i].want);
    }
}

/* Make a TPM with a counter of 1, end it, and give its state file. */
static void make_and_end(struct rig *r, struct hf_buf *state)
{
    OK(rig_connect(r, 0));
    CHECK(nv_define(&r->a, COUNTER, NV_COUNTER, 8) == 0);
    CHECK(nv_increment(&r->a, COUNTER) == 0);
    rig_disconnect(r, 0);
    rig_kill(r, SIGTERM);
    rig_file(r, "state", state);
}

TEST(a_state_that_is_not_whole_is_refused_by_name_and_left_alone)
{
    static struct rig r;
    struct hf_buf good = {0};
    struct hf_buf bad = {0};
    struct hf_buf after = {0};
    static const struct {
        const char *name;
        long cut;  /* bytes kept; negative: all */
        long flip; /* offset of a byte of the slot that is changed; negative: none */
        const char *says;
        hf_err want;
    } cases[] = {
        {"empty", 0, -1, "need two slots", HF_E_TRUNCATED},
        {"half a header", 40, -1, "need two slots", HF_E_TRUNCATED},
        {"half a payload", 500, -1, "need two slots", HF_E_TRUNCATED},
        {"a page too few", 65536 - 4096, -1, "need two slots", HF_E_TRUNCATED},
        {"foreign", -1, 0, "not the state of an embedded TPM", HF_E_FORMAT},
        {"another version", -1, 9, "version", HF_E_FORMAT},
        {"another kind", -1, 11, "corrupt", HF_E_INTEGRITY},
        {"a flag", -1, 13, "corrupt", HF_E_INTEGRITY},
        {"a reserved byte", -1, 15, "not zero", HF_E_FORMAT},
        {"another generation", -1, 20, "corrupt", HF_E_INTEGRITY},
        {"a length past the end", -1, 24, "need", HF_E_TRUNCATED},
        {"a digest that is another's", -1, 60, "corrupt", HF_E_INTEGRITY},
        {"one bit of the payload", -1, 300, "corrupt", HF_E_INTEGRITY},
        {"a byte behind the payload", -1, 32000, "left over", HF_E_TRAILING},
    };
    long slot;

    rig_make(&r);
    make_and_end(&r, &good);
    CHECK(good.n == 65536);
    slot = good.p[0] ? 0 : 32768;
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        OK(hf_buf_set(&bad, (struct hf_bytes){good.p, cases[i].cut < 0 ? good.n : (size_t)cases[i].cut}));
        if (cases[i].flip >= 0)
            bad.p[slot + cases[i].flip] ^= 0x40;
        rig_put(&r, "state", hf_buf_bytes(&bad));
        FAILS(rig_connect(&r, 0), cases[i].want);
        CHECK_DETAIL("tpm/state: ");
        CHECK_DETAIL(cases[i].says);
        rig_file(&r, "state", &after);
        CHECK_BYTES(hf_buf_bytes(&after), hf_buf_bytes(&bad));
    }
    CASE("both slots zero");
    memset(bad.p, 0, bad.n);
    rig_put(&r, "state", hf_buf_bytes(&bad));
    FAILS(rig_connect(&r, 0), HF_E_FORMAT);
    CHECK_DETAIL("both slots are empty");
    rig_put(&r, "state", hf_buf_bytes(&good));
    OK(rig_connect(&r, 0));
    CHECK(nv_read(&r.a, COUNTER, &(uint64_t){0}) == 0);
    hf_buf_free(&good);
    hf_buf_free(&bad);
    hf_buf_free(&after);
    rig_remove(&r);
}

/* Slots of the state file that are not zero. */
static unsigned slots_in_use(const struct rig *r)
{
    struct hf_buf file = {0};
    unsigned n = 0;

    rig_file(r, "state", &file);
    for (size_t half = 0; half < 2; half++) {
        size_t i = half * file.n / 2;

        while (i < (half + 1) * file.n / 2 && file.p[i] == 0)
            i++;
        n += i < (half + 1) * file.n / 2;
    }
    hf_buf_free(&file);
    return n;
}

TEST(the_previous_generation_is_gone)
{
    static struct rig r;

    rig_make(&r);
    OK(rig_connect(&r, 0));
    CHECK(nv_define(&r.a, COUNTER, NV_COUNTER, 8) == 0);
    for (int i = 0; i < 4; i++) {
        CHECK(nv_increment(&r.a, COUNTER) == 0);
        CHECK(slots_in_use(&r) == 1);
    }
    rig_remove(&r);
}

/* What a crash between the two writes of a change leaves, and one in the middle of the first. */
TEST(of_two_generations_the_younger_counts_and_a_torn_one_does_not)
{
    static struct rig r;
    struct hf_buf one = {0};
    struct hf_buf two = {0};
    struct hf_buf mix = {0};
    uint64_t value = 0;
    size_t half;

    rig_make(&r);
    make_and_end(&r, &one);
    OK(rig_connect(&r, 0));
    CHECK(nv_increment(&r.a, COUNTER) == 0);
    CHECK(nv_read(&r.a, COUNTER, &value) == 0);
    rig_kill(&r, SIGKILL);
    rig_disconnect(&r, 0);
    rig_file(&r, "state", &two);
    half = two.n / 2;
    if ((one.p[0] == 0) == (two.p[0] == 0)) { /* the same slot: put the older one into the other */
        OK(hf_buf_set(&mix, hf_buf_bytes(&one)));
        memcpy(one.p, mix.p + half, half);
        memcpy(one.p + half, mix.p, half);
    }
    for (int torn = 0; torn < 2; torn++) {
        uint64_t got = 0;
        size_t old = one.p[0] ? 0 : half;

        CASE(torn ? "the other one is torn" : "the other one is whole and older");
        OK(hf_buf_set(&mix, hf_buf_bytes(&two)));
        memcpy(mix.p + old, one.p + old, half);
        if (torn)
            mix.p[old + 200] ^= 1;
        rig_put(&r, "state", hf_buf_bytes(&mix));
        OK(rig_connect(&r, 0));
        CHECK(nv_read(&r.a, COUNTER, &got) == 0 && got == value);
        CHECK(slots_in_use(&r) == 1);
        rig_kill(&r, SIGKILL);
        rig_disconnect(&r, 0);
    }
    hf_buf_free(&one);
    hf_buf_free(&two);
    hf_buf_free(&mix);
    rig_remove(&r);
}

TEST(a_state_that_outgrows_its_slot_moves)
{
    static struct rig r;
    struct hf_buf file = {0};
    struct hf_buf back = {0};
    struct hf_buf big = {0};
    uint8_t *place = NULL;
    struct hf_tpm_state *s = NULL;

    rig_make(&r);
    OK(hf_tpm_state_open(r.state, NULL, &s));
    for (size_t n = 1000; n < 400000; n = n * 3) {
        hf_buf_free(&big);
        hf_buf_free(&back);
        OK(hf_buf_grow(&big, n, &place));
        memset(place, (int)n, n);
        OK(hf_tpm_state_save(s, hf_buf_bytes(&big)));
        OK(hf_tpm_state_save(s, hf_buf_bytes(&big)));
        CHECK(slots_in_use(&r) == 1);
        hf_tpm_state_close(&s);
        OK(hf_tpm_state_open(r.state, NULL, &s));
        OK(hf_tpm_state_load(s, HF_TPM_STATE_PERMANENT, &back));
        CHECK_BYTES(hf_buf_bytes(&back), hf_buf_bytes(&big));
    }
    hf_tpm_state_close(&s);
    hf_buf_free(&file);
    hf_buf_free(&back);
    hf_buf_free(&big);
    rig_remove(&r);
}

static hf_err run_raw(void *who, struct hf_bytes command, struct hf_tpm_reply *reply)
{
    struct hf_tpm_transport *t = who;

    return t->ops->transact(t, command, 60000, reply);
}

TEST(a_change_that_cannot_be_written_is_not_acknowledged)
{
    static struct rig r;
    static struct tpm_user u;
    struct hf_tpm_state *s = NULL;
    struct hf_tpm_transport *engine = NULL;
    uint64_t before = 0;
    uint64_t after = 0;
    char path[600];

    rig_make(&r);
    OK(hf_tpm_state_open(r.state, NULL, &s));
    OK(hf_engine_open(s, &engine));
    u.run = run_raw;
    u.who = engine;
    CHECK(nv_define(&u, COUNTER, NV_COUNTER, 8) == 0);
    CHECK(nv_increment(&u, COUNTER) == 0);
    CHECK(nv_read(&u, COUNTER, &before) == 0);
    CHECK(!hf_engine_broken(engine));
    (void)snprintf(path, sizeof(path), "%s/state", r.state);
    (void)close(s->file);
    s->file = open(path, O_RDONLY | O_CLOEXEC); /* as a full disk: every write fails */
    CHECK(nv_increment(&u, COUNTER) == TPM2_RC_NV_UNAVAILABLE);
    CHECK(hf_engine_broken(engine));
    CHECK(nv_read(&u, COUNTER, &after) == 0xffffffff); /* what is in memory is ahead of the disk */
    CHECK(hf_engine_rest(engine) != HF_OK);
    engine->ops->close(&engine);
    hf_tpm_state_close(&s);
    OK(rig_connect(&r, 0));
    CHECK(nv_read(&r.a, COUNTER, &after) == 0);
    CHECK(after == before);
    rig_remove(&r);
}

static void use_key(const struct rig *r, const char *name, uint8_t fill)
{
    uint8_t key[32];
    char spec[700];

    memset(key, fill, sizeof(key));
    (void)mkdir(r->state, 0700);
    rig_put(r, name, HF_BYTES_OF(key));
    (void)snprintf(spec, sizeof(spec), "file:%s/%s", r->state, name);
    (void)setenv("HOLDFAST_TPM_STATE_KEY", spec, 1);
}

TEST(an_encrypted_state_opens_with_its_key_alone)
{
    static struct rig r;
    struct hf_buf state = {0};
    struct hf_buf clear = {0};

    rig_make(&r);
    use_key(&r, "key1", 1);
    make_and_end(&r, &state);
    CHECK(state.p[state.p[0] ? 13 : state.n / 2 + 13] == 1);
    OK(rig_connect(&r, 0));
    CHECK(nv_read(&r.a, COUNTER, &(uint64_t){0}) == 0);
    rig_disconnect(&r, 0);
    rig_kill(&r, SIGTERM);

    CASE("another key");
    use_key(&r, "key2", 2);
    FAILS(rig_connect(&r, 0), HF_E_AUTH);
    CHECK_DETAIL("HOLDFAST_TPM_STATE_KEY does not open this state");
    CASE("no key");
    (void)unsetenv("HOLDFAST_TPM_STATE_KEY");
    FAILS(rig_connect(&r, 0), HF_E_AUTH);
    CHECK_DETAIL("HOLDFAST_TPM_STATE_KEY must name its key");
    CASE("a key of the wrong size");
    use_key(&r, "key1", 1);
    rig_put(&r, "key1", hf_bytes_text("too short"));
    FAILS(rig_connect(&r, 0), HF_E_ARG);
    CHECK_DETAIL("9 bytes; wanted 32");
    CASE("a way to name it that is none");
    (void)setenv("HOLDFAST_TPM_STATE_KEY", "plain:abc", 1);
    FAILS(rig_connect(&r, 0), HF_E_ARG);
    CASE("its own again");
    use_key(&r, "key1", 1);
    OK(rig_connect(&r, 0));
    rig_remove(&r);

    CASE("a state in clear is not taken for an encrypted one");
    rig_make(&r);
    make_and_end(&r, &clear);
    CHECK(clear.p[clear.p[0] ? 13 : clear.n / 2 + 13] == 0);
    use_key(&r, "key1", 1);
    FAILS(rig_connect(&r, 0), HF_E_AUTH);
    (void)unsetenv("HOLDFAST_TPM_STATE_KEY");
    hf_buf_free(&state);
    hf_buf_free(&clear);
    rig_remove(&r);
}

TEST(the_state_in_clear_holds_what_the_encrypted_one_hides)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *key = NULL;
    static const char text[] = "thirty-two bytes that are looked for";
    struct hf_buf clear = {0};
    struct hf_buf sealed_file = {0};
    struct hf_buf back = {0};
    uint8_t key_bytes[32] = {3};

    OK(hf_secret_new(HF_BYTES_OF(key_bytes), &key));
    OK(hf_tpm_slot_write(HF_TPM_STATE_PERMANENT, NULL, 1, hf_bytes_text(text), &clear));
    OK(hf_tpm_slot_write(HF_TPM_STATE_PERMANENT, key, 1, hf_bytes_text(text), &sealed_file));
    CHECK(memmem(clear.p, clear.n, text, strlen(text)) != NULL);
    CHECK(memmem(sealed_file.p, sealed_file.n, text, 8) == NULL);
    OK(hf_tpm_slot_parse(HF_TPM_STATE_PERMANENT, key, hf_buf_bytes(&sealed_file), &back));
    CHECK_BYTES(hf_buf_bytes(&back), hf_bytes_text(text));
    FAILS(hf_tpm_slot_parse(HF_TPM_STATE_RESUME, key, hf_buf_bytes(&sealed_file), &back), HF_E_FORMAT);
    FAILS(hf_tpm_slot_write(HF_TPM_STATE_PERMANENT, NULL, 1, no_policy, &back), HF_E_LIMIT);
    hf_buf_free(&clear);
    hf_buf_free(&sealed_file);
    hf_buf_free(&back);
}

static bool vector(const char *name, char path[1024])
{
    const char *vectors = getenv("HOLDFAST_VECTORS");

    (void)snprintf(path, 1024, "%s/tpm/own-swtpm/%s", vectors ? vectors : "../shared/vectors", name);
    if (access(path, R_OK) == 0)
        return true;
    print_message("# SKIP %s is not there; HOLDFAST_VECTORS names where the vectors are\n", path);
    return false;
}

TEST(a_swtpm_state_comes_in_and_goes_out)
{
    static struct rig r;
    struct hf_buf original = {0};
    struct hf_buf exported = {0};
    struct hf_tpm_where where;
    char path[1024];
    char out[600];

    if (!vector("swtpm-0.7.1-tpm2-00.permall", path))
        skip();
    rig_make(&r);
    where = (struct hf_tpm_where){.rest = r.state};
    (void)snprintf(out, sizeof(out), "%s/exported", r.dir);
    FAILS(hf_embedded_export_swtpm(&where, out), HF_E_NOT_FOUND);
    OK(hf_embedded_import_swtpm(&where, path, false));
    OK(hf_embedded_export_swtpm(&where, out));
    OK(hf_file_read(path, 1 << 20, &original));
    OK(hf_file_read(out, 1 << 20, &exported));
    CHECK_BYTES(hf_buf_bytes(&exported), hf_buf_bytes(&original));
    FAILS(hf_embedded_export_swtpm(&where, out), HF_E_EXISTS);

    OK(rig_connect(&r, 0));
    cmd(&r.a, TPM2_ST_NO_SESSIONS, TPM2_CC_ReadPublic);
    hf_wr_u32be(&r.a.w, 0x81000001);
    CHECK(go(&r.a) == 0);
    FAILS(hf_embedded_import_swtpm(&where, path, true), HF_E_BUSY);
    rig_disconnect(&r, 0);
    rig_kill(&r, SIGTERM);
    FAILS(hf_embedded_import_swtpm(&where, path, false), HF_E_EXISTS);
    OK(hf_embedded_import_swtpm(&where, path, true));
    hf_buf_free(&original);
    hf_buf_free(&exported);
    rig_remove(&r);
}

TEST(what_is_no_swtpm_state_is_not_taken_in)
{
    static const struct {
        const char *name;
        size_t at; /* a byte that is changed */
        uint8_t to;
        hf_err want;
    } cases[] = {
        {"a version of the future", 1, 9, HF_E_FORMAT}, {"a header of another size", 3, 12, HF_E_FORMAT},
        {"flags: encrypted", 5, 1, HF_E_UNSUPPORTED},   {"a total that is not the file's", 9, 1, HF_E_FORMAT},
        {"another tag", 11, 2, HF_E_UNSUPPORTED},       {"a length past the end", 13, 1, HF_E_TRUNCATED},
    };
    struct hf_buf file = {0};
    struct hf_bytes inner = {0};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        hf_buf_free(&file);
        OK(hf_transfer_write(hf_bytes_text("state"), &file));
        OK(hf_transfer_parse(hf_buf_bytes(&file), &inner));
        CHECK_BYTES(inner, hf_bytes_text("state"));
        file.p[cases[i].at] = cases[i].to;
        FAILS(hf_transfer_parse(hf_buf_bytes(&file), &inner), cases[i].want);
    }
    CASE("libtpms itself refuses what is inside");
    hf_buf_free(&file);
    OK(hf_transfer_write(hf_bytes_text("no state of libtpms"), &file));
    {
        static struct rig r;
        char path[600];
        struct hf_tpm_where where;

        rig_make(&r);
        where = (struct hf_tpm_where){.rest = r.state};
        (void)snprintf(path, sizeof(path), "%s/bad", r.dir);
        OK(hf_file_write_private(path, hf_buf_bytes(&file)));
        CHECK(hf_embedded_import_swtpm(&where, path, false) != HF_OK);
        (void)snprintf(path, sizeof(path), "%s/state", r.state);
        CHECK(access(path, F_OK) != 0);
        rig_remove(&r);
    }
    hf_buf_free(&file);
}

TEST(a_volatile_state_is_used_once_and_with_its_own_permanent_state)
{
    static struct rig r;
    struct hf_buf resume = {0};
    uint32_t resets[3];
    uint64_t clock = 0;

    rig_make(&r);
    OK(rig_connect(&r, 0));
    clock_read(&r.a, &clock, &resets[0]);
    rig_disconnect(&r, 0);
    rig_kill(&r, SIGTERM);
    rig_file(&r, "resume", &resume);
    OK(rig_connect(&r, 0));
    clock_read(&r.a, &clock, &resets[1]);
    CHECK(resets[1] == resets[0]); /* went on */
    CHECK(nv_define(&r.a, COUNTER, NV_COUNTER, 8) == 0);
    rig_kill(&r, SIGKILL);
    rig_disconnect(&r, 0);
    rig_put(&r, "resume", hf_buf_bytes(&resume)); /* an attacker's copy of it */
    OK(rig_connect(&r, 0));
    clock_read(&r.a, &clock, &resets[2]);
    CHECK(resets[2] == resets[0] + 1); /* a reset: the copy was not used */
    hf_buf_free(&resume);
    rig_remove(&r);
}

TESTS(RUN(an_acknowledged_change_survives_a_kill), RUN(a_kill_after_a_right_pin_costs_no_try_and_a_wrong_pin_costs_one),
      RUN(the_clock_is_wall_time_and_never_goes_back), RUN(only_a_plausible_wall_clock_is_taken_over),
      RUN(a_state_that_is_not_whole_is_refused_by_name_and_left_alone), RUN(the_previous_generation_is_gone),
      RUN(of_two_generations_the_younger_counts_and_a_torn_one_does_not), RUN(a_state_that_outgrows_its_slot_moves),
      RUN(a_change_that_cannot_be_written_is_not_acknowledged), RUN(an_encrypted_state_opens_with_its_key_alone),
      RUN(the_state_in_clear_holds_what_the_encrypted_one_hides), RUN(a_swtpm_state_comes_in_and_goes_out),
      RUN(what_is_no_swtpm_state_is_not_taken_in), RUN(a_volatile_state_is_used_once_and_with_its_own_permanent_state))
