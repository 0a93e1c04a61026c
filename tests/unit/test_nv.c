/* tpm/nv*: NV indices on a fresh embedded TPM. */
#include "test.h"
#include "tpm/nv.h"
#include "tpm_rig.h"

#include <holdfast/platform.h>

#define INDEX 0x01800010u

static struct hf_secret *secret_of(const char *text)
{
    struct hf_secret *s = NULL;

    OK(hf_secret_new(hf_bytes_text(text), &s));
    return s;
}

static void define(struct tpm_rig *rig, enum hf_tpm_nv_kind kind, size_t size, const char *attributes)
{
    struct hf_tpm_nv_spec spec = {.index = INDEX, .kind = kind, .size = size};

    if (attributes)
        OK(hf_tpm_nv_attributes_parse(attributes, &spec.attributes));
    OK(hf_tpm_nv_define(rig->tpm, &spec));
}

TEST(attributes_are_words_both_ways)
{
    static const struct {
        const char *text;
        uint32_t want;
        const char *printed;
    } good[] = {
        {"ownerwrite|ownerread", 0x00020002, "ownerwrite|ownerread"},
        {"TPMA_NV_AUTHREAD,AUTHWRITE", 0x00040004, "authwrite|authread"},
        {"authread no_da nt=counter", 0x02040010, "authread|no_da|nt=counter"},
        {"nt=pin-pass|ppwrite", 0x00000091, "ppwrite|nt=pinpass"},
        {"nt=bits|read_stclear", 0x80000020, "read_stclear|nt=bits"},
    };
    static const char *const bad[] = {"", "|", "ownerwrites", "nt=", "nt=7", "owner write"};

    for (size_t i = 0; i < HF_COUNT(good); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf printed = {0};
        uint32_t got = 0;
        char *text = NULL;

        CASE(good[i].text);
        OK(hf_tpm_nv_attributes_parse(good[i].text, &got));
        if (got != good[i].want)
            FAIL("0x%08x, want 0x%08x", got, good[i].want);
        OK(hf_tpm_nv_attributes_print(got, &printed));
        OK(hf_buf_text(&printed, &text));
        CHECK_TEXT(text, good[i].printed);
    }
    for (size_t i = 0; i < HF_COUNT(bad); i++) {
        uint32_t got = 0;

        CASE(bad[i]);
        FAILS(hf_tpm_nv_attributes_parse(bad[i], &got), HF_E_ARG);
    }
}

TEST(what_was_written_is_read_at_any_length_and_offset)
{
    static uint8_t data[2048];
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *back = NULL;
    struct hf_bytes all = HF_BYTES_OF(data);

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    define(&rig, HF_TPM_NV_ORDINARY, sizeof(data), NULL);
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, NULL, 0, SIZE_MAX, &back), HF_E_NOT_FOUND);
    CHECK_DETAIL("never written");
    OK(hf_tpm_nv_write(rig.tpm, INDEX, NULL, 0, all)); /* two commands */
    OK(hf_tpm_nv_read(rig.tpm, INDEX, NULL, 0, SIZE_MAX, &back));
    CHECK_BYTES(hf_secret_expose(back), all);
    hf_secret_free(&back);
    OK(hf_tpm_nv_write(rig.tpm, INDEX, NULL, 1000, hf_bytes_text("across the border")));
    OK(hf_tpm_nv_read(rig.tpm, INDEX, NULL, 998, 1030, &back)); /* two commands too */
    CHECK_BYTES(((struct hf_bytes){hf_secret_expose(back).p + 2, 17}), hf_bytes_text("across the border"));
    CHECK(hf_secret_expose(back).p[0] == data[998] && hf_secret_expose(back).p[19] == data[1017]);
    hf_secret_free(&back);
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, NULL, 2000, 49, &back), HF_E_ARG);
    CHECK_DETAIL("49 bytes at offset 2000");
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, NULL, 2048, SIZE_MAX, &back), HF_E_ARG);
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, NULL, SIZE_MAX, 2, &back), HF_E_ARG);
    FAILS(hf_tpm_nv_write(rig.tpm, INDEX, NULL, 2047, hf_bytes_text("ab")), HF_E_ARG);
    FAILS(hf_tpm_nv_write(rig.tpm, INDEX, NULL, 0, (struct hf_bytes){NULL, 0}), HF_E_ARG);
}

