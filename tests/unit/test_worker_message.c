/* What parent and worker say to each other: whole, cut, changed. */
#include "policy/composite.h"
#include "test.h"
#include "worker/message.h"

/* ---- results ---- */

static void sample(struct hf_verify_result *r)
{
    struct hf_check *row;

    hf_verdict_start(&r->verdict);
    hf_horizon_start(&r->horizon);
    hf_horizon_narrow(&r->horizon, -5, 1000, "TCB info");
    row = hf_check(&r->verdict, "signature", HF_OK);
    hf_check_found(row, "%s", "ecdsa");
    row = hf_check(&r->verdict, "debug", hf_fail(HF_E_UNTRUSTED, "it is on"));
    hf_check_expected(row, "off");
    (void)hf_check_absent(&r->verdict, "revocation", "no list");
    (void)snprintf(r->policy, sizeof(r->policy), "strict");
    r->policy_sha256[31] = 9;
    r->has_nonce = true;
}

static void write_result(const struct hf_verify_result *r, struct hf_buf *out)
{
    struct hf_msg w = {.out = out};

    hf_msg_result(&w, r, false);
    OK(w.err);
}

TEST(a_result_arrives_as_it_was_sent)
{
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *sent = NULL;
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *got = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf wire = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf before = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf after = {0};
    const struct hf_verify_request q = {.at = 77, .has_nonce = true, .nonce = hf_bytes_text("fresh")};

    OK(hf_verify_result_new(&sent));
    OK(hf_verify_result_new(&got));
    sample(sent);
    sent->at = 77;
    sent->nonce.n = 5;
    memcpy(sent->nonce.bytes, "fresh", 5);
    write_result(sent, &wire);
    OK(hf_msg_result_read(hf_buf_bytes(&wire), &q, got));
    write_result(got, &again);
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&wire));
    CHECK(got->at == 77 && got->nonce.n == 5);
    CHECK(hf_verdict_status(&got->verdict) == HF_VERDICT_CONTRAINDICATED);
    OK(hf_verify_result_json(sent, &before));
    OK(hf_verify_result_json(got, &after));
    CHECK_BYTES(hf_buf_bytes(&after), hf_buf_bytes(&before));
}

TEST(a_brief_result_still_tells_which_provider_it_is_about)
{
    static const char *const names[] = {"azure-hcl", "sgx-quote"};

    for (size_t i = 0; i < HF_COUNT(names); i++) {
        HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *sent = NULL;
        HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *got = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf wire = {0};
        const struct hf_verify_request q = {.at = 77};
        struct hf_msg w = {.out = &wire};

        CASE(names[i]);
        OK(hf_verify_result_new(&sent));
        OK(hf_verify_result_new(&got));
        sample(sent);
        sent->n = 1;
        for (size_t k = 0; hf_evidence_formats[k]; k++) {
            if (strcmp(hf_evidence_formats[k]->name, names[i]) == 0)
                sent->item[0].format = hf_evidence_formats[k];
        }
        hf_horizon_start(&sent->item[0].findings.horizon);
        hf_claim_number(&sent->item[0].findings.claims, "vmpl", 0);
        hf_msg_result(&w, sent, true);
        OK(w.err);
        OK(hf_msg_result_read(hf_buf_bytes(&wire), &q, got));
        CHECK(got->n == 1 && got->item[0].findings.claims.n == (i == 0 ? 1 : 0));
        CHECK_TEXT(hf_composite_family(&got->item[0]), i == 0 ? "snp" : "sgx");
    }
}

TEST(a_result_cut_short_or_changed_is_refused_or_harmless)
{
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *sent = NULL;
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *got = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf wire = {0};
    const struct hf_verify_request q = {.at = 77};

    OK(hf_verify_result_new(&sent));
    OK(hf_verify_result_new(&got));
    sample(sent);
    write_result(sent, &wire);
    for (size_t n = 0; n < wire.n; n++) {
        FAILS(hf_msg_result_read((struct hf_bytes){wire.p, n}, &q, got), HF_E_INTERNAL);
        CHECK(got->verdict.n == 0 && got->n == 0);
    }
    for (size_t i = 0; i < wire.n; i++) {
        uint8_t was = wire.p[i];

        for (unsigned bit = 0; bit < 8; bit++) {
            wire.p[i] = (uint8_t)(was ^ 1u << bit);
            if (hf_msg_result_read(hf_buf_bytes(&wire), &q, got) != HF_OK)
                continue;
            CHECK(got->verdict.n <= HF_CHECKS_MAX && got->at == 77 && !got->has_nonce);
            for (size_t k = 0; k < got->verdict.n; k++)
                CHECK(memchr(got->verdict.row[k].note, 0, sizeof(got->verdict.row[k].note)) != NULL);
        }
        wire.p[i] = was;
    }
}

TEST(control_characters_in_an_answer_do_not_reach_a_terminal)
{
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *sent = NULL;
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *got = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf wire = {0};
    const struct hf_verify_request q = {0};

    OK(hf_verify_result_new(&sent));
    OK(hf_verify_result_new(&got));
    sample(sent);
    (void)snprintf(sent->verdict.row[0].found, 32, "a\x1b[2Jb\nc\x7f");
    write_result(sent, &wire);
    OK(hf_msg_result_read(hf_buf_bytes(&wire), &q, got));
    CHECK_TEXT(got->verdict.row[0].found, "a?[2Jb?c?");
}

/* ---- requests ---- */

TEST(a_request_arrives_as_it_was_sent)
{
    static struct hf_request_room room;
    HF_CLEANUP(hf_buf_free) struct hf_buf wire = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    const struct hf_bytes evidence[] = {hf_bytes_text("one"), {NULL, 0}, hf_bytes_text("three")};
    const char *const expect[] = {"mrenclave=00", "debug=false"};
    const struct hf_verify_outside outside[] = {{"replay", true, NULL}, {"validator x", false, "no"}};
    const struct hf_verify_request q = {.evidence = evidence,
                                        .n_evidence = 3,
                                        .kind = "nitro",
                                        .at = -1,
                                        .has_nonce = true,
                                        .nonce = hf_bytes_text("n"),
                                        .recipe = "raw64",
                                        .expect = expect,
                                        .n_expect = 2,
                                        .outside = outside,
                                        .n_outside = 2};
    struct hf_verify_request got;
    struct hf_msg w = {.out = &wire}, w2 = {.out = &again};

    hf_msg_request(&w, &q);
    OK(hf_msg_request_read(hf_buf_bytes(&wire), &room, &got));
    CHECK(got.at == -1 && got.has_nonce && !got.has_report_data && got.n_evidence == 3);
    CHECK_TEXT(got.kind, "nitro");
    CHECK_TEXT(got.expect[1], "debug=false");
    CHECK(got.outside[0].note == NULL);
    CHECK_TEXT(got.outside[1].note, "no");
    hf_msg_request(&w2, &got);
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&wire));
    for (size_t n = 0; n < wire.n; n++)
        CHECK(hf_msg_request_read((struct hf_bytes){wire.p, n}, &room, &got) != HF_OK);
}

TESTS(RUN(a_result_arrives_as_it_was_sent),
      RUN(a_brief_result_still_tells_which_provider_it_is_about),
      RUN(a_result_cut_short_or_changed_is_refused_or_harmless),
      RUN(control_characters_in_an_answer_do_not_reach_a_terminal),
      RUN(a_request_arrives_as_it_was_sent))
