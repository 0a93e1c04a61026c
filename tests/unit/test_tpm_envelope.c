/* A quote made by a software key that pretends to be a TPM's: the verdict without third-party vectors, and
 * the JSON envelope. */
#include "base/writer.h"
#include "crypto/privkey.h"
#include "evidence/tpm_quote.h"
#include "test.h"
#include "verify/tpm_quote.h"

#define AK_ATTRIBUTES                                                                                              \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH | \
     TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT)

static const uint8_t nonce[] = "sixteen or so bytes";
static struct hf_verdict verdict;
static struct hf_tpm_quote_result result;

struct made {
    struct hf_privkey *key;
    struct hf_tpm_envelope env;
    struct hf_bytes nonce;
    struct hf_tpm_quote_input in;
};

static void made_free(struct made *m)
{
    hf_privkey_free(&m->key);
    hf_tpm_envelope_free(&m->env);
}

static void make_public(struct made *m)
{
    struct hf_point point;
    size_t size;
    struct hf_tpm_pub pub = {
        .type = TPM2_ALG_ECC,
        .name_alg = HF_SHA256,
        .attributes = AK_ATTRIBUTES,
        .symmetric = {TPM2_ALG_NULL, TPM2_ALG_NULL},
        .scheme = {TPM2_ALG_ECDSA, HF_SHA256},
        .curve = TPM2_ECC_NIST_P256,
        .kdf = {TPM2_ALG_NULL, TPM2_ALG_NULL},
    };

    OK(hf_pubkey_point(hf_privkey_public(m->key), &point));
    size = hf_curve_size(point.curve);
    pub.x = (struct hf_bytes){point.x, size};
    pub.y = (struct hf_bytes){point.y, size};
    OK(hf_tpm_pub_write(&pub, &m->env.ak_public));
}

/* Sign env.attest again, after it was changed. */
static void sign(struct made *m)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
    struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256};
    struct hf_quote_signature sig = {.scheme = {TPM2_ALG_ECDSA, HF_SHA256}};

    OK(hf_privkey_sign_message(m->key, &alg, hf_buf_bytes(&m->env.attest), &raw));
    sig.r = (struct hf_bytes){raw.p, 32};
    sig.s = (struct hf_bytes){raw.p + 32, 32};
    hf_buf_free(&m->env.signature);
    OK(hf_quote_signature_write(&sig, &m->env.signature));
    m->in.attest = hf_buf_bytes(&m->env.attest);
    m->in.signature = hf_buf_bytes(&m->env.signature);
}

static void make(struct made *m)
{
    struct hf_quote_attest attest = {.magic = TPM2_GENERATED_VALUE,
                                     .type = TPM2_ST_ATTEST_QUOTE,
                                     .clock_ms = 1000,
                                     .reset_count = 5,
                                     .restart_count = 2,
                                     .safe = true,
                                     .firmware = 7};
    uint8_t value[48] = {1}, name[HF_TPM_PUB_NAME_MAX];
    struct hf_digest digest;
    struct hf_tpm_pub pub;
    size_t n = 0;

    OK(hf_privkey_generate_ec(HF_P256, &m->key));
    make_public(m);
    OK(hf_tpm_pub_parse(hf_buf_bytes(&m->env.ak_public), &pub));
    OK(hf_tpm_pub_name(&pub, name, &n));
    OK(hf_pcr_selection_parse("sha384:16+sha256:0,7", &m->env.claim.selection));
    m->env.claim.has_selection = true;
    OK(hf_pcrs_put(&m->env.claim.pcrs, HF_SHA384, 16, (struct hf_bytes){value, 48}));
    OK(hf_pcrs_put(&m->env.claim.pcrs, HF_SHA256, 0, (struct hf_bytes){value, 32}));
    OK(hf_pcrs_put(&m->env.claim.pcrs, HF_SHA256, 7, (struct hf_bytes){value, 32}));
    OK(hf_pcrs_digest(&m->env.claim.pcrs, &m->env.claim.selection, HF_SHA256, &digest));
    attest.signer = (struct hf_bytes){name, n};
    attest.extra_data = HF_BYTES_OF(nonce);
    attest.selection = m->env.claim.selection;
    attest.pcr_digest = hf_digest_bytes(&digest);
    OK(hf_quote_attest_write(&attest, &m->env.attest));
    (void)snprintf(m->env.environment, sizeof(m->env.environment), "emulated");
    m->nonce = HF_BYTES_OF(nonce);
    m->in.nonce = &m->nonce;
    m->in.ak_public = hf_buf_bytes(&m->env.ak_public);
    m->in.claim = &m->env.claim;
    sign(m);
}

static hf_err judge(struct made *m)
{
    return hf_tpm_quote_verify(&m->in, &verdict, &result);
}

static enum hf_check_status status_of(const char *name)
{
    const struct hf_check *row = hf_verdict_row(&verdict, name);

    return row ? row->status : HF_CHECK_NONE;
}

TEST(a_sound_quote_is_affirmed_and_gives_its_values)
{
    HF_CLEANUP(made_free) struct made m = {0};

    make(&m);
    OK(judge(&m));
    CHECK(result.clock_ms == 1000 && result.reset_count == 5 && result.firmware == 7 && result.safe);
    CHECK(hf_pcrs_value(&result.pcrs, HF_SHA384, 16).n == 48);
    m.in.environment = "hardware"; /* anybody can say so */
    OK(judge(&m));
    CHECK(status_of("environment") == HF_CHECK_NOT_APPLICABLE);
    m.in.environment = "emulated";
    FAILS(judge(&m), HF_E_WARNED);
    CHECK(status_of("environment") == HF_CHECK_WARNING);
}

/* Well signed every time, by the right key: the content alone is wrong. Offsets into TPMS_ATTEST: the
 * signer has 34 bytes, the nonce 20. */