TEST(a_definition_that_cannot_be_is_refused_with_its_limit)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *long_auth = secret_of("123456789012345678901234567890123");
    static const uint8_t digest[20];
    const struct {
        const char *name;
        struct hf_tpm_nv_spec spec;
        hf_err want;
        const char *says;
    } cases[] = {
        {"no size", {.index = INDEX}, HF_E_ARG, "needs a size"},
        {"too large", {.index = INDEX, .size = 2049}, HF_E_LIMIT, "permits 2048"},
        {"far too large", {.index = INDEX, .size = 70000}, HF_E_LIMIT, "70000 bytes"},
        {"no index", {.index = 0x81000001, .size = 8}, HF_E_ARG, "no NV index"},
        {"a counter of 4 bytes", {.index = INDEX, .kind = HF_TPM_NV_COUNTER, .size = 4}, HF_E_ARG, "has 8 bytes"},
        {"extend of 8 bytes", {.index = INDEX, .kind = HF_TPM_NV_EXTEND, .size = 8}, HF_E_ARG, "has 32 bytes"},
        {"nobody reads", {.index = INDEX, .size = 8, .attributes = TPMA_NV_OWNERWRITE}, HF_E_ARG, "nobody could read"},
        {"nobody writes", {.index = INDEX, .size = 8, .attributes = TPMA_NV_OWNERREAD}, HF_E_ARG, "nobody could write"},
        {"policy without one",
         {.index = INDEX, .size = 8, .attributes = TPMA_NV_POLICYREAD | TPMA_NV_OWNERWRITE},
         HF_E_ARG,
         "need a policy"},
        {"written at once", {.index = INDEX, .size = 8, .attributes = TPMA_NV_WRITTEN}, HF_E_ARG, "come about by use"},
        {"two kinds", {.index = INDEX, .kind = HF_TPM_NV_BITS, .attributes = 0x10}, HF_E_ARG, "the kind is bits"},
        {"a PIN written by itself",
         {.index = INDEX, .kind = HF_TPM_NV_PIN_FAIL, .attributes = TPMA_NV_AUTHWRITE | TPMA_NV_AUTHREAD},
         HF_E_ARG,
         "which is the PIN"},
        {"a long value", {.index = INDEX, .size = 8, .auth = long_auth}, HF_E_ARG, "33 bytes"},
        {"a short policy", {.index = INDEX, .size = 8, .policy = HF_BYTES_OF(digest)}, HF_E_ARG, "makes 32"},
        {"an unknown hash", {.index = INDEX, .size = 8, .hash = 0x77}, HF_E_UNSUPPORTED, "no hash"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        FAILS(hf_tpm_nv_define(rig.tpm, &cases[i].spec), cases[i].want);
        CHECK_DETAIL(cases[i].says);
    }
    CASE("");
    define(&rig, HF_TPM_NV_ORDINARY, 8, NULL);
    FAILS(hf_tpm_nv_define(rig.tpm, &(struct hf_tpm_nv_spec){.index = INDEX, .size = 8}), HF_E_EXISTS);
    CHECK_DETAIL("0x01800010");
    OK(hf_tpm_nv_undefine(rig.tpm, INDEX, NULL));
    FAILS(hf_tpm_nv_undefine(rig.tpm, INDEX, NULL), HF_E_NOT_FOUND);
    CHECK_DETAIL("not defined");
}

/* How many more of these there is room for. */
static int define_until_full(struct tpm_rig *rig, struct hf_tpm_nv_spec *spec)
{
    hf_err err = HF_OK;
    int made = -1;

    for (; err == HF_OK && made < 500; made++) {
        spec->index++;
        err = hf_tpm_nv_define(rig->tpm, spec);
    }
    if (err != HF_E_FULL)
        FAIL("%s after %d: %s", hf_err_name(err), made, hf_err_detail());
    return made;
}

TEST(nv_ends_with_an_error_that_says_so)
{
    TPM_RIG(rig);
    struct hf_tpm_nv_spec spec = {.index = INDEX, .size = 2048};

    CHECK(define_until_full(&rig, &spec) > 3);
    CHECK_DETAIL("no NV space left");
}

