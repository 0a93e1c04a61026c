/* tpm/rm: the resource manager, on libtpms in this process (three slots of each kind). */
#include "crypto/hash.h"
#include "tpm/rm_inside.h"
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

/* A TPM, a manager, and up to three clients; `raw` looks past the manager. */
struct bench {
    struct hf_tpm_transport *tpm;
    struct hf_rm *rm;
    struct hf_rm_client *client[3];
    struct tpm_user a, b, c, raw;
};

static void bench_open(struct bench *t)
{
    static struct hf_tpm_transport *last; /* of a test that failed half way */
    struct tpm_user *user[] = {&t->a, &t->b, &t->c};

    CASE("");
    if (last)
        last->ops->close(&last);
    memset(t, 0, sizeof(*t));
    OK(hf_tpm_inproc_ops.open(&(struct hf_tpm_where){0}, &t->tpm));
    OK(hf_rm_open(t->tpm, &t->rm));
    for (size_t i = 0; i < HF_COUNT(user); i++) {
        OK(hf_rm_client_open(t->rm, &t->client[i]));
        user[i]->run = run_client;
        user[i]->who = t->client[i];
    }
    t->raw.run = run_raw;
    t->raw.who = t->tpm;
    last = t->tpm;
}

static void check_nothing_left(struct bench *t, uint32_t saved)
{
    uint32_t list[64];

    CHECK(handles(&t->raw, HF_WIRE_TRANSIENT, list) == 0);
    CHECK(handles(&t->raw, HF_WIRE_LOADED_SESSIONS, list) == 0);
    CHECK(handles(&t->raw, HF_WIRE_SAVED_SESSIONS, list) == saved);
}

/* Close everything; the TPM must be as empty as the clients left it. */
static void bench_close(struct bench *t, uint32_t saved)
{
    for (size_t i = 0; i < HF_COUNT(t->client); i++)
        hf_rm_client_close(&t->client[i]);
    check_nothing_left(t, saved);
    CHECK(hf_rm_counts(t->rm).objects == 0 && hf_rm_counts(t->rm).sessions == 0);
    hf_rm_close(&t->rm);
}

TEST(many_objects_live_on_three_slots_and_keep_their_handles)
{
    static struct bench t;
    uint32_t handle[2][30];
    char text[64];
    char got[64];

    bench_open(&t);
    for (int i = 0; i < 30; i++) {
        for (int k = 0; k < 2; k++) {
            (void)snprintf(text, sizeof(text), "object %d of %d", i, k);
            CHECK(sealed(k ? &t.b : &t.a, TPM2_RH_OWNER, "", true, no_policy, text, &handle[k][i]) == 0);
            CHECK(handle[k][i] >> 24 == 0x80 && handle[k][i] > 0x80f00000);
        }
    }
    for (int i = 0; i < 60; i++) {
        int which = i * 7 % 30;

        (void)snprintf(text, sizeof(text), "object %d of %d", which, i % 2);
        CHECK(unseal(i % 2 ? &t.b : &t.a, handle[i % 2][which], "", got) == 0);
        CHECK_TEXT(got, text);
    }
    CHECK(hf_rm_counts(t.rm).objects == 60);
    CHECK(hf_rm_counts(t.rm).swaps > 40);
    bench_close(&t, 0);
}

TEST(what_is_not_the_clients_own_is_refused_as_a_tpm_would)
{
    static struct bench t;
    uint32_t object = 0;
    uint32_t session = 0;
    uint8_t digest[32];
    char got[64];

    bench_open(&t);
    CHECK(sealed(&t.a, TPM2_RH_OWNER, "", true, no_policy, "mine", &object) == 0);
    CHECK(start_session(&t.a, TPM2_SE_POLICY, &session) == 0);

    CASE("another client's object");
    CHECK(unseal(&t.b, object, "", got) == TPM2_RC_REFERENCE_H0);
    CHECK(flush(&t.b, object) == (TPM2_RC_HANDLE | TPM2_RC_P | TPM2_RC_1));
    CASE("the object's real handle");
    CHECK(unseal(&t.a, 0x80000000, "", got) == TPM2_RC_REFERENCE_H0);
    CASE("another client's session as a handle");
    CHECK(policy_digest(&t.b, session, digest) == TPM2_RC_REFERENCE_H0);
    CHECK(flush(&t.b, session) == (TPM2_RC_HANDLE | TPM2_RC_P | TPM2_RC_1));
    CASE("another client's session as an authorization");
    CHECK(sealed(&t.b, TPM2_RH_OWNER, "", true, no_policy, "b", &(uint32_t){0}) == 0);
    CHECK(unseal_policy(&t.b, 0x80ffffff, session, true, got) == TPM2_RC_REFERENCE_S0);
    CASE("all of it is unharmed");
    CHECK(unseal(&t.a, object, "", got) == 0);
    CHECK(policy_digest(&t.a, session, digest) == 0);
    bench_close(&t, 0);
}

