/*
 * Nitro documents for tests: a hierarchy of five certificates and documents that its leaf signs, wrong ones included.
 *
 *   HF_CLEANUP(make_nitro_free) struct make_nitro n;
 *   make_nitro_start(&n);                    change n.spec[...], n.doc as the test wants
 *   OK(make_nitro_certs(&n));
 *   OK(make_nitro_sign(&n, &document));
 */
#ifndef HF_MAKE_NITRO_H
#define HF_MAKE_NITRO_H

#include "evidence/nitro.h"
#include "testca.h"

enum { NITRO_ROOT, NITRO_REGIONAL, NITRO_ZONAL, NITRO_INSTANCE, NITRO_LEAF, NITRO_CERTS };

#define NITRO_MADE ((hf_time)1700000000) /* when documents say they were made */
#define NITRO_FROM (NITRO_MADE - 3600)   /* the leaf's validity */
#define NITRO_UNTIL (NITRO_MADE + 7200)

struct make_nitro {
    struct testca_spec spec[NITRO_CERTS];
    struct testca ca[NITRO_CERTS];
    struct hf_nitro_doc doc; /* fields to write; certificates come from `ca` where n_bundle is 0 */
    struct hf_bytes protected_bytes; /* in place of {1: -35}: none for that */
    struct hf_buf payload, signature;
};

void make_nitro_start(struct make_nitro *n);
hf_err make_nitro_certs(struct make_nitro *n);

/* The document, in place of what `out` held. */
hf_err make_nitro_sign(struct make_nitro *n, struct hf_buf *out);

/* The same around a payload of the caller's. */
hf_err make_nitro_around(struct make_nitro *n, struct hf_bytes payload, struct hf_buf *out);

void make_nitro_free(struct make_nitro *n);

#endif
