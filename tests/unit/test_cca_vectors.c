/* Real Arm CCA and PSA tokens, and claim sets. */
#include "evidence/cca_token.h"
#include "vectors.h"
#include "verifying.h"

#define AT 1764288000 /* 2025-11-28: nothing in these tokens has a date */

static void count_row(void *to, const struct hf_inspect_row *row)
{
    size_t *n = to;

    CHECK(row->name && row->name[0]);
    (*n)++;
}

static bool parses(const char *path, struct hf_bytes in)
{
    struct hf_arm_claims platform;
    struct hf_cca_realm realm;

    return strstr(path, "platform") ? hf_arm_cca_parse(in, &platform) == HF_OK
                                    : hf_cca_realm_parse(in, &realm) == HF_OK;
}

/* Every 13th byte flipped: never trusted. */
static void flip_each(struct verifying *j, struct hf_bytes token)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf copy = {0};

    OK(hf_buf_add(&copy, token));
    for (size_t i = 0; i < copy.n; i += 13) {
        hf_err err;

        copy.p[i] ^= (uint8_t)(1 << i % 8);
        err = judge(j, hf_buf_bytes(&copy));
        if (err != HF_E_UNTRUSTED && err != HF_E_FORMAT)
            FAIL("trusted with byte %zu flipped", i);
        copy.p[i] ^= (uint8_t)(1 << i % 8);
    }
}

static void real_token(const char *at, const char *path, struct hf_bytes token)
{
    HF_CLEANUP(verifying_free) struct verifying j;
    HF_CLEANUP(hf_buf_free) struct hf_buf key = {0};
    const char *platform_key = json_key(at, "platform_key"), *expect = json_key(at, "expect");
    char name[128];
    struct hf_cca_token parsed;
    struct hf_inspect inspect = {.row = count_row, .whole = token};
    size_t rows = 0;

    verifying_new(&j, AT);
    (void)snprintf(name, sizeof(name), "evidence/%.*s", (int)json_word(platform_key).n, json_word(platform_key).p);
    vector(name, &key);
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&key), name));
    OK(hf_cca_token_parse(token, &parsed));
    verifying_nonce(&j, parsed.realm_claims.challenge);
    OK(judge(&j, token));
    only_failed(&j, "");
    flip_each(&j, token);
    OK(judge(&j, token));
    ROW_IS(&j, "signature", "ok");
    ROW_IS(&j, "realm signature", "ok");
    ROW_IS(&j, "binding", "ok");
    CHECK(parsed.platform_claims.lifecycle == json_number(json_key(expect, "lifecycle")));
    inspect.to = &rows;
    OK(hf_cca_token_inspect(token, &inspect));
    CHECK(rows > 20);
    print_message("# %s: %s\n", path, hf_verify_result_verdict(j.result));
}

TEST(real_tokens_have_the_verdicts_that_are_known)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
    size_t n = 0;

    if (!vectors_dir())
        return;
    for (const char *at = json_first(vector_text("evidence/cca/cases.json", &text)); at; at = json_next(at), n++) {
        const char *expect = json_key(at, "expect"), *parse = json_key(expect, "parse");
        struct hf_bytes file = json_word(json_key(at, "token"));
        char path[128];

        (void)snprintf(path, sizeof(path), "evidence/%.*s", (int)file.n, file.p);
        CASE(path);
        vector(path, &token);
        if (parse) {
            CHECK(parses(path, hf_buf_bytes(&token)) == (json_word(parse).p[0] == 'a'));
        } else if (json_key(expect, "realm_signature")) {
            real_token(at, path, hf_buf_bytes(&token));
        } else {
            HF_CLEANUP(verifying_free) struct verifying j;

            verifying_new(&j, AT);
            FAILS(judge(&j, hf_buf_bytes(&token)), HF_E_UNTRUSTED);
            ROW_IS(&j, "structure", "ok");
            ROW_IS(&j, "signature", "failed");
        }
    }
    CASE("");
    CHECK(n == 8);
}

TESTS(RUN(real_tokens_have_the_verdicts_that_are_known))