TEST(a_client_sees_its_own_handles_alone)
{
    static struct bench t;
    uint32_t list[64];
    uint32_t object[5];
    uint32_t session[5];
    struct hf_buf saved = {0};

    bench_open(&t);
    for (int i = 0; i < 5; i++) {
        CHECK(sealed(&t.a, TPM2_RH_OWNER, "", true, no_policy, "a", &object[i]) == 0);
        CHECK(start_session(&t.a, TPM2_SE_POLICY, &session[i]) == 0);
    }
    CHECK(context_save(&t.a, session[4], &saved) == 0);
    CHECK(handles(&t.a, HF_WIRE_TRANSIENT, list) == 5);
    for (int i = 0; i < 5; i++)
        CHECK(list[i] == object[4 - i]); /* ascending, while they are given downwards */
    CHECK(handles(&t.a, object[2], list) == 3);
    CHECK(handles(&t.a, HF_WIRE_LOADED_SESSIONS, list) == 4);
    CHECK(handles(&t.a, HF_WIRE_SAVED_SESSIONS, list) == 1 && list[0] == session[4]);
    CHECK(handles(&t.b, HF_WIRE_TRANSIENT, list) == 0);
    CHECK(handles(&t.b, HF_WIRE_LOADED_SESSIONS, list) == 0);
    CHECK(handles(&t.b, HF_WIRE_SAVED_SESSIONS, list) == 0);
    CHECK(handles(&t.b, 0, list) == 24);
    hf_buf_free(&saved);
    bench_close(&t, 1);
}

/* Inside a session the answer is bound to a key the manager does not have. */
TEST(handles_are_not_listed_inside_a_session)
{
    static struct bench t;
    uint32_t session = 0;

    bench_open(&t);
    CHECK(start_session(&t.a, TPM2_SE_HMAC, &session) == 0);
    cmd(&t.a, TPM2_ST_SESSIONS, TPM2_CC_GetCapability);
    policy_session(&t.a, session, true);
    hf_wr_u32be(&t.a.w, TPM2_CAP_HANDLES);
    hf_wr_u32be(&t.a.w, HF_WIRE_TRANSIENT);
    hf_wr_u32be(&t.a.w, 8);
    CHECK(go(&t.a) == TPM2_RC_AUTH_CONTEXT);
    bench_close(&t, 0);
}

static void policy_of(uint32_t code, struct hf_digest *out)
{
    uint8_t extend[40] = {0};

    hf_wire_put_u32(extend, 32, TPM2_CC_PolicyCommandCode);
    hf_wire_put_u32(extend, 36, code);
    OK(hf_hash_one(HF_SHA256, HF_BYTES_OF(extend), out));
}

TEST(many_sessions_live_on_three_slots_and_keep_their_state)
{
    static struct bench t;
    static const uint32_t codes[] = {TPM2_CC_Unseal, TPM2_CC_Sign, TPM2_CC_Quote, TPM2_CC_Load, TPM2_CC_Create};
    uint32_t session[25];
    struct hf_digest want;
    uint8_t got[32];

    bench_open(&t);
    for (uint32_t i = 0; i < HF_COUNT(session); i++)
        CHECK(start_session(&t.a, TPM2_SE_POLICY, &session[i]) == 0);
    for (uint32_t i = 0; i < HF_COUNT(session); i++)
        CHECK(policy_command(&t.a, session[i], codes[i % 5]) == 0);
    for (uint32_t i = HF_COUNT(session); i-- > 0;) {
        policy_of(codes[i % 5], &want);
        CHECK(policy_digest(&t.a, session[i], got) == 0);
        CHECK_BYTES(HF_BYTES_OF(got), hf_digest_bytes(&want));
    }
    CHECK(hf_rm_counts(t.rm).sessions == 25);
    bench_close(&t, 0);
}

