/* tpm/policy_run, policy_try and approvals on a software TPM. */
#include "base/file.h"
#include "base/text.h"
#include "codec/hex.h"
#include "crypto/privkey.h"
#include "software_tpm.h"
#include "test.h"
#include "tpm/connection.h"
#include "tpm/faulty.h"
#include "tpm/policy_approval.h"
#include "tpm/policy_run.h"

#include <holdfast/keyfile.h>

#define COUNTER 0x01500016u
#define PLAIN 0x01500017u
#define NAME "000b2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
#define HASH "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

static struct software_tpm software;
static struct hf_tpm *tpm; /* NULL: there is no swtpm */

#define NEED_TPM()  \
    do {            \
        if (!tpm)   \
            skip(); \
    } while (0)

static void extend(unsigned pcr, uint8_t fill)
{
    struct hf_tpm_entity entity = hf_tpm_entity_plain(pcr);
    struct hf_tpm_call c;
    uint8_t digest[32];

    memset(digest, fill, sizeof(digest));
    OK(hf_tpm_call_start(&c, TPM2_CC_PCR_Extend));
    hf_tpm_call_handle(&c, &entity, NULL);
    hf_wr_u32be(&c.w, 1);
    hf_wr_u16be(&c.w, HF_SHA256);
    hf_wr_bytes(&c.w, HF_BYTES_OF(digest));
    OK(hf_tpm_call_run(tpm, &c));
}

static void reset_pcr(unsigned pcr)
{
    struct hf_tpm_entity entity = hf_tpm_entity_plain(pcr);
    struct hf_tpm_call c;

    OK(hf_tpm_call_start(&c, TPM2_CC_PCR_Reset));
    hf_tpm_call_handle(&c, &entity, NULL);
    OK(hf_tpm_call_run(tpm, &c));
}

static void define(uint32_t index, uint32_t attributes, uint16_t size, struct hf_bytes auth)
{
    struct hf_tpm_entity owner = hf_tpm_entity_plain(TPM2_RH_OWNER);
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    TPMS_NV_PUBLIC pub = {.nvIndex = index, .nameAlg = TPM2_ALG_SHA256, .attributes = attributes, .dataSize = size};
    struct hf_tpm_call c;

    OK(hf_tpm_nv_public_write(&pub, &area));
    OK(hf_tpm_call_start(&c, TPM2_CC_NV_DefineSpace));
    hf_tpm_call_handle(&c, &owner, NULL);
    hf_wr_b16(&c.w, auth);
    hf_wr_b16(&c.w, hf_buf_bytes(&area));
    OK(hf_tpm_call_run(tpm, &c));
}

static void nv_command(uint32_t code, uint32_t index, struct hf_bytes data)
{
    struct hf_tpm_entity owner = hf_tpm_entity_plain(TPM2_RH_OWNER);
    struct hf_tpm_entity entity = {.handle = index};
    struct hf_tpm_call c;

    OK(hf_tpm_nv_read_public(tpm, index, NULL, &entity.name));
    OK(hf_tpm_call_start(&c, code));
    hf_tpm_call_handle(&c, &owner, NULL);
    hf_tpm_call_handle(&c, &entity, NULL);
    if (code == TPM2_CC_NV_Write) {
        hf_wr_b16(&c.w, data);
        hf_wr_u16be(&c.w, 0);
    }
    OK(hf_tpm_call_run(tpm, &c));
}

static int start(void **state)
{
    static const uint8_t value[] = {0x00, 0x00, 0x01, 0x2c};
    struct hf_tpm_options options = {.no_pin = true};

    (void)state;
    if (!software_tpm_start(&software, SOFTWARE_TPM_TCP))
        return 0;
    options.uri = software.uri;
    options.state_dir = software.dir;
    OK(hf_tpm_open(&options, &tpm));
    define(COUNTER, TPMA_NV_OWNERWRITE | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA | TPM2_NT_COUNTER << 4, 8,
           (struct hf_bytes){0});
    nv_command(TPM2_CC_NV_Increment, COUNTER, (struct hf_bytes){0});
    define(PLAIN, TPMA_NV_OWNERWRITE | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA, 4, hf_bytes_text("open sesame"));
    nv_command(TPM2_CC_NV_Write, PLAIN, HF_BYTES_OF(value));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    hf_tpm_close(&tpm);
    software_tpm_stop(&software);
    return 0;
}

