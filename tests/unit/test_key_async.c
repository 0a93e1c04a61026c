/* holdfast/key.h on the embedded TPM: asynchronous operations. */
#include "crypto/hash.h"
#include "key_rig.h"
#include "tpm/key.h"

static struct key_rig rig;
static struct hf_tpm_key *key;
static struct hf_tpm_key *slow; /* RSA-3072: some milliseconds a signature */
#define NEED_TPM() \
    do { \
        if (!rig.tpm) \
            skip(); \
    } while (0)

static int start(void **state)
{
    (void)state;
    if (!key_rig_make(&rig))
        return 0;
    make_key(rig.tpm, "ecc-p256", 0, &key);
    make_key(rig.tpm, "rsa3072", 0, &slow);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    hf_tpm_key_close(&key);
    hf_tpm_key_close(&slow);
    key_rig_remove(&rig);
    return 0;
}

static struct hf_bytes text_of(size_t i, char place[24])
{
    (void)snprintf(place, 24, "message %zu", i);
    return hf_bytes_text(place);
}

TEST(each_operation_gives_its_own_result_once)
{
    uint64_t id[200];
    char text[24];

    NEED_TPM();
    CASE("");
    for (size_t i = 0; i < HF_COUNT(id); i++)
        OK(hf_tpm_start_async_sign(key, text_of(i, text), 0, 0, &id[i]));
    for (size_t k = 0; k < HF_COUNT(id); k++) {
        size_t i = k % 2 ? HF_COUNT(id) - 1 - k / 2 : k / 2; /* collected in another order */
        HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

        OK(hf_tpm_wait_for_completion(rig.tpm, id[i], UINT32_MAX, &sig));
        OK(hf_tpm_verify_signature(key, text_of(i, text), hf_buf_bytes(&sig), 0, 0));
        FAILS(hf_tpm_wait_for_completion(rig.tpm, id[i], 0, &sig), HF_E_NOT_FOUND);
        FAILS(hf_tpm_cancel_operation(rig.tpm, id[i]), HF_E_NOT_FOUND);
    }
}

TEST(operations_are_done_in_the_order_of_starting)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    uint64_t id[12];
    char text[24];

    NEED_TPM();
    CASE("");
    for (size_t i = 0; i < HF_COUNT(id); i++)
        OK(hf_tpm_start_async_sign(i % 2 ? key : slow, text_of(i, text), 0, 0, &id[i]));
    for (size_t i = 1; i < HF_COUNT(id); i++)
        CHECK(id[i] > id[i - 1]);
    OK(hf_tpm_wait_for_completion(rig.tpm, id[HF_COUNT(id) - 1], UINT32_MAX, &sig));
    for (size_t i = 0; i + 1 < HF_COUNT(id); i++) /* the last is done, so all before it are */
        OK(hf_tpm_wait_for_completion(rig.tpm, id[i], 0, &sig));
}

TEST(what_has_not_begun_can_be_cancelled_and_what_has_cannot)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    uint64_t id[10];
    char text[24];

    NEED_TPM();
    CASE("");
    OK(hf_tpm_take(rig.tpm)); /* so that the first cannot end and the others cannot begin */
    for (size_t i = 0; i < HF_COUNT(id); i++)
        OK(hf_tpm_start_async_sign(slow, text_of(i, text), 0, 0, &id[i]));
    OK(hf_tpm_cancel_operation(rig.tpm, id[9]));
    FAILS(hf_tpm_wait_for_completion(rig.tpm, id[9], 0, &sig), HF_E_NOT_FOUND);
    FAILS(hf_tpm_cancel_operation(rig.tpm, id[9]), HF_E_NOT_FOUND);
    FAILS(hf_tpm_wait_for_completion(rig.tpm, id[8], 0, &sig), HF_E_TIMEOUT);
    hf_tpm_give(rig.tpm);
    OK(hf_tpm_wait_for_completion(rig.tpm, id[8], UINT32_MAX, &sig));
    FAILS(hf_tpm_cancel_operation(rig.tpm, id[0]), HF_E_BUSY);
    for (size_t i = 0; i < 8; i++)
        OK(hf_tpm_wait_for_completion(rig.tpm, id[i], UINT32_MAX, &sig));
    FAILS(hf_tpm_cancel_operation(rig.tpm, 999999), HF_E_NOT_FOUND);
}

TEST(what_cannot_work_is_said_when_it_is_started)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *decrypts = NULL;
    uint64_t id = 0;

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "ecc-p256", HF_TPM_USE_DECRYPT, &decrypts);
    FAILS(hf_tpm_start_async_sign(decrypts, hf_bytes_text("m"), 0, 0, &id), HF_E_KEY_TYPE);
    FAILS(hf_tpm_start_async_sign(key, hf_bytes_text("m"), HF_TPM_RSAPSS, 0, &id), HF_E_KEY_TYPE);
    FAILS(hf_tpm_start_async_sign(key, hf_bytes_text("m"), 0, 0x99, &id), HF_E_UNSUPPORTED);
    CHECK(id == 0);
}

