/* evidence/sgx_report, evidence/td_report, and what their verifiers say. */
#include "crypto/hash.h"
#include "evidence/sgx_report.h"
#include "evidence/table.h"
#include "evidence/td_report.h"
#include "inspected.h"
#include "judged.h"

static void fill(void *place, size_t n, uint8_t first)
{
    uint8_t *p = (uint8_t *)place;

    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(first + i);
}

static void make_sgx(struct hf_sgx_report *r)
{
    *r = (struct hf_sgx_report){.body = {.misc_select = 1,
                                         .flags = HF_SGX_FLAG_INIT | HF_SGX_FLAG_MODE64,
                                         .xfrm = 0xe7,
                                         .isv_prod_id = 0x1234,
                                         .isv_svn = 0x5678,
                                         .config_svn = 0x9abc}};
    fill(r->body.cpu_svn, sizeof(r->body.cpu_svn), 1);
    fill(r->body.mr_enclave, sizeof(r->body.mr_enclave), 2);
    fill(r->body.mr_signer, sizeof(r->body.mr_signer), 3);
    fill(r->body.config_id, sizeof(r->body.config_id), 4);
    fill(r->body.report_data, sizeof(r->body.report_data), 5);
    fill(r->body.isv_family_id, sizeof(r->body.isv_family_id), 6);
    fill(r->body.isv_ext_prod_id, sizeof(r->body.isv_ext_prod_id), 7);
    fill(r->key_id, sizeof(r->key_id), 8);
    fill(r->mac, sizeof(r->mac), 9);
}

/* A TDREPORT with right hashes. */
static void make_td(struct hf_tdreport *t, uint8_t out[HF_TDREPORT_SIZE])
{
    *t = (struct hf_tdreport){.type = 0x81, .version = 1, .valid = 0x301ff};
    t->body = (struct hf_td_body){.v15 = true, .td_attributes = HF_TD_ATTR_SEPT_VE_DISABLE, .xfam = 0xe7};
    fill(t->body.mr_td, HF_TD_HASH, 1);
    fill(t->body.rtmr[0], HF_TD_HASH, 2);
    fill(t->body.rtmr[3], HF_TD_HASH, 3);
    fill(t->body.mr_servicetd, HF_TD_HASH, 4);
    fill(t->body.tee_tcb_svn, 16, 5);
    fill(t->body.tee_tcb_svn_2, 16, 6);
    fill(t->body.report_data, 64, 7);
    fill(t->mac, sizeof(t->mac), 8);
    hf_tdreport_write(t, out);
    OK(hf_tdreport_hashes((struct hf_bytes){out, HF_TDREPORT_SIZE}, t->tcb_info_hash, t->td_info_hash));
    hf_tdreport_write(t, out);
}

TEST(an_sgx_report_is_written_as_it_is_read)
{
    uint8_t report[HF_SGX_REPORT_SIZE], again[HF_SGX_REPORT_SIZE];
    struct hf_sgx_report r, read;
    struct hf_sgx_body body;

    make_sgx(&r);
    hf_sgx_report_write(&r, report);
    OK(hf_sgx_report_parse(HF_BYTES_OF(report), &read));
    CHECK(memcmp(&r, &read, sizeof(r)) == 0);
    hf_sgx_report_write(&read, again);
    CHECK_BYTES(HF_BYTES_OF(again), HF_BYTES_OF(report));
    OK(hf_sgx_body_parse((struct hf_bytes){report, HF_SGX_BODY_SIZE}, &body));
    CHECK(body.isv_prod_id == 0x1234 && body.isv_svn == 0x5678 && body.config_svn == 0x9abc);
    /* where the specification puts them */
    CHECK(report[64] == 2 && report[128] == 3 && report[192] == 4 && report[256] == 0x34 && report[258] == 0x78 &&
          report[260] == 0xbc && report[304] == 6 && report[320] == 5 && report[384] == 8 && report[416] == 9);
}

TEST(a_report_is_read_whole_and_with_zeros_where_they_must_be)
{
    static const struct {
        const char *name;
        size_t size;  /* bytes offered */
        size_t dirty; /* offset of a byte set to 1, or 0 for none */
        hf_err want;
    } cases[] = {
        {"an exact report", 432, 0, HF_OK},
        {"one byte short", 431, 0, HF_E_TRUNCATED},
        {"nothing", 0, 0, HF_E_TRUNCATED},
        {"one byte too many", 433, 0, HF_E_TRAILING},
        {"reserved, first", 432, 21, HF_E_FORMAT},
        {"reserved, before ISVEXTPRODID", 432, 31, HF_E_FORMAT},
        {"reserved behind MRENCLAVE", 432, 96, HF_E_FORMAT},
        {"reserved before MRSIGNER", 432, 127, HF_E_FORMAT},
        {"reserved behind MRSIGNER", 432, 160, HF_E_FORMAT},
        {"reserved before CONFIGID", 432, 191, HF_E_FORMAT},
        {"reserved behind CONFIGSVN", 432, 262, HF_E_FORMAT},
        {"reserved before ISVFAMILYID", 432, 303, HF_E_FORMAT},
        {"CET attributes", 432, 20, HF_OK},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t report[HF_SGX_REPORT_SIZE + 1] = {0};
        struct hf_sgx_report r;

        CASE(cases[i].name);
        make_sgx(&r);
        hf_sgx_report_write(&r, report);
        if (cases[i].dirty)
            report[cases[i].dirty] = 1;
        FAILS(hf_sgx_report_parse((struct hf_bytes){report, cases[i].size}, &r), cases[i].want);
    }
}

