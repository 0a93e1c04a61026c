/* XML in small: elements, attributes, text. */
#include "codec/xml.h"
#include "codec/utf8.h"

struct hf_xml hf_xml(struct hf_bytes text)
{
    return (struct hf_xml){.whole = text, .at = text.p, .end = text.n ? text.p + text.n : text.p};
}

static size_t at(const struct hf_xml *x)
{
    return (size_t)(x->at - x->whole.p);
}

static bool starts(const struct hf_xml *x, const char *text)
{
    size_t n = strlen(text);

    return (size_t)(x->end - x->at) >= n && memcmp(x->at, text, n) == 0;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void skip_space(struct hf_xml *x)
{
    while (x->at < x->end && is_space(*x->at))
        x->at++;
}

static bool name_byte(uint8_t c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

    return letter || (!first && ((c >= '0' && c <= '9') || c == '-' || c == '.'));
}

/* NCName of ASCII. */
static hf_err take_part(struct hf_xml *x, struct hf_bytes *out)
{
    const uint8_t *start = x->at;

    while (x->at < x->end && name_byte(*x->at, x->at == start))
        x->at++;
    *out = (struct hf_bytes){start, (size_t)(x->at - start)};
    if (out->n == 0)
        return hf_fail(x->at == x->end ? HF_E_TRUNCATED : HF_E_FORMAT, "XML: no name at offset %zu", at(x));
    return HF_OK;
}

/* QName: [prefix:]local. */
static hf_err take_name(struct hf_xml *x, struct hf_bytes *name, struct hf_bytes *prefix, struct hf_bytes *local)
{
    const uint8_t *start = x->at;

    *prefix = (struct hf_bytes){0};
    HF_TRY(take_part(x, local));
    if (x->at < x->end && *x->at == ':') {
        *prefix = *local;
        x->at++;
        HF_TRY(take_part(x, local));
    }
    *name = (struct hf_bytes){start, (size_t)(x->at - start)};
    return HF_OK;
}

static const struct {
    const char *name;
    uint8_t c;
} entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};

/* The named entity at p; 0 bytes where there is none. */
static size_t entity(const uint8_t *p, size_t n, uint8_t *out)
{
    if (n == 0 || *p != '&')
        return 0;
    for (size_t i = 0; i < HF_COUNT(entities); i++) {
        size_t size = strlen(entities[i].name);

        if (n < size || memcmp(p, entities[i].name, size) != 0)
            continue;
        *out = entities[i].c;
        return size;
    }
    return 0;
}

/* Characters up to one of the two stops: UTF-8, no control characters, of entities the named ones. */
static hf_err take_chars(struct hf_xml *x, uint8_t stop, bool value, struct hf_bytes *out)
{
    const uint8_t *start = x->at;
    uint8_t c;

    while (x->at < x->end && *x->at != stop) {
        size_t n = hf_utf8_sequence(x->at, (size_t)(x->end - x->at));

        if (n == 0 || (*x->at < 0x20 && (value || !is_space(*x->at))) || *x->at == 0x7f || (value && *x->at == '<'))
            return hf_fail(HF_E_UNSUPPORTED, "XML: byte 0x%02x at offset %zu", *x->at, at(x));
        if (*x->at == '&') {
            n = entity(x->at, (size_t)(x->end - x->at), &c);
            if (n == 0)
                return hf_fail(HF_E_UNSUPPORTED, "XML: a reference at offset %zu that is no named entity", at(x));
        }
        if (!value && starts(x, "]]>"))
            return hf_fail(HF_E_FORMAT, "XML: ]]> at offset %zu", at(x));
        x->at += n;
    }
    *out = (struct hf_bytes){start, (size_t)(x->at - start)};
    return HF_OK;
}

static hf_err take_attr(struct hf_xml *x, struct hf_xml_token *t)
{
    struct hf_xml_attr *a = &t->attr[t->n];
    uint8_t quote;

    if (t->n == HF_XML_ATTRS_MAX)
        return hf_fail(HF_E_LIMIT, "XML: more than %d attributes at offset %zu", HF_XML_ATTRS_MAX, at(x));
    HF_TRY(take_name(x, &a->name, &a->prefix, &a->local));
    for (size_t i = 0; i < t->n; i++) {
        if (hf_bytes_equal(t->attr[i].name, a->name))
            return hf_fail(HF_E_FORMAT, "XML: an attribute twice at offset %zu", at(x));
    }
    if (!starts(x, "=\"") && !starts(x, "='"))
        return hf_fail(HF_E_FORMAT, "XML: an attribute without a value at offset %zu", at(x));
    quote = x->at[1];
    x->at += 2;
    HF_TRY(take_chars(x, quote, true, &a->value));
    if (x->at == x->end)
        return hf_fail(HF_E_TRUNCATED, "XML: a value without its end");
    x->at++;
    t->n++;
    return HF_OK;
}