/* Parsed and bound to the TPM. */
static void bound(const char *text, struct hf_policy **out)
{
    OK(hf_policy_parse(hf_bytes_text(text), out));
    OK(hf_policy_bind_tpm(*out, tpm));
}

TEST(the_tpm_reaches_the_digests_that_are_computed_here)
{
    static const char *const texts[] = {
        "pcr sha256:0,7,16+sha1:16",
        "authvalue",
        "password",
        "secret owner; secret platform ref=\"x\"; secret endorsement expires=100",
        "authorize key=\"P\" ref=\"boot\"; authvalue",
        "signed key=\"P\" ref=00ff",
        "authorizenv 0x01500016",
        "nv 0x01500016 ule u64:100",
        "nv 0x01500016 offset=4 ugt u32:100",
        "counter-timer clock ult 1; counter-timer safe eq yes; counter-timer offset=4 sge 0000ffff",
        "command unseal",
        "locality 0,3",
        "locality 77",
        "duplicate-to " NAME " object=" NAME " include-object",
        "duplicate-to " NAME,
        "nv-written no; physical-presence",
        "locality 1; or { authvalue; or { nv-written no } { physical-presence } } b { secret owner } { digest " HASH
        " }; nv-written yes; or { command sign } { command quote }",
    };
    static const char *const hashes[] = {"sha256", "sha1", "sha384", "sha512"};
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};

    NEED_TPM();
    OK(hf_privkey_generate_ec(HF_P256, &key));
    OK(hf_pubkey_to_pem(hf_privkey_public(key), &pem));
    for (size_t h = 0; h < HF_COUNT(hashes); h++) {
        for (size_t i = 0; i < HF_COUNT(texts); i++) {
            HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
            HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
            const char *p = strstr(texts[i], "\"P\"");

            if (strstr(texts[i], "digest ") && h)
                continue; /* a digest of one hash */
            CASE(texts[i]);
            /* the key's file is in the software TPM's folder */
            OK(hf_buf_printf(&text, "%.*s", p ? (int)(p - texts[i]) : (int)strlen(texts[i]), texts[i]));
            if (p) {
                char path[128];

                (void)snprintf(path, sizeof(path), "%s/key.pem", software.dir);
                OK(hf_file_write(path, hf_buf_bytes(&pem)));
                OK(hf_buf_printf(&text, "\"%s\"%s", path, p + 3));
            }
            OK(hf_policy_parse(hf_buf_bytes(&text), &policy));
            OK(hf_policy_bind_tpm(policy, tpm));
            OK(hf_policy_try(policy, tpm, hashes[h], NULL));
        }
    }
}

TEST(more_than_eight_branches_run_and_are_tried)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    struct hf_policy_answers answers = {0};

    NEED_TPM();
    OK(hf_buf_add(&text, hf_bytes_text("or")));
    for (unsigned i = 0; i < 73; i++)
        OK(hf_buf_printf(&text, " b%u { locality 0; counter-timer clock ult %u }", i, 4000000000u + i));
    OK(hf_policy_parse(hf_buf_bytes(&text), &policy));
    OK(hf_policy_try(policy, tpm, NULL, NULL));
    for (unsigned i = 0; i < 73; i += 9) { /* 72 is the lone one that moves up twice */
        char branch[8];

        (void)snprintf(branch, sizeof(branch), "b%u", i);
        CASE(branch);
        answers.branch = branch;
        OK(hf_policy_check(policy, tpm, NULL, &answers));
    }
}

