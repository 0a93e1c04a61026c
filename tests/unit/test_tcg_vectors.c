/* Replay of real event logs: every one must reach the values its source states. */
#include "codec/base64.h"
#include "codec/hex.h"
#include "evidence/pcr.h"
#include "evidence/tcg_event.h"
#include "vectors.h"
#include "verify/tcg_replay.h"

static struct hf_eventlog replayed;

static void replay(struct hf_bytes in)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};

    OK(hf_tcg_log_decode(in, &raw));
    OK(hf_eventlog_replay(hf_buf_bytes(&raw), &replayed));
}

static void replay_file(const char *name)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};

    CASE(name);
    vector(name, &in);
    replay(hf_buf_bytes(&in));
}

static void want_value(uint16_t alg, unsigned pcr, struct hf_bytes want)
{
    struct hf_bytes got = hf_pcrs_value(&replayed.pcrs, alg, pcr);
    char name[HF_ALG_TEXT];

    if (!hf_bytes_equal(got, want))
        FAIL("%s PCR %u: %s", hf_pcr_alg_text(alg, name), pcr, got.n ? "another value than expected" : "no value");
}

static void want_hex(uint16_t alg, unsigned pcr, struct hf_bytes hex)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf want = {0};

    OK(hf_hex_parse(hex, &want));
    want_value(alg, pcr, hf_buf_bytes(&want));
}

static uint16_t alg_named(struct hf_bytes name)
{
    enum hf_hash_alg alg = HF_HASH_NONE;

    OK(hf_hash_by_name(name, &alg));
    return (uint16_t)alg;
}

static bool has_finding(const char *text)
{
    for (uint32_t i = 0; i < replayed.findings && i < HF_FINDINGS_MAX; i++) {
        if (strstr(replayed.finding[i].text, text))
            return true;
    }
    return false;
}

/* {"sha1": {"0": "hex", ...}, ...}: gives how many values were compared */
static unsigned want_banks(const char *banks)
{
    unsigned n = 0;

    for (const char *bank = json_first(banks); bank; bank = json_next(bank)) {
        uint16_t alg = alg_named(json_word(bank));

        bank = json_next(bank);
        for (const char *pcr = json_first(bank); pcr; pcr = json_next(pcr)) {
            unsigned number = (unsigned)json_number(pcr + 1);

            pcr = json_next(pcr);
            want_hex(alg, number, json_word(pcr));
            n++;
        }
    }
    return n;
}

TEST(logs_of_cloud_machines_and_workstations_reach_their_values)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    const char *expected;
    unsigned logs = 0, values = 0;

    NEED_VECTORS();
    expected = vector_text("tpm/eventlogs/go-tpm-tools.expected.json", &file);
    for (const char *log = json_first(expected); log; log = json_next(log)) {
        struct hf_bytes name = json_word(log);
        char path[256];

        (void)snprintf(path, sizeof(path), "tpm/eventlogs/gotpmtools-%.*s.bin", (int)name.n, (const char *)name.p);
        replay_file(path);
        log = json_next(log);
        values += want_banks(json_key(log, "pcrs"));
        CHECK(replayed.kind == HF_EVENTLOG_TPM);
        logs++;
    }
    CHECK(logs == 10 && values >= 150);
}

/* An attestation dump: {"Log": {"PCRs": [{"Index", "Digest", "DigestAlg"}], "Raw"}}; gives the values
 * that the log explains; all others must be what they were at reset */
static unsigned want_dump(const char *name, uint32_t not_in_log)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
    const char *log;
    unsigned n = 0;

    CASE(name);
    log = json_key(vector_text(name, &file), "Log");
    OK(hf_base64_parse(json_word(json_key(log, "Raw")), &raw));
    OK(hf_eventlog_replay(hf_buf_bytes(&raw), &replayed));
    for (const char *pcr = json_first(json_key(log, "PCRs")); pcr; pcr = json_next(pcr)) {
        HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
        unsigned number = (unsigned)json_number(json_key(pcr, "Index"));
        uint8_t reset[HF_PCR_SIZE_MAX];

        OK(hf_base64_parse(json_word(json_key(pcr, "Digest")), &value));
        if (hf_pcrs_value(&replayed.pcrs, HF_SHA1, number).n) {
            want_value(HF_SHA1, number, hf_buf_bytes(&value));
            n++;
            continue;
        }
        hf_pcr_reset_value(number, value.n, reset);
        if (!(not_in_log & 1u << number) && memcmp(value.p, reset, value.n) != 0)
            FAIL("PCR %u is extended, but not in the log", number);
    }
    return n;
}

TEST(the_sha1_logs_of_attestation_dumps_reach_their_values)
{
    NEED_VECTORS();
    CHECK(want_dump("tpm/eventlogs/goattest-windows_gcp_shielded_vm.json", 0) >= 8);
    CHECK(!replayed.agile);
    CHECK(want_dump("tpm/eventlogs/goeventlog-linux_tpm12.json", 1u << 10 /* IMA */ | 1u << 17 | 1u << 18) >= 8);
    CHECK(!replayed.agile);
}

