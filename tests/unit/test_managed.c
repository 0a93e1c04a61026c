/* tpm/managed and tpm/leftover: a raw TPM with a manager in this process, and what a killed one left. */
#include "base/alloc.h"
#include "base/file.h"
#include "tpm/leftover.h"
#include "tpm/tpm_inproc.h"
#include "tpm_bytes.h"

#include <ftw.h>
#include <sys/wait.h>

static const struct hf_bytes no_policy = {0};

static struct hf_tpm_transport *tpm; /* libtpms: outlives the managers of a test */

/* A transport that lends `tpm` and does not close it. */
static void lent_close(struct hf_tpm_transport **t)
{
    hf_free(t);
}

static hf_err lent_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                            struct hf_tpm_reply *reply)
{
    (void)t;
    return tpm->ops->transact(tpm, command, timeout_ms, reply);
}

static const struct hf_tpm_transport_ops lent_ops = {
    .scheme = "lent", .about = "for this test", .close = lent_close, .transact = lent_transact};

static hf_err run(void *who, struct hf_bytes command, struct hf_tpm_reply *reply)
{
    struct hf_tpm_transport *t = who;

    return t->ops->transact(t, command, HF_TPM_TIMEOUT_MS, reply);
}

static struct hf_tpm_transport *lend(void)
{
    struct hf_tpm_transport *t = NULL;

    OK(hf_alloc(sizeof(*t), &t));
    t->ops = &lent_ops;
    t->kind = HF_TPM_KIND_EMULATED;
    return t;
}

