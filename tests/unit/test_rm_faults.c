/* tpm/rm on a TPM that misbehaves: every response code at every step, and answers that are none. */
#include "tpm/faulty.h"
#include "tpm/rm.h"
#include "tpm/tpm_inproc.h"
#include "tpm_bytes.h"

static const struct hf_bytes no_policy = {0};

static hf_err run_client(void *who, struct hf_bytes command, struct hf_tpm_reply *reply)
{
    return hf_rm_transact(who, command, HF_TPM_TIMEOUT_MS, reply);
}

static hf_err run_raw(void *who, struct hf_bytes command, struct hf_tpm_reply *reply)
{
    struct hf_tpm_transport *t = who;

    return t->ops->transact(t, command, HF_TPM_TIMEOUT_MS, reply);
}

/* Everything that makes the manager swap, save, load, flush and list. Results do not matter here. */
static void exercise(struct hf_rm *rm)
{
    static struct tpm_user u[2];
    struct hf_rm_client *client[2] = {NULL, NULL};
    struct hf_buf context[2] = {{0}, {0}};
    uint32_t object[5] = {0};
    uint32_t session[5] = {0};
    uint32_t loaded = 0;
    char text[64];

    for (int k = 0; k < 2; k++) {
        OK(hf_rm_client_open(rm, &client[k]));
        u[k].run = run_client;
        u[k].who = client[k];
    }
    for (int i = 0; i < 5; i++) {
        (void)sealed(&u[i % 2], TPM2_RH_NULL, "", true, no_policy, "thing", &object[i]);
        (void)start_session(&u[i % 2], TPM2_SE_POLICY, &session[i]);
    }
    for (int i = 0; i < 5; i++) {
        (void)unseal(&u[i % 2], object[i], "", text);
        (void)policy_command(&u[i % 2], session[i], TPM2_CC_Unseal);
    }
    if (context_save(&u[0], session[0], &context[0]) == 0)
        (void)context_load(&u[1], &context[0], &loaded);
    if (context_save(&u[0], object[0], &context[1]) == 0)
        (void)context_load(&u[1], &context[1], &loaded);
    (void)flush(&u[0], object[2]);
    (void)flush(&u[0], session[2]);
    for (int k = 0; k < 2; k++) {
        hf_rm_client_close(&client[k]);
        hf_buf_free(&context[k]);
    }
}

struct rig {
    struct hf_tpm_transport *tpm; /* libtpms behind the faulty transport */
    struct hf_rm *rm;
    struct tpm_user raw;
};

static void rig_open(struct rig *r)
{
    static struct hf_tpm_transport *last;

    CASE("");
    if (last)
        hf_tpm_transport_close(&last);
    memset(r, 0, sizeof(*r));
    OK(hf_tpm_inproc_ops.open(&(struct hf_tpm_where){0}, &r->tpm));
    OK(hf_tpm_faulty_open(&r->tpm, NULL, 0, &r->tpm));
    OK(hf_rm_open(r->tpm, &r->rm));
    r->raw.run = run_raw;
    r->raw.who = r->tpm;
    last = r->tpm;
}

static uint32_t left(struct rig *r)
{
    uint32_t list[64];

    return handles(&r->raw, HF_WIRE_TRANSIENT, list) + handles(&r->raw, HF_WIRE_LOADED_SESSIONS, list) +
           handles(&r->raw, HF_WIRE_SAVED_SESSIONS, list);
}

/* Codes a TPM may give where the manager did not reckon with them. */
static const uint32_t codes[] = {
    TPM2_RC_CONTEXT_GAP,     TPM2_RC_OBJECT_MEMORY,  TPM2_RC_SESSION_MEMORY,    TPM2_RC_MEMORY,
    TPM2_RC_SESSION_HANDLES, TPM2_RC_OBJECT_HANDLES, TPM2_RC_YIELDED,           TPM2_RC_CANCELED,
    TPM2_RC_TESTING,         TPM2_RC_RETRY,          TPM2_RC_LOCKOUT,           TPM2_RC_FAILURE,
    TPM2_RC_NV_RATE,         TPM2_RC_COMMAND_CODE,   TPM2_RC_TOO_MANY_CONTEXTS, TPM2_RC_REFERENCE_S1,
};

TEST(no_response_code_at_any_step_leaks_a_slot)
{
    static struct rig r;
    char name[64];
    unsigned steps;

    rig_open(&r);
    steps = hf_tpm_faulty_seen(r.tpm);
    exercise(r.rm);
    steps = hf_tpm_faulty_seen(r.tpm) - steps;
    CHECK(steps > 40);
    CHECK(left(&r) == 0);
    for (size_t i = 0; i < HF_COUNT(codes); i++) {
        for (unsigned step = 0; step < steps; step++) {
            const struct hf_tpm_fault fault = {.kind = HF_TPM_FAULT_CODE, .skip = step, .value = codes[i]};

            (void)snprintf(name, sizeof(name), "code 0x%03x at step %u of %u", codes[i], step, steps);
            CASE(name);
            OK(hf_tpm_faulty_script(r.tpm, &fault, 1));
            exercise(r.rm);
            OK(hf_tpm_faulty_script(r.tpm, NULL, 0));
            exercise(r.rm); /* also retries what the TPM would not flush */
            CHECK(left(&r) == 0);
            CHECK(hf_rm_counts(r.rm).objects == 0 && hf_rm_counts(r.rm).sessions == 0);
        }
    }
    hf_rm_close(&r.rm);
}