/* Seal "secret" under a policy. */
static void seal(const struct hf_policy *policy, const struct hf_secret *auth, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *data = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    struct hf_tpm_key_spec spec = {.auth = auth, .use = HF_TPM_USE_POLICY_ONLY};

    OK(hf_secret_new(hf_bytes_text("secret"), &data));
    OK(hf_policy_digest(policy, NULL, &digest));
    spec.policy = hf_buf_bytes(&digest);
    OK(hf_tpm_seal(tpm, NULL, data, &spec, out));
}

static hf_err unseal(struct hf_tpm_key *key)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *data = NULL;
    hf_err err = hf_tpm_unseal(key, &data);

    if (err == HF_OK)
        CHECK(hf_secret_equal(data, hf_bytes_text("secret")));
    return err;
}

TEST(a_pcr_that_changed_is_named_with_both_values)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

    NEED_TPM();
    reset_pcr(16);
    bound("\n  pcr sha256:7,16", &policy);
    seal(policy, NULL, &key);
    OK(hf_tpm_key_set_policy(key, policy));
    OK(unseal(key));
    extend(16, 0x11);
    FAILS(unseal(key), HF_E_DENIED);
    CHECK_DETAIL("line 2, column 3: 'pcr sha256:7=");
    CHECK_DETAIL("does not hold: PCR sha256:16 is ");
    CHECK_DETAIL("wanted 0000000000000000000000000000000000000000000000000000000000000000");
    CHECK(hf_err_device_code() != 0);
    reset_pcr(16);
    OK(unseal(key));
}

TEST(a_pcr_that_changes_meanwhile_starts_the_run_again)
{
    static const struct hf_tpm_fault once[] = {
        {.kind = HF_TPM_FAULT_CODE, .command = TPM2_CC_PolicyPCR, .value = TPM2_RC_PCR_CHANGED}};
    static const struct hf_tpm_fault forever[] = {
        {.kind = HF_TPM_FAULT_CODE, .command = TPM2_CC_PolicyPCR, .value = TPM2_RC_PCR_CHANGED, .times = 100}};
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;

    NEED_TPM();
    bound("pcr sha256:7", &policy);
    OK(hf_tpm_faulty_open(&tpm->transport, once, 1, &tpm->transport));
    OK(hf_policy_check(policy, tpm, NULL, NULL));
    CHECK(hf_tpm_faulty_broken(tpm->transport) == 1);
    OK(hf_tpm_faulty_script(tpm->transport, forever, 1));
    FAILS(hf_policy_check(policy, tpm, NULL, NULL), HF_E_BUSY);
    CHECK(hf_tpm_faulty_broken(tpm->transport) == 4); /* three times, not for ever */
    OK(hf_tpm_faulty_script(tpm->transport, NULL, 0));
}

TEST(the_first_branch_that_holds_is_taken_and_none_is_explained)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_policy_free) struct hf_policy *never = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct hf_policy_answers answers = {.branch = "other"};

    NEED_TPM();
    bound("or boot { pcr sha256:16=1111111111111111111111111111111111111111111111111111111111111111 } "
          "other { command unseal; or { locality 3 } { counter-timer clock ugt 0 } }",
          &policy);
    seal(policy, NULL, &key);
    OK(hf_tpm_key_set_policy(key, policy));
    OK(unseal(key));
    OK(hf_tpm_key_set_policy(key, policy));
    hf_tpm_key_set_answers(key, &answers);
    OK(unseal(key));
    answers.branch = "other.2";
    OK(unseal(key));
    answers.branch = "boot";
    FAILS(unseal(key), HF_E_DENIED);
    CHECK_DETAIL("PCR sha256:16 is");
    answers.branch = "nobody";
    FAILS(unseal(key), HF_E_ARG);
    CHECK_DETAIL("no branch \"nobody\"");
    bound("or boot { pcr sha256:16=1111111111111111111111111111111111111111111111111111111111111111 } "
          "late { counter-timer clock ult 1 } far { locality 3 }",
          &never);
    FAILS(hf_policy_check(never, tpm, NULL, NULL), HF_E_DENIED);
    CHECK_DETAIL("1 (boot): ");
    CHECK_DETAIL("2 (late): ");
    CHECK_DETAIL("3 (far): ");
}