TEST(targetinfo_is_written_as_it_is_read)
{
    uint8_t target[HF_SGX_TARGETINFO_SIZE], again[HF_SGX_TARGETINFO_SIZE];
    struct hf_sgx_targetinfo t = {.flags = 7, .xfrm = 3, .cet = 1, .config_svn = 2, .misc_select = 3}, read;
    static struct inspected told;

    fill(t.mr_enclave, 32, 1);
    fill(t.config_id, 64, 2);
    hf_sgx_targetinfo_write(&t, target);
    OK(hf_sgx_targetinfo_parse(HF_BYTES_OF(target), &read));
    hf_sgx_targetinfo_write(&read, again);
    CHECK_BYTES(HF_BYTES_OF(again), HF_BYTES_OF(target));
    CHECK(target[32] == 7 && target[50] == 2 && target[52] == 3 && target[64] == 2);
    OK(inspected(HF_BYTES_OF(target), hf_sgx_targetinfo_inspect, &told));
    CHECK(strstr(told.text, "INIT DEBUG MODE64BIT"));
    for (size_t i = 128; i < sizeof(target); i += 51) {
        target[i] = 1;
        FAILS(hf_sgx_targetinfo_parse(HF_BYTES_OF(target), &read), HF_E_FORMAT);
        target[i] = 0;
    }
    FAILS(hf_sgx_targetinfo_parse((struct hf_bytes){target, 511}, &read), HF_E_TRUNCATED);
}

TEST(td_bodies_and_tdreports_are_written_as_they_are_read)
{
    uint8_t whole[HF_TDREPORT_SIZE], again[HF_TDREPORT_SIZE];
    struct hf_tdreport t, read;
    struct hf_td_body body;

    make_td(&t, whole);
    OK(hf_tdreport_parse(HF_BYTES_OF(whole), &read));
    hf_tdreport_write(&read, again);
    CHECK_BYTES(HF_BYTES_OF(again), HF_BYTES_OF(whole));
    CHECK(read.body.rtmr[3][0] == 3 && whole[864] == 3 && whole[912] == 4 && whole[384] == 6 && whole[224] == 8);
    for (size_t n = 0; n < sizeof(whole); n++)
        FAILS(hf_tdreport_parse((struct hf_bytes){whole, n}, &read), HF_E_TRUNCATED);
    for (unsigned v15 = 0; v15 < 2; v15++) {
        size_t size = v15 ? HF_TD_BODY_15_SIZE : HF_TD_BODY_10_SIZE;

        t.body.v15 = v15;
        CHECK(hf_td_body_write(&t.body, whole) == size);
        OK(hf_td_body_parse((struct hf_bytes){whole, size}, &body));
        CHECK(body.v15 == v15 && hf_td_body_write(&body, again) == size && memcmp(whole, again, size) == 0);
        FAILS(hf_td_body_parse((struct hf_bytes){whole, size - 1}, &body), HF_E_TRUNCATED);
    }
    FAILS(hf_td_body_parse((struct hf_bytes){whole, HF_TD_BODY_15_SIZE + 1}, &body), HF_E_TRAILING);
}

TEST(a_tdreport_that_does_not_fit_is_refused)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t to;
        hf_err want;
    } cases[] = {
        {"an SGX report type", 0, 0, HF_E_UNSUPPORTED},
        {"a subtype", 1, 1, HF_E_UNSUPPORTED},
        {"version 2", 2, 2, HF_E_UNSUPPORTED},
        {"reserved", 3, 1, HF_E_FORMAT},
        {"reserved", 15, 1, HF_E_FORMAT},
        {"reserved", 192, 1, HF_E_FORMAT},
        {"reserved", 223, 1, HF_E_FORMAT},
        {"reserved", 400, 1, HF_E_FORMAT},
        {"reserved", 511, 1, HF_E_FORMAT},
        {"reserved", 960, 1, HF_E_FORMAT},
        {"reserved", 1023, 1, HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t whole[HF_TDREPORT_SIZE];
        static struct inspected told;
        struct hf_tdreport t;

        CASE(cases[i].name);
        make_td(&t, whole);
        whole[cases[i].at] = cases[i].to;
        FAILS(hf_tdreport_parse(HF_BYTES_OF(whole), &t), cases[i].want);
        FAILS(inspected(HF_BYTES_OF(whole), hf_td_report_inspect, &told), cases[i].want);
        CHECK(strstr(told.text, "TDINFO.RTMR3"));
    }
}

