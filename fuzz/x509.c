/* Certificates: every view lies inside the certificate; what is strict is tolerated too, with the same outcome. */
#include "base/cleanup.h"
#include "crypto/chain.h"
#include "fuzz.h"

#include <stdlib.h>

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void inside(const struct hf_cert *c, struct hf_bytes v)
{
    must(v.n == 0 || (v.p >= c->der.p && v.n <= c->der.n && (size_t)(v.p - c->der.p) <= c->der.n - v.n));
}

static void views(const struct hf_cert *c)
{
    struct hf_general_name name;
    struct hf_bytes url;

    const struct hf_bytes all[] = {c->tbs,       c->serial,  c->issuer, c->subject, c->spki,
                                   c->signature, c->sig_oid, c->eku,    c->san,     c->subject_id,
                                   c->authority_id};

    for (size_t i = 0; i < HF_COUNT(all); i++)
        inside(c, all[i]);
    for (size_t i = 0; i < c->n_ext; i++) {
        inside(c, c->ext[i].oid);
        inside(c, c->ext[i].value);
    }
    for (size_t i = 0; hf_cert_san(c, i, &name) == HF_OK; i++)
        inside(c, name.value);
    for (enum hf_cert_url which = HF_URL_ISSUERS; which <= HF_URL_CRL; which++) {
        for (size_t i = 0; hf_cert_url(c, which, i, &url) == HF_OK; i++)
            inside(c, url);
    }
    must(c->key && c->subject_text && c->issuer_text && c->serial_hex);
    (void)hf_cert_has_eku(c, "2.23.133.8.1");
}

/* As its own leaf, pool and pinned root: no crash, and no success with a failed row. */
static void chain(struct hf_cert *c)
{
    HF_CLEANUP(hf_certs_free) struct hf_certs pool = {0};
    uint8_t pin[1][32];
    struct hf_chain_options opt = {.at = c->not_before, .root_spki = pin, .n_root_spki = 1};
    struct hf_chain out;
    bool failed = false;
    hf_err err;

    memcpy(pin[0], c->spki_sha256, sizeof(pin[0]));
    if (hf_certs_add(&pool, c) != HF_OK)
        return;
    err = hf_chain_check(c, &pool, &opt, &out);
    for (size_t i = 0; i < out.n_rows; i++)
        failed |= out.row[i].err != HF_OK;
    must((err == HF_OK) == (out.n > 0 && !failed));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size};
    HF_CLEANUP(hf_cert_free) struct hf_cert *strict = NULL;
    HF_CLEANUP(hf_cert_free) struct hf_cert *tolerant = NULL;
    HF_CLEANUP(hf_certs_free) struct hf_certs list = {0};

    if (hf_cert_parse(in, &strict) == HF_OK) {
        must(strict->trailing == 0 && !strict->set_disorder && strict->der.n == size);
        must(hf_cert_parse_tolerant(in, &tolerant) == HF_OK);
        must(hf_bytes_equal(strict->der, tolerant->der) && strcmp(strict->subject_text, tolerant->subject_text) == 0);
        views(strict);
        chain(strict);
    } else if (hf_cert_parse_tolerant(in, &tolerant) == HF_OK) {
        must(tolerant->set_disorder || tolerant->trailing > 0);
        must(tolerant->der.n + tolerant->trailing == size);
        views(tolerant);
    }
    if (hf_certs_read_tolerant(in, &list) == HF_OK)
        must(list.n > 0);
    return 0;
}
