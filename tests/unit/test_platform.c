/* tpm/{lockout,hierarchy,clear,clock,caps_list,srk_flavour}: the TPM as a whole, on a fresh embedded TPM. */
#include "test.h"
#include "tpm/lockout.h"
#include "tpm/nv.h"
#include "tpm/srk_flavour.h"
#include "tpm_rig.h"

static struct hf_secret *secret_of(const char *text)
{
    struct hf_secret *s = NULL;

    OK(hf_secret_new(hf_bytes_text(text), &s));
    return s;
}

TEST(setting_one_parameter_leaves_the_others)
{
    TPM_RIG(rig);
    struct hf_tpm_lockout before, after;

    OK(hf_tpm_lockout_get(rig.tpm, &before));
    CHECK(!before.in_lockout && !before.auth_set && before.counter == 0 && before.tries_left == before.max_tries &&
          before.next_within_s == 0);
    OK(hf_tpm_lockout_set(rig.tpm, NULL, &(struct hf_tpm_lockout_change){.set_recovery = true, .recovery_s = 77},
                          false));
    OK(hf_tpm_lockout_get(rig.tpm, &after));
    CHECK(after.recovery_s == 77 && after.max_tries == before.max_tries &&
          after.lockout_recovery_s == before.lockout_recovery_s);
    OK(hf_tpm_lockout_set(rig.tpm, NULL, &(struct hf_tpm_lockout_change){.set_max_tries = true, .max_tries = 5},
                          false));
    OK(hf_tpm_lockout_get(rig.tpm, &after));
    CHECK(after.recovery_s == 77 && after.max_tries == 5 && after.tries_left == 5);
    FAILS(hf_tpm_lockout_set(rig.tpm, NULL, &(struct hf_tpm_lockout_change){.set_max_tries = true}, false), HF_E_ARG);
    FAILS(hf_tpm_lockout_set(rig.tpm, NULL, &(struct hf_tpm_lockout_change){0}, false), HF_E_ARG);
}

TEST(a_lockout_authorization_that_must_be_wrong_is_not_tried)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *right = secret_of("right");
    HF_CLEANUP(hf_secret_free) struct hf_secret *wrong = secret_of("wrong");
    struct hf_tpm_lockout l;

    FAILS(hf_tpm_lockout_reset(rig.tpm, wrong, false), HF_E_DENIED); /* it is empty */
    CHECK_DETAIL("for 1000 s");
    OK(hf_tpm_hierarchy_change_auth(rig.tpm, HF_TPM_BY_LOCKOUT, NULL, right, false));
    OK(hf_tpm_lockout_get(rig.tpm, &l));
    CHECK(l.auth_set && !l.auth_barred);
    FAILS(hf_tpm_lockout_reset(rig.tpm, NULL, false), HF_E_DENIED); /* it is not */
    OK(hf_tpm_lockout_reset(rig.tpm, right, false));                /* so none of these was sent */
    FAILS(hf_tpm_lockout_reset(rig.tpm, wrong, false), HF_E_AUTH);  /* this one could not be foreseen */
    CHECK_DETAIL("for 1000 s");
    OK(hf_tpm_lockout_get(rig.tpm, &l));
    CHECK(l.auth_barred && l.barred_for_s > 990 && l.barred_for_s <= 1000);
    FAILS(hf_tpm_lockout_reset(rig.tpm, right, false), HF_E_DENIED); /* remembered */
    FAILS(hf_tpm_lockout_reset(rig.tpm, right, true), HF_E_LOCKED);
    FAILS(hf_tpm_hierarchy_change_auth(rig.tpm, HF_TPM_BY_LOCKOUT, right, NULL, false), HF_E_DENIED);
}

TEST(a_bar_ends_and_success_forgets_it)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *right = secret_of("right");
    HF_CLEANUP(hf_secret_free) struct hf_secret *wrong = secret_of("wrong");
    struct hf_tpm_lockout l;

    OK(hf_tpm_lockout_set(
        rig.tpm, NULL, &(struct hf_tpm_lockout_change){.set_lockout_recovery = true, .lockout_recovery_s = 1}, false));
    OK(hf_tpm_hierarchy_change_auth(rig.tpm, HF_TPM_BY_LOCKOUT, NULL, right, false));
    FAILS(hf_tpm_lockout_reset(rig.tpm, wrong, false), HF_E_AUTH);
    FAILS(hf_tpm_lockout_reset(rig.tpm, right, false), HF_E_DENIED);
    (void)sleep(3);
    OK(hf_tpm_lockout_get(rig.tpm, &l));
    CHECK(!l.auth_barred);
    OK(hf_tpm_lockout_reset(rig.tpm, right, false));
    OK(hf_tpm_lockout_set(rig.tpm, right,
                          &(struct hf_tpm_lockout_change){.set_lockout_recovery = true, .lockout_recovery_s = 1000},
                          false));
    OK(hf_tpm_lockout_get(rig.tpm, &l));
    CHECK(!l.auth_barred); /* with the old mark and the new time it would be */
}