TEST(a_tpm_that_refuses_for_good_ends_every_attempt)
{
    static struct rig r;
    char name[64];

    rig_open(&r);
    for (size_t i = 0; i < HF_COUNT(codes); i++) {
        static const uint32_t commands[] = {TPM2_CC_ContextSave, TPM2_CC_ContextLoad, TPM2_CC_FlushContext,
                                            TPM2_CC_StartAuthSession, TPM2_CC_CreatePrimary};

        for (size_t k = 0; k < HF_COUNT(commands); k++) {
            const struct hf_tpm_fault fault = {
                .kind = HF_TPM_FAULT_CODE, .command = commands[k], .times = 100000, .value = codes[i]};

            (void)snprintf(name, sizeof(name), "code 0x%03x for every command 0x%03x", codes[i], commands[k]);
            CASE(name);
            if (commands[k] == TPM2_CC_FlushContext && codes[i] != TPM2_RC_FAILURE)
                continue; /* each refused flush fills the slots: one code is enough, the last one */
            OK(hf_tpm_faulty_script(r.tpm, &fault, 1));
            exercise(r.rm);
            OK(hf_tpm_faulty_script(r.tpm, NULL, 0));
            exercise(r.rm);
            CHECK(hf_rm_counts(r.rm).objects == 0 && hf_rm_counts(r.rm).sessions == 0);
            CHECK(left(&r) == 0);
        }
    }
    hf_rm_close(&r.rm);
}

TEST(an_answer_that_is_none_ends_the_manager_and_nothing_else)
{
    static const struct hf_tpm_fault kinds[] = {
        {.kind = HF_TPM_FAULT_CUT, .value = 9},
        {.kind = HF_TPM_FAULT_CUT, .value = 10},
        {.kind = HF_TPM_FAULT_LONG, .value = 1},
        {.kind = HF_TPM_FAULT_LONG, .value = 5000},
        {.kind = HF_TPM_FAULT_GARBAGE, .value = 30},
        {.kind = HF_TPM_FAULT_FLIP, .value = 39},
        {.kind = HF_TPM_FAULT_FLIP, .value = 110},
        {.kind = HF_TPM_FAULT_SILENCE},
        {.kind = HF_TPM_FAULT_DEATH},
        {.kind = HF_TPM_FAULT_LOSS},
        {.kind = HF_TPM_FAULT_REORDER},
    };
    static struct rig r;
    char name[64];

    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        for (uint32_t step = 0; step < 60; step += 3) {
            struct hf_tpm_fault fault = kinds[i];

            rig_open(&r);
            (void)snprintf(name, sizeof(name), "fault %d (%u) at step %u", fault.kind, fault.value, step);
            CASE(name);
            fault.skip = step;
            OK(hf_tpm_faulty_script(r.tpm, &fault, 1));
            exercise(r.rm);
            CHECK(hf_rm_counts(r.rm).objects == 0 && hf_rm_counts(r.rm).sessions == 0);
            hf_rm_close(&r.rm);
        }
    }
}

TEST(opening_on_a_tpm_that_misbehaves_fails_and_keeps_nothing)
{
    static const struct hf_tpm_fault faults[] = {{.kind = HF_TPM_FAULT_CODE, .value = TPM2_RC_FAILURE},
                                                 {.kind = HF_TPM_FAULT_CUT, .value = 17},
                                                 {.kind = HF_TPM_FAULT_GARBAGE, .value = 64}};
    static struct rig r;
    struct hf_rm *rm = NULL;

    rig_open(&r);
    hf_rm_close(&r.rm);
    for (size_t i = 0; i < HF_COUNT(faults); i++) {
        OK(hf_tpm_faulty_script(r.tpm, &faults[i], 1));
        CHECK(hf_rm_open(r.tpm, &rm) != HF_OK);
        CHECK(rm == NULL);
    }
}

/* A command that is not in our table makes the manager ask the TPM for its own. */
TEST(a_list_of_commands_that_cannot_be_read_fails_the_command_that_needs_it)
{
    static const uint8_t vendor[] = {0x80, 0x01, 0, 0, 0, 10, 0x20, 0, 0, 1};
    static struct rig r;
    struct hf_tpm_reply reply;
    struct hf_rm_client *client = NULL;
    const struct hf_tpm_fault fault = {.kind = HF_TPM_FAULT_CODE, .value = TPM2_RC_FAILURE};
    uint32_t rc = 0;

    rig_open(&r);
    OK(hf_rm_client_open(r.rm, &client));
    OK(hf_tpm_faulty_script(r.tpm, &fault, 1));
    CHECK(hf_rm_transact(client, HF_BYTES_OF(vendor), 1000, &reply) != HF_OK);
    OK(hf_rm_transact(client, HF_BYTES_OF(vendor), 1000, &reply));
    OK(hf_wire_reply_check(&reply, &rc));
    CHECK((rc & 0xfff) == TPM2_RC_COMMAND_CODE);
    hf_rm_client_close(&client);
    hf_rm_close(&r.rm);
}

TESTS(RUN(no_response_code_at_any_step_leaks_a_slot), RUN(a_tpm_that_refuses_for_good_ends_every_attempt),
      RUN(an_answer_that_is_none_ends_the_manager_and_nothing_else),
      RUN(opening_on_a_tpm_that_misbehaves_fails_and_keeps_nothing),
      RUN(a_list_of_commands_that_cannot_be_read_fails_the_command_that_needs_it))
