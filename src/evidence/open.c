/* Evidence as it came, opened into items. */
#include "base/cleanup.h"
#include "codec/pem.h"
#include "crypto/crl.h"
#include "crypto/x509.h"
#include "evidence/amd_cert_table.h"
#include "evidence/open_i.h"

#include <stdarg.h>
#include <stdio.h>

void hf_evidence_set_free(struct hf_evidence_set *set)
{
    for (size_t i = 0; i < set->n_buf; i++)
        hf_buf_free(&set->buf[i]);
    set->n = set->n_buf = 0;
}

void hf_open_looks(struct hf_opening *o, const char *fmt, ...)
{
    va_list args;

    if (o->looked[0])
        return;
    va_start(args, fmt);
    (void)vsnprintf(o->looked, sizeof(o->looked), fmt, args);
    va_end(args);
}

void hf_open_where(char out[HF_OPEN_WHERE], const char *path, struct hf_bytes name)
{
    char text[HF_OPEN_WHERE];
    size_t n = 0;

    for (size_t i = 0; i < name.n && n + 1 < sizeof(text); i++)
        text[n++] = name.p[i] > 0x20 && name.p[i] < 0x7f ? (char)name.p[i] : '?';
    text[n] = 0;
    if (snprintf(out, HF_OPEN_WHERE, "%s%s%s", path, path[0] && n ? "/" : "", text) >= HF_OPEN_WHERE)
        memcpy(out + HF_OPEN_WHERE - 4, "...", 4);
}

static hf_err full(void)
{
    return hf_fail(HF_E_LIMIT, "more than %d items of evidence at once", HF_EVIDENCE_ITEMS_MAX);
}

/* An item that is there already, from another place of the same envelope, is judged once. */
static hf_err add_item(struct hf_opening *o, const struct hf_evidence_format *format, struct hf_bytes in,
                       const char *where)
{
    struct hf_evidence_set *set = o->set;
    struct hf_evidence_item *item = &set->item[set->n];

    for (size_t i = 0; i < set->n; i++) {
        if (set->item[i].format == format && hf_bytes_equal(set->item[i].bytes, in))
            return HF_OK;
    }
    if (set->n == HF_EVIDENCE_ITEMS_MAX)
        return full();
    *item = (struct hf_evidence_item){.format = format, .bytes = in};
    (void)snprintf(item->where, sizeof(item->where), "%s", where);
    set->n++;
    return HF_OK;
}

hf_err hf_open_collateral(struct hf_opening *o, struct hf_bytes in, const char *where)
{
    return add_item(o, NULL, in, where);
}

static const struct hf_evidence_format *format_of(struct hf_bytes in)
{
    for (size_t i = 0; hf_evidence_formats[i]; i++) {
        if (hf_evidence_formats[i]->detect(in))
            return hf_evidence_formats[i];
    }
    return NULL;
}

static hf_err keep_as_pem(struct hf_opening *o, const char *label, struct hf_bytes der)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    struct hf_bytes have = hf_buf_bytes(&o->certs);

    HF_TRY(hf_pem_write(label, der, &pem));
    if (have.n && memmem(have.p, have.n, pem.p, pem.n))
        return HF_OK;
    return hf_buf_add(&o->certs, hf_buf_bytes(&pem));
}

hf_err hf_open_endorsement(struct hf_opening *o, struct hf_bytes der, bool *known)
{
    HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    hf_err err;

    *known = false;
    if (der.n < 16 || der.p[0] != 0x30)
        return HF_OK;
    *known = true;
    if ((err = hf_cert_parse(der, &cert)) == HF_OK)
        return keep_as_pem(o, "CERTIFICATE", der);
    if (err != HF_E_MEMORY && (err = hf_crl_parse(der, &crl)) == HF_OK)
        return keep_as_pem(o, "X509 CRL", der);
    if (err != HF_E_MEMORY && (err = hf_pubkey_from_spki(der, &key)) == HF_OK)
        return HF_OK;
    *known = false;
    return err == HF_E_MEMORY ? err : HF_OK;
}

static bool is_used(const struct hf_evidence_set *set, struct hf_bytes bytes)
{
    uintptr_t from = (uintptr_t)bytes.p;

    for (size_t i = 0; i < set->n; i++) {
        uintptr_t p = (uintptr_t)set->item[i].bytes.p;

        if (p >= from && p < from + bytes.n)
            return true;
    }
    return false;
}

/* There are never more buffers than items that point into them. */
hf_err hf_open_decoded(struct hf_opening *o, struct hf_buf *decoded, const char *where)
{
    struct hf_evidence_set *set = o->set;
    hf_err err = hf_open_any(o, hf_buf_bytes(decoded), where);

    if (!is_used(set, hf_buf_bytes(decoded)))
        return err;
    set->buf[set->n_buf++] = *decoded; /* also on failure: items go first, then what they point into */
    *decoded = (struct hf_buf){0};
    return err;
}

/* Open Enclave's reports: version 1, type 2 (remote), size, and a quote (include/openenclave/bits/report.h, struct
 * _oe_report_header). */