TEST(a_password_goes_with_the_policy_and_a_wrong_one_does_not)
{
    static const char *const texts[] = {"authvalue; command unseal", "password"};
    HF_CLEANUP(hf_secret_free) struct hf_secret *right = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *wrong = NULL;

    NEED_TPM();
    OK(hf_secret_new(hf_bytes_text("correct horse"), &right));
    OK(hf_secret_new(hf_bytes_text("wrong horse"), &wrong));
    for (size_t i = 0; i < HF_COUNT(texts); i++) {
        HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

        CASE(texts[i]);
        bound(texts[i], &policy);
        seal(policy, right, &key);
        OK(hf_tpm_key_set_policy(key, policy));
        OK(hf_tpm_key_set_auth(key, right));
        OK(unseal(key));
        OK(hf_tpm_key_set_auth(key, wrong));
        FAILS(unseal(key), HF_E_AUTH);
    }
}

static hf_err one_secret(void *arg, const char *what, struct hf_secret **out)
{
    const char *const *pair = arg;

    return strcmp(what, pair[0]) == 0 ? hf_secret_new(hf_bytes_text(pair[1]), out) : HF_OK;
}

TEST(values_of_other_entities_are_asked_for_and_what_is_found_is_said)
{
    const char *right[] = {"0x01500017", "open sesame"};
    const char *wrong[] = {"0x01500017", "open barley"};
    struct hf_policy_answers answers = {.secret = one_secret};
    static const struct {
        const char *text;
        bool good_secret;
        hf_err want;
        const char *says;
    } cases[] = {
        {"secret 0x01500017 ref=\"r\"", true, HF_OK, ""},
        {"secret 0x01500017 ref=\"r\"", false, HF_E_AUTH, "line 1, column 1: 'secret 0x01500017"},
        {"secret owner expires=1000; nv 0x01500016 uge u64:1", true, HF_OK, ""},
        {"nv 0x01500017 eq u32:300", true, HF_OK, ""},
        {"nv 0x01500017 offset=2 eq u16:300; nv 0x01500017 bitset u32:4; nv 0x01500017 bitclear 80000000", true, HF_OK,
         ""},
        {"nv 0x01500017 ult u32:300", true, HF_E_DENIED, "does not hold: found 0000012c, wanted ult 0000012c"},
        {"nv 0x01500017 bitset 000000ff", true, HF_E_DENIED, "found 0000012c, wanted bitset 000000ff"},
        {"nv 0x01500017 offset=2 eq u32:1", true, HF_E_DENIED, "the index has 4 bytes, the comparison ends at 6"},
        {"nv 0x01500017 eq u32:300", false, HF_E_AUTH, ""},
        {"counter-timer reset-count eq 4000000000", true, HF_E_DENIED, "does not hold: found"},
        {"locality 3", true, HF_E_DENIED, "locality 0"},
        {"physical-presence", true, HF_E_DENIED, "asserted by the platform"},
        {"signed key=" NAME, true, HF_E_DENIED, "nobody to sign"},
        {"authorize key=" NAME, true, HF_E_DENIED, "no approval by this key"},
        {"secret " NAME, true, HF_E_NOT_FOUND, "no persistent object and no NV index of this Name"},
        {"nv 0x01500017 name=" NAME " eq u32:300", true, HF_E_DENIED, "not the one whose Name"},
        {"nv 0x01500099 name=" NAME " eq u32:300", true, HF_E_NOT_FOUND, ""},
    };

    NEED_TPM();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;

        CASE(cases[i].text);
        answers.arg = cases[i].good_secret ? right : wrong;
        bound(cases[i].text, &policy);
        if (cases[i].want == HF_OK) {
            OK(hf_policy_check(policy, tpm, NULL, &answers));
            continue;
        }
        FAILS(hf_policy_check(policy, tpm, NULL, &answers), cases[i].want);
        CHECK_DETAIL(cases[i].says);
    }
}

