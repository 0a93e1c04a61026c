/* base/opt: reading a command line by its table. */
#include "base/opt.h"
#include "test.h"

struct opts {
    bool flag;
    const char *text;
    const char *file;
    struct hf_buf hex;
    uint32_t number;
    uint64_t big;
    struct hf_opt_list list;
    const char *auth;
    const char *word;
    struct hf_opt_list words;
};

static const struct hf_opt rows[] = {
    {HF_OPT_FLAG, 'f', "flag", offsetof(struct opts, flag), NULL, "a flag", NULL, false},
    {HF_OPT_TEXT, 't', "text", offsetof(struct opts, text), "TEXT", "a text", "one|two|twofold", false},
    {HF_OPT_FILE, 0, "file", offsetof(struct opts, file), "FILE", "a file", NULL, false},
    {HF_OPT_HEX, 'x', "hex", offsetof(struct opts, hex), "HEX", "bytes", NULL, false},
    {HF_OPT_U32, 'n', "number", offsetof(struct opts, number), "N", "a number", NULL, false},
    {HF_OPT_U64, 0, "big", offsetof(struct opts, big), "N", "a number", NULL, false},
    {HF_OPT_LIST, 'l', "list", offsetof(struct opts, list), "ITEM", "items", NULL, false},
    {HF_OPT_AUTH, 0, "auth", offsetof(struct opts, auth), "AUTH", "a secret", NULL, false},
    {HF_OPT_WORD, 0, "WORD", offsetof(struct opts, word), NULL, "an operand", NULL, true},
    {HF_OPT_WORDS, 0, "WORDS", offsetof(struct opts, words), NULL, "operands", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

/* Parse words that are parted by single spaces. */
static hf_err parse(const char *line, struct opts *out)
{
    static char text[4096];
    char *argv[128];
    int argc = 0;

    (void)snprintf(text, sizeof(text), "%s", line);
    for (char *at = strtok(text, " "); at; at = strtok(NULL, " "))
        argv[argc++] = at;
    *out = (struct opts){.number = 7, .big = 8};
    return hf_opts_parse(rows, argc, argv, out);
}

TEST(every_kind_lands_in_its_field)
{
    struct opts o;

    OK(parse("-f --text two w1 --file=f.pem -x 00Ff --number 0x10 --big 18446744073709551615 -la --list b --auth "
             "env:PIN w2 -- -w3",
             &o));
    CHECK(o.flag && o.number == 16 && o.big == UINT64_MAX);
    CHECK_TEXT(o.text, "two");
    CHECK_TEXT(o.file, "f.pem");
    CHECK(o.hex.n == 2 && o.hex.p[0] == 0 && o.hex.p[1] == 0xff);
    CHECK(o.list.n == 2);
    CHECK_TEXT(o.list.item[0], "a");
    CHECK_TEXT(o.auth, "env:PIN");
    CHECK_TEXT(o.word, "w1");
    CHECK(o.words.n == 2);
    CHECK_TEXT(o.words.item[0], "w2");
    CHECK_TEXT(o.words.item[1], "-w3");
    hf_opts_free(rows, &o);
    CHECK(o.hex.p == NULL);
}

TEST(what_is_not_given_keeps_what_stood_there)
{
    struct opts o;

    OK(parse("- --hex=", &o));
    CHECK(!o.flag && o.text == NULL && o.number == 7 && o.big == 8);
    CHECK_TEXT(o.word, "-");
    CHECK(o.hex.n == 0 && o.hex.p != NULL); /* given, and empty */
    hf_opts_free(rows, &o);
}

TEST(what_does_not_fit_is_named)
{
    static const struct {
        const char *line;
        const char *want;
    } cases[] = {
        {"", "WORD is missing"},
        {"w --nope", "unknown option --nope"},
        {"w --numbre 1", "did you mean --number?"},
        {"w -z", "unknown option -z"},
        {"w -fx", "options of their own"},
        {"w --flag=1", "--flag takes no value"},
        {"w --text", "--text needs TEXT"},
        {"w --text three", "not one of one|two|twofold"},
        {"w --text tw", "not one of"},
        {"w --text one|two", "not one of"},
        {"w --text one --text two", "--text is given twice"},
        {"w --hex 123", "an even number is needed"},
        {"w --hex 12g4", "'g' at position 3"},
        {"w --number -1", "not a number"},
        {"w --number 4294967296", "larger than 4294967295"},
        {"w --number 0x", "not a number"},
        {"w --number 1x", "not a number"},
        {"w --big 18446744073709551616", "larger than"},
        {"w --auth hunter2", "a secret never stands on the command line"},
        {"w --WORD x", "unknown option --WORD"},
        {"w -- --", NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct opts o;

        CASE(cases[i].line);
        if (cases[i].want) {
            FAILS(parse(cases[i].line, &o), HF_E_ARG);
            CHECK_DETAIL(cases[i].want);
        } else {
            OK(parse(cases[i].line, &o));
        }
        hf_opts_free(rows, &o);
    }
}

TEST(an_operand_too_many_is_refused)
{
    static const struct hf_opt one[] = {
        {HF_OPT_WORD, 0, "WORD", 0, NULL, "an operand", NULL, false},
        {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
    };
    char a[] = "a";
    char b[] = "b";
    char *argv[] = {a, b};
    const char *word = NULL;

    FAILS(hf_opts_parse(one, 2, argv, &word), HF_E_ARG);
    CHECK_DETAIL("\"b\" is one word too many");
    OK(hf_opts_parse(one, 1, argv, &word));
}

TEST(a_list_has_an_end)
{
    char line[1024] = "w";
    struct opts o;

    for (int i = 0; i < HF_OPT_LIST_MAX; i++)
        (void)strcat(line, " -la");
    OK(parse(line, &o));
    CHECK(o.list.n == HF_OPT_LIST_MAX);
    (void)strcat(line, " -la");
    FAILS(parse(line, &o), HF_E_ARG);
}

static hf_err whole_life(void)
{
    struct opts o;
    hf_err err = parse("w --hex 0011223344 --list a", &o);

    hf_opts_free(rows, &o);
    return err;
}

TEST(each_allocation_may_fail)
{
    SWEEP(whole_life());
}

TESTS(RUN(every_kind_lands_in_its_field), RUN(what_is_not_given_keeps_what_stood_there),
      RUN(what_does_not_fit_is_named), RUN(an_operand_too_many_is_refused), RUN(a_list_has_an_end),
      RUN(each_allocation_may_fail))
