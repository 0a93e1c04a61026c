/* codec/yaml. */
#include "base/text.h"
#include "codec/yaml.h"
#include "test.h"

#define MAX ((size_t)1 << 20)

TEST(yaml_becomes_the_json_it_means)
{
    static const struct {
        const char *name, *yaml, *json; /* NULL: refused with `detail` */
        hf_err want;
        const char *detail;
    } cases[] = {
        {"a mapping", "a: 1\nb:\n  - x\n  - 'y'\n", "{\"a\":1,\"b\":[\"x\",\"y\"]}", HF_OK, NULL},
        {"flow", "a: {b: [1, 'two'], c: }\n", "{\"a\":{\"b\":[1,\"two\"],\"c\":null}}", HF_OK, NULL},
        {"comments and a marker", "# top\n---\na: 1 # one\n...\n", "{\"a\":1}", HF_OK, NULL},
        {"a sequence at the top", "- 1\n- - 2\n  - {}\n", "[1,[2,{}]]", HF_OK, NULL},
        {"a scalar at the top", "hello world\n", "\"hello world\"", HF_OK, NULL},
        {"words", "[true, False, NULL, ~, yes, No, on, nul]", "[true,false,null,null,\"yes\",\"No\",\"on\",\"nul\"]",
         HF_OK, NULL},
        {"numbers", "[0, -1, +2, 0x81000001, 0o17, 1.5, .5, 2., -1e3, 1.0E-2]",
         "[0,-1,2,2164260865,15,1.5,0.5,2.0,-1e3,1.0e-2]", HF_OK, NULL},
        {"no numbers", "[1_000, 12:30, 1.2.3, 0xg, 0b1, '7', \"8\", -, 1e, e5, 0x, +, .]",
         "[\"1_000\",\"12:30\",\"1.2.3\",\"0xg\",\"0b1\",\"7\",\"8\",\"-\",\"1e\",\"e5\",\"0x\",\"+\",\".\"]", HF_OK,
         NULL},
        {"2^64-1", "0xffffffffffffffff", "18446744073709551615", HF_OK, NULL},
        {"texts", "a: \"q\\\"\\n\\u00e4\"\nb: |\n  one\n  two\nc: >\n  one\n  two\n",
         "{\"a\":\"q\\\"\\n\xc3\xa4\",\"b\":\"one\\ntwo\\n\",\"c\":\"one two\\n\"}", HF_OK, NULL},
        {"keys are texts", "1: a\ntrue: b\n'': c\n", "{\"1\":\"a\",\"true\":\"b\",\"\":\"c\"}", HF_OK, NULL},
        {"JSON", " {\"a\":\t[1, 2]}\n", " {\"a\":\t[1, 2]}\n", HF_OK, NULL},
        {"nothing", "", NULL, HF_E_FORMAT, "no document"},
        {"comments alone", "# a\n", NULL, HF_E_FORMAT, "no document"},
        {"two documents", "a: 1\n---\nb: 2\n", NULL, HF_E_FORMAT, "line 2, column 1: a second document"},
        {"a key twice", "a: 1\nb: 2\na: 3\n", NULL, HF_E_FORMAT, "line 3, column 1: the key \"a\" stands twice"},
        {"a key twice, once quoted", "x:\n  a: 1\n  \"a\": 3\n", NULL, HF_E_FORMAT, "line 3, column 3: the key \"a\""},
        {"a key twice in a flow", "x: {a: 1, a: 2}", NULL, HF_E_FORMAT, "line 1, column 11: the key"},
        {"an anchor on a scalar", "a: &x 1\n", NULL, HF_E_UNSUPPORTED, "line 1, column 4: an anchor"},
        {"an anchor on a mapping", "a: &x {b: 1}\n", NULL, HF_E_UNSUPPORTED, "an anchor"},
        {"an anchor on a sequence", "a: &x [1]\n", NULL, HF_E_UNSUPPORTED, "an anchor"},
        {"an alias", "a: *x\n", NULL, HF_E_UNSUPPORTED, "an alias"},
        {"an alias as a key", "*x : 1\n", NULL, HF_E_UNSUPPORTED, "an alias"},
        {"a merge key", "<<: {a: 1}\n", NULL, HF_E_UNSUPPORTED, "a merge key"},
        {"a tag", "a: !!str 1\n", NULL, HF_E_UNSUPPORTED, "a tag"},
        {"a tag of one's own", "a: !x {}\n", NULL, HF_E_UNSUPPORTED, "a tag"},
        {"a tag directive", "%TAG ! tag:x,2000:\n---\na: 1\n", NULL, HF_E_UNSUPPORTED, "a tag directive"},
        {"a sequence as a key", "[a]: 1\n", NULL, HF_E_UNSUPPORTED, "as a key"},
        {"a mapping as a key", "? {a: 1}\n: 2\n", NULL, HF_E_UNSUPPORTED, "as a key"},
        {"an octal of YAML 1.1", "mode: 0600\n", NULL, HF_E_FORMAT, "line 1, column 7: 0600 has a leading zero"},
        {"a leading zero before a point", "a: 00.5\n", NULL, HF_E_FORMAT, "leading zero"},
        {"2^64", "0x10000000000000000", NULL, HF_E_FORMAT, "exceeds 64 bits"},
        {"infinity", "a: -.inf\n", NULL, HF_E_FORMAT, "-.inf is no number here"},
        {"NaN", "a: .NaN\n", NULL, HF_E_FORMAT, "quote it"},
        {"a tab as indentation", "a:\n\tb: 1\n", NULL, HF_E_FORMAT, "line 2"},
        {"broken indentation", "a: 1\n b: 2\n", NULL, HF_E_FORMAT, "line 2"},
        {"an open flow", "a: [1, 2\n", NULL, HF_E_FORMAT, "YAML, line"},
        {"an open quote", "a: \"x\n", NULL, HF_E_FORMAT, "YAML, line"},
        {"a control character", "a: \x01\n", NULL, HF_E_FORMAT, "YAML"},
        {"no UTF-8", "a: \xff\n", NULL, HF_E_FORMAT, "not UTF-8"},
        {"broken JSON", "{\"a\":1,}", NULL, HF_E_FORMAT, "JSON, line 1, column 8"},
        {"a flow mapping at the top is not JSON", "{a: 1}", NULL, HF_E_FORMAT, "JSON, line 1, column 2"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
        HF_CLEANUP(hf_yaml_map_free) struct hf_yaml_map map = {{0}};

        CASE(cases[i].name);
        FAILS(hf_yaml_to_json(hf_bytes_text(cases[i].yaml), MAX, &json, &map), cases[i].want);
        if (cases[i].json)
            CHECK_BYTES(hf_buf_bytes(&json), hf_bytes_text(cases[i].json));
        else
            CHECK(json.n == 0 && map.marks.n == 0);
        if (cases[i].detail)
            CHECK_DETAIL(cases[i].detail);
    }
    CASE("");
}

TEST(size_and_depth_have_limits)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf deep = {0};
    HF_CLEANUP(hf_yaml_map_free) struct hf_yaml_map map = {{0}};

    FAILS(hf_yaml_to_json(hf_bytes_text("a: 1"), 3, &json, &map), HF_E_LIMIT);
    for (unsigned i = 0; i < 60; i++)
        OK(hf_buf_add(&deep, hf_bytes_text("- ")));
    OK(hf_yaml_to_json(hf_buf_bytes(&deep), MAX, &json, &map));
    for (unsigned i = 0; i < 5; i++)
        OK(hf_buf_add(&deep, hf_bytes_text("- ")));
    FAILS(hf_yaml_to_json(hf_buf_bytes(&deep), MAX, &json, &map), HF_E_FORMAT);
    CHECK_DETAIL("deeper than 64");
    deep.n = 0;
    for (unsigned i = 0; i < 200000; i++)
        OK(hf_buf_add(&deep, hf_bytes_text("[")));
    FAILS(hf_yaml_to_json(hf_buf_bytes(&deep), MAX, &json, &map), HF_E_FORMAT);
    CHECK_DETAIL("deeper than 64");
}

