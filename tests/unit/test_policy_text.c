/* tpm/policy_text and tpm/policy_print. */
#include "base/text.h"
#include "test.h"
#include "tpm/policy_tree.h"

#define NAME "000b2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
#define OTHER "000bfcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"
#define HASH "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

static void print(const char *text, struct hf_buf *out)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;

    OK(hf_policy_parse(hf_bytes_text(text), &policy));
    OK(hf_policy_print(policy, out));
    OK(hf_buf_add(out, (struct hf_bytes){(const uint8_t *)"", 1}));
}

TEST(every_policy_has_one_text)
{
    static const struct {
        const char *text;
        const char *canonical; /* NULL: the text itself */
    } cases[] = {
        {"pcr sha256:7,16", NULL},
        {"pcr sha256:16,7+sha1:0", "pcr sha256:7,16+sha1:0"},
        {"pcr sha1:2=0000000000000000000000000000000000000002,1=0000000000000000000000000000000000000001",
         "pcr sha1:1=0000000000000000000000000000000000000001,2=0000000000000000000000000000000000000002"},
        {"pcr sha256:7 digest=" HASH, NULL},
        {"authvalue;;password\n\nphysical-presence # all three\n", "authvalue; password; physical-presence"},
        {"authvalue and locality 3,0", "authvalue; locality 0,3"},
        {"locality 200", NULL},
        {"secret owner", NULL},
        {"secret 0x81010001 ref=0a0b", NULL},
        {"secret 0x81010001 ref=\"say \\\"hi\\\" \\\\\" name=" NAME,
         "secret 0x81010001 name=" NAME " ref=\"say \\\"hi\\\" \\\\\""},
        {"secret " NAME " expires=60", NULL},
        {"secret 0x00000000", NULL},
        {"secret 16", "secret 0x00000010"},
        {"signed key=ak.pem", "signed key=\"ak.pem\""},
        {"signed key=\"my key; with {braces}\" name=" NAME " ref=\"x\" expires=5", NULL},
        {"signed key=" NAME, NULL},
        {"authorize key=" NAME " ref=00", NULL},
        {"authorizenv index=0x01500020", "authorizenv 0x01500020"},
        {"authorizenv 0x01500020 name=" NAME, NULL},
        {"nv 0x01500016 name=" NAME " offset=2 ult 00ff", NULL},
        {"nv 0x01500016 ule u64:0x10", "nv 0x01500016 ule u64:16"},
        {"nv 0x01500016 bitset u8:255", NULL},
        {"counter-timer clock ult 86400000", NULL},
        {"counter-timer safe eq yes", NULL},
        {"counter-timer offset=24 eq 01", "counter-timer safe eq yes"},
        {"counter-timer offset=24 eq 02", NULL},
        {"counter-timer offset=8 ult 0000000000000001", "counter-timer clock ult 1"},
        {"command sign", NULL},
        {"command 0x15d", "command sign"},
        {"command 0x20000001", NULL},
        {"duplicate-to " NAME " object=" OTHER " include-object", NULL},
        {"cphash " HASH, NULL},
        {"namehash " HASH, NULL},
        {"template " HASH, NULL},
        {"nv-written yes", NULL},
        {"or { authvalue } { secret owner }", NULL},
        {"or boot{pcr sha256:7}\n  recovery {\n secret owner ref=\"r\"\n authvalue }\nlocality 1",
         "or boot { pcr sha256:7 } recovery { secret owner ref=\"r\"; authvalue }; locality 1"},
        {"or {or {authvalue}{locality 0}} {digest " HASH "}\nor {locality 1}{locality 2}",
         "or { or { authvalue } { locality 0 } } { digest " HASH " }; or { locality 1 } { locality 2 }"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};

        CASE(cases[i].text);
        print(cases[i].text, &once);
        CHECK_TEXT((char *)once.p, cases[i].canonical ? cases[i].canonical : cases[i].text);
        print((char *)once.p, &twice);
        CHECK_TEXT((char *)twice.p, (char *)once.p);
    }
}