static hf_err open_oe_report(struct hf_opening *o, struct hf_bytes in, const char *where, bool *known)
{
    static const uint8_t head[] = {1, 0, 0, 0, 2, 0, 0, 0};
    struct hf_bytes quote = {in.p + 16, in.n - 16};
    uint64_t size = 0;

    if (in.n < 64 || memcmp(in.p, head, sizeof(head)) != 0)
        return HF_OK;
    for (unsigned i = 0; i < 8; i++)
        size |= (uint64_t)in.p[8 + i] << (8 * i);
    if (size > quote.n)
        return HF_OK;
    quote.n = (size_t)size;
    *known = true;
    hf_open_looks(o, "an Open Enclave report");
    return hf_open_any(o, quote, where);
}

/* AMD's table of certificates, without the report that it belongs to: configfs-tsm's auxblob. */
static hf_err open_amd_table(struct hf_opening *o, struct hf_bytes in, bool *known)
{
    struct hf_amd_cert_table table;

    if (!hf_amd_cert_table_looks(in))
        return HF_OK;
    *known = true;
    hf_open_looks(o, "AMD's table of certificates");
    HF_TRY(hf_amd_cert_table_parse(in, &table));
    for (size_t i = 0; i < table.n; i++) {
        bool good = false;

        HF_TRY(hf_open_endorsement(o, table.row[i].data, &good));
    }
    return HF_OK;
}

hf_err hf_open_any(struct hf_opening *o, struct hf_bytes in, const char *where)
{
    const struct hf_evidence_format *format = format_of(in);
    bool known = false;
    hf_err err;

    if (format) {
        if (o->kind)
            HF_TRY(hf_evidence_detect(in, o->kind, &format));
        return add_item(o, format, in, where);
    }
    if (in.n == 0)
        return HF_OK;
    if (o->depth == HF_OPEN_DEPTH)
        return hf_fail(HF_E_LIMIT, "%s: envelopes and encodings nested deeper than %d", where, HF_OPEN_DEPTH);
    o->depth++;
    err = open_oe_report(o, in, where, &known);
    if (err == HF_OK && !known)
        err = open_amd_table(o, in, &known);
    if (err == HF_OK && !known)
        err = hf_open_endorsement(o, in, &known);
    if (err == HF_OK && !known)
        err = hf_open_cmw(o, in, where, &known);
    if (err == HF_OK && !known)
        err = hf_open_json(o, in, where, &known);
    if (err == HF_OK && !known)
        err = hf_open_text(o, in, where, &known);
    o->depth--;
    return err;
}

/* Certificates that were found are one item, last. */
static hf_err add_certs(struct hf_opening *o)
{
    struct hf_evidence_set *set = o->set;

    if (o->certs.n == 0)
        return HF_OK;
    if (set->n == HF_EVIDENCE_ITEMS_MAX)
        return full();
    HF_TRY(add_item(o, NULL, hf_buf_bytes(&o->certs), "certificates"));
    if (!is_used(set, hf_buf_bytes(&o->certs))) /* an earlier file had the same */
        return HF_OK;
    set->buf[set->n_buf++] = o->certs;
    o->certs = (struct hf_buf){0};
    return HF_OK;
}

static hf_err nothing(const struct hf_opening *o, struct hf_bytes in)
{
    const struct hf_evidence_format *format;

    if (!o->looked[0])
        return hf_evidence_detect(in, o->kind, &format);
    return hf_fail(HF_E_FORMAT, "%zu bytes, %s: no kind of evidence that is known is in it", in.n, o->looked);
}

static hf_err open_all(struct hf_opening *o, struct hf_bytes in)
{
    const struct hf_evidence_format *format;
    size_t items = o->set->n;

    if (o->kind && hf_evidence_detect((struct hf_bytes){0}, o->kind, &format) == HF_E_ARG)
        return HF_E_ARG;
    if (o->set->n == HF_EVIDENCE_ITEMS_MAX)
        return full();
    HF_TRY(hf_open_any(o, in, ""));
    HF_TRY(hf_open_tpm_end(o, items));
    HF_TRY(add_certs(o));
    return o->set->n == items ? nothing(o, in) : HF_OK;
}

hf_err hf_evidence_open(struct hf_bytes in, const char *kind, struct hf_evidence_set *set)
{
    struct hf_opening o = {.set = set, .kind = kind && strcmp(kind, "auto") != 0 ? kind : NULL};
    size_t items = set->n, bufs = set->n_buf;
    hf_err err = open_all(&o, in);

    hf_buf_free(&o.certs);
    hf_open_tpm_free(&o);
    if (err == HF_OK)
        return HF_OK;
    set->n = items;
    while (set->n_buf > bufs)
        hf_buf_free(&set->buf[--set->n_buf]);
    /* A PEM block with headers, say: the data's fault, not that of a device or this build. */
    return err == HF_E_UNSUPPORTED ? hf_fail(HF_E_FORMAT, "%.400s", hf_err_detail()) : err;
}
