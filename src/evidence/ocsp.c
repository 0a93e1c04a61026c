/* OCSP responses (RFC 6960, 4.2.1). */
#include "evidence/ocsp.h"
#include "codec/der.h"

#define OID_BASIC "1.3.6.1.5.5.7.48.1.1"

static const struct {
    enum hf_hash_alg alg;
    const char *oid;
} hashes[] = {
    {HF_SHA1, "1.3.14.3.2.26"},
    {HF_SHA256, "2.16.840.1.101.3.4.2.1"},
    {HF_SHA384, "2.16.840.1.101.3.4.2.2"},
    {HF_SHA512, "2.16.840.1.101.3.4.2.3"},
};

/* ---- reading ---- */

static hf_err read_hash(struct hf_reader *r, enum hf_hash_alg *out)
{
    struct hf_reader inside;
    struct hf_bytes oid;

    HF_TRY(hf_der_sequence(r, &inside));
    HF_TRY(hf_der_oid(&inside, &oid));
    if (hf_rd_more(&inside))
        HF_TRY(hf_der_null(&inside));
    HF_TRY(hf_rd_end(&inside));
    for (size_t i = 0; i < HF_COUNT(hashes); i++) {
        if (!hf_der_oid_is(oid, hashes[i].oid))
            continue;
        *out = hashes[i].alg;
        return HF_OK;
    }
    return hf_fail(HF_E_UNSUPPORTED, "OCSP: certificates named by a hash that is not known");
}

/* Extensions of either kind: nothing of them is needed, and a critical one would be. */
static hf_err read_extensions(struct hf_reader *r)
{
    struct hf_reader tagged, list;
    bool present;

    HF_TRY(hf_der_open_optional(r, HF_DER_CONTEXT(1), &present, &tagged));
    if (!present)
        return HF_OK;
    HF_TRY(hf_der_sequence(&tagged, &list));
    while (hf_rd_more(&list)) {
        struct hf_reader one;
        struct hf_bytes oid, value;
        bool critical = false;

        HF_TRY(hf_der_sequence(&list, &one));
        HF_TRY(hf_der_oid(&one, &oid));
        if (hf_der_is(&one, HF_DER_BOOLEAN))
            HF_TRY(hf_der_bool(&one, false, &critical));
        HF_TRY(hf_der_octets(&one, &value));
        HF_TRY(hf_rd_end(&one));
        if (critical)
            return hf_fail(HF_E_UNSUPPORTED, "OCSP: a critical extension");
    }
    HF_TRY(hf_rd_end(&list));
    return hf_rd_end(&tagged);
}

static hf_err read_status(struct hf_reader *r, struct hf_ocsp_single *out)
{
    struct hf_reader revoked, reason;
    struct hf_der e;
    uint64_t number = 0;
    bool present;

    out->reason = -1;
    if (!hf_der_is(r, HF_DER_CONTEXT(1))) {
        HF_TRY(hf_der_next(r, &e));
        if ((e.tag != HF_DER_CONTEXT_PRIMITIVE(0) && e.tag != HF_DER_CONTEXT_PRIMITIVE(2)) || e.content.n)
            return hf_fail(HF_E_FORMAT, "OCSP: a status that is none of good, revoked, unknown");
        out->status = e.tag == HF_DER_CONTEXT_PRIMITIVE(0) ? HF_OCSP_GOOD : HF_OCSP_UNKNOWN;
        return HF_OK;
    }
    out->status = HF_OCSP_REVOKED;
    HF_TRY(hf_der_open(r, HF_DER_CONTEXT(1), &revoked));
    HF_TRY(hf_der_time(&revoked, &out->revoked_at));
    HF_TRY(hf_der_open_optional(&revoked, HF_DER_CONTEXT(0), &present, &reason));
    if (present) {
        HF_TRY(hf_der_enumerated(&reason, &number));
        HF_TRY(hf_rd_end(&reason));
        if (number > 10)
            return hf_fail(HF_E_FORMAT, "OCSP: revocation reason %llu", (unsigned long long)number);
        out->reason = (int)number;
    }
    return hf_rd_end(&revoked);
}