TEST(keys_under_protection_say_how_many_tries_are_left)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *pin = secret_of("1234");
    HF_CLEANUP(hf_secret_free) struct hf_secret *bad = secret_of("4321");
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *free_key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256", .use = HF_TPM_USE_SIGN | HF_TPM_USE_DA, .auth = pin};
    struct hf_tpm_lockout l;

    OK(hf_tpm_generate_key_pair(rig.tpm, NULL, &spec, &key));
    spec.use = HF_TPM_USE_SIGN;
    OK(hf_tpm_generate_key_pair(rig.tpm, NULL, &spec, &free_key));
    OK(hf_tpm_key_set_auth(free_key, bad));
    FAILS(hf_tpm_sign(free_key, hf_bytes_text("m"), 0, 0, &sig), HF_E_AUTH);
    CHECK(!strstr(hf_err_detail(), "tries left")); /* without protection nothing counts */
    OK(hf_tpm_key_set_auth(key, bad));
    FAILS(hf_tpm_sign(key, hf_bytes_text("m"), 0, 0, &sig), HF_E_AUTH);
    CHECK_DETAIL("2 of 3 tries left before lockout, one comes back every 1000 s");
    CHECK((hf_err_device_code() & 0xbf) == TPM2_RC_AUTH_FAIL);
    OK(hf_tpm_lockout_get(rig.tpm, &l));
    CHECK(l.counter == 1 && l.tries_left == 2 && l.next_within_s == 1000);
    OK(hf_tpm_key_set_auth(key, pin));
    OK(hf_tpm_sign(key, hf_bytes_text("m"), 0, 0, &sig));
}

TEST(hierarchies_take_values)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *one = secret_of("one");
    HF_CLEANUP(hf_secret_free) struct hf_secret *two = secret_of("two");
    HF_CLEANUP(hf_secret_free) struct hf_secret *long_one = secret_of("123456789012345678901234567890123");
    struct hf_tpm_nv_spec spec = {.index = 0x01800010, .size = 8};

    for (int who = HF_TPM_BY_OWNER; who <= HF_TPM_BY_PLATFORM; who++) {
        enum hf_tpm_authority a = (enum hf_tpm_authority)who;

        CASE(hf_tpm_authority_name(a));
        FAILS(hf_tpm_hierarchy_change_auth(rig.tpm, a, NULL, long_one, false), HF_E_ARG);
        OK(hf_tpm_hierarchy_change_auth(rig.tpm, a, NULL, one, false));
        OK(hf_tpm_hierarchy_change_auth(rig.tpm, a, one, two, false));
        FAILS(hf_tpm_hierarchy_change_auth(rig.tpm, a, NULL, one, false),
              a == HF_TPM_BY_LOCKOUT ? HF_E_DENIED : HF_E_AUTH);
        if (a == HF_TPM_BY_OWNER) {
            FAILS(hf_tpm_nv_define(rig.tpm, &spec), HF_E_AUTH);
            spec.hierarchy_auth = two;
            OK(hf_tpm_nv_define(rig.tpm, &spec));
        }
        OK(hf_tpm_hierarchy_change_auth(rig.tpm, a, two, NULL, false));
    }
}

static const struct hf_tpm_clear_step *step_of(const struct hf_tpm_clear_report *report, const char *name)
{
    for (size_t i = 0; i < report->n; i++) {
        if (strcmp(report->step[i].name, name) == 0)
            return &report->step[i];
    }
    FAIL("no step \"%s\"", name);
    return NULL;
}

static void clear_and_look(struct tpm_rig *rig, enum hf_tpm_authority by, const struct hf_secret *auth)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = tpm_rig_key(rig, "ecc-p256", HF_TPM_USE_SIGN);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *again = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf private_blob = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf public_blob = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_tpm_clear_report report = {0};
    struct hf_tpm_key_info info;
    struct hf_tpm_nv_info nv;
    struct hf_tpm_pin pin;

    hf_tpm_key_info(key, &info);
    OK(hf_buf_set(&private_blob, info.private_blob));
    OK(hf_buf_set(&public_blob, info.public_area));
    OK(hf_tpm_nv_define(rig->tpm, &(struct hf_tpm_nv_spec){.index = 0x01800010, .size = 8}));
    OK(hf_tpm_clear(rig->tpm, by, auth, false, &report));
    CHECK(report.cleared);
    for (size_t i = 0; i < report.n; i++)
        CHECK(report.step[i].done);
    CHECK(strstr(step_of(&report, "owner's NV indices")->text, "1 before, 0 now"));
    CHECK(strstr(step_of(&report, "persistent objects")->text, "1 of owner and endorsement before, 0 now"));
    CHECK(strstr(step_of(&report, "storage seed")->text, "changed"));
    FAILS(hf_tpm_nv_info_get(rig->tpm, 0x01800010, &nv), HF_E_NOT_FOUND);
    FAILS(hf_tpm_pin_load(rig->dir.path, "embedded", &pin), HF_E_NOT_FOUND);
    OK(hf_tpm_load_key(rig->tpm, NULL, hf_buf_bytes(&private_blob), hf_buf_bytes(&public_blob),
                       &again)); /* under the new storage root key */
    FAILS(hf_tpm_sign(again, hf_bytes_text("m"), 0, 0, &sig), HF_E_PARENT);
    OK(hf_tpm_pin_load(rig->dir.path, "embedded", &pin)); /* learned by that use */
}