TEST(counters_only_go_up_and_end_when_there_are_too_many)
{
    TPM_RIG(rig);
    struct hf_tpm_nv_spec spec = {.index = INDEX, .kind = HF_TPM_NV_COUNTER};
    uint64_t first = 0;
    uint64_t value = 0;

    OK(hf_tpm_nv_define(rig.tpm, &spec));
    FAILS(hf_tpm_nv_number(rig.tpm, INDEX, NULL, &value), HF_E_NOT_FOUND);
    OK(hf_tpm_nv_increment(rig.tpm, INDEX, NULL));
    OK(hf_tpm_nv_number(rig.tpm, INDEX, NULL, &first));
    OK(hf_tpm_nv_increment(rig.tpm, INDEX, NULL));
    OK(hf_tpm_nv_number(rig.tpm, INDEX, NULL, &value));
    CHECK(value == first + 1);
    FAILS(hf_tpm_nv_write(rig.tpm, INDEX, NULL, 0, hf_bytes_text("12345678")), HF_E_KEY_TYPE);
    CHECK_DETAIL("it is incremented");
    OK(hf_tpm_nv_undefine(rig.tpm, INDEX, NULL));
    OK(hf_tpm_nv_define(rig.tpm, &spec)); /* deleted and defined anew: not below where it was */
    OK(hf_tpm_nv_increment(rig.tpm, INDEX, NULL));
    OK(hf_tpm_nv_number(rig.tpm, INDEX, NULL, &first));
    CHECK(first > value);
    spec.attributes = TPMA_NV_ORDERLY; /* these are kept in memory, of which there is less */
    CHECK(define_until_full(&rig, &spec) > 3);
    CHECK_DETAIL("another counter");
}

TEST(bits_are_set_and_hashes_extended)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *hash = NULL;
    struct hf_tpm_nv_spec extend = {.index = INDEX + 1, .kind = HF_TPM_NV_EXTEND, .hash = HF_SHA384};
    uint8_t zeros[48] = {0};
    struct hf_bytes parts[] = {HF_BYTES_OF(zeros), hf_bytes_text("event")};
    struct hf_digest want = {0};
    uint64_t value = 0;

    define(&rig, HF_TPM_NV_BITS, 0, NULL);
    OK(hf_tpm_nv_set_bits(rig.tpm, INDEX, NULL, 0x5));
    OK(hf_tpm_nv_set_bits(rig.tpm, INDEX, NULL, (uint64_t)1 << 63));
    OK(hf_tpm_nv_number(rig.tpm, INDEX, NULL, &value));
    CHECK(value == ((uint64_t)1 << 63 | 0x5));
    FAILS(hf_tpm_nv_increment(rig.tpm, INDEX, NULL), HF_E_KEY_TYPE);
    OK(hf_tpm_nv_define(rig.tpm, &extend));
    OK(hf_tpm_nv_extend(rig.tpm, INDEX + 1, NULL, hf_bytes_text("event")));
    OK(hf_hash(HF_SHA384, parts, 2, &want));
    OK(hf_tpm_nv_read(rig.tpm, INDEX + 1, NULL, 0, SIZE_MAX, &hash));
    CHECK_BYTES(hf_secret_expose(hash), hf_digest_bytes(&want));
    FAILS(hf_tpm_nv_number(rig.tpm, INDEX + 1, NULL, &value), HF_E_KEY_TYPE);
}