TEST(a_session_that_is_not_continued_is_over)
{
    static struct bench t;
    struct hf_digest policy;
    uint32_t object = 0;
    uint32_t session = 0;
    char got[64];

    bench_open(&t);
    policy_of(TPM2_CC_Unseal, &policy);
    CHECK(sealed(&t.a, TPM2_RH_OWNER, "", true, hf_digest_bytes(&policy), "by policy", &object) == 0);
    CHECK(start_session(&t.a, TPM2_SE_POLICY, &session) == 0);
    CHECK(policy_command(&t.a, session, TPM2_CC_Unseal) == 0);
    CHECK(unseal_policy(&t.a, object, session, true, got) == 0);
    CHECK_TEXT(got, "by policy");
    CHECK(policy_command(&t.a, session, TPM2_CC_Unseal) == 0);
    CHECK(unseal_policy(&t.a, object, session, false, got) == 0);
    CHECK(hf_rm_counts(t.rm).sessions == 0);
    CHECK(unseal_policy(&t.a, object, session, false, got) == TPM2_RC_REFERENCE_S0);

    CASE("a command that fails ends no session");
    CHECK(start_session(&t.a, TPM2_SE_POLICY, &session) == 0);
    CHECK(unseal_policy(&t.a, object, session, false, got) != 0);
    CHECK(hf_rm_counts(t.rm).sessions == 1);
    bench_close(&t, 0);
}

TEST(what_a_client_saved_outlives_its_connection)
{
    static struct bench t;
    struct hf_buf object_context = {0};
    struct hf_buf first = {0};
    struct hf_buf second = {0};
    uint32_t object = 0;
    uint32_t session = 0;
    uint32_t again = 0;
    struct hf_digest want;
    uint8_t digest[32];
    char got[64];

    bench_open(&t);
    CHECK(sealed(&t.a, TPM2_RH_OWNER, "", true, no_policy, "kept", &object) == 0);
    CHECK(context_save(&t.a, object, &object_context) == 0);
    CHECK(start_session(&t.a, TPM2_SE_POLICY, &session) == 0);
    CHECK(policy_command(&t.a, session, TPM2_CC_Unseal) == 0);
    CHECK(context_save(&t.a, session, &first) == 0);
    CHECK(policy_digest(&t.a, session, digest) == TPM2_RC_REFERENCE_H0); /* it is saved now */
    hf_rm_client_close(&t.client[0]);
    check_nothing_left(&t, 1);

    CHECK(context_load(&t.b, &object_context, &object) == 0);
    CHECK(unseal(&t.b, object, "", got) == 0);
    CHECK_TEXT(got, "kept");
    CHECK(context_load(&t.b, &first, &again) == 0);
    CHECK(again == session);
    policy_of(TPM2_CC_Unseal, &want);
    CHECK(policy_digest(&t.b, session, digest) == 0);
    CHECK_BYTES(HF_BYTES_OF(digest), hf_digest_bytes(&want));

    CASE("a session's context loads once");
    CHECK(context_load(&t.b, &first, &again) == (TPM2_RC_HANDLE | TPM2_RC_P | TPM2_RC_1));
    CHECK(context_load(&t.c, &first, &again) == (TPM2_RC_HANDLE | TPM2_RC_P | TPM2_RC_1));
    CASE("only the latest one loads");
    CHECK(context_save(&t.b, session, &second) == 0);
    CHECK(context_load(&t.c, &first, &again) == (TPM2_RC_HANDLE | TPM2_RC_P | TPM2_RC_1));
    CHECK(context_load(&t.c, &second, &again) == 0);
    CASE("a changed context is nobody's");
    CHECK(context_save(&t.c, session, &second) == 0);
    second.p[second.n - 1] ^= 1;
    CHECK(context_load(&t.c, &second, &again) != 0);
    object_context.p[object_context.n - 1] ^= 1;
    CHECK(context_load(&t.c, &object_context, &again) != 0);
    hf_buf_free(&object_context);
    hf_buf_free(&first);
    hf_buf_free(&second);
    bench_close(&t, 1);
}