static hf_err read_single(struct hf_reader *r, struct hf_ocsp_single *out)
{
    struct hf_reader single, id, next;

    HF_TRY(hf_der_sequence(r, &single));
    HF_TRY(hf_der_sequence(&single, &id));
    HF_TRY(read_hash(&id, &out->hash));
    HF_TRY(hf_der_octets(&id, &out->issuer_name_hash));
    HF_TRY(hf_der_octets(&id, &out->issuer_key_hash));
    HF_TRY(hf_der_integer(&id, &out->serial));
    HF_TRY(hf_rd_end(&id));
    if (out->issuer_name_hash.n != hf_hash_size(out->hash) || out->issuer_key_hash.n != hf_hash_size(out->hash))
        return hf_fail(HF_E_FORMAT, "OCSP: hashes of %zu and %zu bytes", out->issuer_name_hash.n,
                       out->issuer_key_hash.n);
    HF_TRY(read_status(&single, out));
    HF_TRY(hf_der_time(&single, &out->this_update));
    HF_TRY(hf_der_open_optional(&single, HF_DER_CONTEXT(0), &out->has_next_update, &next));
    if (out->has_next_update) {
        HF_TRY(hf_der_time(&next, &out->next_update));
        HF_TRY(hf_rd_end(&next));
    }
    HF_TRY(read_extensions(&single));
    return hf_rd_end(&single);
}

static hf_err read_responder(struct hf_reader *r, struct hf_ocsp *out)
{
    struct hf_reader inside;
    struct hf_der name;

    if (hf_der_is(r, HF_DER_CONTEXT(2))) {
        HF_TRY(hf_der_open(r, HF_DER_CONTEXT(2), &inside));
        HF_TRY(hf_der_octets(&inside, &out->responder_key));
        if (out->responder_key.n != 20)
            return hf_fail(HF_E_FORMAT, "OCSP: a responder's key hash of %zu bytes, where 20 are wanted",
                           out->responder_key.n);
        return hf_rd_end(&inside);
    }
    HF_TRY(hf_der_open(r, HF_DER_CONTEXT(1), &inside));
    HF_TRY(hf_der_next(&inside, &name));
    out->responder_name = name.whole;
    return hf_rd_end(&inside);
}

static hf_err read_tbs(struct hf_bytes tbs, struct hf_ocsp *out)
{
    struct hf_reader r = hf_reader(tbs), data, version, singles;
    uint64_t number = 0;
    bool present;

    HF_TRY(hf_der_sequence(&r, &data));
    HF_TRY(hf_der_open_optional(&data, HF_DER_CONTEXT(0), &present, &version));
    if (present) {
        HF_TRY(hf_der_u64(&version, &number));
        HF_TRY(hf_rd_end(&version));
    }
    if (number != 0)
        return hf_fail(HF_E_UNSUPPORTED, "OCSP: response version %llu; known is 1", (unsigned long long)number + 1);
    HF_TRY(read_responder(&data, out));
    HF_TRY(hf_der_time(&data, &out->produced_at));
    HF_TRY(hf_der_sequence(&data, &singles));
    while (hf_rd_more(&singles)) {
        if (out->n == HF_OCSP_SINGLES_MAX)
            return hf_fail(HF_E_LIMIT, "OCSP: more than %d answers in one response", HF_OCSP_SINGLES_MAX);
        HF_TRY(read_single(&singles, &out->single[out->n++]));
    }
    HF_TRY(hf_rd_end(&singles));
    HF_TRY(read_extensions(&data));
    return hf_rd_end(&data);
}

static hf_err read_certs(struct hf_reader *r, struct hf_ocsp *out)
{
    struct hf_reader tagged, list;
    struct hf_der cert;
    bool present;

    HF_TRY(hf_der_open_optional(r, HF_DER_CONTEXT(0), &present, &tagged));
    if (!present)
        return HF_OK;
    HF_TRY(hf_der_sequence(&tagged, &list));
    while (hf_rd_more(&list)) {
        if (out->n_certs == HF_OCSP_CERTS_MAX)
            return hf_fail(HF_E_LIMIT, "OCSP: more than %d certificates", HF_OCSP_CERTS_MAX);
        HF_TRY(hf_der_next(&list, &cert));
        out->cert[out->n_certs++] = cert.whole;
    }
    HF_TRY(hf_rd_end(&list));
    return hf_rd_end(&tagged);
}

