/* tpm/policy_digest: the vectors of other implementations, and rules of Part 3 that they do not show. */
#include "codec/hex.h"
#include "test.h"
#include "tpm/policy_digest.h"
#include "vectors.h"

#include <string.h>

#define FOO_NAME "000b2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" /* 000b || sha256("foo") */
#define BAR_NAME "000bfcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9" /* 000b || sha256("bar") */

static void digest_hex(const char *text, const char *hash, char out[2 * HF_DIGEST_MAX + 1])
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};

    OK(hf_policy_parse(hf_bytes_text(text), &policy));
    OK(hf_policy_digest(policy, hash, &digest));
    OK(hf_hex_write(hf_buf_bytes(&digest), &hex));
    memcpy(out, hex.p, hex.n);
    out[hex.n] = 0;
}

/* The text of each row of vectors/tpm/policy/digests.json, by the row's own title. */
static const struct {
    const char *step;
    const char *hash;
    const char *text;
} vectors[] = {
    {"PolicyAuthValue or PolicyPassword", "sha256", "authvalue"},
    {"PolicyAuthValue or PolicyPassword", "sha256", "password"},
    {"PolicyCommandCode NV_ChangeAuth 0x13b", "sha256", "command nv-change-auth"},
    {"PolicyCommandCode NV_ChangeAuth 0x13b", "sha256", "command 0x13b"},
    {"PolicyCommandCode Duplicate 0x14b", "sha256", "command duplicate"},
    {"PolicySecret RH_OWNER policyRef 'foo'", "sha256", "secret owner ref=\"foo\""},
    {"PolicySecret RH_OWNER policyRef 'foo'", "sha256", "secret owner ref=666f6f expires=100"},
    {"PolicySecret RH_OWNER no policyRef", "sha256", "secret owner"},
    {"PolicySecret RH_OWNER policyRef 'bar'", "sha256", "secret owner ref=\"bar\""},
    {"PolicyNvWritten NO", "sha256", "nv-written no"},
    {"PolicyNvWritten YES", "sha256", "nv-written yes"},
    {"PolicyCounterTimer operandB 0000ffff offset 4 unsigned-GT(3)", "sha256", "counter-timer offset=4 ugt 0000ffff"},
    {"PolicyCounterTimer operandB 0010ffff offset 4 unsigned-GT(3)", "sha256",
     "counter-timer offset=4 ugt u32:0x10ffff"},
    {"PolicyCounterTimer operandB 0000ffff offset 16 unsigned-GT(3)", "sha256", "counter-timer reset-count ugt 65535"},
    {"PolicyCounterTimer operandB 0000ffff offset 4 unsigned-LE(9)", "sha256", "counter-timer offset=4 ule 0000ffff"},
    {"PolicyDuplicationSelect object=000b||sha256('foo') newParent=000b||sha256('bar') include", "sha256",
     "duplicate-to " BAR_NAME " object=" FOO_NAME " include-object"},
    {"PolicyDuplicationSelect same, not include", "sha256", "duplicate-to " BAR_NAME " object=" FOO_NAME},
    {"PolicyDuplicationSelect same, not include", "sha256", "duplicate-to " BAR_NAME},
    {"PolicyPCR sha1:0 = 00..03 (tpm2-tools createpolicy test)", "sha256",
     "pcr sha1:0=0000000000000000000000000000000000000003"},
    {"PolicyPCR sha256:0 = 00..03 (tpm2-tools createpolicy test)", "sha256",
     "pcr sha256:0=0000000000000000000000000000000000000000000000000000000000000003"},
    {"EK PolicyA = PolicySecret RH_ENDORSEMENT, sha256", "sha256", "secret endorsement"},
    {"EK PolicyA, policy hash sha384", "sha384", "secret endorsement"},
    /* The index as the EK profile defines it: attributes 0x220f1008, PolicyA of SHA-384, 50 bytes */
    {"EK PolicyC = PolicyAuthorizeNV(0x01C07F02 sha384 index), policy hash sha384 (tpm2-tools activecredential_ecc_384 "
     "test)",
     "sha384",
     "authorizenv 0x01c07f02 name=000cdb62fca346612c976732ff4e8621fb4e858be82586486504f7d02e621f8d7d61ae32cfc60c4d12"
     "0609ed6768afcf090c"},
};

/* The digest that the file has for a title. */
static bool wanted(const struct hf_buf *json, const char *title, char out[2 * HF_DIGEST_MAX + 1])
{
    const char *at = (const char *)json->p;
    const char *end = at + json->n;
    const char *row = memmem(at, json->n, title, strlen(title));
    const char *digest;
    size_t n = 0;

    if (!row || row[strlen(title)] != '"')
        return false;
    digest = memmem(row, (size_t)(end - row), "\"digest\": \"", 11);
    if (!digest)
        return false;
    for (digest += 11; digest < end && *digest != '"' && n < 2 * HF_DIGEST_MAX; digest++)
        out[n++] = *digest;
    out[n] = 0;
    return true;
}

