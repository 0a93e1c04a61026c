/* tpm/pcr, tpm/pcr_predict: registers of an embedded TPM, and what they will be. */
#include "test.h"
#include "tpm/pcr.h"
#include "tpm_rig.h"
#include "unhex.h"
#include "vectors.h"

/* H(0 || H("Measurement data")), computed with another program. */
#define GOLDEN_SHA256 "5433ed987346f859c05ade7a5382c819db4f04fd37c734749b6a11b19f50ab83"
#define GOLDEN_SHA384 "629454bce5222fea38f5f02ccdd618d7e14076e0e9cd778b27ae990d8e82ee406c7bab12e73d7239cae876c9e86f8ae6"

static struct hf_bytes text(const char *t)
{
    return hf_bytes_text(t);
}

TEST(data_is_extended_by_its_hash_into_every_bank)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
    struct hf_pcr_selection banks;

    OK(hf_tpm_pcr_banks(rig.tpm, &banks));
    CHECK(banks.n >= 2);
    OK(hf_tpm_extend_pcr(rig.tpm, 16, text("Measurement data")));
    OK(hf_tpm_read_pcr(rig.tpm, "sha256", 16, &value));
    CHECK_BYTES(hf_buf_bytes(&value), unhex(GOLDEN_SHA256));
    OK(hf_tpm_read_pcr(rig.tpm, NULL, 16, &value));
    CHECK_BYTES(hf_buf_bytes(&value), unhex(GOLDEN_SHA256));
    OK(hf_tpm_read_pcr(rig.tpm, "sha384", 16, &value));
    CHECK_BYTES(hf_buf_bytes(&value), unhex(GOLDEN_SHA384));
    OK(hf_tpm_pcr_reset(rig.tpm, 16));
    OK(hf_tpm_read_pcr(rig.tpm, "sha256", 16, &value));
    CHECK_BYTES(hf_buf_bytes(&value), unhex("0000000000000000000000000000000000000000000000000000000000000000"));
}

TEST(digests_extend_the_banks_they_are_given_for)
{
    TPM_RIG(rig);
    struct hf_pcr_change change = {.kind = HF_PCR_EXTEND};
    const uint16_t algs[] = {HF_SHA256, HF_SHA384};
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};

    OK(hf_pcr_change_data(text("Measurement data"), algs, 2, &change));
    OK(hf_tpm_extend_pcr_digests(rig.tpm, 23, change.digest, 1));
    OK(hf_tpm_read_pcr(rig.tpm, "sha256", 23, &value));
    CHECK_BYTES(hf_buf_bytes(&value), unhex(GOLDEN_SHA256));
    OK(hf_tpm_read_pcr(rig.tpm, "sha384", 23, &value));
    CHECK(value.p[0] == 0 && value.p[47] == 0);
    FAILS(hf_tpm_extend_pcr_digests(rig.tpm, 23, change.digest, 0), HF_E_ARG);
    change.digest[1] = change.digest[0];
    FAILS(hf_tpm_extend_pcr_digests(rig.tpm, 23, change.digest, 2), HF_E_ARG);
    CHECK_DETAIL("two digests");
    change.digest[0].n = 31;
    FAILS(hf_tpm_extend_pcr_digests(rig.tpm, 23, change.digest, 1), HF_E_ARG);
    CHECK_DETAIL("31 bytes");
    change.digest[0].alg = 0x1234;
    FAILS(hf_tpm_extend_pcr_digests(rig.tpm, 23, change.digest, 1), HF_E_UNSUPPORTED);
}

TEST(many_registers_are_read_at_once)
{
    TPM_RIG(rig);
    struct hf_pcrs all, some;

    OK(hf_tpm_extend_pcr(rig.tpm, 10, text("x")));
    OK(hf_tpm_read_pcrs(rig.tpm, NULL, &all));
    for (size_t i = 0; i < all.n; i++)
        CHECK(all.bank[i].mask == 0xffffff);
    OK(hf_tpm_read_pcrs(rig.tpm, "sha384:10+sha256:0,10,17", &some));
    CHECK(some.n == 2 && some.bank[0].alg == HF_SHA384 && some.bank[0].mask == 1u << 10);
    CHECK_BYTES(hf_pcrs_value(&some, HF_SHA384, 10), hf_pcrs_value(&all, HF_SHA384, 10));
    CHECK_BYTES(hf_pcrs_value(&some, HF_SHA256, 17), hf_pcrs_value(&all, HF_SHA256, 17));
    CHECK(hf_pcrs_value(&some, HF_SHA256, 17).p[0] == 0xff); /* no dynamic launch */
}

