/* Saved IAS reports: both forms, what the service said, and never more than a warning. */
#include "codec/base64.h"
#include "codec/json.h"
#include "evidence/ias_report.h"
#include "evidence/sgx_report.h"
#include "evidence/table.h"
#include "inspected.h"
#include "judged.h"
#include "testca.h"

/* A service of our own and one report by it. RSA keys cost time: made once. */
static struct testca root, signer;
static struct hf_buf chain;

static void service(void)
{
    if (chain.n)
        return;
    OK(testca_new(&(struct testca_spec){.subject = "CN=Report Signing CA",
                                        .ca = true,
                                        .rsa_bits = 2048,
                                        .key_usage = HF_KU_CERT_SIGN | HF_KU_CRL_SIGN},
                  NULL, &root));
    OK(testca_new(
        &(struct testca_spec){.subject = "CN=Report Signing", .rsa_bits = 2048, .key_usage = HF_KU_DIGITAL_SIGNATURE},
        &root, &signer));
    OK(hf_cert_to_pem(signer.cert, &chain));
    OK(hf_cert_to_pem(root.cert, &chain));
}

struct report_spec {
    const char *status;    /* NULL: "OK" */
    const char *timestamp; /* NULL: a good one */
    uint64_t flags;        /* 0: INIT, 64 bits */
    size_t quote_size;     /* 0: 432 */
    const char *advisory;
};

static void make(const struct report_spec *spec, struct hf_ias_report *out)
{
    static const struct hf_sig_alg alg = {.scheme = HF_SIG_RSASSA, .hash = HF_SHA256};
    struct hf_sgx_body body = {.flags = spec->flags ? spec->flags : HF_SGX_FLAG_INIT | HF_SGX_FLAG_MODE64, .xfrm = 3};
    uint8_t quote[HF_IAS_QUOTE_SIZE] = {2, 0, 1, 0};
    struct hf_json j = hf_json(&out->body, false);

    service();
    memset(body.mr_enclave, 0xe1, sizeof(body.mr_enclave));
    memset(body.report_data, 0x33, 20);
    hf_sgx_body_write(&body, quote + 48);
    hf_json_object(&j, NULL);
    hf_json_text(&j, "id", "165171271757108173876306223827987629752");
    hf_json_text(&j, "timestamp", spec->timestamp ? spec->timestamp : "2024-09-29T10:07:26.711023");
    hf_json_u64(&j, "version", 4);
    hf_json_text(&j, "isvEnclaveQuoteStatus", spec->status ? spec->status : "OK");
    hf_json_base64(&j, "isvEnclaveQuoteBody",
                   (struct hf_bytes){quote, spec->quote_size ? spec->quote_size : sizeof(quote)});
    if (spec->advisory) {
        hf_json_array(&j, "advisoryIDs");
        hf_json_text(&j, NULL, spec->advisory);
        hf_json_text(&j, NULL, "INTEL-SA-00615");
        hf_json_close(&j);
    }
    hf_json_close(&j);
    OK(hf_json_end(&j));
    OK(hf_privkey_sign_message(signer.key, &alg, hf_buf_bytes(&out->body), &out->signature));
    OK(hf_buf_add(&out->chain, hf_buf_bytes(&chain)));
}

static void add_text(struct hf_buf *out, const char *text)
{
    OK(hf_buf_add(out, hf_bytes_text(text)));
}

/* As curl -i saves it. */
static void response(const struct hf_ias_report *r, struct hf_buf *out)
{
    add_text(out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-IASReport-Signature: ");
    OK(hf_base64_write(hf_buf_bytes(&r->signature), out));
    add_text(out, "\r\nx-iasreport-signing-certificate: ");
    for (size_t i = 0; i < r->chain.n; i++) {
        char c[4];

        (void)snprintf(c, sizeof(c), strchr("\n =+/", r->chain.p[i]) ? "%%%02X" : "%c", r->chain.p[i]);
        add_text(out, c);
    }
    add_text(out, "\r\n\r\n");
    OK(hf_buf_add(out, hf_buf_bytes(&r->body)));
}

static void trust(struct judged *j)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};

    service();
    judged_new(j);
    OK(hf_verifier_add_root(j->verifier, root.cert->der, "ca.der"));
    OK(testca_crl(&(struct testca_crl_spec){0}, &root, &crl));
    OK(hf_verifier_add_collateral(j->verifier, hf_buf_bytes(&crl), "ca.crl"));
}

