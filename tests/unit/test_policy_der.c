/* tpm/policy_der and tpm/policy_signature: policies of TSS2 key files. */
#include "base/alloc.h"
#include "codec/der.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/privkey.h"
#include "test.h"
#include "tpm/policy_der.h"
#include "tpm/policy_digest.h"
#include "tpm/policy_signature.h"
#include "vectors.h"

#define NAME "000b2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
#define HASH "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

/* The fields of a key file, and its public area without the size. */
struct key_file {
    struct hf_buf der;
    struct hf_bytes policy, auth_policy, pub;
};

static void read_key_file(const char *name, struct key_file *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_reader r, seq, field, inside;
    struct hf_bytes skipped;
    bool present;
    char path[256];

    (void)snprintf(path, sizeof(path), "tpm/tss2pem/%s", name);
    CHECK(vector_try(path, &text));
    OK(hf_pem_find(hf_buf_bytes(&text), "TSS2 PRIVATE KEY", &out->der));
    r = hf_reader(hf_buf_bytes(&out->der));
    OK(hf_der_sequence(&r, &seq));
    OK(hf_der_oid(&seq, &skipped));
    OK(hf_der_open_optional(&seq, HF_DER_CONTEXT(0), &present, &field));
    OK(hf_der_open_optional(&seq, HF_DER_CONTEXT(1), &present, &field));
    if (present)
        out->policy = hf_rd_rest(&field);
    OK(hf_der_open_optional(&seq, HF_DER_CONTEXT(3), &present, &field));
    if (present)
        out->auth_policy = hf_rd_rest(&field);
    OK(hf_der_integer(&seq, &skipped));
    OK(hf_der_octets(&seq, &skipped));
    inside = hf_reader(skipped);
    out->pub = hf_rd_view(&inside, hf_rd_u16be(&inside));
}

static void check_text(const struct hf_policy *policy, const char *want)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    OK(hf_policy_print(policy, &text));
    OK(hf_buf_add(&text, (struct hf_bytes){(const uint8_t *)"", 1}));
    CHECK_TEXT((char *)text.p, want);
}

/* The digest is what the key's public area demands. */
static void check_key_digest(const struct hf_policy *policy, const struct key_file *file)
{
    struct hf_digest digest;
    TPMT_PUBLIC pub;

    OK(hf_tpm_public_parse(file->pub, &pub));
    OK(hf_policy_digest_of(policy, (enum hf_hash_alg)pub.nameAlg, &digest));
    CHECK_BYTES(hf_digest_bytes(&digest), ((struct hf_bytes){pub.authPolicy.buffer, pub.authPolicy.size}));
}

static void check_same_bytes(const struct hf_policy *policy, enum hf_hash_alg alg, const struct key_file *file)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf steps = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf approved = {0};

    OK(hf_policy_to_der(policy, alg, &steps, &approved));
    CHECK_BYTES(hf_buf_bytes(&steps), file->policy);
    CHECK_BYTES(hf_buf_bytes(&approved), file->auth_policy);
}

TEST(a_foreign_key_with_pcrs_and_a_password_is_read)
{
    struct key_file file = {0};
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;

    NEED_VECTORS();
    read_key_file("keyfiles-p256-authvalue.pem", &file);
    OK(hf_policy_from_der(file.policy, file.auth_policy, HF_SHA384, &policy));
    check_text(policy, "pcr sha256:16 digest=c301083bfa6a2bd3fa627705bb4e5ff7d1d317516815ce1416cd0f4c203d2fd92ad0eecd"
                       "6e80a0c77217e6932b7f092c; authvalue");
    check_key_digest(policy, &file);
    check_same_bytes(policy, HF_SHA384, &file);
    hf_buf_free(&file.der);
}

