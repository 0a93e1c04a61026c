/*
 * XML (XML 1.0, Namespaces in XML 1.0), as little of it as signed manifests need: elements, attributes and text in
 * UTF-8. Document types, processing instructions, comments, CDATA, character references and carriage returns are
 * refused, so that nothing is read that canonicalization would change. Views lie in the input; nothing is allocated.
 */
#ifndef HF_CODEC_XML_H
#define HF_CODEC_XML_H

#include "base/bytes.h"

#define HF_XML_DEPTH 16 /* elements within each other */
#define HF_XML_ATTRS_MAX 160

struct hf_xml_attr {
    struct hf_bytes name; /* "ns2:Hash0" */
    struct hf_bytes prefix;
    struct hf_bytes local;
    struct hf_bytes value; /* as it stands between its quotes: the five named entities are not resolved */
};

enum hf_xml_kind { HF_XML_START, HF_XML_END, HF_XML_TEXT };

struct hf_xml_token {
    enum hf_xml_kind kind;
    struct hf_bytes raw; /* empty for the END of an element that has no content */
    struct hf_bytes name, prefix, local;
    size_t n;
    struct hf_xml_attr attr[HF_XML_ATTRS_MAX]; /* of START, none of one name twice */
};

struct hf_xml {
    struct hf_bytes whole;
    const uint8_t *at, *end;
    bool began;     /* the root element has */
    bool end_waits; /* for an element written as <a/> */
    size_t depth;
    struct hf_bytes open[HF_XML_DEPTH];
};

/* Read a document: `x = hf_xml(text)`, then hf_xml_next until it says HF_E_NOT_FOUND: the end. HF_E_FORMAT,
 * HF_E_TRUNCATED, HF_E_UNSUPPORTED (named above) and HF_E_LIMIT give the offset. */
struct hf_xml hf_xml(struct hf_bytes text);
hf_err hf_xml_next(struct hf_xml *x, struct hf_xml_token *out);

/* An attribute by its name as written ("xmlns:ds"); NULL. */
const struct hf_xml_attr *hf_xml_attr(const struct hf_xml_token *start, const char *name);

/* Append text or a value with its entities resolved. */
hf_err hf_xml_resolve(struct hf_bytes raw, struct hf_buf *out);

struct hf_xml_ns {
    struct hf_bytes prefix; /* empty: the default */
    struct hf_bytes uri;
};
#define HF_XML_NS_MAX 24

/* What a start tag declares, added to those in scope: an inner declaration of a prefix takes the outer one's place. */
hf_err hf_xml_declare(const struct hf_xml_token *start, struct hf_xml_ns *scope, size_t *n);

/* The namespace of a prefix in scope; empty where there is none. */
struct hf_bytes hf_xml_namespace(const struct hf_xml_ns *scope, size_t n, struct hf_bytes prefix);

/*
 * Append the canonical form of one element that is part of a document, without comments.
 *
 *   element    its bytes, from < to >
 *   skip       an element inside it that is left out (an enveloped signature); empty for none
 *   scope      the namespaces in scope around it
 *   exclusive  Exclusive XML Canonicalization 1.0 without a prefix list; else Canonical XML 1.0 and 1.1, which are the
 *              same where no attribute is called xml:... (HF_E_UNSUPPORTED for those)
 */
hf_err hf_xml_canonical(struct hf_bytes element, struct hf_bytes skip, const struct hf_xml_ns *scope, size_t n_scope,
                        bool exclusive, struct hf_buf *out);

/* Inside codec/: the byte that n > 0 bytes of text begin with, a named entity resolved; gives the bytes it takes. */
size_t hf_xml_char(const uint8_t *p, size_t n, uint8_t *out);

#endif