TEST(saved_sessions_are_bounded_and_the_oldest_goes)
{
    static struct bench t;
    static struct hf_buf context[70];
    uint32_t session = 0;
    uint32_t list[64];

    bench_open(&t);
    for (size_t i = 0; i < HF_COUNT(context); i++) {
        CHECK(start_session(&t.a, TPM2_SE_POLICY, &session) == 0);
        CHECK(context_save(&t.a, session, &context[i]) == 0);
    }
    CHECK(hf_rm_counts(t.rm).saved == 32);
    CHECK(handles(&t.raw, HF_WIRE_SAVED_SESSIONS, list) == 32);
    CHECK(context_load(&t.b, &context[0], &session) != 0);
    CHECK(context_load(&t.b, &context[69], &session) == 0);
    CHECK(context_load(&t.b, &context[38], &session) == 0);
    CHECK(context_load(&t.b, &context[37], &session) != 0);
    for (size_t i = 0; i < HF_COUNT(context); i++)
        hf_buf_free(&context[i]);
    bench_close(&t, 30);
}

TEST(one_client_cannot_take_every_session)
{
    static struct bench t;
    uint32_t session = 0;
    uint32_t n = 0;

    bench_open(&t);
    while (start_session(&t.a, TPM2_SE_HMAC, &session) == 0)
        n++;
    CHECK(n == 32);
    CHECK(start_session(&t.a, TPM2_SE_HMAC, &session) == TPM2_RC_SESSION_HANDLES);
    CHECK(start_session(&t.b, TPM2_SE_HMAC, &session) == 0);
    bench_close(&t, 0);
}

TEST(kept_sessions_go_to_the_next_manager)
{
    static struct bench t;
    struct hf_buf context = {0};
    struct hf_buf kept = {0};
    uint32_t session = 0;

    bench_open(&t);
    CHECK(start_session(&t.a, TPM2_SE_POLICY, &session) == 0);
    CHECK(context_save(&t.a, session, &context) == 0);
    for (size_t i = 0; i < HF_COUNT(t.client); i++)
        hf_rm_client_close(&t.client[i]);
    OK(hf_rm_keep(t.rm, &kept));
    hf_rm_close(&t.rm);
    OK(hf_rm_open(t.tpm, &t.rm));
    OK(hf_rm_restore(t.rm, hf_buf_bytes(&kept)));
    CHECK(hf_rm_counts(t.rm).saved == 1);
    OK(hf_rm_client_open(t.rm, &t.client[0]));
    t.a.who = t.client[0];
    CHECK(context_load(&t.a, &context, &session) == 0);
    CHECK(policy_command(&t.a, session, TPM2_CC_Unseal) == 0);

    CASE("what is no record of kept sessions");
    FAILS(hf_rm_restore(t.rm, hf_buf_bytes(&kept)), HF_E_FORMAT); /* the session is known already */
    FAILS(hf_rm_restore(t.rm, (struct hf_bytes){kept.p, kept.n - 1}), HF_E_TRUNCATED);
    FAILS(hf_rm_restore(t.rm, (struct hf_bytes){kept.p, 2}), HF_E_TRUNCATED);
    hf_buf_free(&context);
    hf_buf_free(&kept);
    bench_close(&t, 0);
}

static uint32_t sequence_start(struct tpm_user *u, uint32_t *handle)
{
    uint32_t rc;

    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_HashSequenceStart);
    hf_wr_u16be(&u->w, 0);
    hf_wr_u16be(&u->w, TPM2_ALG_SHA256);
    rc = go(u);
    if (rc == 0) {
        struct hf_reader r = answer(u);

        *handle = hf_rd_u32be(&r);
    }
    return rc;
}

static uint32_t sequence_update(struct tpm_user *u, uint32_t handle, const char *data)
{
    cmd(u, TPM2_ST_SESSIONS, TPM2_CC_SequenceUpdate);
    hf_wr_u32be(&u->w, handle);
    password(u, "");
    hf_wr_b16(&u->w, hf_bytes_text(data));
    return go(u);
}