TEST(a_failure_comes_with_its_detail_and_the_tpms_code)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *right = secret_of("right");
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256", .auth = right};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *locked = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    uint64_t id = 0;

    NEED_TPM();
    CASE("");
    OK(hf_tpm_generate_key_pair(rig.tpm, NULL, &spec, &locked));
    OK(hf_tpm_key_set_auth(locked, NULL));
    OK(hf_tpm_start_async_sign(locked, hf_bytes_text("m"), 0, 0, &id));
    FAILS(hf_tpm_wait_for_completion(rig.tpm, id, UINT32_MAX, &sig), HF_E_AUTH);
    CHECK_DETAIL("TPM2_Sign");
    CHECK((hf_err_device_code() & 0xbf) == TPM2_RC_BAD_AUTH);
}

TEST(a_key_is_closed_with_its_operations_waiting)
{
    struct hf_tpm_key *gone = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    uint64_t id[20];
    uint64_t other = 0;
    char text[24];

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "ecc-p256", 0, &gone);
    OK(hf_tpm_take(rig.tpm)); /* so that none of them can be done before the key is closed */
    OK(hf_tpm_start_async_sign(slow, hf_bytes_text("first"), 0, 0, &other));
    for (size_t i = 0; i < HF_COUNT(id); i++)
        OK(hf_tpm_start_async_sign(gone, text_of(i, text), 0, 0, &id[i]));
    hf_tpm_key_close(&gone);
    hf_tpm_give(rig.tpm);
    for (size_t i = 0; i < HF_COUNT(id); i++)
        FAILS(hf_tpm_wait_for_completion(rig.tpm, id[i], 0, &sig), HF_E_CANCELLED);
    OK(hf_tpm_wait_for_completion(rig.tpm, other, UINT32_MAX, &sig));
}

TEST(a_connection_is_closed_with_operations_waiting)
{
    struct hf_tpm_options options = {.uri = "embedded", .state_dir = rig.at.dir};
    struct hf_tpm *second = NULL;
    struct hf_tpm_key *there = NULL;
    uint64_t id = 0;
    char text[24];

    NEED_TPM();
    CASE("");
    OK(hf_tpm_open(&options, &second));
    make_key(second, "ecc-p256", 0, &there);
    for (size_t i = 0; i < 50; i++)
        OK(hf_tpm_start_async_sign(there, text_of(i, text), 0, 0, &id));
    hf_tpm_key_close(&there);
    hf_tpm_close(&second);
    CHECK(second == NULL);
}

TEST(operations_survive_the_death_of_the_tpm)
{
    uint64_t id[30];
    char text[24];

    NEED_TPM();
    CASE("");
    for (size_t i = 0; i < HF_COUNT(id); i++)
        OK(hf_tpm_start_async_sign(slow, text_of(i, text), 0, 0, &id[i]));
    rig_kill(&rig.at, SIGKILL);
    for (size_t i = 0; i < HF_COUNT(id); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

        OK(hf_tpm_wait_for_completion(rig.tpm, id[i], UINT32_MAX, &sig));
        OK(hf_tpm_verify_signature(slow, text_of(i, text), hf_buf_bytes(&sig), 0, 0));
    }
}

TEST(no_more_than_1024_operations_wait)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    static uint64_t id[1024];
    uint64_t surplus = 0;

    NEED_TPM();
    CASE("");
    for (size_t i = 0; i < HF_COUNT(id); i++)
        OK(hf_tpm_start_async_sign(key, hf_bytes_text("m"), 0, 0, &id[i]));
    FAILS(hf_tpm_start_async_sign(key, hf_bytes_text("m"), 0, 0, &surplus), HF_E_BUSY);
    for (size_t i = 0; i < HF_COUNT(id); i++) {
        if (hf_tpm_cancel_operation(rig.tpm, id[i]) != HF_OK)
            OK(hf_tpm_wait_for_completion(rig.tpm, id[i], UINT32_MAX, &sig));
    }
    OK(hf_tpm_start_async_sign(key, hf_bytes_text("m"), 0, 0, &surplus));
    OK(hf_tpm_wait_for_completion(rig.tpm, surplus, UINT32_MAX, &sig));
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_operation_gives_its_own_result_once),
        T(operations_are_done_in_the_order_of_starting),
        T(what_has_not_begun_can_be_cancelled_and_what_has_cannot),
        T(what_cannot_work_is_said_when_it_is_started),
        T(a_failure_comes_with_its_detail_and_the_tpms_code),
        T(a_key_is_closed_with_its_operations_waiting),
        T(a_connection_is_closed_with_operations_waiting),
        T(operations_survive_the_death_of_the_tpm),
        T(no_more_than_1024_operations_wait),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name(__FILE__, tests, start, stop);
}