TEST(kinds_are_known_by_their_bytes)
{
    uint8_t td[HF_TDREPORT_SIZE], body[HF_TD_BODY_15_SIZE], sgx[HF_SGX_REPORT_SIZE];
    static const uint8_t zero[1024] = {0};
    const struct hf_evidence_format *format = NULL;
    struct hf_sgx_report r;
    struct hf_tdreport t;

    make_sgx(&r);
    hf_sgx_report_write(&r, sgx);
    make_td(&t, td);
    (void)hf_td_body_write(&t.body, body);
    const struct {
        const char *name;
        struct hf_bytes in;
        const char *want; /* NULL: nothing */
    } cases[] = {
        {"REPORT", HF_BYTES_OF(sgx), "sgx-report"},           {"a body", {sgx, HF_SGX_BODY_SIZE}, "sgx-report"},
        {"TDREPORT", HF_BYTES_OF(td), "td-report"},           {"a 1.0 body", {body, HF_TD_BODY_10_SIZE}, "td-report"},
        {"a 1.5 body", HF_BYTES_OF(body), "td-report"},       {"a REPORT cut", {sgx, 431}, NULL},
        {"zeros of a REPORT's length", {zero, 432}, NULL},    {"zeros of a body's length", {zero, 584}, NULL},
        {"zeros of a TDREPORT's length", {zero, 1024}, NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        if (!cases[i].want) {
            FAILS(hf_evidence_detect(cases[i].in, NULL, &format), HF_E_FORMAT);
            continue;
        }
        OK(hf_evidence_detect(cases[i].in, NULL, &format));
        CHECK_TEXT(format->name, cases[i].want);
    }
}

TEST(a_local_report_is_told_and_never_trusted)
{
    HF_CLEANUP(judged_free) struct judged j = {0};
    uint8_t sgx[HF_SGX_REPORT_SIZE], td[HF_TDREPORT_SIZE];
    struct hf_sgx_report r;
    struct hf_tdreport t;

    judged_new(&j);
    make_sgx(&r);
    hf_sgx_report_write(&r, sgx);
    judged_nonce(&j, HF_BYTES_OF(r.body.report_data));
    FAILS(judge_one(&j, HF_BYTES_OF(sgx)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "structure", HF_CHECK_OK);
    CHECK_ROW(&j, "signature", HF_CHECK_FAILED);
    CHECK_ROW(&j, "reserved bits", HF_CHECK_OK);
    CHECK_ROW(&j, "debug", HF_CHECK_OK);
    CHECK_ROW(&j, "nonce", HF_CHECK_OK);
    check_claim(&j, "isv_svn", "22136");
    check_claim(&j, "attributes", "0500000000000000e700000000000000");

    make_td(&t, td);
    judged_nonce(&j, HF_BYTES_OF(t.body.report_data));
    FAILS(judge_one(&j, HF_BYTES_OF(td)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "signature", HF_CHECK_FAILED);
    CHECK_ROW(&j, "TEE_TCB_INFO hash", HF_CHECK_OK);
    CHECK_ROW(&j, "TEE_INFO hash", HF_CHECK_OK);
    CHECK_ROW(&j, "nonce", HF_CHECK_OK);
    check_claim(&j, "td_attributes", "0000001000000000");
}

TEST(each_field_of_a_report_that_is_wrong_fails_its_row)
{
    static const struct {
        const char *name;
        size_t at; /* of a TDREPORT */
        uint8_t to;
        const char *row;
        enum hf_check_status want;
    } cases[] = {
        {"MRSEAM", 290, 1, "TEE_TCB_INFO hash", HF_CHECK_FAILED},
        {"MRTD", 530, 1, "TEE_INFO hash", HF_CHECK_FAILED},
        {"debug", 512, 1, "debug", HF_CHECK_FAILED},
        {"profiling", 512, 0x20, "debug", HF_CHECK_FAILED},
        {"a reserved attribute", 513, 1, "reserved bits", HF_CHECK_FAILED},
        {"migratable", 515, 0x30, "migration", HF_CHECK_FAILED},
        {"no SEPT_VE_DISABLE", 515, 0, "sept ve disable", HF_CHECK_NOT_APPLICABLE},
        {"a version", 2, 9, "structure", HF_CHECK_FAILED},
    };
    HF_CLEANUP(judged_free) struct judged j = {0};

    judged_new(&j);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t td[HF_TDREPORT_SIZE];
        struct hf_tdreport t;

        CASE(cases[i].name);
        make_td(&t, td);
        td[cases[i].at] = cases[i].to;
        FAILS(judge_one(&j, HF_BYTES_OF(td)), HF_E_UNTRUSTED);
        CHECK_ROW(&j, cases[i].row, cases[i].want);
    }
}

TESTS(RUN(an_sgx_report_is_written_as_it_is_read), RUN(a_report_is_read_whole_and_with_zeros_where_they_must_be),
      RUN(targetinfo_is_written_as_it_is_read), RUN(td_bodies_and_tdreports_are_written_as_they_are_read),
      RUN(a_tdreport_that_does_not_fit_is_refused), RUN(kinds_are_known_by_their_bytes),
      RUN(a_local_report_is_told_and_never_trusted), RUN(each_field_of_a_report_that_is_wrong_fails_its_row))
