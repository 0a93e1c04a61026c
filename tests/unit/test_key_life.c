/* holdfast/key.h on the embedded TPM: authorization, blobs, persistence, and what keys live through. */
#include "key_rig.h"
#include "tpm/key.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

static struct key_rig rig;
#define NEED_TPM() \
    do { \
        if (!rig.tpm) \
            skip(); \
    } while (0)

static int start(void **state)
{
    (void)state;
    (void)key_rig_make(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    key_rig_remove(&rig);
    return 0;
}

static const struct hf_bytes message = {(const uint8_t *)"the message", 11};

static hf_err sign(struct hf_tpm_key *key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

    HF_TRY(hf_tpm_sign(key, message, 0, 0, &sig));
    return hf_tpm_verify_signature(key, message, hf_buf_bytes(&sig), 0, 0);
}

static void key_with(const char *value, unsigned use, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *auth = secret_of(value);
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256", .use = use, .auth = auth};

    OK(hf_tpm_generate_key_pair(rig.tpm, NULL, &spec, out));
}

static void set_auth(struct hf_tpm_key *key, const char *value)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *auth = value ? secret_of(value) : NULL;

    OK(hf_tpm_key_set_auth(key, auth));
}

static uint32_t lockout_counter(void)
{
    struct hf_tpm_info info;

    OK(hf_tpm_info_get(rig.tpm, &info));
    return info.lockout_counter;
}

TEST(a_wrong_value_is_refused_and_costs_a_try_only_where_it_should)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *plain = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *pin = NULL;

    NEED_TPM();
    CASE("");
    key_with("right", 0, &plain);
    key_with("1234", HF_TPM_USE_SIGN | HF_TPM_USE_DA, &pin);
    OK(sign(plain));
    OK(sign(pin));
    set_auth(plain, "wrong");
    FAILS(sign(plain), HF_E_AUTH);
    set_auth(plain, NULL);
    FAILS(sign(plain), HF_E_AUTH);
    CHECK(lockout_counter() == 0);
    set_auth(pin, "4321");
    FAILS(sign(pin), HF_E_AUTH);
    CHECK_DETAIL("left");
    CHECK(lockout_counter() == 1);
    set_auth(plain, "right");
    set_auth(pin, "1234");
    OK(sign(plain));
    OK(sign(pin));
}

TEST(a_changed_value_needs_the_new_one_and_the_old_blob_the_old_one)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *old = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *value = secret_of("new");

    NEED_TPM();
    CASE("");
    key_with("old", 0, &key);
    OK(hf_tpm_key_to_pem(key, &pem));
    OK(hf_tpm_key_change_auth(key, value));
    OK(sign(key));
    set_auth(key, "old");
    FAILS(sign(key), HF_E_AUTH);
    OK(hf_tpm_key_from_pem(rig.tpm, hf_buf_bytes(&pem), &old));
    CHECK(hf_tpm_key_needs_auth(old));
    set_auth(old, "old");
    OK(sign(old));
    set_auth(old, "new");
    FAILS(sign(old), HF_E_AUTH);
    FAILS(hf_tpm_key_change_auth(old, NULL), HF_E_AUTH);
}

/* Load from blobs and use it. */
static hf_err load_and_sign(struct hf_tpm_key *parent, struct hf_bytes private_blob, struct hf_bytes public_blob)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

    HF_TRY(hf_tpm_load_key(rig.tpm, parent, private_blob, public_blob, &key));
    return sign(key);
}