/* A signer outside the TPM. */
static hf_err sign_assertion(void *arg, const struct hf_policy_assertion *what, struct hf_buf *out)
{
    const struct hf_privkey *key = arg;
    const struct hf_pubkey *pub = hf_privkey_public(key);
    struct hf_sig_alg alg = {.scheme = hf_pubkey_kind(pub) == HF_KEY_EC ? HF_SIG_ECDSA : HF_SIG_RSASSA,
                             .hash = HF_SHA256};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

    HF_TRY(hf_privkey_sign_message(key, &alg, what->message, &sig));
    return hf_policy_signature_write(pub, HF_SHA256, hf_buf_bytes(&sig), out);
}

static hf_err give_key(void *arg, const char *path, struct hf_buf *out)
{
    (void)path;
    return hf_policy_key_public(hf_privkey_public(arg), out);
}

static void made_key(bool rsa, struct hf_privkey **out)
{
    OK(rsa ? hf_privkey_generate_rsa(2048, out) : hf_privkey_generate_ec(HF_P256, out));
}

TEST(a_signer_outside_satisfies_signed_and_nobody_else_does)
{
    for (int rsa = 0; rsa < 2; rsa++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *other = NULL;
        HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
        struct hf_policy_answers answers = {.sign = sign_assertion, .key = give_key};
        struct hf_policy_source source = {.key = give_key};

        NEED_TPM();
        made_key(rsa, &key);
        made_key(false, &other);
        source.arg = key;
        OK(hf_policy_parse(hf_bytes_text("signed key=who ref=\"shift\" expires=600"), &policy));
        OK(hf_policy_bind(policy, &source));
        answers.arg = key;
        OK(hf_policy_check(policy, tpm, NULL, &answers));
        answers.arg = other;
        CHECK(hf_policy_check(policy, tpm, NULL, &answers) != HF_OK);
        CHECK_DETAIL("'signed key=\"who\"");
    }
}

static hf_err sign_digest(void *arg, struct hf_bytes digest, struct hf_buf *out)
{
    const struct hf_privkey *key = arg;
    struct hf_sig_alg alg = {.hash = HF_SHA256};

    alg.scheme = hf_pubkey_kind(hf_privkey_public(key)) == HF_KEY_EC ? HF_SIG_ECDSA : HF_SIG_RSASSA;
    return hf_privkey_sign(key, &alg, digest, out);
}

static void approve(const char *text, struct hf_privkey *key, const char *ref, struct hf_policy_approval **out)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    struct hf_policy_approval_spec spec = {.ref = hf_bytes_text(ref), .arg = key, .sign = sign_digest};

    bound(text, &policy);
    OK(hf_pubkey_to_pem(hf_privkey_public(key), &pem));
    spec.key_pem = hf_buf_bytes(&pem);
    OK(hf_policy_approve(policy, &spec, out));
}

static uint64_t counter_now(void)
{
    struct hf_policy_step step = {.kind = HF_POLICY_NV, .object = {.handle = COUNTER}};
    struct hf_policy_answers silent = {0};
    struct hf_policy_nv_access access = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
    struct hf_reader r;

    OK(hf_tpm_nv_read_public(tpm, COUNTER, NULL, &step.object.name));
    OK(hf_policy_nv_open(tpm, &silent, &step, &access));
    OK(hf_policy_nv_read(tpm, &access, 0, 8, &value));
    r = hf_reader(hf_buf_bytes(&value));
    return hf_rd_u64be(&r);
}