static hf_err read_basic(struct hf_bytes der, struct hf_ocsp *out)
{
    struct hf_reader r = hf_reader(der), basic;
    struct hf_der tbs, alg;
    struct hf_bytes oid;
    unsigned unused = 0;

    HF_TRY(hf_der_sequence(&r, &basic));
    HF_TRY(hf_rd_end(&r));
    HF_TRY(hf_der_next(&basic, &tbs));
    HF_TRY(hf_der_next(&basic, &alg));
    out->tbs = tbs.whole;
    out->sig_alg_der = alg.whole;
    HF_TRY(hf_sig_alg_parse(alg.whole, &out->sig_alg, &oid));
    HF_TRY(hf_der_bits(&basic, &out->signature, &unused));
    if (unused)
        return hf_fail(HF_E_FORMAT, "OCSP: a signature with %u bits unused", unused);
    HF_TRY(read_certs(&basic, out));
    HF_TRY(hf_rd_end(&basic));
    return read_tbs(out->tbs, out);
}

hf_err hf_ocsp_parse(struct hf_bytes der, struct hf_ocsp *out)
{
    static const char *const errors[] = {"successful, with nothing in it",
                                         "malformedRequest",
                                         "internalError",
                                         "tryLater",
                                         "4",
                                         "sigRequired",
                                         "unauthorized"};
    struct hf_reader r = hf_reader(der), response, tagged, bytes;
    struct hf_ocsp ocsp = {0};
    struct hf_bytes type, basic;
    uint64_t status = 0;
    bool present;

    HF_TRY(hf_der_sequence(&r, &response));
    HF_TRY(hf_rd_end(&r));
    HF_TRY(hf_der_enumerated(&response, &status));
    HF_TRY(hf_der_open_optional(&response, HF_DER_CONTEXT(0), &present, &tagged));
    HF_TRY(hf_rd_end(&response));
    if (status != 0 || !present)
        return hf_fail(HF_E_UNSUPPORTED, "OCSP: the responder answered %s",
                       status < HF_COUNT(errors) ? errors[status] : "an unknown error");
    HF_TRY(hf_der_sequence(&tagged, &bytes));
    HF_TRY(hf_rd_end(&tagged));
    HF_TRY(hf_der_oid(&bytes, &type));
    HF_TRY(hf_der_octets(&bytes, &basic));
    HF_TRY(hf_rd_end(&bytes));
    if (!hf_der_oid_is(type, OID_BASIC))
        return hf_fail(HF_E_UNSUPPORTED, "OCSP: a response that is not basic");
    HF_TRY(read_basic(basic, &ocsp));
    *out = ocsp;
    return HF_OK;
}

/* ---- writing ---- */

static hf_err finish(struct hf_der_writer *w, struct hf_buf *out, size_t before)
{
    hf_err err = hf_der_end(w);

    if (err != HF_OK)
        out->n = before;
    return err;
}

hf_err hf_ocsp_write(const struct hf_ocsp *ocsp, struct hf_buf *out)
{
    struct hf_der_writer w = hf_der_writer(out);
    size_t before = out->n;

    hf_der_put_open(&w, HF_DER_SEQUENCE);
    hf_der_put(&w, HF_DER_ENUMERATED, (struct hf_bytes){(const uint8_t *)"", 1});
    hf_der_put_open(&w, HF_DER_CONTEXT(0));
    hf_der_put_open(&w, HF_DER_SEQUENCE);
    hf_der_put_oid(&w, OID_BASIC);
    hf_der_put_open(&w, HF_DER_OCTETS);
    hf_der_put_open(&w, HF_DER_SEQUENCE);
    hf_der_put_raw(&w, ocsp->tbs);
    hf_der_put_raw(&w, ocsp->sig_alg_der);
    hf_der_put_bits(&w, ocsp->signature, 0);
    if (ocsp->n_certs) {
        hf_der_put_open(&w, HF_DER_CONTEXT(0));
        hf_der_put_open(&w, HF_DER_SEQUENCE);
        for (size_t i = 0; i < ocsp->n_certs; i++)
            hf_der_put_raw(&w, ocsp->cert[i]);
        hf_der_put_close(&w);
        hf_der_put_close(&w);
    }
    for (int i = 0; i < 5; i++)
        hf_der_put_close(&w);
    return finish(&w, out, before);
}