TEST(a_value_opens_and_a_wrong_one_says_how_many_tries_are_left)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *right = secret_of("right");
    HF_CLEANUP(hf_secret_free) struct hf_secret *wrong = secret_of("wrong");
    HF_CLEANUP(hf_secret_free) struct hf_secret *data = NULL;
    struct hf_tpm_nv_auth by_right = {.value = right};
    struct hf_tpm_nv_auth by_wrong = {.value = wrong};
    struct hf_tpm_nv_auth by_owner = {.by = HF_TPM_NV_BY_OWNER};
    struct hf_tpm_lockout lockout;

    OK(hf_tpm_nv_define(rig.tpm, &(struct hf_tpm_nv_spec){.index = INDEX, .size = 4, .auth = right}));
    OK(hf_tpm_nv_define(rig.tpm, &(struct hf_tpm_nv_spec){.index = INDEX + 1, .size = 4, .auth = right, .da = true}));
    OK(hf_tpm_nv_write(rig.tpm, INDEX, &by_right, 0, hf_bytes_text("kept")));
    OK(hf_tpm_nv_write(rig.tpm, INDEX + 1, &by_right, 0, hf_bytes_text("kept")));
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, &by_wrong, 0, 4, &data), HF_E_AUTH);
    OK(hf_tpm_lockout_get(rig.tpm, &lockout));
    CHECK(lockout.counter == 0);
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, &by_owner, 0, 4, &data), HF_E_DENIED);
    CHECK_DETAIL("does not permit");
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX + 1, &by_wrong, 0, 4, &data), HF_E_AUTH);
    CHECK_DETAIL("2 of 3 tries left");
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX + 1, NULL, 0, 4, &data), HF_E_AUTH);
    CHECK_DETAIL("1 of 3 tries left");
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX + 1, &by_wrong, 0, 4, &data), HF_E_AUTH);
    CHECK_DETAIL("no tries are left");
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX + 1, &by_right, 0, 4, &data), HF_E_LOCKED);
    OK(hf_tpm_lockout_reset(rig.tpm, NULL, false));
    OK(hf_tpm_nv_read(rig.tpm, INDEX + 1, &by_right, 0, 4, &data));
}

TEST(locks_hold)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *data = NULL;
    struct hf_tpm_nv_info info;

    define(&rig, HF_TPM_NV_ORDINARY, 4, "write_stclear|read_stclear");
    OK(hf_tpm_nv_write(rig.tpm, INDEX, NULL, 0, hf_bytes_text("once")));
    OK(hf_tpm_nv_lock_write(rig.tpm, INDEX, NULL));
    FAILS(hf_tpm_nv_write(rig.tpm, INDEX, NULL, 0, hf_bytes_text("more")), HF_E_DENIED);
    CHECK_DETAIL("locked for writing until the next reset");
    OK(hf_tpm_nv_read(rig.tpm, INDEX, NULL, 0, 4, &data));
    CHECK_BYTES(hf_secret_expose(data), hf_bytes_text("once"));
    hf_secret_free(&data);
    OK(hf_tpm_nv_lock_read(rig.tpm, INDEX, NULL));
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, NULL, 0, 4, &data), HF_E_DENIED);
    OK(hf_tpm_nv_info_get(rig.tpm, INDEX, &info));
    CHECK(info.written && info.write_locked && info.read_locked && !info.platform && info.size == 4);
    OK(hf_tpm_nv_undefine(rig.tpm, INDEX, NULL));
    define(&rig, HF_TPM_NV_ORDINARY, 4, NULL);
    FAILS(hf_tpm_nv_lock_write(rig.tpm, INDEX, NULL), HF_E_ARG);
    CHECK_DETAIL("without writedefine or write_stclear");
    FAILS(hf_tpm_nv_lock_read(rig.tpm, INDEX, NULL), HF_E_ARG);
}

static struct hf_policy *policy_of(struct hf_tpm *tpm, const char *text, struct hf_buf *digest)
{
    struct hf_policy *policy = NULL;

    OK(hf_policy_parse(hf_bytes_text(text), &policy));
    OK(hf_policy_bind_tpm(policy, tpm));
    OK(hf_policy_digest(policy, NULL, digest));
    return policy;
}