TEST(a_foreign_key_with_an_approved_alternative_is_read_and_its_approval_holds)
{
    struct key_file file = {0};
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    const struct hf_policy_step *signed_;
    struct hf_digest approved;
    struct hf_digest a_hash;

    NEED_VECTORS();
    read_key_file("keyfiles-skey.pem", &file);
    OK(hf_policy_from_der(file.policy, file.auth_policy, HF_SHA256, &policy));
    check_key_digest(policy, &file);
    check_same_bytes(policy, HF_SHA256, &file);
    CHECK(policy->n_approved == 1);
    CHECK_TEXT(policy->approved[0].label, "secret");
    CHECK(policy->approved[0].steps.n == 2 && policy->approved[0].steps.step[0].kind == HF_POLICY_SECRET);
    CHECK(policy->approved[0].steps.step[0].object.handle == 0x81005555);

    /* aHash = H(approvedPolicy || policyRef), with the key's hash (Part 3, 23.16) */
    signed_ = &policy->approved[0].steps.step[1];
    OK(hf_policy_digest_start(HF_SHA256, &approved));
    OK(hf_policy_digest_step(HF_SHA256, &policy->approved[0].steps.step[0], &approved));
    OK(hf_hash(HF_SHA256, (const struct hf_bytes[]){hf_digest_bytes(&approved), {signed_->ref.bytes, signed_->ref.n}},
               2, &a_hash));
    OK(hf_policy_key_software(hf_buf_bytes(&signed_->object.pub), &key));
    OK(hf_policy_signature_verify(key, hf_buf_bytes(&signed_->signature), hf_digest_bytes(&a_hash)));
    a_hash.bytes[0] ^= 1;
    FAILS(hf_policy_signature_verify(key, hf_buf_bytes(&signed_->signature), hf_digest_bytes(&a_hash)), HF_E_MISMATCH);
    hf_buf_free(&file.der);
}

TEST(what_is_written_is_read_as_the_same_policy)
{
    static const char *const texts[] = {
        "pcr sha256:7 digest=" HASH "; authvalue",
        "secret owner; secret 0x81010001 name=" NAME " ref=00ff; secret " NAME "; secret 0x00000000; secret platform",
        "authorizenv 0x01500020 name=" NAME,
        "nv 0x01500016 name=" NAME " offset=2 ule 0000000000000005",
        "counter-timer offset=4 ugt 0000ffff; counter-timer safe eq yes",
        "command sign; locality 0,3; locality 77; nv-written no; physical-presence",
        "duplicate-to " NAME " object=" NAME " include-object",
        "duplicate-to " NAME,
        "cphash " HASH "; namehash " HASH "; template " HASH,
        "locality 1; or { authvalue } boot { secret owner; or { locality 2 } { digest " HASH " } }; nv-written yes",
        "or { locality 32 } { locality 33 } { locality 34 } { locality 35 } { locality 36 } { locality 37 } { locality "
        "38 } "
        "{ locality 39 } { locality 40 }",
    };

    for (size_t i = 0; i < HF_COUNT(texts); i++) {
        HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
        HF_CLEANUP(hf_policy_free) struct hf_policy *again = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf steps = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf approved = {0};

        CASE(texts[i]);
        OK(hf_policy_parse(hf_bytes_text(texts[i]), &policy));
        OK(hf_policy_to_der(policy, HF_SHA256, &steps, &approved));
        CHECK(approved.n == 0);
        OK(hf_policy_from_der(hf_buf_bytes(&steps), hf_buf_bytes(&approved), HF_SHA256, &again));
        check_text(again, texts[i]);
    }
}

/* SEQUENCE OF TPMPolicy of one or two commands. */
static void policy_of(uint32_t code, const char *body, uint32_t code2, const char *body2, struct hf_buf *out)
{
    struct hf_der_writer w = hf_der_writer(out);

    hf_der_put_open(&w, HF_DER_SEQUENCE);
    for (int i = 0; i < (body2 ? 2 : 1); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};

        OK(hf_hex_parse(hf_bytes_text(i ? body2 : body), &bytes));
        hf_der_put_open(&w, HF_DER_SEQUENCE);
        hf_der_put_open(&w, HF_DER_CONTEXT(0));
        hf_der_put_u64(&w, i ? code2 : code);
        hf_der_put_close(&w);
        hf_der_put_open(&w, HF_DER_CONTEXT(1));
        hf_der_put_octets(&w, hf_buf_bytes(&bytes));
        hf_der_put_close(&w);
        hf_der_put_close(&w);
    }
    hf_der_put_close(&w);
    OK(hf_der_end(&w));
}

TEST(a_straight_policy_or_becomes_a_choice_of_which_one_alternative_is_known)
{
    /* PolicySecret(endorsement), PolicyOR(PolicyA, PolicyC): the EK profile's PolicyB */
    static const char list[] = "000000020020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa0020"
                               "3767e2edd43ff45a3a7e1eaefcef78643dca964632e7aad82c673a30d8633fde";
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf wrong = {0};
    struct hf_policy *none = NULL;

    policy_of(TPM2_CC_PolicySecret, "4000000b00044000000b0000", TPM2_CC_PolicyOR, list, &der);
    OK(hf_policy_from_der(hf_buf_bytes(&der), (struct hf_bytes){0}, HF_SHA256, &policy));
    check_text(policy,
               "or { secret endorsement } { digest 3767e2edd43ff45a3a7e1eaefcef78643dca964632e7aad82c673a30d8633fde }");
    policy_of(TPM2_CC_PolicySecret, "400000010004400000010000", TPM2_CC_PolicyOR, list, &wrong);
    FAILS(hf_policy_from_der(hf_buf_bytes(&wrong), (struct hf_bytes){0}, HF_SHA256, &none), HF_E_INTEGRITY);
    CHECK_DETAIL("reach none of its 2 alternatives");
}

