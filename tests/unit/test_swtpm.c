/* tpm/swtpm.c against a real swtpm, over TCP and over a unix socket. */
#include "base/alloc.h"
#include "base/clock.h"
#include "software_tpm.h"
#include "test.h"
#include "tpm/transport.h"
#include "tpm/types.h"

#include <signal.h>

/* TPM2_GetRandom(8), TPM2_GetCapability(TPM_PROPERTIES, FAMILY_INDICATOR, 1), TPM2_Startup(CLEAR) */
static const uint8_t get_random[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8};
static const uint8_t get_family[] = {0x80, 1, 0, 0, 0, 22, 0, 0, 1, 0x7a, 0, 0, 0, 6, 0, 0, 1, 0, 0, 0, 0, 1};
static const uint8_t startup[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x44, 0, 0};

/* The beginning of the answer to get_random. */
static const uint8_t eight_random[] = {0x80, 1, 0, 0, 0, 20, 0, 0, 0, 0, 0, 8};

static void speaks_tpm(enum software_tpm_way way)
{
    HF_CLEANUP(software_tpm_stop) struct software_tpm tpm = {0};
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    struct hf_tpm_reply reply;

    if (!software_tpm_start(&tpm, way))
        skip();
    OK(hf_tpm_transport_open(tpm.uri, NULL, NULL, &t));
    CHECK(t->kind == HF_TPM_KIND_EMULATED);
    CHECK(!t->managed);
    for (int i = 0; i < 100; i++) {
        OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 5000, &reply));
        CHECK(reply.n == 20);
        CHECK_BYTES(((struct hf_bytes){reply.bytes, 12}), HF_BYTES_OF(eight_random));
    }
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_family), 5000, &reply));
    CHECK(reply.n == 27);
    CHECK(memcmp(reply.bytes + 23, "2.0", 4) == 0);
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(startup), 5000, &reply)); /* TPM_RC_INITIALIZE is an answer too */
    CHECK(reply.n == 10 && reply.bytes[8] == 0x01 && reply.bytes[9] == 0x00);
}

TEST(commands_and_answers_pass_over_tcp)
{
    speaks_tpm(SOFTWARE_TPM_TCP);
}

TEST(commands_and_answers_pass_over_a_unix_socket)
{
    speaks_tpm(SOFTWARE_TPM_UNIX);
}

TEST(the_death_of_the_other_side_is_told_and_lasts)
{
    HF_CLEANUP(software_tpm_stop) struct software_tpm tpm = {0};
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *again = NULL;
    struct hf_tpm_reply reply;

    if (!software_tpm_start(&tpm, SOFTWARE_TPM_TCP))
        skip();
    OK(hf_tpm_transport_open(tpm.uri, NULL, NULL, &t));
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 5000, &reply));
    software_tpm_kill(&tpm);
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 5000, &reply), HF_E_UNAVAILABLE);
    CHECK_DETAIL("has gone");
    CHECK(reply.n == 0);
    FAILS(hf_tpm_transport_open(tpm.uri, NULL, NULL, &again), HF_E_UNAVAILABLE);
    CHECK_DETAIL("Connection refused");
    software_tpm_restart(&tpm);
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 5000, &reply), HF_E_UNAVAILABLE);
    CHECK_DETAIL("was lost before");
    OK(hf_tpm_transport_open(tpm.uri, NULL, NULL, &again));
    OK(hf_tpm_transport_transact(again, HF_BYTES_OF(get_random), 5000, &reply));
}

TEST(silence_ends_at_the_deadline_and_ends_the_connection)
{
    HF_CLEANUP(software_tpm_stop) struct software_tpm tpm = {0};
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    struct hf_tpm_reply reply;
    uint64_t before;
    uint64_t took;

    if (!software_tpm_start(&tpm, SOFTWARE_TPM_UNIX))
        skip();
    OK(hf_tpm_transport_open(tpm.uri, NULL, NULL, &t));
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 5000, &reply));
    CHECK(kill(tpm.pid, SIGSTOP) == 0);
    before = hf_monotonic_ms();
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 200, &reply), HF_E_TIMEOUT);
    took = hf_monotonic_ms() - before;
    CHECK(took >= 190 && took < 5000);
    CHECK(kill(tpm.pid, SIGCONT) == 0);
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 200, &reply), HF_E_UNAVAILABLE);
}

TEST(what_cannot_be_connected_to_is_explained)
{
    static const struct {
        const char *uri;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"swtpm:path=/nonexistent/socket", HF_E_UNAVAILABLE, "No such file"},
        {"swtpm:path=/etc/passwd", HF_E_UNAVAILABLE, "refused"},
        {"swtpm:host=127.0.0.1,port=1", HF_E_UNAVAILABLE, "127.0.0.1:1"},
        {"swtpm:host=no.such.host.invalid", HF_E_UNAVAILABLE, "no.such.host.invalid"},
        {"swtpm:port=0", HF_E_ARG, "port 0"},
        {"swtpm:path=", HF_E_ARG, "0 bytes"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_tpm_transport *t = NULL;

        CASE(cases[i].uri);
        FAILS(hf_tpm_transport_open(cases[i].uri, NULL, NULL, &t), cases[i].want);
        CHECK_DETAIL(cases[i].detail);
        CHECK(t == NULL);
    }
}

TESTS(RUN(commands_and_answers_pass_over_tcp), RUN(commands_and_answers_pass_over_a_unix_socket),
      RUN(the_death_of_the_other_side_is_told_and_lasts), RUN(silence_ends_at_the_deadline_and_ends_the_connection),
      RUN(what_cannot_be_connected_to_is_explained))