TEST(a_clear_reports_what_is_gone_and_learns_the_new_key)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_secret_free) struct hf_secret *auth = secret_of("lockout");
    struct hf_tpm_clear_report report = {0};
    struct hf_tpm_lockout l;

    FAILS(hf_tpm_clear(rig.tpm, HF_TPM_BY_OWNER, NULL, false, &report), HF_E_ARG);
    FAILS(hf_tpm_clear(rig.tpm, HF_TPM_BY_LOCKOUT, auth, false, &report), HF_E_DENIED);
    CHECK(!report.cleared && report.n == 0);
    OK(hf_tpm_hierarchy_change_auth(rig.tpm, HF_TPM_BY_LOCKOUT, NULL, auth, false));
    clear_and_look(&rig, HF_TPM_BY_LOCKOUT, auth);
    OK(hf_tpm_lockout_get(rig.tpm, &l));
    CHECK(!l.auth_set);
    clear_and_look(&rig, HF_TPM_BY_PLATFORM, NULL);
}

TEST(a_clear_by_somebody_else_is_an_impostor)
{
    TPM_RIG(rig);
    struct hf_tpm_options options = {.uri = "embedded", .state_dir = rig.dir.path};
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *other = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    struct hf_tpm_clear_report report = {0};
    struct hf_tpm_entity srk = {0};

    OK(hf_tpm_srk(rig.tpm, &srk)); /* pinned */
    OK(hf_tpm_random(rig.tpm, 8, &bytes));
    options.no_pin = true; /* who clears without our pins */
    OK(hf_tpm_open(&options, &other));
    OK(hf_tpm_clear(other, HF_TPM_BY_LOCKOUT, NULL, false, &report));
    hf_tpm_close(&other);
    options.no_pin = false;
    OK(hf_tpm_open(&options, &other));
    FAILS(hf_tpm_random(other, 8, &bytes), HF_E_IMPOSTOR);
    CHECK_DETAIL("--repin");
}

TEST(the_clock_goes_forward_only)
{
    TPM_RIG(rig);
    struct hf_tpm_clock before, after;

    OK(hf_tpm_clock_get(rig.tpm, &before));
    OK(hf_tpm_clock_advance(rig.tpm, HF_TPM_BY_OWNER, NULL, before.clock_ms + 3600000));
    OK(hf_tpm_clock_get(rig.tpm, &after));
    CHECK(after.clock_ms >= before.clock_ms + 3600000 && after.clock_ms < before.clock_ms + 3700000);
    CHECK(after.reset_count == before.reset_count && after.restart_count == before.restart_count);
    FAILS(hf_tpm_clock_advance(rig.tpm, HF_TPM_BY_OWNER, NULL, before.clock_ms), HF_E_ARG);
    CHECK_DETAIL("only forward");
    FAILS(hf_tpm_clock_advance(rig.tpm, HF_TPM_BY_LOCKOUT, NULL, UINT64_MAX / 2), HF_E_ARG);
}

struct search {
    const char *name;
    const char *text; /* NULL: any */
    size_t rows;
    bool found;
};

static hf_err search(void *arg, const struct hf_tpm_cap *cap)
{
    struct search *s = arg;

    s->rows++;
    if (strcmp(cap->name, s->name) == 0 && (!s->text || strcmp(cap->text, s->text) == 0))
        s->found = true;
    return HF_OK;
}