TEST(what_is_not_a_policy_that_is_known_here_is_refused)
{
    static const struct {
        const char *name;
        uint32_t code;
        const char *body;
        hf_err want;
        const char *says;
    } cases[] = {
        {"an unknown command", 0x199, "", HF_E_UNSUPPORTED, "0x00000199"},
        {"a command that is no policy", TPM2_CC_Sign, "", HF_E_UNSUPPORTED, "0x0000015d"},
        {"authvalue with a body", TPM2_CC_PolicyAuthValue, "00", HF_E_TRAILING, "left over"},
        {"pcr cut short", TPM2_CC_PolicyPCR, "00000001000b03000001", HF_E_TRUNCATED, "need 32"},
        {"pcr with a TPM2B", TPM2_CC_PolicyPCR, "00000001000b030000010020" HASH, HF_E_TRAILING, "left over"},
        {"pcr without banks", TPM2_CC_PolicyPCR, "00000000" HASH, HF_E_FORMAT, "0 banks"},
        {"pcr without PCRs", TPM2_CC_PolicyPCR, "00000001000b03000000" HASH, HF_E_FORMAT, "selects nothing"},
        {"pcr of an odd width", TPM2_CC_PolicyPCR, "00000001000b0400000100" HASH, HF_E_UNSUPPORTED, "4 bytes"},
        {"pcr of an unknown bank", TPM2_CC_PolicyPCR, "00000001000003000001" HASH, HF_E_UNSUPPORTED, "0x0000"},
        {"pcr twice the same bank", TPM2_CC_PolicyPCR, "00000002000b03000001000b03000001" HASH, HF_E_UNSUPPORTED,
         "twice"},
        {"secret of a transient object", TPM2_CC_PolicySecret, "800000010022" NAME "0000", HF_E_FORMAT, "0x80000001"},
        {"secret of the null hierarchy", TPM2_CC_PolicySecret, "400000070004400000070000", HF_E_FORMAT, "0x40000007"},
        {"secret of two minds", TPM2_CC_PolicySecret, "4000000b0004400000010000", HF_E_FORMAT, "hint"},
        {"secret with a short Name", TPM2_CC_PolicySecret, "810100010003000b000000", HF_E_FORMAT, "a Name of 3 bytes"},
        {"counter-timer beyond the end", TPM2_CC_PolicyCounterTimer, "00000000000000ff00140009", HF_E_FORMAT,
         "25 bytes"},
        {"counter-timer without operand", TPM2_CC_PolicyCounterTimer, "00040009", HF_E_FORMAT, "an operand of 0 bytes"},
        {"counter-timer with no such comparison", TPM2_CC_PolicyCounterTimer, "01000400ff", HF_E_FORMAT, "0x00ff"},
        {"no locality", TPM2_CC_PolicyLocality, "00", HF_E_FORMAT, "no locality"},
        {"written perhaps", TPM2_CC_PolicyNvWritten, "02", HF_E_FORMAT, "neither"},
        {"cphash of another hash", TPM2_CC_PolicyCpHash, "00140000000000000000000000000000000000000000", HF_E_FORMAT,
         "20"},
        {"an or of one", TPM2_CC_PolicyOR, "000000010020" HASH, HF_E_FORMAT, "1 alternatives"},
        {"authorize with garbage for a key", TPM2_CC_PolicyAuthorize, "0004deadbeef00000010", HF_E_UNSUPPORTED, ""},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        struct hf_policy *policy = NULL;

        CASE(cases[i].name);
        policy_of(cases[i].code, cases[i].body, 0, NULL, &der);
        FAILS(hf_policy_from_der(hf_buf_bytes(&der), (struct hf_bytes){0}, HF_SHA256, &policy), cases[i].want);
        CHECK_DETAIL(cases[i].says);
        CHECK(policy == NULL);
    }
}