struct conf {
    char *name;
    struct hf_json_texts tags;
    uint32_t handle;
};

static const struct hf_json_field conf_fields[] = {
    HF_FIELD(TEXT, "name", struct conf, name, .required = true),
    HF_FIELD(TEXTS, "tags", struct conf, tags),
    HF_FIELD(HANDLE, "handle", struct conf, handle),
    HF_FIELDS_END,
};

TEST(fields_are_read_and_problems_name_the_line_of_the_yaml)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    struct hf_json_problems problems;
    struct conf conf = {0};

    OK(hf_yaml_read(hf_bytes_text("# conf\nname: n\ntags: [a, b]\nhandle: 0x81000001\n"), MAX, conf_fields, &conf,
                    &json, &problems));
    CHECK_TEXT(conf.name, "n");
    CHECK(conf.tags.n == 2 && conf.handle == 0x81000001);
    hf_json_free(conf_fields, &conf);
    FAILS(hf_yaml_read(hf_bytes_text("# conf\nname: n\n\n\nnmae: 1\n"), MAX, conf_fields, &conf, &json, &problems),
          HF_E_ARG);
    CHECK_DETAIL("nmae: unknown key \"nmae\" (line 5, column 1)");
    FAILS(hf_yaml_read(hf_bytes_text("name: n\ntags:\n  - a\n  - 7\n"), MAX, conf_fields, &conf, &json, &problems),
          HF_E_ARG);
    CHECK_DETAIL("tags[1]: a number, where a text is wanted (line 4, column 5)");
    FAILS(hf_yaml_read(hf_bytes_text("\ntags: []\n"), MAX, conf_fields, &conf, &json, &problems), HF_E_ARG);
    CHECK_DETAIL("name: Field required (line 2, column 1)");
    FAILS(hf_yaml_read(hf_bytes_text("{\"name\":\"n\",\n\"x\":1}"), MAX, conf_fields, &conf, &json, &problems),
          HF_E_ARG);
    CHECK_DETAIL("(line 2, column 1)");
    FAILS(hf_yaml_read(hf_bytes_text("name: [\n"), MAX, conf_fields, &conf, &json, &problems), HF_E_FORMAT);
    CHECK(!conf.name);
}

TESTS(RUN(yaml_becomes_the_json_it_means), RUN(size_and_depth_have_limits),
      RUN(fields_are_read_and_problems_name_the_line_of_the_yaml))