static char place[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void begin(void)
{
    CASE("");
    if (tpm)
        tpm->ops->close(&tpm);
    OK(hf_tpm_inproc_ops.open(&(struct hf_tpm_where){0}, &tpm));
    (void)snprintf(place, sizeof(place), "/tmp/holdfast-test-XXXXXX");
    CHECK(mkdtemp(place) != NULL);
    (void)setenv("XDG_RUNTIME_DIR", place, 1);
}

static void end(void)
{
    tpm->ops->close(&tpm);
    (void)nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static uint32_t count(uint32_t first)
{
    static struct tpm_user raw;
    uint32_t list[64];

    raw.run = run;
    raw.who = tpm;
    return handles(&raw, first, list);
}

TEST(a_raw_tpm_behaves_like_a_managed_one)
{
    struct hf_tpm_transport *raw;
    struct hf_tpm_transport *t = NULL;
    static struct tpm_user u;
    uint32_t object[6];
    char got[64];

    begin();
    raw = lend();
    OK(hf_tpm_managed_open(&raw, &t));
    CHECK(raw == NULL && t->managed && t->kind == HF_TPM_KIND_EMULATED);
    u.run = run;
    u.who = t;
    for (int i = 0; i < 6; i++)
        CHECK(sealed(&u, TPM2_RH_OWNER, "", true, no_policy, "managed", &object[i]) == 0);
    for (int i = 0; i < 6; i++)
        CHECK(unseal(&u, object[i], "", got) == 0);
    CHECK(count(HF_WIRE_TRANSIENT) == 3);
    t->ops->close(&t);
    CHECK(t == NULL && count(HF_WIRE_TRANSIENT) == 0);
    end();
}

/* A process that dies between any two commands: its record says what is to be flushed. */
TEST(what_a_killed_process_left_is_flushed_and_what_others_left_is_not)
{
    struct hf_leftover *record = NULL;
    struct hf_tpm_transport *raw;
    struct hf_tpm_transport *t = NULL;
    static struct tpm_user u;
    uint32_t ours = 0;
    uint32_t theirs = 0;
    uint32_t session = 0;

    begin();
    u.run = run;
    u.who = tpm;
    CHECK(sealed(&u, TPM2_RH_OWNER, "", true, no_policy, "ours", &ours) == 0);
    CHECK(sealed(&u, TPM2_RH_OWNER, "", true, no_policy, "theirs", &theirs) == 0);
    CHECK(start_session(&u, TPM2_SE_HMAC, &session) == 0);
    OK(hf_leftover_open(tpm, &record));
    CHECK(record != NULL);
    hf_leftover_note(record, ours, true);
    hf_leftover_note(record, session, true);
    hf_leftover_note(record, theirs, true);
    hf_leftover_note(record, theirs, false);
    hf_leftover_close(&record); /* as the end of the process closes it: the content stays */

    raw = lend();
    OK(hf_tpm_managed_open(&raw, &t));
    CHECK(count(HF_WIRE_TRANSIENT) == 1 && count(HF_WIRE_LOADED_SESSIONS) == 0);
    t->ops->close(&t);
    CHECK(count(HF_WIRE_TRANSIENT) == 1);
    CHECK(flush(&u, theirs) == 0);
    end();
}

TEST(a_record_holds_what_is_in_the_tpm_and_nothing_else)
{
    struct hf_leftover *record = NULL;
    struct hf_leftover *second = NULL;
    uint32_t out[HF_LEFTOVER_MAX];

    begin();
    OK(hf_leftover_open(tpm, &record));
    for (uint32_t i = 1; i <= HF_LEFTOVER_MAX + 5; i++) /* past its size nothing is written */
        hf_leftover_note(record, i, true);
    for (uint32_t i = 1; i <= HF_LEFTOVER_MAX; i += 2)
        hf_leftover_note(record, i, false);
    hf_leftover_note(record, 0x99999999, false);
    CASE("a live process's record is not another's to read");
    OK(hf_leftover_open(tpm, &second));
    CHECK(second == NULL && hf_leftover_take(second, out) == 0);
    hf_leftover_note(second, 1, true);
    hf_leftover_close(&record);
    OK(hf_leftover_open(tpm, &record));
    CHECK(hf_leftover_take(record, out) == HF_LEFTOVER_MAX / 2 && out[0] == 2);
    CHECK(hf_leftover_take(record, out) == 0);
    hf_leftover_close(&record);

    CASE("no place to record");
    (void)setenv("XDG_RUNTIME_DIR", "/proc/nonexistent", 1);
    OK(hf_leftover_open(tpm, &record));
    CHECK(record == NULL);
    end();
}

TEST(a_forked_child_says_nothing_to_its_parents_tpm)
{
    struct hf_tpm_transport *raw;
    struct hf_tpm_transport *t = NULL;
    static struct tpm_user u;
    uint32_t object = 0;
    char got[64];
    int pipes[2];
    pid_t pid;
    uint64_t seen = 0;

    begin();
    raw = lend();
    OK(hf_tpm_managed_open(&raw, &t));
    u.run = run;
    u.who = t;
    CHECK(sealed(&u, TPM2_RH_OWNER, "", true, no_policy, "the parent's", &object) == 0);
    CHECK(pipe(pipes) == 0);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) { /* the child's copy of libtpms would tell of a flush by having none loaded */
        uint64_t n;

        t->ops->close(&t);
        n = count(HF_WIRE_TRANSIENT);
        _exit(write(pipes[1], &n, sizeof(n)) == (ssize_t)sizeof(n) ? 0 : 1);
    }
    CHECK(read(pipes[0], &seen, sizeof(seen)) == (ssize_t)sizeof(seen) && seen == 1);
    CHECK(waitpid(pid, &(int){0}, 0) == pid);
    CHECK(unseal(&u, object, "", got) == 0);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    t->ops->close(&t);
    CHECK(count(HF_WIRE_TRANSIENT) == 0);
    end();
}

TESTS(RUN(a_raw_tpm_behaves_like_a_managed_one), RUN(what_a_killed_process_left_is_flushed_and_what_others_left_is_not),
      RUN(a_record_holds_what_is_in_the_tpm_and_nothing_else), RUN(a_forked_child_says_nothing_to_its_parents_tpm))