TEST(an_error_names_line_column_what_was_seen_and_what_was_wanted)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"", "line 1, column 1: saw the end of the text, wanted a step"},
        {" # nothing\n", "wanted a step"},
        {"pcr", "line 1, column 4: saw the end of the text, wanted PCRs"},
        {"pcr sha256", "line 1, column 5: saw \"sha256\""},
        {"pcr sha2:7", "wanted a bank"},
        {"pcr sha256:", "column 12"},
        {"pcr sha256:24", "line 1, column 12: saw \"24\", wanted a PCR, 0 to 23"},
        {"pcr sha256:-1", "a PCR, 0 to 23"},
        {"pcr sha256:100", "a PCR, 0 to 23"},
        {"pcr sha256:7,7", "each PCR of a bank once"},
        {"pcr sha256:7+sha256:8", "each bank once"},
        {"pcr sha256:7=00", "64 hex digits"},
        {"pcr sha1:7=zz", "a PCR value in hex"},
        {"pcr sha1:1=0000000000000000000000000000000000000001,2", "1 of 2 have one"},
        {"pcr sha256:7 digest=00", "40, 64, 96 or 128"},
        {"pcr sha256:7, 8", "saw \"\", wanted a PCR"},
        {"pcr sha256:7 8", "wanted the end of the step"},
        {"pcr sha1:1=0000000000000000000000000000000000000001 digest=" HASH, "the end of the step"},
        {"authvalue\n  pcrs sha256:7", "line 2, column 3: saw \"pcrs\""},
        {"authvalue password", "line 1, column 11: saw \"password\""},
        {"authvalue and", "a step after \"and\""},
        {"and authvalue", "saw \"and\""},
        {"authvalue }", "no { is open"},
        {"{ authvalue }", "wanted a step"},
        {"or { authvalue }", "needs two"},
        {"or { authvalue } { }", "empty branch"},
        {"or { authvalue } { locality 1", "} for the { in line 1, column 18"},
        {"or a { authvalue } a { locality 1 }", "no other branch"},
        {"or 1 { authvalue } { locality 1 }", "does not start with a digit"},
        {"or pcr { authvalue } { locality 1 }", "not a word of the language"},
        {"or { authvalue } ; { locality 1 }", "needs two"},
        {"or { authvalue; digest " HASH " } { locality 1 }", "stand alone"},
        {"digest " HASH, "only as a branch"},
        {"secret", "a handle such as"},
        {"secret null", "owner, endorsement"},
        {"secret nobody", "owner, endorsement"},
        {"secret 0x80000001", "a persistent handle"},
        {"secret owner ref=", "line 1, column 18: saw \"\", wanted 1 to 64"},
        {"secret owner ref=zz", "1 to 64 bytes in hex"},
        {"secret owner ref=\"\"", "a text of 1 to 64 bytes"},
        {"secret owner ref=\"a\" ref=\"b\"", "each once"},
        {"secret owner expires=0", "seconds"},
        {"secret owner ref=\"open", "the quote is not closed"},
        {"secret owner ref=\"a\\nb\"", "line 1, column 20: wanted"},
        {"secret owner ref=\"a\\\001\"", "line 1, column 20: wanted"},
        {"secret owner ref=a\"b\"", "quotes around the whole value"},
        {"signed ak.pem", "wanted key=FILE"},
        {"signed key=\"\"", "a file name"},
        {"authorize key=" NAME " expires=5", "saw \"expires=5\""},
        {"pcr sha256:7; authorize key=" NAME, "line 1, column 15: saw \"authorize\""},
        {"locality 1; or { authorizenv 0x01500020 } { authvalue }", "starts the digest anew"},
        {"nv 0x81000001 eq 00", "an NV index"},
        {"nv 0x01500016 lt 00", "saw \"lt\""},
        {"nv 0x01500016 eq", "1 to 64 bytes in hex"},
        {"nv 0x01500016 eq u8:256", "saw \"256\""},
        {"nv 0x01500016 eq 5", "1 to 64 bytes in hex"},
        {"nv 0x01500016 name=" HASH " eq 00", "a Name in hex"},
        {"counter-timer clock ult soon", "a number"},
        {"counter-timer safe eq 1", "yes or no"},
        {"counter-timer hour eq 1", "time, clock"},
        {"counter-timer offset=25 eq 00", "an offset"},
        {"counter-timer offset=20 eq u64:1", "within the 25 bytes"},
        {"command wash", "a command that authorizes"},
        {"command 5", "a command that authorizes"},
        {"locality 5", "localities 0 to 4"},
        {"locality 0,0", "each once"},
        {"locality 0,32", "localities 0 to 4"},
        {"locality 0,", "localities 0 to 4"},
        {"duplicate-to " HASH, "a Name in hex"},
        {"duplicate-to " NAME " include-object", "object=NAME before"},
        {"cphash 00", "40, 64, 96 or 128"},
        {"nv-written maybe", "yes or no"},
        {"auth\001value", "saw the byte 0x01"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_policy *policy = NULL;

        CASE(cases[i].text);
        FAILS(hf_policy_parse(hf_bytes_text(cases[i].text), &policy), HF_E_FORMAT);
        CHECK_DETAIL(cases[i].says);
        CHECK_DETAIL("line ");
        CHECK(policy == NULL);
    }
}