static uint32_t sequence_complete(struct tpm_user *u, uint32_t handle, uint8_t out[32])
{
    uint32_t rc;

    cmd(u, TPM2_ST_SESSIONS, TPM2_CC_SequenceComplete);
    hf_wr_u32be(&u->w, handle);
    password(u, "");
    hf_wr_u16be(&u->w, 0);
    hf_wr_u32be(&u->w, TPM2_RH_NULL);
    rc = go(u);
    if (rc == 0) {
        struct hf_reader r = answer(u);

        hf_rd_skip(&r, 4);
        CHECK(hf_rd_u16be(&r) == 32);
        hf_rd_copy(&r, out, 32);
    }
    return rc;
}

TEST(sequences_survive_being_swapped_between_updates)
{
    static struct bench t;
    uint32_t handle[8];
    struct hf_buf saved = {0};
    uint8_t got[32];
    char text[16];

    bench_open(&t);
    for (int i = 0; i < 8; i++)
        CHECK(sequence_start(&t.a, &handle[i]) == 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 8; i++) {
            (void)snprintf(text, sizeof(text), "%d-%d", i, round);
            CHECK(sequence_update(&t.a, handle[i], text) == 0);
        }
    }
    CHECK(context_save(&t.a, handle[7], &saved) == 0);
    CHECK(flush(&t.a, handle[7]) == 0);
    CHECK(context_load(&t.a, &saved, &handle[7]) == 0);
    for (int i = 0; i < 8; i++) {
        struct hf_digest want;

        (void)snprintf(text, sizeof(text), "%d-0%d-1%d-2", i, i, i);
        OK(hf_hash_one(HF_SHA256, hf_bytes_text(text), &want));
        CHECK(sequence_complete(&t.a, handle[i], got) == 0);
        CHECK_BYTES(HF_BYTES_OF(got), hf_digest_bytes(&want));
        CHECK(sequence_complete(&t.a, handle[i], got) == TPM2_RC_REFERENCE_H0);
    }
    CHECK(hf_rm_counts(t.rm).objects == 0);
    hf_buf_free(&saved);
    bench_close(&t, 0);
}

static uint32_t evict_control(struct tpm_user *u, uint32_t object, uint32_t persistent)
{
    cmd(u, TPM2_ST_SESSIONS, TPM2_CC_EvictControl);
    hf_wr_u32be(&u->w, TPM2_RH_OWNER);
    hf_wr_u32be(&u->w, object);
    password(u, "");
    hf_wr_u32be(&u->w, persistent);
    return go(u);
}

