/* A quote made by a software key that pretends to be a TPM's: the verdict without third-party vectors, and
 * the JSON envelope. */
#include "base/writer.h"
#include "make_tpm_quote.h"

static struct hf_verdict verdict;
static struct hf_tpm_quote_result result;

static hf_err judge(struct made_quote *m)
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
    HF_CLEANUP(made_quote_free) struct made_quote m = {0};

    make_quote(&m);
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
        HF_CLEANUP(made_quote_free) struct made_quote m = {0};

        CASE(cases[i].name);
        make_quote(&m);
        if (m.env.attest.p[cases[i].at] == cases[i].to)
            m.env.attest.p[cases[i].at] ^= 1;
        else
            m.env.attest.p[cases[i].at] = cases[i].to;
        sign_quote(&m);
        FAILS(judge(&m), cases[i].want);
        if (status_of(cases[i].row) != (cases[i].want == HF_E_WARNED ? HF_CHECK_WARNING : HF_CHECK_FAILED))
            FAIL("row %s is %s", cases[i].row, hf_check_status_name(status_of(cases[i].row)));
    }
}

TEST(a_quote_of_no_register_proves_nothing)
{
    HF_CLEANUP(made_quote_free) struct made_quote m = {0};
    struct hf_digest digest;
    struct hf_quote_attest attest;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    make_quote(&m);
    OK(hf_quote_attest_parse(m.in.attest, &attest));
    attest.selection = (struct hf_pcr_selection){0};
    OK(hf_hash_one(HF_SHA256, (struct hf_bytes){NULL, 0}, &digest));
    attest.pcr_digest = hf_digest_bytes(&digest);
    OK(hf_quote_attest_write(&attest, &out));
    OK(hf_buf_set(&m.env.attest, hf_buf_bytes(&out)));
    m.env.claim = (struct hf_pcr_claim){0};
    sign_quote(&m);
    FAILS(judge(&m), HF_E_UNTRUSTED);
    CHECK(status_of("pcr selection") == HF_CHECK_FAILED);
}

TEST(an_envelope_carries_everything)
{
    HF_CLEANUP(made_quote_free) struct made_quote m = {0};
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope read = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

    make_quote(&m);
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
        HF_CLEANUP(made_quote_free) struct made_quote m = {0};
        HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope read = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf bad = {0};
        char *text = NULL, *at;
        hf_err err;

        CASE(cases[i].name);
        make_quote(&m);
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
