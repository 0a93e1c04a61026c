/* codec/xml: what is read, what is refused, and canonical forms. */
#include "codec/xml.h"
#include "test.h"

static hf_err read_all(const char *text)
{
    struct hf_xml x = hf_xml(hf_bytes_text(text));
    struct hf_xml_token t;
    hf_err err;

    while ((err = hf_xml_next(&x, &t)) == HF_OK)
        ;
    return err == HF_E_NOT_FOUND ? HF_OK : err;
}

TEST(elements_attributes_and_text_are_read_and_all_else_is_refused)
{
    static const struct {
        const char *name, *text;
        hf_err want;
    } cases[] = {
        {"an element", "<a/>", HF_OK},
        {"with a declaration", "<?xml version=\"1.0\"?>\n<a></a>\n", HF_OK},
        {"with its encoding", "<?xml version='1.0' encoding='UTF-8'?><a/>", HF_OK},
        {"in another encoding", "<?xml version='1.0' encoding='latin1'?><a/>", HF_E_UNSUPPORTED},
        {"attributes", "<a b='1' c:d=\"2\"\n e='&lt;'/>", HF_OK},
        {"text with entities", "<a>x &amp; y &#62;</a>", HF_E_UNSUPPORTED},
        {"named entities", "<a>x &amp; y &gt;</a>", HF_OK},
        {"an unknown entity", "<a>&nbsp;</a>", HF_E_UNSUPPORTED},
        {"nothing", "", HF_E_TRUNCATED},
        {"text alone", "a", HF_E_FORMAT},
        {"no end", "<a>", HF_E_TRUNCATED},
        {"half a tag", "<a b", HF_E_FORMAT},
        {"half a value", "<a b='", HF_E_TRUNCATED},
        {"another end", "<a></b>", HF_E_FORMAT},
        {"two roots", "<a/><a/>", HF_E_TRAILING},
        {"text behind", "<a/>x", HF_E_TRAILING},
        {"a comment", "<a><!-- x --></a>", HF_E_UNSUPPORTED},
        {"a comment in front", "<!-- x --><a/>", HF_E_UNSUPPORTED},
        {"a document type", "<!DOCTYPE a><a/>", HF_E_UNSUPPORTED},
        {"an instruction", "<a><?x?></a>", HF_E_UNSUPPORTED},
        {"CDATA", "<a><![CDATA[x]]></a>", HF_E_UNSUPPORTED},
        {"a carriage return", "<a>\r\n</a>", HF_E_UNSUPPORTED},
        {"a line end in a value", "<a b='\n'/>", HF_E_UNSUPPORTED},
        {"< in a value", "<a b='<'/>", HF_E_UNSUPPORTED},
        {"]]> in text", "<a>]]></a>", HF_E_FORMAT},
        {"an attribute twice", "<a b='1' b='2'/>", HF_E_FORMAT},
        {"attributes without space", "<a b='1'c='2'/>", HF_E_FORMAT},
        {"no quotes", "<a b=1/>", HF_E_FORMAT},
        {"bytes that are no UTF-8", "<a>\xff</a>", HF_E_UNSUPPORTED},
        {"a digit as a name", "<1/>", HF_E_FORMAT},
        {"17 deep", "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>", HF_E_LIMIT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        FAILS(read_all(cases[i].text), cases[i].want);
    }
    CASE("");
}

TEST(canonical_forms_are_as_the_recommendations_say)
{
    static const struct {
        const char *name, *text, *inclusive, *exclusive;
    } cases[] = {
        {"an empty element", "<a/>", "<a></a>", "<a></a>"},
        {"space in tags", "<a  b='1'\n c=\"2\" ></a >", "<a b=\"1\" c=\"2\"></a>", "<a b=\"1\" c=\"2\"></a>"},
        {"attributes in order", "<a b10='' b2='' b1=''/>", "<a b1=\"\" b10=\"\" b2=\"\"></a>",
         "<a b1=\"\" b10=\"\" b2=\"\"></a>"},
        {"attributes by namespace", "<a xmlns:z='u:1' xmlns:y='u:2' y:a='' z:b='' c=''/>",
         "<a xmlns:y=\"u:2\" xmlns:z=\"u:1\" c=\"\" z:b=\"\" y:a=\"\"></a>",
         "<a xmlns:y=\"u:2\" xmlns:z=\"u:1\" c=\"\" z:b=\"\" y:a=\"\"></a>"},
        {"the default namespace first", "<a xmlns:b='u' xmlns='v'/>", "<a xmlns=\"v\" xmlns:b=\"u\"></a>",
         "<a xmlns=\"v\"></a>"},
        {"said again", "<a xmlns='v'><b xmlns='v'/></a>", "<a xmlns=\"v\"><b></b></a>", "<a xmlns=\"v\"><b></b></a>"},
        {"said otherwise and back", "<a xmlns='v'><b xmlns='w'><a xmlns='v'/></b></a>",
         "<a xmlns=\"v\"><b xmlns=\"w\"><a xmlns=\"v\"></a></b></a>",
         "<a xmlns=\"v\"><b xmlns=\"w\"><a xmlns=\"v\"></a></b></a>"},
        {"used further down", "<a xmlns:p='u'><b><p:c/></b><p:d/></a>",
         "<a xmlns:p=\"u\"><b><p:c></p:c></b><p:d></p:d></a>",
         "<a><b><p:c xmlns:p=\"u\"></p:c></b><p:d xmlns:p=\"u\"></p:d></a>"},
        {"characters", "<a b='&quot;&apos;&lt;&gt;&amp;'>&quot;&apos;&lt;&gt;&amp;</a>",
         "<a b=\"&quot;'&lt;>&amp;\">\"'&lt;&gt;&amp;</a>", "<a b=\"&quot;'&lt;>&amp;\">\"'&lt;&gt;&amp;</a>"},
        {"around the root", "<?xml version='1.0'?>\n<a>\n</a>\n", "<a>\n</a>", "<a>\n</a>"},
        {"a prefix that is not declared", "<p:a/>", NULL, NULL},
        {"an attribute's prefix that is not", "<a p:b=''/>", NULL, NULL},
        {"an attribute twice, by two prefixes", "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>", NULL, NULL},
        {"xml:lang", "<a xml:lang='de'/>", NULL, NULL},
        {"a namespace taken back", "<a xmlns='v'><b xmlns=''/></a>", NULL, NULL},
        {"xmlns:xml", "<a xmlns:xml='u'/>", NULL, NULL},
    };

    for (size_t i = 0; i < 2 * HF_COUNT(cases); i++) {
        const char *want = i % 2 ? cases[i / 2].exclusive : cases[i / 2].inclusive;
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        hf_err err = hf_xml_canonical(hf_bytes_text(cases[i / 2].text), (struct hf_bytes){0}, NULL, 0, i % 2, &out);

        CASE(cases[i / 2].name);
        CHECK((err == HF_OK) == (want != NULL));
        if (want && !hf_bytes_equal(hf_buf_bytes(&out), hf_bytes_text(want)))
            FAIL("got %.*s", (int)out.n, (const char *)out.p);
        CHECK(want || out.n == 0);
    }
    CASE("");
}

TEST(an_element_is_left_out_and_a_part_keeps_its_namespaces)
{
    static const char text[] = "<a xmlns='v' xmlns:d='u'>1<d:s><d:t/></d:s>2<d:s/></a>";
    const struct hf_bytes whole = hf_bytes_text(text);
    const struct hf_bytes skip = {whole.p + 26, 18}, part = {whole.p + 31, 6};
    const struct hf_xml_ns scope[] = {{{0}, hf_bytes_text("v")}, {hf_bytes_text("d"), hf_bytes_text("u")}};
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    OK(hf_xml_canonical(whole, skip, NULL, 0, false, &out));
    CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text("<a xmlns=\"v\" xmlns:d=\"u\">12<d:s></d:s></a>"));
    hf_buf_free(&out);
    OK(hf_xml_canonical(part, (struct hf_bytes){0}, scope, 2, false, &out));
    CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text("<d:t xmlns=\"v\" xmlns:d=\"u\"></d:t>"));
    hf_buf_free(&out);
    OK(hf_xml_canonical(part, (struct hf_bytes){0}, scope, 2, true, &out));
    CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text("<d:t xmlns:d=\"u\"></d:t>"));
}

static hf_err canonical_once(void)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    return hf_xml_canonical(hf_bytes_text("<a xmlns='v' b='1'>text &amp; more</a>"), (struct hf_bytes){0}, NULL, 0,
                            false, &out);
}

TEST(canonical_forms_survive_want_of_memory)
{
    SWEEP(canonical_once());
}

TESTS(RUN(elements_attributes_and_text_are_read_and_all_else_is_refused),
      RUN(canonical_forms_are_as_the_recommendations_say), RUN(an_element_is_left_out_and_a_part_keeps_its_namespaces),
      RUN(canonical_forms_survive_want_of_memory))
