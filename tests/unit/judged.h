/* For tests of verifiers: evidence through hf_verify, and its rows by name. */
#ifndef HF_TEST_JUDGED_H
#define HF_TEST_JUDGED_H

#include "policy/verify.h"
#include "test.h"

#define JUDGED_AT ((int64_t)1780000000) /* 2026-05-28 */

struct judged {
    struct hf_verifier *verifier;
    struct hf_verify_result *result;
    struct hf_verify_request request;
    struct hf_bytes evidence[4];
};

static inline void judged_new(struct judged *j)
{
    OK(hf_verifier_new(&j->verifier));
    OK(hf_verify_result_new(&j->result));
    j->request = (struct hf_verify_request){.at = JUDGED_AT};
}

static inline void judged_free(struct judged *j)
{
    hf_verify_result_free(&j->result);
    hf_verifier_free(&j->verifier);
}

static inline void judged_nonce(struct judged *j, struct hf_bytes nonce)
{
    j->request.has_nonce = true;
    j->request.nonce = nonce;
}

/* One item, or two of one call. */
static inline hf_err judge_two(struct judged *j, struct hf_bytes one, struct hf_bytes two)
{
    j->evidence[0] = one;
    j->evidence[1] = two;
    j->request.evidence = j->evidence;
    j->request.n_evidence = two.n ? 2 : 1;
    return hf_verify(j->verifier, &j->request, j->result);
}

static inline hf_err judge_one(struct judged *j, struct hf_bytes in)
{
    return judge_two(j, in, (struct hf_bytes){0});
}

static inline enum hf_check_status judged_row(const struct judged *j, const char *name)
{
    const struct hf_check *row = hf_verdict_row(&j->result->verdict, name);

    return row ? row->status : HF_CHECK_NONE;
}

static inline void judged_print(const struct judged *j)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *s = NULL;

    OK(hf_verdict_text(&j->result->verdict, &text));
    OK(hf_buf_text(&text, &s));
    print_error("%s\n", s);
}

#define CHECK_ROW(j, name, want)                                                               \
    do {                                                                                       \
        if (judged_row(j, name) != (want)) {                                                   \
            judged_print(j);                                                                   \
            FAIL("row \"%s\" is %s, want %s", name, hf_check_status_name(judged_row(j, name)), \
                 hf_check_status_name(want));                                                  \
        }                                                                                      \
    } while (0)

static inline void check_claim(const struct judged *j, const char *name, const char *want)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *s = NULL;

    OK(hf_verify_result_claim(j->result, name, &text));
    OK(hf_buf_text(&text, &s));
    CHECK_TEXT(s, want);
}

#endif