TEST(a_blob_with_any_byte_changed_does_not_load)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf private_blob = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf public_blob = {0};
    struct hf_tpm_key_info info;
    struct hf_buf *both[] = {&private_blob, &public_blob};

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "ecc-p256", 0, &key);
    hf_tpm_key_info(key, &info);
    OK(hf_buf_set(&private_blob, info.private_blob));
    OK(hf_buf_set(&public_blob, info.public_area));
    OK(load_and_sign(NULL, hf_buf_bytes(&private_blob), hf_buf_bytes(&public_blob)));
    for (size_t b = 0; b < HF_COUNT(both); b++) {
        for (size_t i = 0; i < both[b]->n; i++) {
            hf_err err;

            both[b]->p[i] ^= 0x10;
            err = load_and_sign(NULL, hf_buf_bytes(&private_blob), hf_buf_bytes(&public_blob));
            both[b]->p[i] ^= 0x10;
            if (err == HF_OK || (b == 0 && err != HF_E_PARENT && err != HF_E_DEVICE && err != HF_E_FORMAT))
                FAIL("%s byte %zu changed: %s (%s)", b ? "public" : "private", i, hf_err_name(err), hf_err_detail());
        }
    }
    for (size_t n = 0; n < private_blob.n; n += 7)
        CHECK(load_and_sign(NULL, (struct hf_bytes){private_blob.p, n}, hf_buf_bytes(&public_blob)) != HF_OK);
    FAILS(load_and_sign(NULL, hf_buf_bytes(&private_blob), (struct hf_bytes){public_blob.p, 20}), HF_E_TRUNCATED);
    OK(load_and_sign(NULL, hf_buf_bytes(&private_blob), hf_buf_bytes(&public_blob)));
}

TEST(a_blob_loads_under_its_own_parent_only)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *parent = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *other = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *leaf = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *child = NULL;
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};
    struct hf_tpm_key_info info;

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "ecc-p256", HF_TPM_USE_PARENT, &parent);
    make_key(rig.tpm, "ecc-p256", HF_TPM_USE_PARENT, &other);
    make_key(rig.tpm, "ecc-p256", 0, &leaf);
    OK(hf_tpm_generate_key_pair(rig.tpm, parent, &spec, &child));
    hf_tpm_key_info(child, &info);
    OK(load_and_sign(parent, info.private_blob, info.public_area));
    FAILS(load_and_sign(other, info.private_blob, info.public_area), HF_E_PARENT);
    FAILS(load_and_sign(NULL, info.private_blob, info.public_area), HF_E_PARENT);
    FAILS(load_and_sign(leaf, info.private_blob, info.public_area), HF_E_KEY_TYPE);
    FAILS(hf_tpm_generate_key_pair(rig.tpm, leaf, &spec, &other), HF_E_KEY_TYPE);
}

TEST(a_persistent_key_is_found_by_its_handle_until_it_is_evicted)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *there = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_tpm_object object;

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "ecc-p256", 0, &key);
    FAILS(hf_tpm_key_at(rig.tpm, 0x81000077, &there), HF_E_NOT_FOUND);
    FAILS(hf_tpm_key_at(rig.tpm, 0x01000077, &there), HF_E_ARG);
    OK(hf_tpm_key_persist(key, NULL, 0x81000077));
    FAILS(hf_tpm_key_persist(key, NULL, 0x81000077), HF_E_EXISTS);
    CHECK_DETAIL("0x81000077");
    OK(hf_tpm_key_at(rig.tpm, 0x81000077, &there));
    OK(sign(there));
    FAILS(hf_tpm_key_to_pem(there, &out), HF_E_KEY_TYPE);
    FAILS(hf_tpm_key_to_context(there, &out), HF_E_KEY_TYPE);
    FAILS(hf_tpm_key_change_auth(there, NULL), HF_E_KEY_TYPE);
    OK(hf_tpm_object_at(rig.tpm, 0x81000077, &object));
    CHECK_TEXT(object.kind, "sign");
    CHECK(!object.system);
    OK(hf_tpm_object_at(rig.tpm, 0x81000001, &object));
    CHECK_TEXT(object.kind, "srk-keyfile");
    CHECK(object.system);
    hf_tpm_key_close(&there);
    OK(hf_tpm_evict(rig.tpm, NULL, 0x81000077));
    FAILS(hf_tpm_evict(rig.tpm, NULL, 0x81000077), HF_E_NOT_FOUND);
    FAILS(hf_tpm_object_at(rig.tpm, 0x81000077, &object), HF_E_NOT_FOUND);
    OK(sign(key));
}

TEST(a_saved_context_is_the_same_key_while_the_tpm_goes_on)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *again = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    struct hf_tpm_key_info a;
    struct hf_tpm_key_info b;

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "ecc-p256", 0, &key);
    OK(hf_tpm_key_to_context(key, &file));
    OK(hf_tpm_key_from_context(rig.tpm, hf_buf_bytes(&file), &again));
    hf_tpm_key_info(key, &a);
    hf_tpm_key_info(again, &b);
    CHECK_BYTES(a.name, b.name);
    OK(sign(again));
    FAILS(hf_tpm_key_to_pem(again, &pem), HF_E_KEY_TYPE);
    hf_tpm_key_close(&again);
    file.p[60] ^= 1; /* inside what only the TPM reads */
    OK(hf_tpm_key_from_context(rig.tpm, hf_buf_bytes(&file), &again));
    FAILS(sign(again), HF_E_PARENT);
    CHECK_DETAIL("saved context");
}