TEST(signed_nonsense_is_refused_by_name)
{
    static const struct {
        const char *name, *row;
        size_t at;
        uint8_t to;
        hf_err want;
    } cases[] = {
        {"another magic", "magic", 0, 0xde, HF_E_UNTRUSTED},
        {"a certification", "type", 5, 0x17, HF_E_UNTRUSTED},
        {"a signer of another algorithm", "signer", 9, 0x0c, HF_E_UNTRUSTED},
        {"another nonce", "nonce", 6 + 2 + 34 + 2, 'x', HF_E_UNTRUSTED},
        {"an unsafe clock", "clock safe", 6 + 36 + 22 + 16, 0, HF_E_WARNED},
        {"a clock neither safe nor not", "structure", 6 + 36 + 22 + 16, 2, HF_E_UNTRUSTED},
        {"another register", "pcr selection", 6 + 36 + 22 + 25 + 4 + 6 + 3, 0x82, HF_E_UNTRUSTED},
        {"another digest", "pcr digest", 6 + 36 + 22 + 25 + 4 + 12 + 2 + 31, 0x55, HF_E_UNTRUSTED},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(made_free) struct made m = {0};

        CASE(cases[i].name);
        make(&m);
        if (m.env.attest.p[cases[i].at] == cases[i].to)
            m.env.attest.p[cases[i].at] ^= 1;
        else
            m.env.attest.p[cases[i].at] = cases[i].to;
        sign(&m);
        FAILS(judge(&m), cases[i].want);
        if (status_of(cases[i].row) != (cases[i].want == HF_E_WARNED ? HF_CHECK_WARNING : HF_CHECK_FAILED))
            FAIL("row %s is %s", cases[i].row, hf_check_status_name(status_of(cases[i].row)));
    }
}

TEST(a_quote_of_no_register_proves_nothing)
{
    HF_CLEANUP(made_free) struct made m = {0};
    struct hf_digest digest;
    struct hf_quote_attest attest;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    make(&m);
    OK(hf_quote_attest_parse(m.in.attest, &attest));
    attest.selection = (struct hf_pcr_selection){0};
    OK(hf_hash_one(HF_SHA256, (struct hf_bytes){NULL, 0}, &digest));
    attest.pcr_digest = hf_digest_bytes(&digest);
    OK(hf_quote_attest_write(&attest, &out));
    OK(hf_buf_set(&m.env.attest, hf_buf_bytes(&out)));
    m.env.claim = (struct hf_pcr_claim){0};
    sign(&m);
    FAILS(judge(&m), HF_E_UNTRUSTED);
    CHECK(status_of("pcr selection") == HF_CHECK_FAILED);
}

TEST(an_envelope_carries_everything)
{
    HF_CLEANUP(made_free) struct made m = {0};
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope read = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

    make(&m);
    OK(hf_buf_add(&m.env.eventlog, hf_bytes_text("a log")));
    OK(hf_tpm_envelope_write(&m.env, &json));
    OK(hf_tpm_envelope_parse(hf_buf_bytes(&json), &read));
    CHECK_BYTES(hf_buf_bytes(&read.attest), hf_buf_bytes(&m.env.attest));
    CHECK_BYTES(hf_buf_bytes(&read.eventlog), hf_bytes_text("a log"));
    CHECK_TEXT(read.environment, "emulated");
    CHECK(read.ima.n == 0 && hf_pcr_selection_same(&read.claim.selection, &m.env.claim.selection));
    OK(hf_tpm_envelope_write(&read, &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&json));
    m.in.claim = &read.claim;
    m.in.attest = hf_buf_bytes(&read.attest);
    OK(judge(&m));
}

/* One place of a good envelope is replaced. */
TEST(envelopes_that_say_something_else_are_refused)
{
    static const struct {
        const char *name, *from, *to;
    } cases[] = {
        {"another version", "tpm-quote/1", "tpm-quote/2"},
        {"another environment", "emulated", "emulatex"},
        {"an unknown member", "\"attest\"", "\"attesx\""},
        {"a name that is not the key's", "\"ak_name\":\"000b", "\"ak_name\":\"000c"},
        {"a register that does not exist", "\"7\":", "\"24\":"},
        {"a register with a leading zero", "\"7\":", "\"07\":"},
        {"a bank that does not exist", "\"sha384\"", "\"sha383\""},
        {"a value of another length", "\"7\":\"01", "\"7\":\""},
        {"values that are a list", "\"pcrs\":{", "\"pcrs\":[{"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(made_free) struct made m = {0};
        HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope read = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf bad = {0};
        char *text = NULL, *at;
        hf_err err;

        CASE(cases[i].name);
        make(&m);
        OK(hf_tpm_envelope_write(&m.env, &json));
        OK(hf_buf_text(&json, &text));
        at = strstr(text, cases[i].from);
        CHECK(at != NULL);
        OK(hf_buf_add(&bad, (struct hf_bytes){json.p, (size_t)(at - text)}));
        OK(hf_buf_add(&bad, hf_bytes_text(cases[i].to)));
        OK(hf_buf_add(&bad, hf_bytes_text(at + strlen(cases[i].from))));
        err = hf_tpm_envelope_parse(hf_buf_bytes(&bad), &read);
        if (err != HF_E_FORMAT && err != HF_E_UNSUPPORTED)
            FAIL("%s: %s", hf_err_name(err), hf_err_detail());
    }
}

TESTS(RUN(a_sound_quote_is_affirmed_and_gives_its_values), RUN(signed_nonsense_is_refused_by_name),
      RUN(a_quote_of_no_register_proves_nothing), RUN(an_envelope_carries_everything),
      RUN(envelopes_that_say_something_else_are_refused))
