/*
 * DER (X.690, section 10) in small pieces: elements taken off a reader, and appended to a buffer.
 * Tags of one byte, definite and minimal lengths; everything else fails the reader.
 */
#ifndef HF_CRYPTO_ASN1_H
#define HF_CRYPTO_ASN1_H

#include "base/clock.h"
#include "base/reader.h"

enum {
    HF_ASN1_BOOLEAN = 0x01,
    HF_ASN1_INTEGER = 0x02,
    HF_ASN1_BITS = 0x03,
    HF_ASN1_OCTETS = 0x04,
    HF_ASN1_NULL = 0x05,
    HF_ASN1_OID = 0x06,
    HF_ASN1_ENUMERATED = 0x0a,
    HF_ASN1_UTF8 = 0x0c,
    HF_ASN1_PRINTABLE = 0x13,
    HF_ASN1_T61 = 0x14,
    HF_ASN1_IA5 = 0x16,
    HF_ASN1_UTC_TIME = 0x17,
    HF_ASN1_TIME = 0x18,
    HF_ASN1_UNIVERSAL = 0x1c,
    HF_ASN1_BMP = 0x1e,
    HF_ASN1_SEQUENCE = 0x30,
    HF_ASN1_SET = 0x31,
};
#define HF_ASN1_CONTEXT(n) (0x80 | (n))      /* [n] IMPLICIT, primitive */
#define HF_ASN1_CONTEXT_CONS(n) (0xa0 | (n)) /* [n] constructed */

struct hf_element {
    uint8_t tag;
    struct hf_bytes whole; /* with tag and length */
    struct hf_bytes body;
};

/* The next element, of any tag. */
struct hf_element hf_asn1_any(struct hf_reader *r);

/* The next element, which must have this tag. */
struct hf_element hf_asn1_take(struct hf_reader *r, uint8_t tag);

/* The next element's content as a reader of its own. */
struct hf_reader hf_asn1_enter(struct hf_reader *r, uint8_t tag);

/* Is the next element of this tag? */
bool hf_asn1_next_is(const struct hf_reader *r, uint8_t tag);

/* A non-negative INTEGER's magnitude without leading zeros; an empty view for zero. */
struct hf_bytes hf_asn1_uint(struct hf_reader *r);

/* A non-negative INTEGER of at most 64 bits. */
uint64_t hf_asn1_u64(struct hf_reader *r);

/* BOOLEAN: 0xff or 0x00. */
bool hf_asn1_bool(struct hf_reader *r);

/* A BIT STRING of whole bytes. */
struct hf_bytes hf_asn1_bits(struct hf_reader *r);

/* A BIT STRING of named bits, at most 16: bit 0 is the lowest of the result. */
uint16_t hf_asn1_named_bits(struct hf_reader *r);

/* UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 writes them (seconds, Z). */
hf_time hf_asn1_time(struct hf_reader *r);

/* The body of an OBJECT IDENTIFIER as "1.2.840…"; "?" when it is not one. */
#define HF_OID_TEXT 128
void hf_oid_text(struct hf_bytes body, char out[HF_OID_TEXT]);

/* Does the body of an OBJECT IDENTIFIER say this? */
bool hf_oid_is(struct hf_bytes body, const char *dotted);

/* Append an element. */
hf_err hf_asn1_add(struct hf_buf *out, uint8_t tag, struct hf_bytes body);

/* Append an INTEGER from a big-endian magnitude (leading zeros dropped), an OID, a small INTEGER. */
hf_err hf_asn1_add_uint(struct hf_buf *out, struct hf_bytes magnitude);
hf_err hf_asn1_add_oid(struct hf_buf *out, const char *dotted);
hf_err hf_asn1_add_u64(struct hf_buf *out, uint64_t v);

/* Append a BIT STRING of whole bytes. */
hf_err hf_asn1_add_bits(struct hf_buf *out, struct hf_bytes bytes);

/* Append a time: UTCTime through 2049, GeneralizedTime after. */
hf_err hf_asn1_add_time(struct hf_buf *out, hf_time t);

/* Put a header before what was appended since `start`: the way to write a constructed element. */
hf_err hf_asn1_wrap(struct hf_buf *out, size_t start, uint8_t tag);

#endif
