/* Endorsements: recognised, split, parsed once. */
#include "verify/endorsements.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/pem.h"
#include "crypto/hash.h"

#include <stdio.h>

/* Recognisers beyond certificates, lists and keys, in the order they are asked. clang-format off */
#define READERS(X) \
    X(hf_amd_endorsements) \
    X(hf_intel_endorsements) \
    X(hf_nvidia_rim_endorsements) \
    X(hf_ocsp_endorsements) \
    X(hf_sev_endorsements) \
    X(hf_tpm_endorsements) \

/* clang-format on */

#define DECLARE(function) hf_endorsement_reader function;
READERS(DECLARE)

#define ROW(function) function,
static hf_endorsement_reader *const readers[] = {READERS(ROW) NULL};

static void item_free(struct hf_endorsement *e)
{
    hf_cert_free(&e->cert);
    hf_crl_free(&e->crl);
    hf_pubkey_free(&e->key);
    if (e->free_document)
        e->free_document((void *)&e->document);
}

void hf_endorsements_free(struct hf_endorsements *set)
{
    for (size_t i = 0; i < set->n; i++)
        item_free(&set->item[i]);
    for (size_t i = 0; i < set->n_kept; i++)
        hf_buf_free(&set->kept[i]);
    hf_free(&set->item);
    hf_free(&set->kept);
    hf_certs_free(&set->certs);
    *set = (struct hf_endorsements){0};
}

static bool known_already(const struct hf_endorsements *set, const struct hf_endorsement *e)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->item[i].kind == e->kind && memcmp(set->item[i].sha256, e->sha256, sizeof(e->sha256)) == 0)
            return true;
    }
    return false;
}

/* The set's hash with one item more. */
static hf_err hash_on(struct hf_endorsements *set, const struct hf_endorsement *e)
{
    uint8_t kind = (uint8_t)e->kind;
    struct hf_bytes parts[] = {HF_BYTES_OF(set->sha256), {&kind, 1}, HF_BYTES_OF(e->sha256)};
    struct hf_digest digest = {0};

    HF_TRY(hf_hash(HF_SHA256, parts, HF_COUNT(parts), &digest));
    memcpy(set->sha256, digest.bytes, sizeof(set->sha256));
    return HF_OK;
}

/* The item becomes the set's; one that is there already is dropped. On failure it is freed. */
static hf_err take(struct hf_endorsements *set, struct hf_endorsement *e, const char *source)
{
    hf_err err = HF_OK;

    (void)snprintf(e->source, sizeof(e->source), "%s", source);
    if (known_already(set, e)) {
        item_free(e);
        return HF_OK;
    }
    if (set->n == HF_ENDORSEMENTS_MAX)
        err = hf_fail(HF_E_LIMIT, "more than %d endorsements", HF_ENDORSEMENTS_MAX);
    if (err == HF_OK)
        err = hf_realloc((set->n + 1) * sizeof(*set->item), &set->item);
    if (err == HF_OK && e->cert)
        err = hf_certs_add(&set->certs, e->cert);
    if (err == HF_OK)
        err = hash_on(set, e);
    if (err != HF_OK) {
        item_free(e);
        return err;
    }
    set->item[set->n++] = *e;
    return HF_OK;
}

hf_err hf_endorsements_add_cert(struct hf_endorsements *set, struct hf_cert *cert, const char *source)
{
    struct hf_endorsement e = {.kind = HF_ENDORSEMENT_CERT, .cert = cert, .bytes = cert->der};

    memcpy(e.sha256, cert->sha256, sizeof(e.sha256));
    return take(set, &e, source);
}

hf_err hf_endorsements_add_crl(struct hf_endorsements *set, struct hf_crl *crl, const char *source)
{
    struct hf_endorsement e = {.kind = HF_ENDORSEMENT_CRL, .crl = crl, .bytes = crl->der};

    memcpy(e.sha256, crl->sha256, sizeof(e.sha256));
    return take(set, &e, source);
}

hf_err hf_endorsements_add_key(struct hf_endorsements *set, struct hf_pubkey *key, const char *source)
{
    struct hf_endorsement e = {.kind = HF_ENDORSEMENT_PUBLIC_KEY, .key = key};
    hf_err err = hf_pubkey_spki_sha256(key, e.sha256);

    if (err != HF_OK) {
        item_free(&e);
        return err;
    }
    return take(set, &e, source);
}

static hf_err keep(struct hf_endorsements *set, struct hf_bytes in, struct hf_bytes *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf copy = {0};

    HF_TRY(hf_buf_add(&copy, in));
    HF_TRY(hf_realloc((set->n_kept + 1) * sizeof(*set->kept), &set->kept));
    *out = hf_buf_bytes(&copy);
    set->kept[set->n_kept++] = copy;
    copy = (struct hf_buf){0};
    return HF_OK;
}