TEST(both_forms_are_read_as_the_same_report)
{
    HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0}, one = {0}, two = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0}, http = {0};
    const struct hf_evidence_format *format = NULL;
    static struct inspected told;

    make(&(struct report_spec){.advisory = "INTEL-SA-00334"}, &r);
    OK(hf_ias_report_write(&r, &json));
    response(&r, &http);
    OK(hf_ias_report_parse(hf_buf_bytes(&json), &one));
    OK(hf_ias_report_parse(hf_buf_bytes(&http), &two));
    CHECK_BYTES(hf_buf_bytes(&one.body), hf_buf_bytes(&r.body));
    CHECK_BYTES(hf_buf_bytes(&two.body), hf_buf_bytes(&r.body));
    CHECK_BYTES(hf_buf_bytes(&two.signature), hf_buf_bytes(&r.signature));
    CHECK_BYTES(hf_buf_bytes(&two.chain), hf_buf_bytes(&r.chain));
    CHECK_BYTES(hf_buf_bytes(&one.advisories), hf_bytes_text("INTEL-SA-00334,INTEL-SA-00615"));
    CHECK(one.at == 1727604446 && one.version == 4 && one.quote[48 + 64] == 0xe1);
    OK(hf_evidence_detect(hf_buf_bytes(&json), "sgx", &format));
    CHECK_TEXT(format->name, "ias-report");
    OK(hf_evidence_detect(hf_buf_bytes(&http), NULL, &format));
    CHECK_TEXT(format->name, "ias-report");
    OK(inspected(hf_buf_bytes(&http), format->inspect, &told));
    CHECK(strstr(told.text, "isvEnclaveQuoteStatus"));
}

TEST(what_the_service_said_is_told_and_is_a_warning_at_best)
{
    static const struct {
        const char *name;
        struct report_spec spec;
        hf_err want;
        const char *row;
        enum hf_check_status status;
    } cases[] = {
        {"all was well", {0}, HF_E_WARNED, "platform level", HF_CHECK_OK},
        {"updates were missing", {.status = "GROUP_OUT_OF_DATE"}, HF_E_WARNED, "platform level", HF_CHECK_WARNING},
        {"hardening", {.status = "SW_HARDENING_NEEDED"}, HF_E_WARNED, "platform level", HF_CHECK_WARNING},
        {"revoked", {.status = "GROUP_REVOKED"}, HF_E_UNTRUSTED, "platform level", HF_CHECK_FAILED},
        {"a forged quote", {.status = "SIGNATURE_INVALID"}, HF_E_UNTRUSTED, "platform level", HF_CHECK_FAILED},
        {"a status that nobody knows", {.status = "FINE"}, HF_E_UNTRUSTED, "platform level", HF_CHECK_FAILED},
        {"advisories", {.advisory = "INTEL-SA-00334"}, HF_E_WARNED, "advisories", HF_CHECK_WARNING},
        {"debug", {.flags = 7}, HF_E_UNTRUSTED, "debug", HF_CHECK_FAILED},
        {"a quote of another size", {.quote_size = 431}, HF_E_UNTRUSTED, "structure", HF_CHECK_FAILED},
        {"no time", {.timestamp = "yesterday at noon, sharp"}, HF_E_UNTRUSTED, "structure", HF_CHECK_FAILED},
    };
    HF_CLEANUP(judged_free) struct judged j = {0};
    uint8_t nonce[20];

    trust(&j);
    memset(nonce, 0x33, sizeof(nonce));
    judged_nonce(&j, HF_BYTES_OF(nonce));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

        CASE(cases[i].name);
        make(&cases[i].spec, &r);
        OK(hf_ias_report_write(&r, &json));
        FAILS(judge_one(&j, hf_buf_bytes(&json)), cases[i].want);
        CHECK_ROW(&j, cases[i].row, cases[i].status);
        CHECK_ROW(&j, "service", HF_CHECK_WARNING);
        if (cases[i].want == HF_E_WARNED) {
            CHECK_ROW(&j, "signature", HF_CHECK_OK);
            CHECK_ROW(&j, "nonce", HF_CHECK_OK);
            CHECK_ROW(&j, "revocation", HF_CHECK_OK);
            check_claim(&j, "mrenclave", "e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1");
        }
    }
}