TEST(a_policy_opens_and_changes_the_value)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    HF_CLEANUP(hf_policy_free)
    struct hf_policy *policy = policy_of(rig.tpm, "or use { authvalue } change { command nv-change-auth }", &digest);
    HF_CLEANUP(hf_secret_free) struct hf_secret *old = secret_of("old");
    HF_CLEANUP(hf_secret_free) struct hf_secret *new = secret_of("new");
    HF_CLEANUP(hf_secret_free) struct hf_secret *data = NULL;
    struct hf_policy_answers use = {.branch = "use"};
    struct hf_policy_answers change = {.branch = "change"};
    struct hf_tpm_nv_auth by_old = {.value = old, .policy = policy, .answers = &use};
    struct hf_tpm_nv_auth by_new = {.value = new, .policy = policy, .answers = &use};
    struct hf_tpm_nv_auth changing = {.value = old, .policy = policy, .answers = &change};

    OK(hf_tpm_nv_define(
        rig.tpm, &(struct hf_tpm_nv_spec){.index = INDEX, .size = 4, .auth = old, .policy = hf_buf_bytes(&digest)}));
    OK(hf_tpm_nv_write(rig.tpm, INDEX, &by_old, 0, hf_bytes_text("deep")));
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, NULL, 0, 4, &data), HF_E_DENIED);
    CHECK_DETAIL("--policy");
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, &by_new, 0, 4, &data), HF_E_AUTH);
    OK(hf_tpm_nv_change_auth(rig.tpm, INDEX, &changing, new));
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, &by_old, 0, 4, &data), HF_E_AUTH);
    OK(hf_tpm_nv_read(rig.tpm, INDEX, &by_new, 0, 4, &data));
    CHECK_BYTES(hf_secret_expose(data), hf_bytes_text("deep"));
}

TEST(an_index_with_policy_delete_goes_by_policy_and_platform_only)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    HF_CLEANUP(hf_policy_free)
    struct hf_policy *policy = policy_of(rig.tpm, "command nv-undefine-space-special", &digest);
    struct hf_tpm_nv_auth by_policy = {.policy = policy};
    struct hf_tpm_nv_spec spec = {.index = INDEX,
                                  .size = 4,
                                  .platform = true,
                                  .policy = hf_buf_bytes(&digest),
                                  .attributes = TPMA_NV_PPREAD | TPMA_NV_PPWRITE | TPMA_NV_POLICY_DELETE};
    struct hf_tpm_nv_info info;

    OK(hf_tpm_nv_define(rig.tpm, &spec));
    OK(hf_tpm_nv_info_get(rig.tpm, INDEX, &info));
    CHECK(info.platform);
    FAILS(hf_tpm_nv_undefine(rig.tpm, INDEX, NULL), HF_E_DENIED);
    FAILS(hf_tpm_nv_undefine_special(rig.tpm, INDEX, &(struct hf_tpm_nv_auth){0}, NULL), HF_E_DENIED);
    OK(hf_tpm_nv_undefine_special(rig.tpm, INDEX, &by_policy, NULL));
    FAILS(hf_tpm_nv_info_get(rig.tpm, INDEX, &info), HF_E_NOT_FOUND);
}

TEST(a_pin_index_counts_wrong_uses_up_to_its_limit)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *pin = secret_of("1234");
    HF_CLEANUP(hf_secret_free) struct hf_secret *bad = secret_of("4321");
    HF_CLEANUP(hf_secret_free) struct hf_secret *data = NULL;
    struct hf_tpm_nv_auth by_pin = {.by = HF_TPM_NV_BY_INDEX, .value = pin};
    struct hf_tpm_nv_auth by_bad = {.by = HF_TPM_NV_BY_INDEX, .value = bad};
    struct hf_tpm_nv_auth by_owner = {.by = HF_TPM_NV_BY_OWNER};
    uint64_t value = 0;

    OK(hf_tpm_nv_define(rig.tpm, &(struct hf_tpm_nv_spec){.index = INDEX, .kind = HF_TPM_NV_PIN_FAIL, .auth = pin}));
    OK(hf_tpm_nv_pin_limit(rig.tpm, INDEX, &by_owner, 2));
    OK(hf_tpm_nv_read(rig.tpm, INDEX, &by_pin, 0, 8, &data));
    hf_secret_free(&data);
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, &by_bad, 0, 8, &data), HF_E_AUTH);
    OK(hf_tpm_nv_number(rig.tpm, INDEX, &by_owner, &value));
    CHECK(value == ((uint64_t)1 << 32 | 2));
    FAILS(hf_tpm_nv_read(rig.tpm, INDEX, &by_bad, 0, 8, &data), HF_E_AUTH);
    CHECK(hf_tpm_nv_read(rig.tpm, INDEX, &by_pin, 0, 8, &data) !=
          HF_OK); /* the limit is reached: the right one fails too */
    OK(hf_tpm_nv_pin_limit(rig.tpm, INDEX, &by_owner, 2));
    OK(hf_tpm_nv_read(rig.tpm, INDEX, &by_pin, 0, 8, &data));
}

