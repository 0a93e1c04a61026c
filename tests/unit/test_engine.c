/* The command layer when the other side misbehaves: each fault has its own error, and nothing hangs or leaks. */
#include "base/alloc.h"
#include "test.h"
#include "tpm/caps.h"
#include "tpm/connection.h"
#include "tpm/faulty.h"

#include <holdfast/key.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>

static char state[] = "/tmp/holdfast-engine-XXXXXX";
static struct hf_tpm_transport *faulty;

static const char *state_dir(void)
{
    static bool made;

    if (!made)
        CHECK(mkdtemp(state) != NULL);
    made = true;
    return state;
}

/* A connection to the embedded TPM through a transport that breaks what it is told. */
static void open_faulty(struct hf_tpm **tpm)
{
    struct hf_tpm_options opt = {.state_dir = state_dir(), .no_pin = true};
    struct hf_tpm_transport *t = NULL;

    OK(hf_tpm_transport_open("embedded", state_dir(), NULL, &t));
    OK(hf_tpm_faulty_open(&t, NULL, 0, &t));
    faulty = t;
    OK(hf_tpm_open_over(&t, false, &opt, tpm));
}

static void break_next(enum hf_tpm_fault_kind kind, uint32_t command, uint32_t times, uint32_t value)
{
    struct hf_tpm_fault fault = {.kind = kind, .command = command, .times = times, .value = value};

    OK(hf_tpm_faulty_script(faulty, &fault, 1));
}

TEST(an_answer_that_was_changed_on_the_way_is_refused)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    open_faulty(&tpm);
    OK(hf_tpm_random(tpm, 16, &out));
    /* every bit behind the response code: parameter size, parameter, nonce, attributes, HMAC */
    for (uint32_t bit = 10 * 8; bit < 10 * 8 + 160; bit += 7) {
        break_next(HF_TPM_FAULT_FLIP, TPM2_CC_GetRandom, 1, bit);
        CHECK(hf_tpm_random(tpm, 16, &out) != HF_OK);
        hf_tpm_pool_forget(tpm);
    }
    break_next(HF_TPM_FAULT_FLIP, TPM2_CC_GetRandom, 1, 18 * 8); /* inside the encrypted bytes */
    FAILS(hf_tpm_random(tpm, 16, &out), HF_E_INTEGRITY);
    CHECK_DETAIL("response HMAC");
    hf_tpm_pool_forget(tpm);
    OK(hf_tpm_random(tpm, 16, &out));
}

TEST(what_the_specification_says_to_retry_is_retried)
{
    static const uint32_t codes[] = {TPM2_RC_RETRY, TPM2_RC_YIELDED, TPM2_RC_TESTING};
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    open_faulty(&tpm);
    for (size_t i = 0; i < HF_COUNT(codes); i++) {
        unsigned broken = hf_tpm_faulty_broken(faulty);

        break_next(HF_TPM_FAULT_CODE, TPM2_CC_GetRandom, 3, codes[i]);
        OK(hf_tpm_random(tpm, 8, &out));
        CHECK(hf_tpm_faulty_broken(faulty) == broken + 3);
    }
}

TEST(sessions_that_the_tpm_lost_are_made_again)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    open_faulty(&tpm);
    OK(hf_tpm_random(tpm, 8, &out));
    break_next(HF_TPM_FAULT_CODE, TPM2_CC_GetRandom, 1, TPM2_RC_REFERENCE_S0);
    OK(hf_tpm_random(tpm, 8, &out));
    break_next(HF_TPM_FAULT_CODE, TPM2_CC_GetRandom, 2, TPM2_RC_REFERENCE_S0); /* once, not for ever */
    CHECK(hf_tpm_random(tpm, 8, &out) != HF_OK);
}