TEST(digests_are_those_of_other_implementations)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    char want[2 * HF_DIGEST_MAX + 1];
    char got[2 * HF_DIGEST_MAX + 1];

    NEED_VECTORS();
    CHECK(vector_try("tpm/policy/digests.json", &json));
    for (size_t i = 0; i < HF_COUNT(vectors); i++) {
        CASE(vectors[i].text);
        CHECK(wanted(&json, vectors[i].step, want));
        digest_hex(vectors[i].text, vectors[i].hash, got);
        CHECK_TEXT(got, want);
    }
}

/* H(zeros || code || args) by hand. */
static void by_hand(enum hf_hash_alg alg, const struct hf_digest *before, uint32_t code, struct hf_bytes args,
                    struct hf_digest *out)
{
    uint8_t cc[4] = {(uint8_t)(code >> 24), (uint8_t)(code >> 16), (uint8_t)(code >> 8), (uint8_t)code};

    OK(hf_hash(alg, (const struct hf_bytes[]){hf_digest_bytes(before), HF_BYTES_OF(cc), args}, 3, out));
}

static void digest_of(const char *text, enum hf_hash_alg alg, struct hf_digest *out)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;

    OK(hf_policy_parse(hf_bytes_text(text), &policy));
    OK(hf_policy_digest_of(policy, alg, out));
}

#define CHECK_DIGEST(got, want) CHECK_BYTES(hf_digest_bytes(&(got)), hf_digest_bytes(&(want)))

TEST(the_ek_profiles_policy_b_is_an_or_with_an_opaque_branch)
{
    /* TCG EK Credential Profile 2.5, B.6.4 and B.6.5: PolicyA, PolicyC and PolicyB for SHA-256. */
    char got[2 * HF_DIGEST_MAX + 1];

    digest_hex("or { secret endorsement } { digest 3767e2edd43ff45a3a7e1eaefcef78643dca964632e7aad82c673a30d8633fde }",
               "sha256", got);
    CHECK_TEXT(got, "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0");
}

TEST(what_stands_after_an_or_extends_it_and_what_stands_before_is_in_each_branch)
{
    struct hf_digest a, b, got, zero = {.n = 32}, want, in_or;
    uint8_t pair[64];

    digest_of("locality 1; authvalue", HF_SHA256, &a);
    digest_of("locality 1; secret owner", HF_SHA256, &b);
    memcpy(pair, a.bytes, 32);
    memcpy(pair + 32, b.bytes, 32);
    by_hand(HF_SHA256, &zero, TPM2_CC_PolicyOR, HF_BYTES_OF(pair), &in_or);
    by_hand(HF_SHA256, &in_or, TPM2_CC_PolicyPhysicalPresence, (struct hf_bytes){0}, &want);
    digest_of("locality 1; or { authvalue } { secret owner }; physical-presence", HF_SHA256, &got);
    CHECK_DIGEST(got, want);
}

/* An `or` over localities 32 and up: n branches that all differ. */
static void wide_or(unsigned n, struct hf_digest *got, struct hf_digest *leaves)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char one[64];

    OK(hf_buf_add(&text, hf_bytes_text("or")));
    for (unsigned i = 0; i < n; i++) {
        (void)snprintf(one, sizeof(one), " { locality %u }", 32 + i);
        OK(hf_buf_add(&text, hf_bytes_text(one)));
        (void)snprintf(one, sizeof(one), "locality %u", 32 + i);
        digest_of(one, HF_SHA256, &leaves[i]);
    }
    OK(hf_buf_add(&text, (struct hf_bytes){(const uint8_t *)"", 1}));
    digest_of((const char *)text.p, HF_SHA256, got);
}

static void or_of(const struct hf_digest *in, size_t n, struct hf_digest *out)
{
    struct hf_digest zero = {.n = 32};
    uint8_t all[8 * 32];

    for (size_t i = 0; i < n; i++)
        memcpy(all + 32 * i, in[i].bytes, 32);
    by_hand(HF_SHA256, &zero, TPM2_CC_PolicyOR, (struct hf_bytes){all, 32 * n}, out);
}

TEST(more_than_eight_branches_become_a_tree)
{
    struct hf_digest leaf[80], level[10], top[2], got, want;

    wide_or(8, &got, leaf);
    or_of(leaf, 8, &want);
    CHECK_DIGEST(got, want);

    wide_or(9, &got, leaf); /* the ninth moves up alone */
    or_of(leaf, 8, &level[0]);
    level[1] = leaf[8];
    or_of(level, 2, &want);
    CHECK_DIGEST(got, want);

    wide_or(80, &got, leaf); /* 10 groups, then 8 and 2, then 2 */
    for (size_t i = 0; i < 10; i++)
        or_of(leaf + 8 * i, 8, &level[i]);
    or_of(level, 8, &top[0]);
    or_of(level + 8, 2, &top[1]);
    or_of(top, 2, &want);
    CHECK_DIGEST(got, want);
}