TEST(keys_load_again_by_themselves_when_the_tpm_was_killed)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *parent = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *child = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *primary = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *null_primary = NULL;
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "ecc-p256", 0, &key);
    make_key(rig.tpm, "ecc-p256", HF_TPM_USE_PARENT, &parent);
    OK(hf_tpm_generate_key_pair(rig.tpm, parent, &spec, &child));
    OK(hf_tpm_create_primary(rig.tpm, HF_TPM_OWNER, NULL, &spec, &primary));
    OK(hf_tpm_create_primary(rig.tpm, HF_TPM_NULL, NULL, &spec, &null_primary));
    for (int round = 0; round < 3; round++) {
        OK(sign(key));
        rig_kill(&rig.at, SIGKILL);
        OK(sign(child));
        OK(sign(key));
        OK(sign(primary));
    }
    FAILS(sign(null_primary), HF_E_IMPOSTOR); /* the null hierarchy has a new seed after each reset */
}

struct signer {
    struct hf_tpm_key **keys;
    size_t n, first;
    atomic_int *failures;
    pthread_t thread;
};

static void *sign_all(void *arg)
{
    struct signer *s = arg;

    for (size_t i = 0; i < s->n; i++) {
        if (sign(s->keys[(s->first + i * 7) % s->n]) != HF_OK)
            atomic_fetch_add(s->failures, 1);
    }
    return NULL;
}

static hf_err count_object(void *arg, const struct hf_tpm_object *o)
{
    (void)o;
    ++*(size_t *)arg;
    return HF_OK;
}

TEST(fifty_keys_serve_eight_threads_on_three_slots)
{
    struct hf_tpm_key *keys[50] = {0};
    struct signer signer[8];
    atomic_int failures = 0;
    size_t before = 0;
    size_t after = 0;

    NEED_TPM();
    CASE("");
    OK(hf_tpm_transient_each(rig.tpm, count_object, &before));
    for (size_t i = 0; i < HF_COUNT(keys); i++)
        make_key(rig.tpm, "ecc-p256", 0, &keys[i]);
    for (size_t i = 0; i < HF_COUNT(signer); i++) {
        signer[i] = (struct signer){.keys = keys, .n = HF_COUNT(keys), .first = i * 6, .failures = &failures};
        CHECK(pthread_create(&signer[i].thread, NULL, sign_all, &signer[i]) == 0);
    }
    for (size_t i = 0; i < HF_COUNT(signer); i++)
        (void)pthread_join(signer[i].thread, NULL);
    CHECK(atomic_load(&failures) == 0);
    for (size_t i = 0; i < HF_COUNT(keys); i++)
        hf_tpm_key_close(&keys[i]);
    OK(hf_tpm_transient_each(rig.tpm, count_object, &after));
    CHECK(before == after);
}

TEST(the_child_of_a_fork_uses_the_same_keys_by_a_connection_of_its_own)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    int status = -1;
    pid_t child;

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "ecc-p256", 0, &key);
    OK(sign(key));
    child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(sign(key) == HF_OK && sign(key) == HF_OK ? 0 : 1);
    for (int i = 0; i < 20; i++) /* at the same time */
        OK(sign(key));
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    OK(sign(key));
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_wrong_value_is_refused_and_costs_a_try_only_where_it_should),
        T(a_changed_value_needs_the_new_one_and_the_old_blob_the_old_one),
        T(a_blob_with_any_byte_changed_does_not_load),
        T(a_blob_loads_under_its_own_parent_only),
        T(a_persistent_key_is_found_by_its_handle_until_it_is_evicted),
        T(a_saved_context_is_the_same_key_while_the_tpm_goes_on),
        T(keys_load_again_by_themselves_when_the_tpm_was_killed),
        T(fifty_keys_serve_eight_threads_on_three_slots),
        T(the_child_of_a_fork_uses_the_same_keys_by_a_connection_of_its_own),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name(__FILE__, tests, start, stop);
}