TEST(an_approval_opens_what_is_sealed_and_superseding_ends_it)
{
    for (int rsa = 0; rsa < 2; rsa++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
        HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *old = NULL;
        HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *new = NULL;
        HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *sealed = NULL;
        const struct hf_policy_approval *list[2];
        struct hf_policy_answers answers = {.approval = list, .n_approvals = 1};
        char text[128];

        NEED_TPM();
        made_key(rsa, &key);
        reset_pcr(16);
        (void)snprintf(text, sizeof(text), "pcr sha256:16; nv 0x01500016 ule u64:%llu",
                       (unsigned long long)counter_now());
        approve(text, key, "boot", &old);
        OK(hf_policy_approval_seal_policy(old, &policy));
        seal(policy, NULL, &sealed);
        OK(hf_tpm_key_set_policy(sealed, policy));
        hf_tpm_key_set_answers(sealed, &answers);
        list[0] = old;
        OK(unseal(sealed));

        extend(16, 0x22); /* an update: the old approval no longer fits */
        FAILS(unseal(sealed), HF_E_DENIED);
        CHECK_DETAIL("PCR sha256:16 is");
        nv_command(TPM2_CC_NV_Increment, COUNTER, (struct hf_bytes){0}); /* supersede */
        (void)snprintf(text, sizeof(text), "pcr sha256:16; nv 0x01500016 ule u64:%llu",
                       (unsigned long long)counter_now());
        approve(text, key, "boot", &new);
        list[1] = new;
        answers.n_approvals = 2;
        OK(unseal(sealed));

        reset_pcr(16); /* back to the old software: its approval has ended */
        FAILS(unseal(sealed), HF_E_DENIED);
        answers.n_approvals = 1;
        FAILS(unseal(sealed), HF_E_DENIED);
        CHECK_DETAIL("nv 0x01500016");
        CHECK_DETAIL("wanted ule");
    }
}

TEST(an_approval_for_another_ref_or_by_another_key_opens_nothing)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *other = NULL;
    HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *right = NULL;
    HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *wrong_ref = NULL;
    HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *wrong_key = NULL;
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    const struct hf_policy_approval *list[2];
    struct hf_policy_answers answers = {.approval = list, .n_approvals = 2};

    NEED_TPM();
    made_key(false, &key);
    made_key(false, &other);
    approve("nv-written no", key, "boot", &right);
    approve("nv-written no", key, "recovery", &wrong_ref);
    approve("nv-written no", other, "boot", &wrong_key);
    OK(hf_policy_approval_seal_policy(right, &policy));
    list[0] = wrong_ref;
    list[1] = wrong_key;
    FAILS(hf_policy_check(policy, tpm, NULL, &answers), HF_E_DENIED);
    CHECK_DETAIL("no approval by this key for this ref");
    /* Claiming to be the right key does not help: the TPM looks at the signature. */
    wrong_key->name = right->name;
    FAILS(hf_policy_check(policy, tpm, NULL, &answers), HF_E_DENIED);
    list[1] = right;
    OK(hf_policy_check(policy, tpm, NULL, &answers));
}

TEST(nothing_is_left_in_the_tpm)
{
    struct hf_tpm_call c;

    NEED_TPM();
    for (int type = 0; type < 2; type++) {
        OK(hf_tpm_call_start(&c, TPM2_CC_GetCapability));
        c.bare = true;
        hf_wr_u32be(&c.w, TPM2_CAP_HANDLES);
        hf_wr_u32be(&c.w, type ? 0x80000000u : 0x02000000u);
        hf_wr_u32be(&c.w, 32);
        OK(hf_tpm_call_run(tpm, &c));
        (void)hf_rd_u8(&c.r);
        (void)hf_rd_u32be(&c.r);
        CHECK(hf_rd_u32be(&c.r) <= (type ? 0u : 2u)); /* the two pooled sessions */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(the_tpm_reaches_the_digests_that_are_computed_here),
        RUN(more_than_eight_branches_run_and_are_tried),
        RUN(a_pcr_that_changed_is_named_with_both_values),
        RUN(the_first_branch_that_holds_is_taken_and_none_is_explained),
        RUN(a_password_goes_with_the_policy_and_a_wrong_one_does_not),
        RUN(values_of_other_entities_are_asked_for_and_what_is_found_is_said),
        RUN(a_signer_outside_satisfies_signed_and_nobody_else_does),
        RUN(an_approval_opens_what_is_sealed_and_superseding_ends_it),
        RUN(an_approval_for_another_ref_or_by_another_key_opens_nothing),
        RUN(nothing_is_left_in_the_tpm),
        RUN(a_pcr_that_changes_meanwhile_starts_the_run_again),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name(__FILE__, tests, start, stop);
}