TEST(what_the_tpm_lacks_or_forbids_is_said)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
    struct hf_pcrs pcrs = {.n = 7};

    FAILS(hf_tpm_read_pcr(rig.tpm, "sha256", 24, &value), HF_E_ARG);
    FAILS(hf_tpm_read_pcr(rig.tpm, "md5", 0, &value), HF_E_UNSUPPORTED);
    FAILS(hf_tpm_read_pcr(rig.tpm, "sm3_256", 0, &value), HF_E_UNSUPPORTED);
    CHECK(value.n == 0);
    FAILS(hf_tpm_read_pcrs(rig.tpm, "sha256:0+sm3_256:1", &pcrs), HF_E_UNSUPPORTED);
    CHECK_DETAIL("sm3_256");
    FAILS(hf_tpm_read_pcrs(rig.tpm, "sha256:0,,1", &pcrs), HF_E_ARG);
    FAILS(hf_tpm_read_pcrs(rig.tpm, "", &pcrs), HF_E_ARG);
    CHECK(pcrs.n == 7);
    FAILS(hf_tpm_pcr_reset(rig.tpm, 0), HF_E_DENIED);
    CHECK_DETAIL("locality");
    FAILS(hf_tpm_pcr_reset(rig.tpm, 24), HF_E_ARG);
    FAILS(hf_tpm_extend_pcr(rig.tpm, 24, text("x")), HF_E_ARG);
    FAILS(hf_tpm_extend_pcr(rig.tpm, 17, text("x")), HF_E_DENIED);
}

TEST(a_prediction_from_now_is_what_the_tpm_then_has)
{
    TPM_RIG(rig);
    struct hf_pcrs now, predicted, then;
    struct hf_pcr_change changes[2] = {{.kind = HF_PCR_EXTEND, .at = 16}, {.kind = HF_PCR_EXTEND, .at = 23}};
    const uint16_t algs[] = {HF_SHA256, HF_SHA384};

    OK(hf_tpm_extend_pcr(rig.tpm, 16, text("before")));
    OK(hf_tpm_read_pcrs(rig.tpm, "sha256:16,23+sha384:16,23", &now));
    OK(hf_pcr_change_data(text("one"), algs, 2, &changes[0]));
    OK(hf_pcr_change_data(text("two"), algs, 2, &changes[1]));
    changes[1].n = 1; /* nothing for sha384 */
    OK(hf_pcr_predict_from(&now, changes, 2, &predicted));
    CHECK(hf_pcrs_value(&predicted, HF_SHA384, 23).n == 0);
    OK(hf_tpm_extend_pcr(rig.tpm, 16, text("one")));
    OK(hf_tpm_extend_pcr(rig.tpm, 23, text("two")));
    OK(hf_tpm_read_pcrs(rig.tpm, "sha256:16,23+sha384:16,23", &then));
    CHECK_BYTES(hf_pcrs_value(&predicted, HF_SHA256, 16), hf_pcrs_value(&then, HF_SHA256, 16));
    CHECK_BYTES(hf_pcrs_value(&predicted, HF_SHA256, 23), hf_pcrs_value(&then, HF_SHA256, 23));
    CHECK_BYTES(hf_pcrs_value(&predicted, HF_SHA384, 16), hf_pcrs_value(&then, HF_SHA384, 16));
    changes[0].kind = HF_PCR_REPLACE;
    FAILS(hf_pcr_predict_from(&now, changes, 1, &predicted), HF_E_ARG);
    changes[0].kind = HF_PCR_EXTEND;
    changes[0].at = 24;
    FAILS(hf_pcr_predict_from(&now, changes, 1, &predicted), HF_E_ARG);
    changes[0].at = 16;
    changes[0].n = 0;
    FAILS(hf_pcr_predict_from(&now, changes, 1, &predicted), HF_E_ARG);
}

/* The SHA-1 form: PCR 7, EV_SEPARATOR; PCR 8, EV_IPL. Digests and data are made up. */
#define OLD_LOG                                                                    \
    "07000000 04000000 9069ca78e7450a285173431b3e52c5c25299e473 04000000 00000000" \
    "08000000 0d000000 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 01000000 61"