hf_err hf_endorsements_add_document(struct hf_endorsements *set, enum hf_endorsement_kind kind, struct hf_bytes bytes,
                                    const char *source, hf_err (*parse)(struct hf_bytes in, void **out),
                                    void (*free_document)(void *address))
{
    struct hf_endorsement e = {.kind = kind, .free_document = free_document};
    struct hf_digest digest = {0};

    HF_TRY(hf_hash_one(HF_SHA256, bytes, &digest));
    memcpy(e.sha256, digest.bytes, sizeof(e.sha256));
    if (known_already(set, &e))
        return HF_OK;
    HF_TRY(keep(set, bytes, &e.bytes));
    HF_TRY(parse(e.bytes, &e.document));
    return take(set, &e, source);
}

const struct hf_endorsement *hf_endorsements_next(const struct hf_endorsements *set, enum hf_endorsement_kind kind,
                                                  size_t *at)
{
    while (*at < set->n) {
        const struct hf_endorsement *e = &set->item[(*at)++];

        if (e->kind == kind)
            return e;
    }
    return NULL;
}

/* ---- recognising ---- */

/* A DER certificate, several one after another, a CRL, or a public key. */
static hf_err add_der(struct hf_endorsements *set, struct hf_bytes in, const char *source, bool *known)
{
    HF_CLEANUP(hf_certs_free) struct hf_certs certs = {0};
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    hf_err err = hf_crl_parse(in, &crl);

    *known = true;
    if (err == HF_OK)
        return hf_endorsements_add_crl(set, hf_take(crl), source);
    if (err != HF_E_MEMORY)
        err = hf_certs_read(in, &certs);
    if (err == HF_OK) {
        for (size_t i = 0; i < certs.n; i++)
            HF_TRY(hf_endorsements_add_cert(set, hf_cert_share(certs.cert[i]), source));
        return HF_OK;
    }
    if (err != HF_E_MEMORY)
        err = hf_pubkey_from_spki(in, &key);
    if (err == HF_OK)
        return hf_endorsements_add_key(set, hf_take(key), source);
    *known = false;
    return err == HF_E_MEMORY ? err : HF_OK;
}

/* What is not text: DER, and what a recogniser claims. */
static hf_err add_binary(struct hf_endorsements *set, struct hf_bytes in, const char *source, bool *known)
{
    *known = false;
    if (in.n && in.p[0] == 0x30) /* a SEQUENCE */
        HF_TRY(add_der(set, in, source, known));
    for (size_t i = 0; !*known && readers[i]; i++)
        HF_TRY(readers[i](set, in, source, known));
    return HF_OK;
}

static hf_err add_pem(struct hf_endorsements *set, struct hf_bytes in, const char *source)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf body = {0};
    struct hf_reader r = hf_reader(in);
    struct hf_pem block;
    unsigned n = 0;
    hf_err err;

    while ((err = hf_pem_next(&r, &block, &body)) == HF_OK) {
        char place[96];
        bool known = false;

        (void)snprintf(place, sizeof(place), "%.80s#%u", source, ++n);
        HF_TRY(add_binary(set, hf_buf_bytes(&body), place, &known));
        if (!known)
            return hf_fail(HF_E_FORMAT, "%s: a PEM block \"%.*s\" that is no certificate, list or key", place,
                           (int)block.label.n, (const char *)block.label.p);
    }
    return err == HF_E_NOT_FOUND && n ? HF_OK : err;
}

/* Bundles of other kinds hold PEM as well, between binary items. */
static bool is_text(struct hf_bytes in)
{
    while (in.n && in.p[in.n - 1] == 0)
        in.n--;
    return in.n && memchr(in.p, 0, in.n) == NULL;
}

static hf_err add_any(struct hf_endorsements *set, struct hf_bytes in, const char *source)
{
    bool known = false;

    if (in.n == 0)
        return hf_fail(HF_E_FORMAT, "%s is empty", source);
    if (is_text(in) && hf_pem_is(in) && in.p[0] != '{')
        return add_pem(set, in, source);
    HF_TRY(add_binary(set, in, source, &known));
    return known ? HF_OK
                 : hf_fail(HF_E_FORMAT, "%s: %zu bytes beginning %02x %02x are no endorsement that is known", source, in.n,
                           in.p[0], in.n > 1 ? in.p[1] : 0);
}

hf_err hf_endorsements_add(struct hf_endorsements *set, struct hf_bytes in, const char *source)
{
    size_t n = set->n, n_kept = set->n_kept, n_certs = set->certs.n;
    uint8_t before[sizeof(set->sha256)];
    hf_err err;

    memcpy(before, set->sha256, sizeof(before));
    err = add_any(set, in, source);
    if (err == HF_OK)
        return HF_OK;
    memcpy(set->sha256, before, sizeof(before));
    while (set->n > n)
        item_free(&set->item[--set->n]);
    while (set->n_kept > n_kept)
        hf_buf_free(&set->kept[--set->n_kept]);
    while (set->certs.n > n_certs)
        hf_cert_free(&set->certs.cert[--set->certs.n]);
    return err;
}
