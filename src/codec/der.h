/*
 * DER (X.690, 2021). Reading is a cursor: each call takes the next element from a reader, and what holds
 * elements is a reader of its own that ends with hf_rd_end. Lengths must be definite and minimal. A failure
 * marks the reader as failed; offsets in details count from the start of the reader that failed.
 */
#ifndef HF_CODEC_DER_H
#define HF_CODEC_DER_H

#include "base/reader.h"

#define HF_DER_DEPTH 32 /* elements within elements, reading with hf_der_check and writing */

/* A tag: class (0 universal, 1 application, 2 context, 3 private), constructed, number below 2^28. */
#define HF_DER_TAG(class_, constructed, number) \
    ((uint32_t)(class_) << 30 | (uint32_t)(constructed) << 29 | (uint32_t)(number))
#define HF_DER_CLASS(tag) ((uint32_t)(tag) >> 30)
#define HF_DER_CONSTRUCTED(tag) (((uint32_t)(tag) >> 29 & 1) != 0)
#define HF_DER_NUMBER(tag) ((uint32_t)(tag)&0x1fffffff)

#define HF_DER_BOOLEAN HF_DER_TAG(0, 0, 1)
#define HF_DER_INTEGER HF_DER_TAG(0, 0, 2)
#define HF_DER_BITS HF_DER_TAG(0, 0, 3)
#define HF_DER_OCTETS HF_DER_TAG(0, 0, 4)
#define HF_DER_NULL HF_DER_TAG(0, 0, 5)
#define HF_DER_OID HF_DER_TAG(0, 0, 6)
#define HF_DER_ENUMERATED HF_DER_TAG(0, 0, 10)
#define HF_DER_UTF8 HF_DER_TAG(0, 0, 12)
#define HF_DER_PRINTABLE HF_DER_TAG(0, 0, 19)
#define HF_DER_IA5 HF_DER_TAG(0, 0, 22)
#define HF_DER_UTC_TIME HF_DER_TAG(0, 0, 23)
#define HF_DER_GENERALIZED_TIME HF_DER_TAG(0, 0, 24)
#define HF_DER_SEQUENCE HF_DER_TAG(0, 1, 16)
#define HF_DER_SET HF_DER_TAG(0, 1, 17)
#define HF_DER_CONTEXT(number) HF_DER_TAG(2, 1, number) /* [n] EXPLICIT, or IMPLICIT of something constructed */
#define HF_DER_CONTEXT_PRIMITIVE(number) HF_DER_TAG(2, 0, number) /* [n] IMPLICIT of something primitive */

struct hf_der {
    uint32_t tag;
    struct hf_bytes content;
    struct hf_bytes whole; /* tag and length too */
};

/* The next element, whatever it is. HF_E_TRUNCATED where it is cut off, HF_E_FORMAT where it is not DER. */
hf_err hf_der_next(struct hf_reader *r, struct hf_der *out);

/* The whole input is one element, and everything inside what is constructed are elements, at most HF_DER_DEPTH deep. */
hf_err hf_der_check(struct hf_bytes in);

/* True where the next element has this tag. False at the end and after a failure. */
bool hf_der_is(const struct hf_reader *r, uint32_t tag);

/* The content of the next element, which must have this tag: HF_E_FORMAT names both tags. */
hf_err hf_der_content(struct hf_reader *r, uint32_t tag, struct hf_bytes *out);

/* The content as a reader of its own: HF_DER_SEQUENCE, HF_DER_SET, HF_DER_CONTEXT(0), ... */
hf_err hf_der_open(struct hf_reader *r, uint32_t tag, struct hf_reader *inside);
hf_err hf_der_sequence(struct hf_reader *r, struct hf_reader *inside);
hf_err hf_der_set(struct hf_reader *r, struct hf_reader *inside);

/* The same for an optional element: *present tells, and inside is empty where it is absent. */
hf_err hf_der_open_optional(struct hf_reader *r, uint32_t tag, bool *present, struct hf_reader *inside);

/* INTEGER: its content as it stands (minimal two's complement, at least one byte); a view of the digits of one
 * that is not negative, without a leading zero (zero is one byte); a number below 2^64. */
hf_err hf_der_integer(struct hf_reader *r, struct hf_bytes *out);
hf_err hf_der_unsigned(struct hf_reader *r, struct hf_bytes *out);
hf_err hf_der_u64(struct hf_reader *r, uint64_t *out);
hf_err hf_der_enumerated(struct hf_reader *r, uint64_t *out);