TEST(nothing_that_was_changed_passes)
{
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0};
    struct hf_buf *parts[] = {&r.body, &r.signature, &r.chain};

    trust(&j);
    make(&(struct report_spec){0}, &r);
    for (size_t p = 0; p < HF_COUNT(parts); p++) {
        for (size_t at = 0; at < parts[p]->n; at += p == 2 ? 401 : 37) {
            HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
            hf_err err;

            if (parts[p]->p[at] == '\n' || parts[p]->p[at] == '-') /* line ends and frames of PEM are no content */
                continue;
            parts[p]->p[at] ^= 1;
            OK(hf_ias_report_write(&r, &json));
            err = judge_one(&j, hf_buf_bytes(&json));
            /* the root's own copy in the chain is not needed: the pinned one vouches */
            if (err == HF_E_WARNED && !(p == 2 && at > 1200))
                FAIL("part %zu, byte %zu: %s", p, at, hf_verify_result_verdict(j.result));
            parts[p]->p[at] ^= 1;
        }
    }
}

TEST(a_root_that_is_not_pinned_is_not_trusted)
{
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

    judged_new(&j);
    make(&(struct report_spec){0}, &r);
    OK(hf_ias_report_write(&r, &json));
    FAILS(judge_one(&j, hf_buf_bytes(&json)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "signature", HF_CHECK_OK);
    CHECK_ROW(&j, "root", HF_CHECK_FAILED);
}

TEST(what_is_no_report_is_refused)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"nothing", ""},
        {"another object", "{\"report\":1,\"signature\":\"\",\"certificates\":\"\"}"},
        {"a body that is no JSON", "{\"report\":\"AAAA\",\"signature\":\"AAAA\",\"certificates\":\"\"}"},
        {"a response without a body", "X-IASReport-Signature: AAAA\n\n"},
        {"a response with a wrong escape", "X-IASReport-Signature: AAAA\nX-IASReport-Signing-Certificate: %4\n\n{}"},
        {"a response with a wrong base64", "X-IASReport-Signature: A\n\n{}"},
        {"a body without members", "X-IASReport-Signature: AAAA\n\n{}"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0};

        CASE(cases[i].name);
        CHECK(hf_ias_report_parse(hf_bytes_text(cases[i].text), &r) != HF_OK);
        CHECK(r.body.n == 0);
    }
}

static hf_err parse_once(struct hf_bytes in)
{
    HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0};

    return hf_ias_report_parse(in, &r);
}

TEST(reading_survives_a_lack_of_memory)
{
    HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

    make(&(struct report_spec){.advisory = "INTEL-SA-00334"}, &r);
    OK(hf_ias_report_write(&r, &json));
    SWEEP(parse_once(hf_buf_bytes(&json)));
}

TEST(the_keys_are_freed)
{
    testca_free(&root);
    testca_free(&signer);
    hf_buf_free(&chain);
}

TESTS(RUN(both_forms_are_read_as_the_same_report), RUN(what_the_service_said_is_told_and_is_a_warning_at_best),
      RUN(nothing_that_was_changed_passes), RUN(a_root_that_is_not_pinned_is_not_trusted),
      RUN(what_is_no_report_is_refused), RUN(reading_survives_a_lack_of_memory), RUN(the_keys_are_freed))
