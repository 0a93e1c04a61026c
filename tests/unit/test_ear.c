/* EARs: what is written is read and verified, also by the older names; what was changed is not. */
#include "codec/base64.h"
#include "codec/json_read.h"
#include "make_result.h"
#include "policy/ear.h"
#include "test.h"

static hf_err pem_of(const struct hf_privkey *key, struct hf_buf *out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *der = NULL;

    HF_TRY(hf_privkey_to_pkcs8(key, &der));
    return hf_buf_add(out, hf_secret_expose(der));
}

static struct hf_verify_result *a_result(void)
{
    struct hf_verify_result *r = make_result("sgx", "b:mrenclave=00ff|t:tcb_status=UpToDate|n:isv_svn=3|y:debug=0");

    (void)make_row(r, "signature", HF_CHECK_OK);
    (void)make_row(r, "debug", HF_CHECK_OK);
    (void)make_row(r, "platform level", HF_CHECK_WARNING);
    r->item[0].status = HF_VERDICT_WARNING;
    r->has_nonce = true;
    r->nonce.n = 16;
    memset(r->nonce.bytes, 7, 16);
    (void)snprintf(r->policy, sizeof(r->policy), "strict-2026-11");
    return r;
}

static void check_read(const struct hf_ear *ear, bool cwt)
{
    CHECK(ear->cwt == cwt && !ear->old_names);
    CHECK_TEXT(ear->profile, "tag:ietf.org,2026:rats/ear#03");
    CHECK_TEXT(ear->developer, "tests");
    CHECK(ear->issued_at == MADE_AT && ear->has_expiry && ear->expires_at == MADE_AT + 60);
    CHECK(ear->nonce.n == 16 && ear->nonce.bytes[0] == 7);
    CHECK(ear->has_status && ear->status == HF_VERDICT_WARNING);
    CHECK(ear->n == 1 && ear->submod[0].status == HF_VERDICT_WARNING);
    CHECK_TEXT(ear->submod[0].name, "sgx-quote");
    CHECK(ear->submod[0].vector.judged[HF_TRUST_HARDWARE] && ear->submod[0].vector.value[HF_TRUST_HARDWARE] == 32);
    CHECK(ear->submod[0].vector.judged[HF_TRUST_RUNTIME_OPAQUE] && !ear->submod[0].vector.judged[HF_TRUST_EXECUTABLES]);
    CHECK(ear->submod[0].n_policies == 2);
    CHECK_TEXT(ear->submod[0].policy[0], "holdfast:policy/strict-2026-11");
}

TEST(each_key_and_envelope_makes_a_token_that_verifies_until_a_byte_changes)
{
    for (int kind = 0; kind < 3; kind++) {
        for (int cwt = 0; cwt < 2; cwt++) {
            HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
            HF_CLEANUP(hf_privkey_free) struct hf_privkey *other = NULL;
            HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
            HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
            HF_CLEANUP(hf_ear_free) struct hf_ear ear = {0};
            struct hf_verify_result *r = a_result();
            struct hf_ear_how how = {.cwt = cwt,
                                     .developer = "tests",
                                     .expires = MADE_AT + 60,
                                     .kid = "k1",
                                     .evidence = hf_bytes_text("the evidence")};

            CASE(kind == 0 ? "P-256" : kind == 1 ? "P-384" : "ed25519");
            OK(kind == 2 ? hf_privkey_generate_ed25519(&key) : hf_privkey_generate_ec(kind ? HF_P384 : HF_P256, &key));
            OK(kind == 2 ? hf_privkey_generate_ed25519(&other)
                         : hf_privkey_generate_ec(kind ? HF_P384 : HF_P256, &other));
            OK(pem_of(key, &der));
            how.key = hf_buf_bytes(&der);
            OK(hf_verify_result_ear(r, &how, &token));
            OK(hf_ear_parse(hf_buf_bytes(&token), &ear));
            check_read(&ear, cwt);
            OK(hf_ear_verify(&ear, hf_privkey_public(key), MADE_AT));
            OK(hf_ear_verify(&ear, hf_privkey_public(key), MADE_AT + 59));
            FAILS(hf_ear_verify(&ear, hf_privkey_public(key), MADE_AT + 60), HF_E_UNTRUSTED);
            FAILS(hf_ear_verify(&ear, hf_privkey_public(key), MADE_AT - 301), HF_E_UNTRUSTED);
            FAILS(hf_ear_verify(&ear, hf_privkey_public(other), MADE_AT), HF_E_MISMATCH);
            for (size_t i = 0; i < token.n; i += 1 + token.n / 97) {
                HF_CLEANUP(hf_ear_free) struct hf_ear changed = {0};

                token.p[i] ^= 1;
                if (hf_ear_parse(hf_buf_bytes(&token), &changed) == HF_OK &&
                    hf_ear_verify(&changed, hf_privkey_public(key), MADE_AT) == HF_OK)
                    FAIL("byte %zu changed, and it verifies", i);
                token.p[i] ^= 1;
            }
            hf_verify_result_free(&r);
        }
    }
}