TEST(capabilities_are_decoded_by_name)
{
    static const struct {
        enum hf_tpm_caps_group group;
        const char *name, *text;
        size_t at_least;
    } cases[] = {
        {HF_TPM_CAPS_ALGORITHMS, "sha256", "hash", 20},
        {HF_TPM_CAPS_ALGORITHMS, "ecdsa", "asymmetric signing", 20},
        {HF_TPM_CAPS_COMMANDS, "TPM2_NV_Increment", "2 handles may-write-nv", 80},
        {HF_TPM_CAPS_COMMANDS, "TPM2_GetCapability", "0 handles", 80},
        {HF_TPM_CAPS_PCRS, "sha256", "0-23", 1},
        {HF_TPM_CAPS_CURVES, "ecc-p256", "0x0003", 3},
        {HF_TPM_CAPS_FIXED, "TPM_PT_NV_INDEX_MAX", "2048", 20},
        {HF_TPM_CAPS_FIXED, "TPM_PT_MANUFACTURER", "IBM", 20},
        {HF_TPM_CAPS_VARIABLE, "TPM_PT_MAX_AUTH_FAIL", "3", 10},
        {HF_TPM_CAPS_VARIABLE, "TPM_PT_LOCKOUT_INTERVAL", "1000 s", 10},
        {HF_TPM_CAPS_HANDLES, "0x81000001", "persistent object", 24},
        {HF_TPM_CAPS_HANDLES, "0x40000001", "permanent", 24},
    };
    TPM_RIG(rig);
    struct hf_tpm_entity srk = {0};

    OK(hf_tpm_srk(rig.tpm, &srk));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct search s = {cases[i].name, cases[i].text, 0, false};

        CASE(cases[i].name);
        OK(hf_tpm_caps(rig.tpm, cases[i].group, search, &s));
        CHECK(s.found);
        CHECK(s.rows >= cases[i].at_least);
    }
    FAILS(hf_tpm_caps(rig.tpm, HF_TPM_CAPS_GROUPS, search, &(struct search){.name = ""}), HF_E_ARG);
}

/* A primary of this template persistent where the storage root key belongs. */
static void put_srk(struct tpm_rig *rig, uint32_t attributes, bool zeros)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf template = {0};
    struct hf_tpm_entity made = {0};
    TPMT_PUBLIC pub;

    OK(hf_tpm_srk_template(&area));
    OK(hf_tpm_public_parse(hf_buf_bytes(&area), &pub));
    pub.objectAttributes = attributes;
    if (zeros)
        pub.unique.ecc.x.size = pub.unique.ecc.y.size = 32;
    OK(hf_tpm_public_write(&pub, &template));
    OK(hf_tpm_primary_raw(rig->tpm, TPM2_RH_OWNER, NULL, hf_buf_bytes(&template), &made.handle, &made.name, NULL));
    OK(hf_tpm_evict_raw(rig->tpm, TPM2_RH_OWNER, NULL, &made, HF_TPM_SRK));
    hf_tpm_flush(rig->tpm, made.handle);
}

TEST(the_three_keys_called_srk_are_told_apart)
{
    static const struct {
        const char *name;
        uint32_t attributes;
        bool zeros;
        enum hf_tpm_srk_flavour want;
    } cases[] = {
        {"key file", 0x00030472, false, HF_TPM_SRK_KEYFILE},
        {"TCG", 0x00030472, true, HF_TPM_SRK_TCG},
        {"tpm2-tools", 0x00030072, false, HF_TPM_SRK_TOOLS},
        {"zeros without noDA", 0x00030072, true, HF_TPM_SRK_OTHER},
    };
    HF_CLEANUP(hf_secret_free) struct hf_secret *auth = secret_of("owner");

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        TPM_RIG(rig);
        enum hf_tpm_srk_flavour flavour = HF_TPM_SRK_FOREIGN;
        char algorithm[16] = "";

        CASE(cases[i].name);
        OK(hf_tpm_srk_classify(rig.tpm, &flavour, algorithm));
        CHECK(flavour == HF_TPM_SRK_NONE);
        put_srk(&rig, cases[i].attributes, cases[i].zeros);
        OK(hf_tpm_srk_classify(rig.tpm, &flavour, algorithm));
        CHECK(flavour == cases[i].want);
        CHECK_TEXT(algorithm, "ecc-p256");
        OK(hf_tpm_hierarchy_change_auth(rig.tpm, HF_TPM_BY_OWNER, NULL, auth, false));
        OK(hf_tpm_srk_classify(rig.tpm, &flavour, algorithm));
        CHECK(flavour == HF_TPM_SRK_UNSEEN);
    }
}

TESTS(RUN(setting_one_parameter_leaves_the_others), RUN(a_lockout_authorization_that_must_be_wrong_is_not_tried),
      RUN(a_bar_ends_and_success_forgets_it), RUN(keys_under_protection_say_how_many_tries_are_left),
      RUN(hierarchies_take_values), RUN(a_clear_reports_what_is_gone_and_learns_the_new_key),
      RUN(a_clear_by_somebody_else_is_an_impostor), RUN(the_clock_goes_forward_only),
      RUN(capabilities_are_decoded_by_name), RUN(the_three_keys_called_srk_are_told_apart))