static hf_err count(void *arg, const struct hf_tpm_nv_info *info)
{
    struct hf_tpm_nv_info *seen = arg;

    CHECK(info->index > seen->index); /* ascending */
    *seen = *info;
    seen->size++; /* how many, in the test below */
    return HF_OK;
}

static hf_err stop(void *arg, const struct hf_tpm_nv_info *info)
{
    (void)arg;
    (void)info;
    return HF_E_CANCELLED;
}

TEST(a_list_has_every_index_with_its_owner)
{
    TPM_RIG(rig);
    struct hf_tpm_nv_info seen = {0};
    struct hf_tpm_nv_info info;

    OK(hf_tpm_nv_list(rig.tpm, count, &seen));
    CHECK(seen.index == 0);
    OK(hf_tpm_nv_define(rig.tpm, &(struct hf_tpm_nv_spec){.index = INDEX, .size = 8}));
    OK(hf_tpm_nv_define(rig.tpm, &(struct hf_tpm_nv_spec){.index = 0x01c00002, .size = 100, .platform = true}));
    OK(hf_tpm_nv_list(rig.tpm, count, &seen));
    CHECK(seen.index == 0x01c00002);
    CHECK_TEXT(seen.owner, "EK certificate, RSA 2048");
    OK(hf_tpm_nv_info_get(rig.tpm, INDEX, &info));
    CHECK_TEXT(info.owner, "owner");
    CHECK(info.attributes == (TPMA_NV_OWNERREAD | TPMA_NV_OWNERWRITE | TPMA_NV_NO_DA));
    FAILS(hf_tpm_nv_list(rig.tpm, stop, NULL), HF_E_CANCELLED);
}

TEST(a_certificate_says_what_an_index_holds)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ak = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_ATTEST);
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement s = {0};
    struct hf_bytes nonce = hf_bytes_text("fresh");
    struct hf_tpm_nv_info info;
    TPMS_ATTEST attest;

    define(&rig, HF_TPM_NV_ORDINARY, 16, NULL);
    FAILS(hf_tpm_nv_certify(ak, INDEX, NULL, 0, 16, nonce, NULL, &s), HF_E_NOT_FOUND);
    OK(hf_tpm_nv_write(rig.tpm, INDEX, NULL, 0, hf_bytes_text("0123456789abcdef")));
    OK(hf_tpm_nv_certify(ak, INDEX, NULL, 4, 8, nonce, NULL, &s));
    OK(hf_tpm_nv_info_get(rig.tpm, INDEX, &info));
    OK(hf_tpm_attest_parse(hf_buf_bytes(&s.attest), &attest));
    CHECK(s.restricted && attest.type == TPM2_ST_ATTEST_NV && attest.attested.nv.offset == 4);
    CHECK_BYTES(((struct hf_bytes){attest.attested.nv.nvContents.buffer, attest.attested.nv.nvContents.size}),
                hf_bytes_text("456789ab"));
    CHECK_BYTES(((struct hf_bytes){attest.attested.nv.indexName.name, attest.attested.nv.indexName.size}),
                ((struct hf_bytes){info.name, info.n_name}));
    FAILS(hf_tpm_nv_certify(ak, INDEX, NULL, 10, 8, nonce, NULL, &s), HF_E_ARG);
    FAILS(hf_tpm_nv_certify(ak, INDEX, NULL, 0, 0, nonce, NULL, &s), HF_E_ARG);
}

TESTS(RUN(attributes_are_words_both_ways), RUN(what_was_written_is_read_at_any_length_and_offset),
      RUN(a_definition_that_cannot_be_is_refused_with_its_limit), RUN(nv_ends_with_an_error_that_says_so),
      RUN(counters_only_go_up_and_end_when_there_are_too_many), RUN(bits_are_set_and_hashes_extended),
      RUN(a_value_opens_and_a_wrong_one_says_how_many_tries_are_left), RUN(locks_hold),
      RUN(a_policy_opens_and_changes_the_value), RUN(an_index_with_policy_delete_goes_by_policy_and_platform_only),
      RUN(a_pin_index_counts_wrong_uses_up_to_its_limit), RUN(a_list_has_every_index_with_its_owner),
      RUN(a_certificate_says_what_an_index_holds))