struct elsewhere {
    const struct hf_privkey *key;
    struct hf_sig_alg alg;
};

static hf_err sign_elsewhere(void *arg, struct hf_bytes digest, struct hf_buf *out)
{
    const struct elsewhere *e = arg;

    return hf_privkey_sign(e->key, &e->alg, digest, out);
}

TEST(a_key_that_is_elsewhere_signs_through_a_function)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    struct hf_verify_result *r = a_result();

    OK(hf_privkey_generate_ec(HF_P256, &key));
    for (int cwt = 0; cwt < 2; cwt++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
        HF_CLEANUP(hf_ear_free) struct hf_ear ear = {0};
        struct elsewhere e = {key, {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256}};
        struct hf_ear_how how = {.cwt = cwt, .sign = sign_elsewhere, .arg = &e, .alg = "ES256"};

        OK(hf_verify_result_ear(r, &how, &token));
        OK(hf_ear_parse(hf_buf_bytes(&token), &ear));
        OK(hf_ear_verify(&ear, hf_privkey_public(key), MADE_AT));
    }
    hf_verify_result_free(&r);
}

/* What an EAR says of the attester is for people and programs of their own: looked for as bytes. */
TEST(several_words_are_an_array_in_cbor_as_in_json)
{
    static const struct {
        const char *claims, *cbor;
        size_t n;
    } cases[] = {
        {"T:advisory_ids=A-1,B", "advisory_ids\x82\x63" "A-1" "\x61" "B", 12 + 1 + 4 + 2},
        {"T:advisory_ids=", "advisory_ids\x80", 12 + 1},
        {"t:tcb_status=A,B", "tcb_status\x63" "A,B", 10 + 4},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
        struct hf_verify_result *r = make_result("sgx", cases[i].claims);
        struct hf_ear_how how = {.cwt = true, .developer = "tests"};

        CASE(cases[i].claims);
        OK(hf_privkey_generate_ec(HF_P256, &key));
        OK(pem_of(key, &der));
        how.key = hf_buf_bytes(&der);
        OK(hf_verify_result_ear(r, &how, &token));
        CHECK(memmem(token.p, token.n, cases[i].cbor, cases[i].n));
        hf_verify_result_free(&r);
    }
}

TEST(what_cannot_be_signed_is_said)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *rsa = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
    struct hf_verify_result *r = a_result();
    struct hf_ear_how how = {.cwt = false};

    FAILS(hf_verify_result_ear(r, &how, &token), HF_E_ARG);
    how.sign = sign_elsewhere;
    how.alg = "RS256";
    FAILS(hf_verify_result_ear(r, &how, &token), HF_E_ARG);
    how.sign = NULL;
    how.key = hf_bytes_text("no key");
    FAILS(hf_verify_result_ear(r, &how, &token), HF_E_FORMAT);
    OK(hf_privkey_generate_rsa(2048, &rsa));
    OK(pem_of(rsa, &der));
    how.key = hf_buf_bytes(&der);
    FAILS(hf_verify_result_ear(r, &how, &token), HF_E_KEY_TYPE);
    r->nonce.n = 7;
    FAILS(hf_verify_result_ear(r, &how, &token), HF_E_ARG);
    CHECK_DETAIL("an EAR carries 8 to 64");
    r->nonce.n = 8;
    how.expires = MADE_AT;
    FAILS(hf_verify_result_ear(r, &how, &token), HF_E_ARG);
    CHECK(token.n == 0);
    hf_verify_result_free(&r);
}

/* A JWT of claims and header as they are, with a signature of zeros. */
static hf_err parse_claims(const char *header, const char *claims, struct hf_ear *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    static const uint8_t zeros[64];

    HF_TRY(hf_base64url_write(hf_bytes_text(header), &text));
    HF_TRY(hf_buf_add(&text, hf_bytes_text(".")));
    HF_TRY(hf_base64url_write(hf_bytes_text(claims), &text));
    HF_TRY(hf_buf_add(&text, hf_bytes_text(".")));
    HF_TRY(hf_base64url_write(HF_BYTES_OF(zeros), &text));
    return hf_ear_parse(hf_buf_bytes(&text), out);
}

#define HEAD "{\"alg\":\"ES256\"}"
#define OLD(more, sub)                                                    \
    "{\"eat_profile\":\"tag:github.com,2023:veraison/"                    \
    "ear\",\"iat\":1,\"ear.verifier-id\":{\"developer\":\"d\",\"build\":" \
    "\"b\"}" more ",\"submods\":{\"t\":{" sub "}}}"
#define NEW(more, sub)                                                                                                 \
    "{\"eat_profile\":\"tag:ietf.org,2026:rats/ear#04\",\"iat\":1,\"ear_verifier_id\":{\"developer\":\"d\",\"build\":" \
    "\"b\"}" more ",\"submods\":{\"t\":{" sub "}}}"

