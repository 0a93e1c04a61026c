/* NVIDIA's reference integrity manifests: who signed them, and whether a report's measurements are theirs. */
#include "base/cleanup.h"
#include "codec/json_read.h"
#include "evidence/rim.h"
#include "verify/nvidia.h"
#include "verify/ocsp.h"

#include <stdio.h>
#include <strings.h>

#define SERVICE "https://rim.attestation.nvidia.com/v1/rim/"
#define NVDEC0_OFF 0x55
#define NVDEC0_MEASUREMENT 35 /* not made where the decoder is off */

/* ---- endorsements ---- */

static void document_free(void *address)
{
    hf_rim_free(address);
}

static hf_err document_parse(struct hf_bytes in, void **out)
{
    struct hf_rim *rim = NULL;

    HF_TRY(hf_rim_parse(in, &rim));
    *out = rim;
    return HF_OK;
}

/* The service answers {"id", "rim": base64, "sha256", ...}. */
static hf_err unwrap(struct hf_bytes in, struct hf_buf *out)
{
    struct hf_json_value top, rim;

    HF_TRY(hf_json_parse(in, &top));
    HF_TRY(hf_json_get(top, "rim", &rim));
    return hf_json_as_base64(rim, out);
}

hf_err hf_nvidia_rim_endorsements(struct hf_endorsements *set, struct hf_bytes in, const char *source, bool *known)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf inner = {.max = 4 << 20};
    struct hf_bytes body = in;

    if (in.n && in.p[0] == '{') {
        hf_err err = unwrap(in, &inner);

        if (err != HF_OK)
            return err == HF_E_MEMORY ? err : HF_OK;
        body = hf_buf_bytes(&inner);
    }
    if (!hf_rim_is(body))
        return HF_OK;
    *known = true;
    return hf_endorsements_add_document(set, HF_ENDORSEMENT_RIM, body, source, document_parse, document_free);
}

/* ---- one manifest ---- */

struct reference {
    const char *row;          /* "driver RIM" */
    const char *revoked;      /* "driver RIM revocation" */
    const char *version;      /* that the report says */
    const char *id;           /* what NVIDIA calls it */
    const struct hf_rim *rim; /* found and trusted; NULL */
};

static bool text_is(struct hf_bytes text, const char *want)
{
    return strlen(want) == text.n && strncasecmp((const char *)text.p, want, text.n) == 0;
}

/* By version; of several with one version, that of the chip. */
static const struct hf_endorsement *find(const struct hf_judge *j, const char *version, const char *chip)
{
    const struct hf_endorsement *e, *other = NULL;

    for (size_t at = 0; version[0] && (e = hf_judge_next(j, HF_ENDORSEMENT_RIM, &at)) != NULL;) {
        const struct hf_rim *rim = e->document;

        if (!text_is(rim->version, version))
            continue;
        if (text_is(rim->product, chip))
            return e;
        other = e;
    }
    return other;
}

static hf_err check_signed(const struct hf_judge *j, const struct hf_endorsement *e)
{
    const struct hf_rim *rim = e->document;
    struct hf_bytes parts[] = {HF_BYTES_OF(e->sha256), HF_BYTES_OF(rim->certs.cert[0]->spki_sha256)};
    struct hf_digest key;
    void *object = NULL;

    HF_TRY(hf_hash(HF_SHA256, parts, HF_COUNT(parts), &key));
    if (hf_cache_get(j->cache, HF_FACT_DOCUMENT, key.bytes, &object))
        return HF_OK;
    HF_TRY(hf_rim_verify(rim));
    (void)hf_cache_put(j->cache, HF_FACT_DOCUMENT, key.bytes, NULL, NULL);
    return HF_OK;
}

/* Nothing is wrong with rows from a place on but the time? Says the first that failed. */
static hf_err only_late(const struct hf_verdict *v, size_t from, bool *late)
{
    const struct hf_check *first = NULL;

    *late = true;
    for (size_t i = from; i < v->n; i++) {
        if (v->row[i].status != HF_CHECK_FAILED)
            continue;
        *late &= strcmp(v->row[i].name, "validity") == 0;
        first = first ? first : &v->row[i];
    }
    *late &= first != NULL;
    return hf_fail(HF_E_UNTRUSTED, "%s: %s", first ? first->name : "certificate chain",
                   first ? first->note : "no room");
}

/* The rows of this chain become one of the manifest's: those of the report's own have their names. */
static hf_err check_chain(const struct hf_judge *j, const struct hf_rim *rim, struct hf_chain *chain, bool *late,
                          struct hf_verdict *v, struct hf_findings *f)
{
    const struct hf_chain_options rules = {.need_key_usage = true};
    enum hf_environment environment = f->environment;
    size_t from = v->n, lost = v->lost;
    struct hf_horizon horizon = f->horizon;
    hf_err err = HF_OK;