TEST(a_zero_byte_is_refused)
{
    static const char text[] = "authvalue\0";
    struct hf_policy *policy = NULL;

    FAILS(hf_policy_parse((struct hf_bytes){(const uint8_t *)text, 10}, &policy), HF_E_FORMAT);
    CHECK_DETAIL("column 10");
}

TEST(a_policy_has_limits)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf deep = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf wide = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf many = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf big = {0};
    struct hf_policy *policy = NULL;
    uint8_t *place;

    for (unsigned i = 0; i <= HF_POLICY_DEPTH_MAX; i++)
        OK(hf_buf_add(&deep, hf_bytes_text("or { ")));
    FAILS(hf_policy_parse(hf_buf_bytes(&deep), &policy), HF_E_LIMIT);
    CHECK_DETAIL("deeper than 16");
    OK(hf_buf_add(&wide, hf_bytes_text("or")));
    for (unsigned i = 0; i <= HF_POLICY_BRANCHES_MAX; i++)
        OK(hf_buf_add(&wide, hf_bytes_text("{authvalue}")));
    FAILS(hf_policy_parse(hf_buf_bytes(&wide), &policy), HF_E_LIMIT);
    CHECK_DETAIL("more than 512 branches");
    for (unsigned i = 0; i <= HF_POLICY_STEPS_MAX; i++)
        OK(hf_buf_add(&many, hf_bytes_text("authvalue;")));
    FAILS(hf_policy_parse(hf_buf_bytes(&many), &policy), HF_E_LIMIT);
    CHECK_DETAIL("more than 1024 steps");
    OK(hf_buf_grow(&big, HF_POLICY_TEXT_MAX + 1, &place));
    memset(place, ' ', HF_POLICY_TEXT_MAX + 1);
    FAILS(hf_policy_parse(hf_buf_bytes(&big), &policy), HF_E_LIMIT);
}

/* A source of PCRs, keys and Names: each says the same. */
static hf_err give_pcr(void *arg, const char *bank, unsigned index, struct hf_buf *value)
{
    uint8_t bytes[32] = {(uint8_t)index};

    (void)arg;
    CHECK_TEXT(bank, "sha256");
    return hf_buf_add(value, HF_BYTES_OF(bytes));
}

static hf_err give_name(void *arg, uint32_t handle, struct hf_buf *name)
{
    (void)handle;
    return hf_buf_add(name, *(const struct hf_bytes *)arg);
}

TEST(binding_fills_in_what_is_open_and_keeps_what_is_stated)
{
    static const uint8_t name[] = {0x00, 0x0b, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                   16,   17,   18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
    struct hf_bytes view = HF_BYTES_OF(name);
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_policy_source source = {.arg = &view, .pcr = give_pcr, .name = give_name};

    OK(hf_policy_parse(hf_bytes_text("pcr sha256:7; or { nv 0x01500016 eq 00 } { nv 0x01500017 name=" NAME " eq 00 }"),
                       &policy));
    CHECK(!hf_policy_bound(policy));
    OK(hf_policy_bind(policy, &source));
    CHECK(hf_policy_bound(policy));
    OK(hf_policy_print(policy, &text));
    OK(hf_buf_add(&text, (struct hf_bytes){(const uint8_t *)"", 1}));
    CHECK_TEXT((char *)text.p,
               "pcr sha256:7=0700000000000000000000000000000000000000000000000000000000000000; or { nv 0x01500016 "
               "name=000b0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20 eq 00 } { nv 0x01500017 "
               "name=" NAME " eq 00 }");
}

TEST(binding_says_which_step_has_no_source)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"authvalue; pcr sha256:7", "line 1, column 12: 'pcr sha256:7' needs PCR values"},
        {"signed key=a.pem", "needs the key in its file"},
        {"nv 0x01500016 eq 00", "name=HEX"},
    };
    struct hf_policy_source none = {0};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;

        CASE(cases[i].text);
        OK(hf_policy_parse(hf_bytes_text(cases[i].text), &policy));
        FAILS(hf_policy_bind(policy, &none), HF_E_UNAVAILABLE);
        CHECK_DETAIL(cases[i].says);
    }
}

TESTS(RUN(every_policy_has_one_text), RUN(an_error_names_line_column_what_was_seen_and_what_was_wanted),
      RUN(a_zero_byte_is_refused), RUN(a_policy_has_limits),
      RUN(binding_fills_in_what_is_open_and_keeps_what_is_stated), RUN(binding_says_which_step_has_no_source))
