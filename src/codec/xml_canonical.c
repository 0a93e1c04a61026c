/* Canonical XML 1.0 and 1.1, and Exclusive XML Canonicalization 1.0, of elements. */
#include "codec/xml.h"

#include <stdlib.h>

/* What holds at one depth: the namespaces in scope, and those that the output declares already. */
struct level {
    size_t n_scope, n_written;
    struct hf_xml_ns scope[HF_XML_NS_MAX];
    struct hf_xml_ns written[HF_XML_NS_MAX];
};

struct canon {
    struct hf_buf *out;
    bool exclusive;
    size_t depth;
    struct level level[HF_XML_DEPTH + 1];
};

/* xmlns="uri" or xmlns:prefix="uri"? */
static bool declares(const struct hf_xml_attr *a, struct hf_bytes *prefix)
{
    bool named = hf_bytes_equal(a->prefix, hf_bytes_text("xmlns"));

    *prefix = named ? a->local : (struct hf_bytes){0};
    return named || (a->prefix.n == 0 && hf_bytes_equal(a->local, hf_bytes_text("xmlns")));
}

static hf_err bind(struct hf_xml_ns *list, size_t *n, struct hf_xml_ns ns)
{
    size_t at = 0;

    while (at < *n && !hf_bytes_equal(list[at].prefix, ns.prefix))
        at++;
    if (at == HF_XML_NS_MAX)
        return hf_fail(HF_E_LIMIT, "XML: more than %d namespaces in scope", HF_XML_NS_MAX);
    list[at] = ns;
    *n += at == *n;
    return HF_OK;
}

hf_err hf_xml_declare(const struct hf_xml_token *start, struct hf_xml_ns *scope, size_t *n)
{
    struct hf_bytes prefix;

    for (size_t i = 0; i < start->n; i++) {
        if (!declares(&start->attr[i], &prefix))
            continue;
        if (start->attr[i].value.n == 0)
            return hf_fail(HF_E_UNSUPPORTED, "XML: a namespace taken back");
        if (prefix.n >= 3 && memcmp(prefix.p, "xml", 3) == 0)
            return hf_fail(HF_E_FORMAT, "XML: a prefix that begins with xml");
        HF_TRY(bind(scope, n, (struct hf_xml_ns){prefix, start->attr[i].value}));
    }
    return HF_OK;
}

struct hf_bytes hf_xml_namespace(const struct hf_xml_ns *scope, size_t n, struct hf_bytes prefix)
{
    for (size_t i = 0; i < n; i++) {
        if (hf_bytes_equal(scope[i].prefix, prefix))
            return scope[i].uri;
    }
    return (struct hf_bytes){0};
}

static int compare(struct hf_bytes a, struct hf_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int d = n ? memcmp(a.p, b.p, n) : 0;

    return d ? d : (a.n > b.n) - (a.n < b.n);
}

static int by_prefix(const void *a, const void *b)
{
    return compare(((const struct hf_xml_ns *)a)->prefix, ((const struct hf_xml_ns *)b)->prefix);
}

/* ---- writing ---- */

static hf_err put(struct canon *c, const char *text)
{
    return hf_buf_add(c->out, hf_bytes_text(text));
}

/* Text or a value, with the characters escaped that the canonical form escapes. */
static hf_err put_chars(struct canon *c, struct hf_bytes raw, bool value)
{
    for (size_t i = 0; i < raw.n;) {
        uint8_t byte = 0;
        size_t n = hf_xml_char(raw.p + i, raw.n - i, &byte);

        i += n;
        if (byte == '&')
            HF_TRY(put(c, "&amp;"));
        else if (byte == '<')
            HF_TRY(put(c, "&lt;"));
        else if (byte == '>' && !value)
            HF_TRY(put(c, "&gt;"));
        else if (byte == '"' && value)
            HF_TRY(put(c, "&quot;"));
        else
            HF_TRY(hf_buf_add(c->out, (struct hf_bytes){&byte, 1}));
    }
    return HF_OK;
}

static hf_err put_pair(struct canon *c, struct hf_bytes name, struct hf_bytes value)
{
    HF_TRY(put(c, " "));
    HF_TRY(hf_buf_add(c->out, name));
    HF_TRY(put(c, "=\""));
    HF_TRY(put_chars(c, value, true));
    return put(c, "\"");
}

static bool uses(const struct hf_xml_token *start, struct hf_bytes prefix)
{
    struct hf_bytes ignored;

    if (hf_bytes_equal(start->prefix, prefix))
        return true;
    for (size_t i = 0; i < start->n; i++) {
        const struct hf_xml_attr *a = &start->attr[i];

        if (a->prefix.n && hf_bytes_equal(a->prefix, prefix) && !declares(a, &ignored))
            return true;
    }
    return false;
}