TEST(a_log_with_windows_trust_boundary_events_is_read_to_its_end)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    const char *list;
    unsigned n = 0;

    NEED_VECTORS();
    replay_file("tpm/eventlogs/goattest-option_rom.bin");
    list = json_key(json_key(vector_text("tpm/eventlogs/goattest.expected.json", &file), "option_rom"), "sha1_or_alg");
    for (const char *row = json_first(list); row; row = json_next(row)) {
        const char *pcr = json_first(row);

        want_hex(HF_SHA1, (unsigned)json_number(pcr), json_word(json_next(pcr)));
        n++;
    }
    CHECK(n == 8);
}

/* The part of tpm2_eventlog's YAML behind "pcrs:": "  sha1:", "    0  : 0x..." */
static unsigned want_yaml(const char *yaml)
{
    const char *at = strstr(yaml, "\npcrs:");
    uint16_t alg = 0;
    unsigned n = 0;

    CHECK(at != NULL);
    for (at = strchr(at + 1, '\n'); at && at[1]; at = strchr(at + 1, '\n')) {
        size_t indent = strspn(at + 1, " ");
        const char *word = at + 1 + indent;
        const char *value = strstr(word, "0x");

        if (indent == 2) {
            alg = alg_named((struct hf_bytes){(const uint8_t *)word, strcspn(word, ":")});
        } else if (indent == 4 && value) {
            value += 2;
            want_hex(alg, (unsigned)strtoul(word, NULL, 10),
                     (struct hf_bytes){(const uint8_t *)value, strcspn(value, "\n")});
            n++;
        }
    }
    return n;
}

TEST(logs_parsed_by_tpm2_tools_reach_the_same_values)
{
    static const struct {
        const char *name;
        unsigned values;
    } cases[] = {
        {"event-gce-ubuntu-2104-log", 33}, {"event-postcode", 20},  {"event-sd-boot-fedora37", 10},
        {"event-uefi-sha1-log", 8},        {"event-uefiaction", 2}, {"event-uefivar", 2},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
        char path[256];
        unsigned n;

        (void)snprintf(path, sizeof(path), "tpm/eventlogs/tpm2tools-%s.bin", cases[i].name);
        replay_file(path);
        (void)snprintf(path, sizeof(path), "tpm/eventlogs/tpm2tools-%s.raw.yaml", cases[i].name);
        n = want_yaml(vector_text(path, &file));
        if (n < cases[i].values)
            FAIL("%u values compared, at least %u wanted", n, cases[i].values);
    }
}

TEST(a_hardware_root_of_trust_starts_pcr_0_at_locality_4)
{
    NEED_VECTORS();
    replay_file("tpm/eventlogs/tss-binary_measurements_hcrtm.b64");
    CHECK(replayed.locality == 4);
    want_hex(HF_SHA1, 0, hf_bytes_text("15f4e6ca457d1af6bc49511a93ba3500ad69acc5"));
}

TEST(vendor_information_that_the_header_does_not_count_is_read_and_noted)
{
    NEED_VECTORS();
    replay_file("tpm/eventlogs/tpm2tools-specid-vendordata.bin");
    CHECK(replayed.events == 1);
    CHECK(has_finding("vendor information"));
}

TEST(logs_without_stated_values_are_read_to_their_end)
{
    static const char *const names[] = {
        "goattest-ebs_event_missing.bin",
        "goattest-ubuntu_2104_no_secure_boot.bin",
        "goattest-coreos36_no_secure_boot.bin",
        "keylime-binary_bios_measurements.bin",
        "keylime-binary_bios_measurements-secureboot.bin",
        "keylime-mb_log.b64",
        "rustkeylime-uefi_log.bin",
        "tss-binary_measurements_nuc.b64",
        "goeventlog-cos113-tdx-dupe-separator.bin",
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(names); i++) {
        char path[256];

        (void)snprintf(path, sizeof(path), "tpm/eventlogs/%s", names[i]);
        replay_file(path);
        CHECK(replayed.events > 4);
    }
}

TEST(ccel_logs_reach_their_rtmrs)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    unsigned logs = 0;

    NEED_VECTORS();
    for (const char *item = json_first(vector_text("evidence/tdx/ccel/cases.json", &file)); item;
         item = json_next(item)) {
        struct hf_bytes name = json_word(json_key(item, "file"));
        const char *rtmrs = json_key(item, "rtmr");
        char path[256];
        unsigned n = 0;

        (void)snprintf(path, sizeof(path), "evidence/%.*s", (int)name.n, (const char *)name.p);
        replay_file(path);
        CHECK(replayed.kind == HF_EVENTLOG_CC);
        for (const char *rtmr = rtmrs ? json_first(rtmrs) : NULL; rtmr; rtmr = json_next(rtmr)) {
            n++;
            if (hf_pcrs_value(&replayed.pcrs, replayed.pcrs.bank[0].alg, n).n)
                want_hex(replayed.pcrs.bank[0].alg, n, json_word(rtmr));
        }
        logs++;
    }
    CHECK(logs == 9);
}

