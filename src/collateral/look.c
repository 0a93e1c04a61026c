/* What fetched bytes are, and until when they hold: enough to list them and to know when to fetch again. */
#include "base/cleanup.h"
#include "codec/hex.h"
#include "codec/json_read.h"
#include "codec/pem.h"
#include "collateral/cache.h"
#include "crypto/crl.h"
#include "crypto/hash.h"

#include <stdio.h>

static void be(struct hf_collateral_entry *e, const char *kind, hf_time until)
{
    (void)snprintf(e->kind, sizeof(e->kind), "%s", kind);
    e->valid_until = until;
}

static hf_err look_crl(struct hf_bytes bytes, struct hf_collateral_entry *e)
{
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;

    HF_TRY(hf_crl_parse(bytes, &crl));
    be(e, "crl", crl->has_next_update ? crl->next_update : crl->this_update);
    return HF_OK;
}

/* Revocation lists of a PCCS come as hex digits. */
static hf_err look_hex_crl(struct hf_bytes bytes, struct hf_collateral_entry *e)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    while (bytes.n && (bytes.p[bytes.n - 1] == '\n' || bytes.p[bytes.n - 1] == '\r'))
        bytes.n--;
    HF_TRY(hf_hex_parse(bytes, &der));
    return look_crl(hf_buf_bytes(&der), e);
}

static hf_err look_certs(struct hf_bytes bytes, struct hf_collateral_entry *e)
{
    HF_CLEANUP(hf_certs_free) struct hf_certs certs = {0};
    hf_time until = HF_COLLATERAL_FOREVER;

    HF_TRY(hf_certs_read(bytes, &certs));
    if (certs.n == 0)
        return hf_fail(HF_E_FORMAT, "no certificate");
    for (size_t i = 0; i < certs.n; i++)
        until = certs.cert[i]->not_after < until ? certs.cert[i]->not_after : until;
    be(e, "certificates", until);
    return HF_OK;
}

/* {"nextUpdate": "2026-12-24T00:00:00Z", ...}: what does not say it, or not so, has no end. */
static hf_err next_update(struct hf_json_value inner, hf_time *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json_value next;
    char *c = NULL;

    if (hf_json_get(inner, "nextUpdate", &next) != HF_OK || next.type != HF_JSON_TEXT)
        return HF_OK;
    HF_TRY(hf_json_as_text(next, &text));
    HF_TRY(hf_buf_text(&text, &c));
    (void)hf_time_parse(c, out);
    return HF_OK;
}

/* {"tcbInfo": {...}, "signature": ...} (Intel's PCS, version 4) */
static hf_err look_json(struct hf_bytes bytes, struct hf_collateral_entry *e)
{
    static const struct {
        const char *member, *kind;
    } known[] = {{"tcbInfo", "tcb-info"}, {"enclaveIdentity", "identity"}};
    struct hf_json_value top, inner;

    HF_TRY(hf_json_parse(bytes, &top));
    if (top.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "JSON, but no object");
    be(e, "json", HF_COLLATERAL_FOREVER);
    for (size_t i = 0; i < HF_COUNT(known); i++) {
        if (hf_json_get(top, known[i].member, &inner) != HF_OK)
            continue;
        be(e, known[i].kind, HF_COLLATERAL_FOREVER);
        HF_TRY(next_update(inner, &e->valid_until));
    }
    return HF_OK;
}

/* OCSPResponse (RFC 6960, 4.2.1): SEQUENCE { ENUMERATED successful, ... }. It says what was so when it was asked. */
static hf_err look_ocsp(struct hf_bytes bytes, struct hf_collateral_entry *e)
{
    static const uint8_t successful[] = {0x0a, 1, 0};
    size_t at = bytes.n > 1 && bytes.p[1] & 0x80 ? 2 + (bytes.p[1] & 0x7fu) : 2;

    if (bytes.n < at + sizeof(successful) || bytes.p[0] != 0x30 ||
        memcmp(bytes.p + at, successful, sizeof(successful)) != 0)
        return hf_fail(HF_E_FORMAT, "no OCSP response");
    be(e, "ocsp", e->fetched_at);
    return HF_OK;
}

hf_err hf_collateral_id(struct hf_bytes bytes, char out[65])
{
    struct hf_digest hash;

    HF_TRY(hf_hash_one(HF_SHA256, bytes, &hash));
    for (size_t i = 0; i < 32; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", hash.bytes[i]);
    return HF_OK;
}

hf_err hf_collateral_look(struct hf_bytes bytes, struct hf_collateral_entry *entry)
{
    static hf_err (*const looks[])(struct hf_bytes bytes, struct hf_collateral_entry *e) = {
        look_crl, look_certs, look_json, look_hex_crl, look_ocsp};
    hf_err err = HF_E_FORMAT;

    HF_TRY(hf_collateral_id(bytes, entry->sha256));
    entry->size = bytes.n;
    for (size_t i = 0; err != HF_OK && i < HF_COUNT(looks); i++) {
        err = looks[i](bytes, entry);
        if (err == HF_E_MEMORY)
            return err;
    }
    if (err != HF_OK)
        be(entry, "other", HF_COLLATERAL_FOREVER);
    return HF_OK;
}