static hf_err take_start(struct hf_xml *x, struct hf_xml_token *t)
{
    const uint8_t *start = x->at++;

    t->kind = HF_XML_START;
    HF_TRY(take_name(x, &t->name, &t->prefix, &t->local));
    for (;;) {
        bool space = x->at < x->end && is_space(*x->at);

        skip_space(x);
        if (starts(x, ">") || starts(x, "/>"))
            break;
        if (!space)
            return hf_fail(x->at == x->end ? HF_E_TRUNCATED : HF_E_FORMAT, "XML: a tag without its end at offset %zu",
                           at(x));
        HF_TRY(take_attr(x, t));
    }
    if (x->depth == HF_XML_DEPTH)
        return hf_fail(HF_E_LIMIT, "XML: deeper than %d at offset %zu", HF_XML_DEPTH, at(x));
    x->open[x->depth++] = t->name;
    x->began = true;
    x->end_waits = *x->at == '/';
    x->at += x->end_waits ? 2 : 1;
    t->raw = (struct hf_bytes){start, (size_t)(x->at - start)};
    return HF_OK;
}

static hf_err take_end(struct hf_xml *x, struct hf_xml_token *t)
{
    const uint8_t *start = x->at;

    t->kind = HF_XML_END;
    x->at += 2;
    HF_TRY(take_name(x, &t->name, &t->prefix, &t->local));
    skip_space(x);
    if (!starts(x, ">") || !hf_bytes_equal(t->name, x->open[x->depth - 1]))
        return hf_fail(x->at == x->end ? HF_E_TRUNCATED : HF_E_FORMAT,
                       "XML: an end tag at offset %zu that ends nothing", at(x));
    x->at++;
    x->depth--;
    t->raw = (struct hf_bytes){start, (size_t)(x->at - start)};
    return HF_OK;
}

/* Before the root element: an XML declaration that says UTF-8 or nothing, and white space. */
static hf_err take_prolog(struct hf_xml *x)
{
    if (at(x) == 0 && starts(x, "<?xml ")) {
        static const char *const utf8[] = {"encoding=\"UTF-8\"", "encoding='UTF-8'", "encoding=\"utf-8\"",
                                           "encoding='utf-8'"};
        const uint8_t *close = memchr(x->at, '>', (size_t)(x->end - x->at));
        bool fits;
        size_t n;

        if (!close || close[-1] != '?')
            return hf_fail(HF_E_FORMAT, "XML: a declaration without its end");
        n = (size_t)(close - x->at);
        fits = !memmem(x->at, n, "encoding", 8);
        for (size_t i = 0; i < HF_COUNT(utf8); i++)
            fits |= memmem(x->at, n, utf8[i], strlen(utf8[i])) != NULL;
        if (!fits)
            return hf_fail(HF_E_UNSUPPORTED, "XML: an encoding that is not UTF-8");
        x->at = close + 1;
    }
    skip_space(x);
    return HF_OK;
}

hf_err hf_xml_next(struct hf_xml *x, struct hf_xml_token *t)
{
    t->n = 0;
    t->raw = (struct hf_bytes){0};
    if (x->end_waits) {
        x->end_waits = false;
        t->kind = HF_XML_END;
        t->name = x->open[--x->depth];
        return HF_OK;
    }
    if (!x->began)
        HF_TRY(take_prolog(x));
    if (x->depth == 0 && x->began) {
        skip_space(x);
        if (x->at == x->end)
            return hf_fail(HF_E_NOT_FOUND, "XML: the end");
        return hf_fail(HF_E_TRAILING, "XML: more behind the root element at offset %zu", at(x));
    }
    if (x->at == x->end)
        return hf_fail(HF_E_TRUNCATED, "XML: the end at depth %zu", x->depth);
    if (*x->at != '<' && x->depth) {
        t->kind = HF_XML_TEXT;
        HF_TRY(take_chars(x, '<', false, &t->raw));
        return HF_OK;
    }
    if (starts(x, "<!") || starts(x, "<?"))
        return hf_fail(HF_E_UNSUPPORTED, "XML: a comment, CDATA, document type or instruction at offset %zu", at(x));
    if (starts(x, "</") && x->depth)
        return take_end(x, t);
    if (*x->at != '<')
        return hf_fail(HF_E_FORMAT, "XML: text before the root element");
    return take_start(x, t);
}

const struct hf_xml_attr *hf_xml_attr(const struct hf_xml_token *start, const char *name)
{
    for (size_t i = 0; i < start->n; i++) {
        if (hf_bytes_equal(start->attr[i].name, hf_bytes_text(name)))
            return &start->attr[i];
    }
    return NULL;
}

hf_err hf_xml_resolve(struct hf_bytes raw, struct hf_buf *out)
{
    size_t before = out->n;

    for (size_t i = 0; i < raw.n;) {
        uint8_t c = 0;
        size_t n = hf_xml_char(raw.p + i, raw.n - i, &c);
        hf_err err = hf_buf_add(out, (struct hf_bytes){&c, 1});

        if (err != HF_OK) {
            out->n = before;
            return err;
        }
        i += n;
    }
    return HF_OK;
}

size_t hf_xml_char(const uint8_t *p, size_t n, uint8_t *out)
{
    size_t size = entity(p, n, out);

    if (size)
        return size;
    *out = *p;
    return 1;
}