TEST(each_fault_has_its_error)
{
    static const struct {
        const char *name;
        enum hf_tpm_fault_kind kind;
        uint32_t value;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"lockout", HF_TPM_FAULT_CODE, TPM2_RC_LOCKOUT, HF_E_LOCKED, "LOCKOUT"},
        {"cut in the header", HF_TPM_FAULT_CUT, 7, HF_E_DEVICE, "7 bytes"},
        {"cut behind it", HF_TPM_FAULT_CUT, 20, HF_E_DEVICE, "20 bytes"},
        {"longer than it says", HF_TPM_FAULT_LONG, 4, HF_E_DEVICE, "bytes"},
        {"larger than any answer", HF_TPM_FAULT_LONG, 5000, HF_E_DEVICE, "bytes"},
        {"garbage", HF_TPM_FAULT_GARBAGE, 64, HF_E_DEVICE, "64 bytes"},
        {"a code that nobody knows", HF_TPM_FAULT_CODE, 0x0000053f, HF_E_DEVICE, "0x"},
        {"silence", HF_TPM_FAULT_SILENCE, 0, HF_E_TIMEOUT, ""},
        {"death", HF_TPM_FAULT_DEATH, 0, HF_E_UNAVAILABLE, ""},
        {"death after the command was done", HF_TPM_FAULT_LOSS, 0, HF_E_UNAVAILABLE, ""},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

        CASE(cases[i].name);
        open_faulty(&tpm);
        break_next(cases[i].kind, TPM2_CC_GetRandom, 1, cases[i].value);
        FAILS(hf_tpm_random(tpm, 8, &out), cases[i].want);
        CHECK_DETAIL(cases[i].detail);
        CHECK(out.n == 0); /* results on success only */
    }
}

TEST(an_answer_to_another_command_is_refused)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_tpm_fault reorder = {.kind = HF_TPM_FAULT_REORDER, .command = TPM2_CC_GetRandom, .skip = 1};

    open_faulty(&tpm);
    OK(hf_tpm_faulty_script(faulty, &reorder, 1));
    OK(hf_tpm_random(tpm, 16, &out));
    FAILS(hf_tpm_random(tpm, 16, &out), HF_E_INTEGRITY);
}

/* Every response code at the place of every command of a whole use: no hang, a typed error, and afterwards
 * the TPM holds neither an object nor a session of ours. */
static hf_err whole_use(struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};

    HF_TRY(hf_tpm_generate_key_pair(tpm, NULL, &spec, &key));
    return hf_tpm_sign(key, hf_bytes_text("message"), 0, 0, &sig);
}

struct left {
    unsigned n;
    uint32_t handle[8];
};

static hf_err collect(void *arg, uint32_t handle)
{
    struct left *left = arg;

    CHECK(left->n < HF_COUNT(left->handle));
    left->handle[left->n++] = handle;
    return HF_OK;
}

TEST(no_object_is_left_behind_by_a_failure_at_any_command)
{
    static const uint32_t codes[] = {TPM2_RC_FAILURE, TPM2_RC_MEMORY, TPM2_RC_AUTH_FAIL | 0x900, TPM2_RC_SCHEME | 0x240, TPM2_RC_NV_SPACE};
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    unsigned commands;

    open_faulty(&tpm);
    OK(whole_use(tpm));
    commands = hf_tpm_faulty_seen(faulty);
    OK(whole_use(tpm));
    commands = hf_tpm_faulty_seen(faulty) - commands;
    CHECK(commands >= 3);
    for (size_t c = 0; c < HF_COUNT(codes); c++) {
        for (unsigned at = 0; at < commands; at++) {
            struct hf_tpm_fault fault = {.kind = HF_TPM_FAULT_CODE, .skip = at, .value = codes[c]};
            struct left left = {0};

            OK(hf_tpm_faulty_script(faulty, &fault, 1));
            (void)whole_use(tpm); /* the flush at the end may be what fails; that is only logged */
            OK(hf_tpm_faulty_script(faulty, NULL, 0));
            OK(hf_tpm_handles(tpm, TPM2_HT_TRANSIENT, collect, &left));
            CHECK(left.n == 0 || at + 1 == commands); /* only a refused flush leaves its object */
            for (unsigned i = 0; i < left.n; i++)
                hf_tpm_flush(tpm, left.handle[i]);
            OK(whole_use(tpm));
        }
    }
}