/* A key, its TPMT_PUBLIC in a source of keys, and a signature over an approved policy. */
static hf_err give_key(void *arg, const char *path, struct hf_buf *tpmt_public)
{
    (void)path;
    return hf_policy_key_public(hf_privkey_public(arg), tpmt_public);
}

TEST(keys_and_signatures_made_in_software_are_what_a_tpm_takes)
{
    static const enum hf_curve curves[] = {HF_P256, HF_P384, HF_P521, HF_CURVE_NONE};

    for (size_t i = 0; i < HF_COUNT(curves); i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
        HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *again = NULL;
        HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf tpm_sig = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf steps = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf none = {0};
        struct hf_policy_source source = {.key = give_key};
        struct hf_sig_alg alg = {.scheme = curves[i] ? HF_SIG_ECDSA : HF_SIG_RSASSA, .hash = HF_SHA256};
        uint8_t digest[32] = {1, 2, 3};

        OK(curves[i] ? hf_privkey_generate_ec(curves[i], &key) : hf_privkey_generate_rsa(2048, &key));
        source.arg = key;
        OK(hf_policy_parse(hf_bytes_text("signed key=a.pem ref=\"r\""), &policy));
        OK(hf_policy_bind(policy, &source));
        OK(hf_policy_to_der(policy, HF_SHA256, &steps, &none));
        OK(hf_policy_key_software(hf_buf_bytes(&policy->steps.step[0].object.pub), &again));
        CHECK(hf_pubkey_equal(again, hf_privkey_public(key)));
        OK(hf_privkey_sign(key, &alg, HF_BYTES_OF(digest), &sig));
        OK(hf_policy_signature_write(again, HF_SHA256, hf_buf_bytes(&sig), &tpm_sig));
        OK(hf_policy_signature_verify(again, hf_buf_bytes(&tpm_sig), HF_BYTES_OF(digest)));
        tpm_sig.p[tpm_sig.n - 1] ^= 1;
        FAILS(hf_policy_signature_verify(again, hf_buf_bytes(&tpm_sig), HF_BYTES_OF(digest)), HF_E_MISMATCH);
    }
}

TEST(a_key_by_name_alone_cannot_go_into_a_key_file)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf steps = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf none = {0};

    OK(hf_policy_parse(hf_bytes_text("authorize key=" NAME), &policy));
    FAILS(hf_policy_to_der(policy, HF_SHA256, &steps, &none), HF_E_ARG);
    CHECK_DETAIL("not its Name alone");
    CHECK(steps.n == 0);
}

/* Everything that is pure, from text to key file and back. */
static hf_err round_trip(const char *text)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_policy_free) struct hf_policy *copy = NULL;
    HF_CLEANUP(hf_policy_free) struct hf_policy *again = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf steps = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf approved = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf printed = {0};

    HF_TRY(hf_policy_parse(hf_bytes_text(text), &policy));
    HF_TRY(hf_policy_copy(policy, &copy));
    HF_TRY(hf_policy_to_der(copy, HF_SHA256, &steps, &approved));
    HF_TRY(hf_policy_from_der(hf_buf_bytes(&steps), hf_buf_bytes(&approved), HF_SHA256, &again));
    return hf_policy_print(again, &printed);
}

TEST(any_allocation_may_fail)
{
    static const char text[] = "locality 1; or a { secret owner ref=\"x\" } { nv 0x01500016 name=" NAME
                               " ule u64:5; or { authvalue } { digest " HASH " } }; pcr sha256:7=" HASH;
    unsigned long n = 1;

    for (;; n++) {
        hf_err err;

        hf_alloc_fail_at(n);
        err = round_trip(text);
        if (!hf_alloc_has_failed()) {
            hf_alloc_fail_at(0);
            OK(err);
            break;
        }
        hf_alloc_fail_at(0);
        if (err != HF_E_MEMORY)
            FAIL("allocation %lu: got %s (%s)", n, hf_err_name(err), hf_err_detail());
    }
    CHECK(n > 20);
}

TESTS(RUN(a_foreign_key_with_pcrs_and_a_password_is_read),
      RUN(a_foreign_key_with_an_approved_alternative_is_read_and_its_approval_holds),
      RUN(what_is_written_is_read_as_the_same_policy),
      RUN(a_straight_policy_or_becomes_a_choice_of_which_one_alternative_is_known),
      RUN(what_is_not_a_policy_that_is_known_here_is_refused),
      RUN(keys_and_signatures_made_in_software_are_what_a_tpm_takes),
      RUN(a_key_by_name_alone_cannot_go_into_a_key_file), RUN(any_allocation_may_fail))