TEST(what_careful_readers_note_is_noted)
{
    static const struct {
        const char *name;
        const char *finding;
    } cases[] = {
        {"gotpmtools-arch-linux-workstation.bin", "variable SecureBoot has 0 bytes"},
        {"gotpmtools-arch-linux-workstation.bin", "EFI application before firmware"},
        {"gotpmtools-gdc-host.bin", "EFI application before firmware"},
        {"goeventlog-cos113-tdx-dupe-separator.bin", "a second separator"},
        {"rustkeylime-uefi_log.bin", "event type 0x00008401"},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        char path[256];

        (void)snprintf(path, sizeof(path), "tpm/eventlogs/%s", cases[i].name);
        replay_file(path);
        if (!has_finding(cases[i].finding))
            FAIL("not noted: %s", cases[i].finding);
    }
    replay_file("tpm/eventlogs/gotpmtools-ubuntu-2104-no-dbx.bin");
    CHECK(replayed.findings == 0);
    CHECK(replayed.digests_checked > 100);
}

static const char *const log_files[] = {
    "tpm/eventlogs/tpm2tools-event-sd-boot-fedora37.bin",
    "tpm/eventlogs/tpm2tools-event-uefi-sha1-log.bin",
    "tpm/eventlogs/goattest-option_rom.bin",
    "evidence/tdx/ccel/ccel-small-19.bin",
    "evidence/tdx/ccel/ccel-csv-sm3.bin",
    "tpm/eventlogs/tpm2tools-specid-vendordata.bin",
};

TEST(events_written_again_give_the_same_bytes)
{
    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(log_files); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        struct hf_tcg_log log;
        struct hf_tcg_event event;

        CASE(log_files[i]);
        vector(log_files[i], &in);
        OK(hf_tcg_log_open(hf_buf_bytes(&in), &log));
        while (hf_tcg_log_next(&log, &event))
            OK(hf_tcg_event_write(&log, &event, &again));
        OK(hf_tcg_log_end(&log));
        OK(hf_buf_add(&again, log.padding));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&in));
    }
}

/* A cut log is refused, except where the cut lies between two events. */
TEST(a_cut_log_is_refused_or_ends_between_events)
{
    NEED_VECTORS();
    for (size_t i = 0; i < 4; i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        size_t accepted = 0, events = 0;
        struct hf_tcg_log log;
        struct hf_tcg_event event;

        CASE(log_files[i]);
        vector(log_files[i], &in);
        OK(hf_tcg_log_open(hf_buf_bytes(&in), &log));
        while (hf_tcg_log_next(&log, &event))
            events++;
        for (size_t n = 0; n < in.n; n++) {
            if (hf_tcg_log_open((struct hf_bytes){in.p, n}, &log) != HF_OK)
                continue;
            while (hf_tcg_log_next(&log, &event))
                ;
            accepted += hf_tcg_log_end(&log) == HF_OK;
        }
        if (accepted > events)
            FAIL("%zu cuts of a log of %zu events were accepted", accepted, events);
    }
}

TEST(every_event_of_every_log_can_be_described)
{
    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(log_files); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        struct hf_tcg_log log;
        struct hf_tcg_event event;

        CASE(log_files[i]);
        vector(log_files[i], &in);
        OK(hf_tcg_log_open(hf_buf_bytes(&in), &log));
        while (hf_tcg_log_next(&log, &event)) {
            HF_CLEANUP(hf_buf_free) struct hf_buf line = {0};

            OK(hf_tcg_event_describe(&event, &line));
            CHECK(line.n > 0);
            for (size_t b = 0; b < line.n; b++)
                CHECK(line.p[b] >= ' ');
        }
    }
}

TESTS(RUN(logs_of_cloud_machines_and_workstations_reach_their_values),
      RUN(the_sha1_logs_of_attestation_dumps_reach_their_values),
      RUN(a_log_with_windows_trust_boundary_events_is_read_to_its_end),
      RUN(logs_parsed_by_tpm2_tools_reach_the_same_values), RUN(a_hardware_root_of_trust_starts_pcr_0_at_locality_4),
      RUN(vendor_information_that_the_header_does_not_count_is_read_and_noted),
      RUN(logs_without_stated_values_are_read_to_their_end), RUN(ccel_logs_reach_their_rtmrs),
      RUN(what_careful_readers_note_is_noted), RUN(events_written_again_give_the_same_bytes),
      RUN(a_cut_log_is_refused_or_ends_between_events), RUN(every_event_of_every_log_can_be_described))