TEST(old_and_new_names_are_read_and_what_is_odd_is_refused)
{
    static const struct {
        const char *name, *header, *claims;
        hf_err want;
        enum hf_verdict_status status;
    } cases[] = {
        {"the older names", HEAD, OLD("", "\"ear.status\":\"warning\",\"ear.appraisal-policy-id\":\"p\""), HF_OK,
         HF_VERDICT_WARNING},
        {"the new names", HEAD, NEW("", "\"ear_status\":\"affirming\",\"ear_appraisal_policy_ids\":[\"p\"]"), HF_OK,
         HF_VERDICT_AFFIRMING},
        {"a number for a status", HEAD, NEW("", "\"ear_status\":96"), HF_OK, HF_VERDICT_CONTRAINDICATED},
        {"claims of others", HEAD, NEW(",\"x\":{}", "\"ear_status\":2,\"ear_attester_claims\":{}"), HF_OK,
         HF_VERDICT_AFFIRMING},
        {"a status over all", HEAD, NEW(",\"ear_status\":\"contraindicated\"", "\"ear_status\":2"), HF_OK,
         HF_VERDICT_CONTRAINDICATED},
        {"no status", HEAD, NEW("", ""), HF_E_FORMAT, 0},
        {"a status that is none", HEAD, NEW("", "\"ear_status\":\"fine\""), HF_E_FORMAT, 0},
        {"a status beyond", HEAD, NEW("", "\"ear_status\":128"), HF_E_FORMAT, 0},
        {"an unknown trust claim", HEAD, NEW("", "\"ear_status\":2,\"ear_trustworthiness_vector\":{\"x\":2}"),
         HF_E_FORMAT, 0},
        {"a trust claim beyond", HEAD, NEW("", "\"ear_status\":2,\"ear_trustworthiness_vector\":{\"hardware\":200}"),
         HF_E_FORMAT, 0},
        {"a short nonce", HEAD, NEW(",\"eat_nonce\":\"AAAA\"", "\"ear_status\":2"), HF_E_FORMAT, 0},
        {"a profile of something else", HEAD,
         "{\"eat_profile\":\"x\",\"iat\":1,\"ear_verifier_id\":{\"developer\":\"d\","
         "\"build\":\"b\"},\"submods\":{\"t\":{\"ear_status\":2}}}",
         HF_E_UNSUPPORTED, 0},
        {"no submodule", HEAD,
         "{\"eat_profile\":\"tag:ietf.org,2026:rats/ear#03\",\"iat\":1,\"ear_verifier_id\":"
         "{\"developer\":\"d\",\"build\":\"b\"},\"submods\":{}}",
         HF_E_FORMAT, 0},
        {"no issuer", HEAD, "{\"eat_profile\":\"tag:ietf.org,2026:rats/ear#03\",\"iat\":1}", HF_E_FORMAT, 0},
        {"a claim twice", HEAD, NEW(",\"iat\":2", "\"ear_status\":2"), HF_E_FORMAT, 0},
        {"no signature's algorithm", "{\"alg\":\"none\"}", NEW("", "\"ear_status\":2"), HF_E_UNSUPPORTED, 0},
        {"a MAC", "{\"alg\":\"HS256\"}", NEW("", "\"ear_status\":2"), HF_E_UNSUPPORTED, 0},
        {"a critical header", "{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}", NEW("", "\"ear_status\":2"),
         HF_E_UNSUPPORTED, 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_ear_free) struct hf_ear ear = {0};
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;

        CASE(cases[i].name);
        FAILS(parse_claims(cases[i].header, cases[i].claims, &ear), cases[i].want);
        if (cases[i].want != HF_OK)
            continue;
        CHECK(ear.status == cases[i].status);
        CHECK(ear.old_names == (i == 0));
        OK(hf_privkey_generate_ec(HF_P256, &key));
        FAILS(hf_ear_verify(&ear, hf_privkey_public(key), 1), HF_E_MISMATCH);
    }
}

static hf_err write_and_read(const struct hf_verify_result *r, struct hf_bytes key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
    HF_CLEANUP(hf_ear_free) struct hf_ear ear = {0};
    struct hf_ear_how how = {.key = key};

    HF_TRY(hf_verify_result_ear(r, &how, &token));
    HF_TRY(hf_ear_parse(hf_buf_bytes(&token), &ear));
    hf_ear_free(&ear);
    hf_buf_free(&token);
    how.cwt = true;
    HF_TRY(hf_verify_result_ear(r, &how, &token));
    return hf_ear_parse(hf_buf_bytes(&token), &ear);
}

TEST(running_out_of_memory_is_an_error_everywhere)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    struct hf_verify_result *r = a_result();

    OK(hf_privkey_generate_ec(HF_P256, &key));
    OK(pem_of(key, &der));
    SWEEP(write_and_read(r, hf_buf_bytes(&der)));
    hf_verify_result_free(&r);
}

TESTS(RUN(each_key_and_envelope_makes_a_token_that_verifies_until_a_byte_changes),
      RUN(a_key_that_is_elsewhere_signs_through_a_function), RUN(several_words_are_an_array_in_cbor_as_in_json),
      RUN(what_cannot_be_signed_is_said),
      RUN(old_and_new_names_are_read_and_what_is_odd_is_refused), RUN(running_out_of_memory_is_an_error_everywhere))