/* The numbers inside content that came by an implicit tag. */
hf_err hf_der_integer_value(struct hf_bytes content, uint64_t *out);

/* BOOLEAN. DER knows 0x00 and 0xff; tolerant takes any other byte as true, as BER does: TSS2 key files in use
 * carry 0x01. */
hf_err hf_der_bool(struct hf_reader *r, bool tolerant, bool *out);

hf_err hf_der_null(struct hf_reader *r);
hf_err hf_der_octets(struct hf_reader *r, struct hf_bytes *out);

/* BIT STRING: its bytes and how many bits of the last one are unused (0 to 7, and zero). */
hf_err hf_der_bits(struct hf_reader *r, struct hf_bytes *out, unsigned *unused);

/* UTF8String, PrintableString or IA5String, without NUL bytes. PrintableString is held to the visible ASCII
 * characters, not to its smaller alphabet, which certificates in use exceed. */
hf_err hf_der_text(struct hf_reader *r, struct hf_bytes *out);

/* UTCTime (1950 to 2049) or GeneralizedTime, with seconds and Z and without fractions (RFC 5280, 4.1.2.5),
 * in seconds since 1970. */
hf_err hf_der_time(struct hf_reader *r, int64_t *out);

/* OBJECT IDENTIFIER: its content, checked; compared with and turned into dotted text. Arcs below 2^64. */
hf_err hf_der_oid(struct hf_reader *r, struct hf_bytes *out);
bool hf_der_oid_is(struct hf_bytes oid, const char *dotted);
hf_err hf_der_oid_text(struct hf_bytes oid, struct hf_buf *out);

/*
 * Writing, into the end of a buffer. The first failure sticks; later calls do nothing; hf_der_end tells.
 */
struct hf_der_writer {
    struct hf_buf *out;
    hf_err err;
    unsigned depth;
    size_t content[HF_DER_DEPTH]; /* where the content of each open element starts */
    uint32_t tag[HF_DER_DEPTH];
};

struct hf_der_writer hf_der_writer(struct hf_buf *out);

/* Begin and end what holds elements. A SET's elements are put in DER's order when it is closed. */
void hf_der_put_open(struct hf_der_writer *w, uint32_t tag);
void hf_der_put_close(struct hf_der_writer *w);

void hf_der_put(struct hf_der_writer *w, uint32_t tag, struct hf_bytes content);
void hf_der_put_raw(struct hf_der_writer *w, struct hf_bytes elements); /* as they are */
void hf_der_put_unsigned(struct hf_der_writer *w, struct hf_bytes big_endian);
void hf_der_put_u64(struct hf_der_writer *w, uint64_t value);
void hf_der_put_oid(struct hf_der_writer *w, const char *dotted);
void hf_der_put_octets(struct hf_der_writer *w, struct hf_bytes content);
void hf_der_put_bits(struct hf_der_writer *w, struct hf_bytes content, unsigned unused);
void hf_der_put_bool(struct hf_der_writer *w, bool value);
void hf_der_put_null(struct hf_der_writer *w);
void hf_der_put_utf8(struct hf_der_writer *w, struct hf_bytes text);
void hf_der_put_time(struct hf_der_writer *w, int64_t unix_seconds); /* GeneralizedTime, years 0 to 9999 */

/* HF_OK when everything was written and closed. */
hf_err hf_der_end(struct hf_der_writer *w);

/* ECDSA-Sig-Value (RFC 3279, 2.2.3). r and s are positive; to write, big-endian of any width; to read, into n
 * bytes each, right-aligned. HF_E_FORMAT for anything but the one DER encoding, zero, or more than n bytes. */
hf_err hf_der_ecdsa_write(struct hf_bytes r, struct hf_bytes s, struct hf_buf *out);
hf_err hf_der_ecdsa_parse(struct hf_bytes in, size_t n, uint8_t *r, uint8_t *s);

/* The content of an OBJECT IDENTIFIER from dotted text, for hf_der_put with a tag of its own. */
#define HF_DER_OID_MAX 64
hf_err hf_der_oid_encode(const char *dotted, uint8_t out[HF_DER_OID_MAX], size_t *n);

/* Days since 1970-01-01 of a date of the Gregorian calendar; for the two time types and their tests. */
int64_t hf_der_days(int64_t year, unsigned month, unsigned day);

#endif