static void put_single(struct hf_der_writer *w, const struct hf_ocsp_single *s)
{
    uint8_t reason = (uint8_t)s->reason;

    hf_der_put_open(w, HF_DER_SEQUENCE);
    hf_der_put_open(w, HF_DER_SEQUENCE);
    hf_der_put_open(w, HF_DER_SEQUENCE);
    for (size_t i = 0; i < HF_COUNT(hashes); i++) {
        if (hashes[i].alg == s->hash)
            hf_der_put_oid(w, hashes[i].oid);
    }
    hf_der_put_close(w);
    hf_der_put_octets(w, s->issuer_name_hash);
    hf_der_put_octets(w, s->issuer_key_hash);
    hf_der_put(w, HF_DER_INTEGER, s->serial);
    hf_der_put_close(w);
    if (s->status == HF_OCSP_REVOKED) {
        hf_der_put_open(w, HF_DER_CONTEXT(1));
        hf_der_put_time(w, s->revoked_at);
        if (s->reason >= 0) {
            hf_der_put_open(w, HF_DER_CONTEXT(0));
            hf_der_put(w, HF_DER_ENUMERATED, (struct hf_bytes){&reason, 1});
            hf_der_put_close(w);
        }
        hf_der_put_close(w);
    } else {
        hf_der_put(w, HF_DER_CONTEXT_PRIMITIVE(s->status == HF_OCSP_GOOD ? 0 : 2), (struct hf_bytes){0});
    }
    hf_der_put_time(w, s->this_update);
    if (s->has_next_update) {
        hf_der_put_open(w, HF_DER_CONTEXT(0));
        hf_der_put_time(w, s->next_update);
        hf_der_put_close(w);
    }
    hf_der_put_close(w);
}

hf_err hf_ocsp_tbs_write(const struct hf_ocsp *ocsp, struct hf_buf *out)
{
    struct hf_der_writer w = hf_der_writer(out);
    size_t before = out->n;

    hf_der_put_open(&w, HF_DER_SEQUENCE);
    hf_der_put_open(&w, HF_DER_CONTEXT(ocsp->responder_key.n ? 2 : 1));
    if (ocsp->responder_key.n)
        hf_der_put_octets(&w, ocsp->responder_key);
    else
        hf_der_put_raw(&w, ocsp->responder_name);
    hf_der_put_close(&w);
    hf_der_put_time(&w, ocsp->produced_at);
    hf_der_put_open(&w, HF_DER_SEQUENCE);
    for (size_t i = 0; i < ocsp->n; i++)
        put_single(&w, &ocsp->single[i]);
    hf_der_put_close(&w);
    hf_der_put_close(&w);
    return finish(&w, out, before);
}

/* ---- looking ---- */

hf_err hf_ocsp_key_bits(const struct hf_cert *cert, struct hf_bytes *out)
{
    struct hf_reader r = hf_reader(cert->spki), spki;
    struct hf_der alg;
    unsigned unused = 0;

    HF_TRY(hf_der_sequence(&r, &spki));
    HF_TRY(hf_der_next(&spki, &alg));
    return hf_der_bits(&spki, out, &unused);
}

bool hf_ocsp_covers(const struct hf_ocsp_single *single, const struct hf_cert *cert, const struct hf_cert *issuer)
{
    struct hf_digest name, key;
    struct hf_bytes bits;

    return hf_bytes_equal(single->serial, cert->serial) && hf_ocsp_key_bits(issuer, &bits) == HF_OK &&
           hf_hash_one(single->hash, cert->issuer, &name) == HF_OK && hf_hash_one(single->hash, bits, &key) == HF_OK &&
           hf_bytes_equal(hf_digest_bytes(&name), single->issuer_name_hash) &&
           hf_bytes_equal(hf_digest_bytes(&key), single->issuer_key_hash);
}