TEST(a_persistent_object_finds_a_slot_when_all_are_taken)
{
    static struct bench t;
    uint32_t handle[4];
    char got[64];

    bench_open(&t);
    CHECK(sealed(&t.a, TPM2_RH_OWNER, "", true, no_policy, "persistent", &handle[0]) == 0);
    CHECK(evict_control(&t.a, handle[0], 0x81000010) == 0);
    CHECK(flush(&t.a, handle[0]) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(sealed(&t.a, TPM2_RH_OWNER, "", true, no_policy, "transient", &handle[i]) == 0);
    CHECK(unseal(&t.b, 0x81000010, "", got) == 0);
    CHECK_TEXT(got, "persistent");
    CHECK(evict_control(&t.b, 0x81000010, 0x81000010) == 0);
    CHECK(unseal(&t.b, 0x81000010, "", got) != 0);
    bench_close(&t, 0);
}

TEST(objects_that_the_tpm_cleared_are_gone_and_their_slots_are_nobody_elses)
{
    static struct bench t;
    uint32_t owned[4];
    uint32_t other = 0;
    uint32_t null_one = 0;
    char got[64];

    bench_open(&t);
    for (int i = 0; i < 4; i++)
        CHECK(sealed(&t.a, TPM2_RH_OWNER, "", true, no_policy, "owned", &owned[i]) == 0);
    CHECK(sealed(&t.a, TPM2_RH_NULL, "", true, no_policy, "null", &null_one) == 0);
    cmd(&t.c, TPM2_ST_SESSIONS, TPM2_CC_Clear);
    hf_wr_u32be(&t.c.w, TPM2_RH_PLATFORM);
    password(&t.c, "");
    CHECK(go(&t.c) == 0);
    CHECK(sealed(&t.b, TPM2_RH_OWNER, "", true, no_policy, "of b", &other) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(unseal(&t.a, owned[i], "", got) == TPM2_RC_REFERENCE_H0);
    CHECK(unseal(&t.a, null_one, "", got) == 0);
    CHECK_TEXT(got, "null");
    CHECK(unseal(&t.b, other, "", got) == 0);
    CHECK_TEXT(got, "of b");
    bench_close(&t, 0);
}

TEST(what_is_no_command_gets_an_answer_all_the_same)
{
    static const struct {
        const char *name;
        uint8_t bytes[32];
        size_t n;
        uint32_t want;
    } cases[] = {
        {"nothing", {0}, 0, TPM2_RC_COMMAND_SIZE},
        {"half a header", {0x80, 1, 0, 0, 0, 9, 0, 0, 1}, 9, TPM2_RC_COMMAND_SIZE},
        {"a size that is not its own", {0x80, 1, 0, 0, 0, 14, 0, 0, 1, 0x7b, 0, 8}, 12, TPM2_RC_COMMAND_SIZE},
        {"a tag of TPM 1.2", {0, 0xc4, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8}, 12, TPM2_RC_BAD_TAG},
        {"a tag of no kind", {0x12, 0x34, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8}, 12, TPM2_RC_COMMAND_SIZE},
        {"a command that does not exist", {0x80, 1, 0, 0, 0, 10, 0, 0, 0xff, 0xff}, 10, TPM2_RC_COMMAND_CODE},
        {"a vendor's command", {0x80, 1, 0, 0, 0, 10, 0x20, 0, 0, 1}, 10, TPM2_RC_COMMAND_CODE},
        {"a handle that is missing", {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x62, 0x80, 0}, 12, TPM2_RC_COMMAND_SIZE},
        {"an authorization area past the end",
         {0x80, 2, 0, 0, 0, 18, 0, 0, 1, 0x5e, 0x80, 0xff, 0xff, 0xff, 0, 0, 0, 200},
         18,
         TPM2_RC_COMMAND_SIZE},
        {"an empty authorization area",
         {0x80, 2, 0, 0, 0, 18, 0, 0, 1, 0x5e, 0x80, 0xff, 0xff, 0xff, 0, 0, 0, 0},
         18,
         TPM2_RC_COMMAND_SIZE},
        {"a flush without a handle", {0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x65}, 10, TPM2_RC_COMMAND_SIZE},
        {"a flush of PCR 0", {0x80, 1, 0, 0, 0, 14, 0, 0, 1, 0x65}, 14, TPM2_RC_HANDLE | TPM2_RC_P | TPM2_RC_1},
    };
    static struct bench t;

    bench_open(&t);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_tpm_reply reply = {0};
        uint32_t rc = 0;

        CASE(cases[i].name);
        OK(hf_rm_transact(t.client[0], (struct hf_bytes){cases[i].bytes, cases[i].n}, 1000, &reply));
        OK(hf_wire_reply_check(&reply, &rc));
        CHECK(rc == cases[i].want);
    }
    bench_close(&t, 0);
}

TEST(clients_and_objects_are_bounded)
{
    static struct bench t;
    static struct hf_rm_client *more[HF_RM_CLIENTS];
    uint32_t handle = 0;
    size_t n = 0;

    bench_open(&t);
    while (n < HF_RM_CLIENTS && hf_rm_client_open(t.rm, &more[n]) == HF_OK)
        n++;
    CHECK(n == HF_RM_CLIENTS - 3);
    FAILS(hf_rm_client_open(t.rm, &more[n]), HF_E_BUSY);
    for (size_t i = 0; i < n; i++)
        hf_rm_client_close(&more[i]);
    n = 0;
    while (sequence_start(&t.a, &handle) == 0)
        n++;
    CHECK(n == HF_RM_CLIENT_OBJECTS);
    CHECK(sequence_start(&t.a, &handle) == TPM2_RC_OBJECT_MEMORY);
    CHECK(sequence_start(&t.b, &handle) == 0);
    CHECK(flush(&t.a, 0x80ffffff) == 0);
    CHECK(sequence_start(&t.a, &handle) == 0);
    bench_close(&t, 0);
}

/* libtpms allows a gap of 65,535 between the oldest saved session context and the newest. */
TEST(a_session_saved_long_ago_is_renewed_before_the_context_gap)
{
    static struct bench t;
    struct hf_buf context = {0};
    uint32_t old = 0;
    uint32_t turning[4];
    uint32_t n = 0;
    uint8_t got[32];

    bench_open(&t);
    CHECK(start_session(&t.a, TPM2_SE_POLICY, &old) == 0);
    CHECK(policy_command(&t.a, old, TPM2_CC_Unseal) == 0);
    CHECK(context_save(&t.a, old, &context) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(start_session(&t.b, TPM2_SE_POLICY, &turning[i]) == 0);
    while (n < 70000 && policy_digest(&t.b, turning[n % 4], got) == 0)
        n++;
    CHECK(n == 70000);
    CHECK(context_load(&t.a, &context, &old) == 0);
    CHECK(policy_digest(&t.a, old, got) == 0);
    hf_buf_free(&context);
    bench_close(&t, 0);
}

TEST(a_sweep_flushes_what_is_recorded_and_leaves_the_rest)
{
    static struct bench t;
    uint32_t list[64];
    uint32_t left[2];
    uint32_t session = 0;
    size_t flushed = 0;
    size_t foreign = 0;

    bench_open(&t);
    CHECK(sealed(&t.raw, TPM2_RH_OWNER, "", true, no_policy, "left by ours", &left[0]) == 0);
    CHECK(sealed(&t.raw, TPM2_RH_OWNER, "", true, no_policy, "left by theirs", &left[1]) == 0);
    CHECK(start_session(&t.raw, TPM2_SE_HMAC, &session) == 0);
    OK(hf_rm_sweep(t.rm, (uint32_t[]){left[0], session, 0x80000007}, 3, &flushed, &foreign));
    CHECK(flushed == 2 && foreign == 1);
    CHECK(handles(&t.raw, HF_WIRE_TRANSIENT, list) == 1 && list[0] == left[1]);
    CHECK(flush(&t.raw, left[1]) == 0);
    bench_close(&t, 0);
}

/* NV and EXTENSIVE are of no interest to the manager. */
TEST(our_table_says_of_each_command_what_the_tpm_says)
{
    static struct bench t;
    const uint32_t seen = TPMA_CC_COMMANDINDEX_MASK | TPMA_CC_V | TPMA_CC_CHANDLES_MASK | TPMA_CC_RHANDLE | TPMA_CC_FLUSHED;
    struct hf_reader r;
    uint32_t from = 0, n = 0, known = 0;
    bool more = true;

    bench_open(&t);
    while (more) {
        OK(hf_rm_raw_capability(t.rm, TPM2_CAP_COMMANDS, from, 128, &more, &n, &r));
        CHECK(n > 0);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t theirs = hf_rd_u32be(&r), ours = 0;
            char text[32];

            from = (theirs & (TPMA_CC_COMMANDINDEX_MASK | TPMA_CC_V)) + 1;
            if (!hf_rm_standard(theirs & (TPMA_CC_COMMANDINDEX_MASK | TPMA_CC_V), &ours))
                continue;
            (void)snprintf(text, sizeof(text), "command 0x%08x", theirs);
            CASE(text);
            CHECK((theirs & seen) == ours);
            known++;
        }
    }
    CASE("all");
    CHECK(known > 90);
    bench_close(&t, 0);
}

TESTS(RUN(many_objects_live_on_three_slots_and_keep_their_handles),
      RUN(what_is_not_the_clients_own_is_refused_as_a_tpm_would), RUN(a_client_sees_its_own_handles_alone),
      RUN(handles_are_not_listed_inside_a_session), RUN(many_sessions_live_on_three_slots_and_keep_their_state),
      RUN(a_session_that_is_not_continued_is_over), RUN(what_a_client_saved_outlives_its_connection),
      RUN(saved_sessions_are_bounded_and_the_oldest_goes), RUN(one_client_cannot_take_every_session),
      RUN(kept_sessions_go_to_the_next_manager), RUN(sequences_survive_being_swapped_between_updates),
      RUN(a_persistent_object_finds_a_slot_when_all_are_taken),
      RUN(objects_that_the_tpm_cleared_are_gone_and_their_slots_are_nobody_elses),
      RUN(what_is_no_command_gets_an_answer_all_the_same), RUN(clients_and_objects_are_bounded),
      RUN(a_session_saved_long_ago_is_renewed_before_the_context_gap),
      RUN(a_sweep_flushes_what_is_recorded_and_leaves_the_rest),
      RUN(our_table_says_of_each_command_what_the_tpm_says))
