/* Evidence in a Conceptual Message Wrapper. */
#include "base/cleanup.h"
#include "codec/base64.h"
#include "evidence/cmw.h"
#include "evidence/open_i.h"

#include <stdio.h>
#include <strings.h>

/* Types that say which kind their bytes are: others are known by their bytes alone. Content formats from IANA's CoAP
 * registry, 0 where there is none. */
static const struct {
    const char *media_type;
    uint16_t content_format;
    const char *kind;
} types[] = {
    {"application/psa-attestation-token", 10003, "psa"},
    {"application/vnd.holdfast.vendor-commitment+json", 0, "vendor"},
    {"application/vnd.holdfast.mock+json", 0, "mock"},
};

/* Without its parameters, in lower case or not. */
static bool same_type(struct hf_bytes type, const char *want)
{
    size_t n = strlen(want);

    return type.n >= n && strncasecmp((const char *)type.p, want, n) == 0 &&
           (type.n == n || type.p[n] == ';' || type.p[n] == ' ');
}

static const char *kind_of(const struct hf_cmw_record *r)
{
    for (size_t i = 0; i < HF_COUNT(types); i++) {
        if (r->media_type.n ? same_type(r->media_type, types[i].media_type)
                            : r->content_format && r->content_format == types[i].content_format)
            return types[i].kind;
    }
    return NULL;
}

struct walk {
    struct hf_opening *o;
    const char *where;
};

static hf_err open_value(struct hf_opening *o, const struct hf_cmw_record *r, const char *where)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};

    if (r->form != HF_CMW_JSON_RECORD)
        return hf_open_any(o, r->value, where);
    HF_TRY(hf_base64url_parse(r->value, &bytes));
    return hf_open_decoded(o, &bytes, where);
}

/* What says that it is evidence must be of a kind that is known: a part left out unseen would not be missed. */
static hf_err open_record(void *to, const char *path, const struct hf_cmw_record *r)
{
    struct walk *w = to;
    struct hf_opening *o = w->o;
    const char *kind = o->kind, *says = kind_of(r);
    size_t items = o->set->n, certs = o->certs.n;
    char where[HF_OPEN_WHERE], base[HF_OPEN_WHERE];
    hf_err err;

    if (r->ind && !(r->ind & (HF_CMW_EVIDENCE | HF_CMW_ENDORSEMENTS | HF_CMW_REFERENCE_VALUES)))
        return HF_OK;
    hf_open_where(base, w->where, hf_bytes_text("cmw"));
    hf_open_where(where, base, hf_bytes_text(path));
    if (!kind && says)
        o->kind = says;
    err = open_value(o, r, where);
    o->kind = kind;
    HF_TRY(err);
    if (o->set->n > items || o->certs.n > certs || (r->ind && !(r->ind & HF_CMW_EVIDENCE)))
        return HF_OK;
    if (r->media_type.n)
        return hf_fail(HF_E_FORMAT, "%s: %zu bytes of type \"%.*s\" that are no kind of evidence that is known", where,
                       r->value.n, (int)(r->media_type.n < 60 ? r->media_type.n : 60), (const char *)r->media_type.p);
    return hf_fail(HF_E_FORMAT, "%s: %zu bytes of content format %u that are no kind of evidence that is known", where,
                   r->value.n, r->content_format);
}

static hf_err ignore(void *to, const char *path, const struct hf_cmw_record *r)
{
    (void)to;
    (void)path;
    (void)r;
    return HF_OK;
}

/* Many maps and arrays of CBOR begin as a wrapper does: what goes on as none is nothing to us, unless it says itself
 * that it is one. */
hf_err hf_open_cmw(struct hf_opening *o, struct hf_bytes in, const char *where, bool *known)
{
    enum hf_cmw_form form = hf_cmw_form(in);
    struct walk w = {o, where};
    hf_err err;

    if (form == HF_CMW_NONE)
        return HF_OK;
    err = hf_cmw_walk(in, ignore, NULL);
    if (err != HF_OK && err != HF_E_MEMORY && (form == HF_CMW_CBOR_COLLECTION || form == HF_CMW_CBOR_RECORD) &&
        !memmem(in.p, in.n, HF_CMW_COLLECTION, strlen(HF_CMW_COLLECTION))) {
        hf_open_looks(o, "perhaps CBOR, and no CMW (%.100s)", hf_err_detail());
        return HF_OK;
    }
    HF_TRY(err);
    *known = true;
    hf_open_looks(o, "a CMW");
    return hf_cmw_walk(in, open_record, &w);
}