TEST(authorize_hashes_name_then_reference)
{
    struct hf_digest zero = {.n = 32}, got, want, inner;
    HF_CLEANUP(hf_buf_free) struct hf_buf name = {0};

    OK(hf_hex_parse(hf_bytes_text(FOO_NAME), &name));
    by_hand(HF_SHA256, &zero, TPM2_CC_PolicyAuthorize, hf_buf_bytes(&name), &inner);
    OK(hf_hash(HF_SHA256, (const struct hf_bytes[]){hf_digest_bytes(&inner), hf_bytes_text("boot")}, 2, &want));
    digest_of("authorize key=" FOO_NAME " ref=\"boot\"", HF_SHA256, &got);
    CHECK_DIGEST(got, want);
}

TEST(a_comparison_is_hashed_before_it_is_extended)
{
    static const uint8_t args[] = {0, 0, 0, 0, 0, 0, 0, 5, 0, 2, 0, 9}; /* operandB, offset, TPM_EO_UNSIGNED_LE */
    struct hf_digest zero = {.n = 32}, got, want, compared;
    HF_CLEANUP(hf_buf_free) struct hf_buf tail = {0};

    OK(hf_hash_one(HF_SHA256, HF_BYTES_OF(args), &compared));
    OK(hf_buf_add(&tail, hf_digest_bytes(&compared)));
    OK(hf_hex_parse(hf_bytes_text(FOO_NAME), &tail));
    by_hand(HF_SHA256, &zero, TPM2_CC_PolicyNV, hf_buf_bytes(&tail), &want);
    digest_of("nv 0x01500016 name=" FOO_NAME " offset=2 ule u64:5", HF_SHA256, &got);
    CHECK_DIGEST(got, want);
}

TEST(pcr_values_and_their_digest_give_the_same_and_indices_are_sorted)
{
    struct hf_digest a, b, pcrs;
    uint8_t values[64];
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    static const char v1[] = "1111111111111111111111111111111111111111111111111111111111111111";
    static const char v2[] = "2222222222222222222222222222222222222222222222222222222222222222";
    char given[512];

    memset(values, 0x11, 32);
    memset(values + 32, 0x22, 32);
    OK(hf_hash_one(HF_SHA256, HF_BYTES_OF(values), &pcrs));
    (void)snprintf(given, sizeof(given), "pcr sha256:7=%s,4=%s", v2, v1);
    digest_of(given, HF_SHA256, &a);
    OK(hf_buf_add(&text, hf_bytes_text("pcr sha256:7,4 digest=")));
    OK(hf_hex_write(hf_digest_bytes(&pcrs), &text));
    OK(hf_buf_add(&text, (struct hf_bytes){(const uint8_t *)"", 1}));
    digest_of((const char *)text.p, HF_SHA256, &b);
    CHECK_DIGEST(a, b);
}

TEST(what_is_open_or_does_not_fit_the_hash_has_no_digest)
{
    static const struct {
        const char *text;
        const char *hash;
        hf_err want;
        const char *says;
    } cases[] = {
        {"pcr sha256:7", "sha256", HF_E_ARG, "line 1, column 1: 'pcr sha256:7' is still open"},
        {"authvalue\nnv 0x01500016 eq 00", "sha256", HF_E_ARG, "line 2, column 1"},
        {"authvalue; or { locality 0 } { signed key=ak.pem }", "sha256", HF_E_ARG, "the key in its file"},
        {"secret 0x81010001", "sha256", HF_E_ARG, "name=HEX"},
        {"cphash 0000000000000000000000000000000000000000", "sha256", HF_E_FORMAT,
         "has 20 bytes; a policy of sha256 needs 32"},
        {"pcr sha256:7 digest=0000000000000000000000000000000000000000", "sha384", HF_E_FORMAT, "needs 48"},
        {"authvalue", "sha3-256", HF_E_UNSUPPORTED, "sha1, sha256"},
        {"authvalue", "md5", HF_E_UNSUPPORTED, "md5"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

        CASE(cases[i].text);
        OK(hf_policy_parse(hf_bytes_text(cases[i].text), &policy));
        FAILS(hf_policy_digest(policy, cases[i].hash, &out), cases[i].want);
        CHECK_DETAIL(cases[i].says);
        CHECK(out.n == 0);
    }
}

TESTS(RUN(digests_are_those_of_other_implementations), RUN(the_ek_profiles_policy_b_is_an_or_with_an_opaque_branch),
      RUN(what_stands_after_an_or_extends_it_and_what_stands_before_is_in_each_branch),
      RUN(more_than_eight_branches_become_a_tree), RUN(authorize_hashes_name_then_reference),
      RUN(a_comparison_is_hashed_before_it_is_extended),
      RUN(pcr_values_and_their_digest_give_the_same_and_indices_are_sorted),
      RUN(what_is_open_or_does_not_fit_the_hash_has_no_digest))