    if (!hf_judge_chain(j, HF_VENDOR_NVIDIA_RIM, rim->certs.cert[0], &rim->certs, &rules, v, f, chain)) {
        err = only_late(v, from, late);
        f->horizon = horizon;
    }
    v->n = from;
    v->lost = lost;
    f->environment = environment; /* the device's root says what it is, not the manifest's */
    return err;
}

static void check_reference(const struct hf_judge *j, const struct hf_nvidia_device *device, struct reference *r,
                            struct hf_verdict *v, struct hf_findings *f)
{
    const struct hf_endorsement *e = find(j, r->version, device->chip);
    struct hf_chain chain = {0};
    struct hf_check *row;
    bool late = false;
    hf_err err;

    if (!e) {
        hf_check_expected(hf_check_absent(v, r->row, "get it at " SERVICE "%s", r->id), "%s", r->id);
        hf_judge_missing(f, r->row, SERVICE "%s", r->id);
        return;
    }
    err = check_signed(j, e);
    if (err == HF_OK)
        err = check_chain(j, e->document, &chain, &late, v, f);
    if (late) {
        row = hf_check_absent(v, r->row, "one of another time (%.80s); get it anew at " SERVICE "%.60s",
                              hf_err_detail(), r->id);
        hf_judge_missing(f, r->row, SERVICE "%s", r->id);
    } else {
        row = hf_check(v, r->row, err);
    }
    hf_check_expected(row, "%s", r->id);
    hf_check_found(row, "%s", e->source);
    if (err != HF_OK)
        return;
    r->rim = e->document;
    (void)hf_judge_revocation_by_any(j, &chain, &(struct hf_revocation_rows){r->revoked, 0, HF_NVIDIA_OCSP_URL}, v, f);
}

/* ---- measurements ---- */

struct comparison {
    size_t compared, wrong;
    char which[80];             /* the indices that differ */
    struct hf_bytes want, have; /* of the first */
};

static void differs(struct comparison *c, unsigned index, struct hf_bytes want, struct hf_bytes have)
{
    size_t n = strlen(c->which);

    if (c->wrong++ == 0) {
        c->want = want;
        c->have = have;
    }
    (void)snprintf(c->which + n, sizeof(c->which) - n, "%s%u", n ? " " : "", index);
}

static void compare(const struct hf_spdm_report *report, const struct hf_rim *rim, const struct hf_rim *other,
                    bool no_decoder, struct comparison *c)
{
    for (size_t i = 0; rim && i < rim->n; i++) {
        const struct hf_rim_measurement *m = &rim->measurement[i];
        struct hf_bytes want = m->n ? hf_digest_bytes(&rim->value[m->first]) : (struct hf_bytes){0};
        struct hf_spdm_block block = {0};

        if (!m->active || (no_decoder && m->index == NVDEC0_MEASUREMENT))
            continue;
        c->compared++;
        if (other && hf_rim_find(other, m->index)) /* both claim it: neither is believed */
            differs(c, m->index, want, (struct hf_bytes){0});
        else if (hf_spdm_block_find(report, (uint8_t)(m->index + 1), &block) != HF_OK ||
                 !hf_rim_fits(rim, m, block.value))
            differs(c, m->index, want, block.value);
    }
}

static bool decoder_off(const struct hf_spdm_report *report)
{
    struct hf_bytes status;

    return hf_nvidia_field(report->opaque, HF_NVIDIA_NVDEC0_STATUS, &status) == HF_OK && status.n == 1 &&
           status.p[0] == NVDEC0_OFF;
}

bool hf_nvidia_judge_measurements(const struct hf_judge *j, const struct hf_spdm_report *report,
                                  const struct hf_nvidia_device *device, struct hf_verdict *v, struct hf_findings *f)
{
    struct reference driver = {"driver RIM", "driver RIM revocation", device->driver, device->driver_rim, NULL};
    struct reference vbios = {"VBIOS RIM", "VBIOS RIM revocation", device->vbios, device->vbios_rim, NULL};
    struct comparison c = {0};
    struct hf_check *row;

    if (device->is_switch)
        (void)hf_check_not_applicable(v, driver.row, "a switch has none");
    else
        check_reference(j, device, &driver, v, f);
    check_reference(j, device, &vbios, v, f);
    compare(report, driver.rim, vbios.rim, decoder_off(report), &c);
    compare(report, vbios.rim, NULL, decoder_off(report), &c);
    if (c.wrong) {
        row = hf_check(v, "measurements", hf_fail(HF_E_MISMATCH, "not as released: %s of the manifests", c.which));
        hf_check_expected_hex(row, c.want);
        hf_check_found_hex(row, c.have);
        return false;
    }
    if (!vbios.rim || (!driver.rim && !device->is_switch)) {
        hf_check_found(hf_check_absent(v, "measurements",
                                       "compared only with manifests of driver and VBIOS that are "
                                       "trusted"),
                       "%zu compared", c.compared);
        return false;
    }
    hf_check_found(hf_check(v, "measurements", HF_OK), "%zu as released", c.compared);
    return true;
}