TEST(a_replaced_event_keeps_its_place_and_others_their_values)
{
    struct hf_bytes log = unhex(OLD_LOG);
    struct hf_eventlog as_it_is, predicted, again;
    struct hf_pcr_change change = {.kind = HF_PCR_REPLACE, .at = 1, .n = 1, .digest = {{.alg = HF_SHA1, .n = 20}}};
    struct hf_pcrs zero = {.n = 1, .bank = {{.alg = HF_SHA1, .size = 20, .mask = 1u << 8}}};
    struct hf_pcrs want;

    memset(change.digest[0].bytes, 0xbb, 20);
    OK(hf_eventlog_replay(log, &as_it_is));
    OK(hf_pcr_predict(log, NULL, 0, &again));
    CHECK_BYTES(hf_pcrs_value(&again.pcrs, HF_SHA1, 8), hf_pcrs_value(&as_it_is.pcrs, HF_SHA1, 8));
    OK(hf_pcr_predict(log, &change, 1, &predicted));
    CHECK_BYTES(hf_pcrs_value(&predicted.pcrs, HF_SHA1, 7), hf_pcrs_value(&as_it_is.pcrs, HF_SHA1, 7));
    change.kind = HF_PCR_EXTEND;
    change.at = 8;
    OK(hf_pcr_predict_from(&zero, &change, 1, &want));
    CHECK_BYTES(hf_pcrs_value(&predicted.pcrs, HF_SHA1, 8), hf_pcrs_value(&want, HF_SHA1, 8));
    OK(hf_pcr_predict(log, &change, 1, &predicted));
    OK(hf_pcr_predict_from(&as_it_is.pcrs, &change, 1, &want));
    CHECK_BYTES(hf_pcrs_value(&predicted.pcrs, HF_SHA1, 8), hf_pcrs_value(&want, HF_SHA1, 8));
}

TEST(a_change_that_does_not_fit_the_log_is_refused)
{
    static const struct {
        const char *name;
        uint32_t at;
        uint16_t alg, n;
        hf_err want;
    } cases[] = {
        {"an event past the last", 2, HF_SHA1, 20, HF_E_NOT_FOUND},
        {"a bank that the log does not have", 1, HF_SHA256, 32, HF_E_ARG},
        {"a digest too short", 1, HF_SHA1, 19, HF_E_ARG},
        {"a hash that nobody knows", 1, 0x7777, 20, HF_E_ARG},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_pcr_change change = {
            .kind = HF_PCR_REPLACE, .at = cases[i].at, .n = 1, .digest = {{.alg = cases[i].alg, .n = cases[i].n}}};
        struct hf_eventlog out = {.events = 77};

        CASE(cases[i].name);
        FAILS(hf_pcr_predict(unhex(OLD_LOG), &change, 1, &out), cases[i].want);
        CHECK(out.events == 77);
    }
}

TEST(real_logs_predict_themselves)
{
    static const char *const logs[] = {
        "tpm/eventlogs/keylime-binary_bios_measurements.bin",
        "tpm/eventlogs/gotpmtools-debian-10.bin",
        "tpm/eventlogs/gotpmtools-cos-93-amd-sev.bin",
        "tpm/eventlogs/tpm2tools-event-uefi-sha1-log.bin",
        "tpm/eventlogs/rustkeylime-uefi_log.bin",
    };
    struct hf_eventlog as_it_is, predicted;
    struct hf_pcr_change change = {.kind = HF_PCR_REPLACE, .at = 0, .n = 1, .digest = {{.alg = HF_SHA1, .n = 20}}};

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(logs); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};

        CASE(logs[i]);
        vector(logs[i], &log);
        OK(hf_eventlog_replay(hf_buf_bytes(&log), &as_it_is));
        OK(hf_pcr_predict(hf_buf_bytes(&log), NULL, 0, &predicted));
        CHECK(as_it_is.pcrs.n > 0 && memcmp(&as_it_is.pcrs, &predicted.pcrs, sizeof(as_it_is.pcrs)) == 0);
        if (!as_it_is.agile)
            continue;
        FAILS(hf_pcr_predict(hf_buf_bytes(&log), &change, 1, &predicted), HF_E_ARG); /* the header is not measured */
        CHECK_DETAIL("EV_NO_ACTION");
    }
}

TESTS(RUN(data_is_extended_by_its_hash_into_every_bank), RUN(digests_extend_the_banks_they_are_given_for),
      RUN(many_registers_are_read_at_once), RUN(what_the_tpm_lacks_or_forbids_is_said),
      RUN(a_prediction_from_now_is_what_the_tpm_then_has),
      RUN(a_replaced_event_keeps_its_place_and_others_their_values), RUN(a_change_that_does_not_fit_the_log_is_refused),
      RUN(real_logs_predict_themselves))