/* Namespaces in scope that the output does not have yet: all of them, or those that the element uses. */
static hf_err put_namespaces(struct canon *c, const struct hf_xml_token *start, struct level *l)
{
    struct hf_xml_ns fresh[HF_XML_NS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < l->n_scope; i++) {
        struct hf_bytes written = hf_xml_namespace(l->written, l->n_written, l->scope[i].prefix);

        if (hf_bytes_equal(written, l->scope[i].uri) || (c->exclusive && !uses(start, l->scope[i].prefix)))
            continue;
        fresh[n++] = l->scope[i];
        HF_TRY(bind(l->written, &l->n_written, l->scope[i]));
    }
    if (n)
        qsort(fresh, n, sizeof(*fresh), by_prefix);
    for (size_t i = 0; i < n; i++) {
        HF_TRY(put(c, " xmlns"));
        if (fresh[i].prefix.n) {
            HF_TRY(put(c, ":"));
            HF_TRY(hf_buf_add(c->out, fresh[i].prefix));
        }
        HF_TRY(put(c, "=\""));
        HF_TRY(put_chars(c, fresh[i].uri, true));
        HF_TRY(put(c, "\""));
    }
    return HF_OK;
}

struct sortable {
    struct hf_bytes uri;
    const struct hf_xml_attr *attr;
};

/* Attributes without a namespace first, then by namespace; of one, by local name. */
static int by_name(const void *a, const void *b)
{
    const struct sortable *x = a, *y = b;
    int d = compare(x->uri, y->uri);

    return d ? d : compare(x->attr->local, y->attr->local);
}

static hf_err put_attributes(struct canon *c, const struct hf_xml_token *start, const struct level *l)
{
    struct sortable sorted[HF_XML_ATTRS_MAX];
    struct hf_bytes ignored;
    size_t n = 0;

    for (size_t i = 0; i < start->n; i++) {
        const struct hf_xml_attr *a = &start->attr[i];

        if (declares(a, &ignored))
            continue;
        sorted[n] = (struct sortable){.attr = a};
        if (hf_bytes_equal(a->prefix, hf_bytes_text("xml")))
            return hf_fail(HF_E_UNSUPPORTED, "XML: an attribute that begins with xml:");
        if (a->prefix.n) {
            sorted[n].uri = hf_xml_namespace(l->scope, l->n_scope, a->prefix);
            if (sorted[n].uri.n == 0)
                return hf_fail(HF_E_FORMAT, "XML: a prefix that is not declared");
        }
        n++;
    }
    if (n)
        qsort(sorted, n, sizeof(*sorted), by_name);
    for (size_t i = 0; i < n; i++) {
        if (i && by_name(&sorted[i - 1], &sorted[i]) == 0)
            return hf_fail(HF_E_FORMAT, "XML: an attribute twice, by two prefixes");
        HF_TRY(put_pair(c, sorted[i].attr->name, sorted[i].attr->value));
    }
    return HF_OK;
}

static hf_err put_start(struct canon *c, const struct hf_xml_token *start)
{
    struct level *l = &c->level[c->depth + 1];

    *l = c->level[c->depth];
    c->depth++;
    HF_TRY(hf_xml_declare(start, l->scope, &l->n_scope));
    if (start->prefix.n && hf_xml_namespace(l->scope, l->n_scope, start->prefix).n == 0)
        return hf_fail(HF_E_FORMAT, "XML: a prefix that is not declared");
    HF_TRY(put(c, "<"));
    HF_TRY(hf_buf_add(c->out, start->name));
    HF_TRY(put_namespaces(c, start, l));
    HF_TRY(put_attributes(c, start, l));
    return put(c, ">");
}

/* Past the element that was just begun. */
static hf_err pass(struct hf_xml *x, struct hf_xml_token *t)
{
    size_t depth = x->depth;

    while (x->depth >= depth)
        HF_TRY(hf_xml_next(x, t));
    return HF_OK;
}

static hf_err run(struct canon *c, struct hf_bytes element, struct hf_bytes skip)
{
    struct hf_xml x = hf_xml(element);
    struct hf_xml_token t;
    hf_err err;

    while ((err = hf_xml_next(&x, &t)) == HF_OK) {
        if (t.kind == HF_XML_START && skip.n && t.raw.p == skip.p) {
            HF_TRY(pass(&x, &t));
        } else if (t.kind == HF_XML_START) {
            HF_TRY(put_start(c, &t));
        } else if (t.kind == HF_XML_TEXT) {
            HF_TRY(put_chars(c, t.raw, false));
        } else {
            c->depth--;
            HF_TRY(put(c, "</"));
            HF_TRY(hf_buf_add(c->out, t.name));
            HF_TRY(put(c, ">"));
        }
    }
    return err == HF_E_NOT_FOUND ? HF_OK : err;
}

hf_err hf_xml_canonical(struct hf_bytes element, struct hf_bytes skip, const struct hf_xml_ns *scope, size_t n_scope,
                        bool exclusive, struct hf_buf *out)
{
    struct canon c = {.out = out, .exclusive = exclusive};
    size_t before = out->n;
    hf_err err;

    for (size_t i = 0; i < n_scope; i++)
        HF_TRY(bind(c.level[0].scope, &c.level[0].n_scope, scope[i]));
    err = run(&c, element, skip);
    if (err != HF_OK)
        out->n = before;
    return err;
}