TEST(a_pinned_salt_key_that_is_another_one_is_refused)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_tpm_options opt = {.uri = "embedded", .state_dir = state_dir()};
    struct hf_tpm_pin pin = {0};

    OK(hf_tpm_open(&opt, &tpm));
    {
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *srk = NULL;

        OK(hf_tpm_storage_root(tpm, &srk));
    }
    OK(hf_tpm_random(tpm, 8, &out));
    hf_tpm_close(&tpm);
    OK(hf_tpm_pin_load(state_dir(), "embedded", &pin));
    CHECK(pin.level == HF_TPM_BUS_TOFU && pin.handle == HF_TPM_SRK);
    pin.name.bytes[pin.name.n - 1] ^= 1;
    OK(hf_tpm_pin_save(state_dir(), "embedded", &pin));
    OK(hf_tpm_open(&opt, &tpm));
    FAILS(hf_tpm_random(tpm, 8, &out), HF_E_IMPOSTOR);
    CHECK_DETAIL("--repin");
    pin.name.bytes[pin.name.n - 1] ^= 1;
    pin.level = HF_TPM_BUS_SRK;
    OK(hf_tpm_pin_save(state_dir(), "embedded", &pin));
    OK(hf_tpm_random(tpm, 8, &out));
    CHECK(hf_tpm_bus(tpm) == HF_TPM_BUS_SRK);
}

TEST(a_pin_whose_key_is_gone_is_refused_as_well)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    char *dir = NULL;
    char other[] = "/tmp/holdfast-engine2-XXXXXX";
    struct hf_tpm_options opt = {.uri = "embedded", .state_dir = other};
    struct hf_tpm_pin pin = {.level = HF_TPM_BUS_SRK, .handle = HF_TPM_SRK, .name = {34, {0, 0x0b}}};

    dir = mkdtemp(other);
    CHECK(dir != NULL);
    OK(hf_tpm_pin_save(other, "embedded", &pin));
    OK(hf_tpm_open(&opt, &tpm));
    FAILS(hf_tpm_random(tpm, 8, &out), HF_E_IMPOSTOR);
    CHECK_DETAIL("no key at 0x81000001");
}

TEST(the_child_of_a_fork_has_a_connection_of_its_own)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_tpm_options opt = {.uri = "embedded", .state_dir = state_dir(), .no_pin = true};
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};
    int status = 0;
    pid_t pid;

    OK(hf_tpm_open(&opt, &tpm));
    OK(hf_tpm_generate_key_pair(tpm, NULL, &spec, &key));
    OK(hf_tpm_sign(key, hf_bytes_text("before"), 0, 0, &sig));
    pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 5; i++) {
            if (hf_tpm_sign(key, hf_bytes_text("in the child"), 0, 0, &sig) != HF_OK)
                _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < 5; i++)
        OK(hf_tpm_sign(key, hf_bytes_text("in the parent"), 0, 0, &sig));
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    OK(hf_tpm_sign(key, hf_bytes_text("after"), 0, 0, &sig));
}

TEST(each_allocation_may_fail_once)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    struct hf_tpm_options opt = {.uri = "embedded", .state_dir = state_dir(), .no_pin = true};

    OK(hf_tpm_open(&opt, &tpm));
    OK(whole_use(tpm));
    for (unsigned long n = 1;; n++) {
        hf_err err;

        hf_alloc_fail_at(n);
        err = whole_use(tpm);
        if (!hf_alloc_has_failed()) {
            hf_alloc_fail_at(0);
            OK(err);
            CHECK(n > 5);
            break;
        }
        hf_alloc_fail_at(0);
        if (err != HF_OK)
            CHECK(err == HF_E_MEMORY);
        OK(whole_use(tpm));
    }
}

TESTS(RUN(an_answer_that_was_changed_on_the_way_is_refused), RUN(what_the_specification_says_to_retry_is_retried),
      RUN(sessions_that_the_tpm_lost_are_made_again), RUN(each_fault_has_its_error),
      RUN(an_answer_to_another_command_is_refused), RUN(no_object_is_left_behind_by_a_failure_at_any_command),
      RUN(a_pinned_salt_key_that_is_another_one_is_refused), RUN(a_pin_whose_key_is_gone_is_refused_as_well),
      RUN(the_child_of_a_fork_has_a_connection_of_its_own), RUN(each_allocation_may_fail_once))
