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

static bool look_crl(struct hf_bytes bytes, struct hf_collateral_entry *e)
{
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;

    if (hf_crl_parse(bytes, &crl) != HF_OK)
        return false;
    be(e, "crl", crl->has_next_update ? crl->next_update : crl->this_update);
    return true;
}

/* Revocation lists of a PCCS come as hex digits. */
static bool look_hex_crl(struct hf_bytes bytes, struct hf_collateral_entry *e)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    while (bytes.n && (bytes.p[bytes.n - 1] == '\n' || bytes.p[bytes.n - 1] == '\r'))
        bytes.n--;
    return bytes.n && hf_hex_parse(bytes, &der) == HF_OK && look_crl(hf_buf_bytes(&der), e);
}

static bool look_certs(struct hf_bytes bytes, struct hf_collateral_entry *e)
{
    HF_CLEANUP(hf_certs_free) struct hf_certs certs = {0};
    hf_time until = HF_COLLATERAL_FOREVER;

    if (hf_certs_read(bytes, &certs) != HF_OK || certs.n == 0)
        return false;
    for (size_t i = 0; i < certs.n; i++)
        until = certs.cert[i]->not_after < until ? certs.cert[i]->not_after : until;
    be(e, "certificates", until);
    return true;
}

/* {"tcbInfo": {"nextUpdate": "2026-12-24T00:00:00Z", ...}, "signature": ...} (Intel's PCS, version 4) */
static bool look_json(struct hf_bytes bytes, struct hf_collateral_entry *e)
{
    static const struct {
        const char *member, *kind;
    } known[] = {{"tcbInfo", "tcb-info"}, {"enclaveIdentity", "identity"}};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json_value top, inner, next;
    char *c = NULL;
    hf_time until;

    if (hf_json_parse(bytes, &top) != HF_OK || top.type != HF_JSON_OBJECT)
        return false;
    be(e, "json", HF_COLLATERAL_FOREVER);
    for (size_t i = 0; i < HF_COUNT(known); i++) {
        if (hf_json_get(top, known[i].member, &inner) != HF_OK)
            continue;
        be(e, known[i].kind, HF_COLLATERAL_FOREVER);
        if (hf_json_get(inner, "nextUpdate", &next) == HF_OK && hf_json_as_text(next, &text) == HF_OK &&
            hf_buf_text(&text, &c) == HF_OK && hf_time_parse(c, &until) == HF_OK)
            e->valid_until = until;
    }
    return true;
}

/* OCSPResponse (RFC 6960, 4.2.1): SEQUENCE { ENUMERATED successful, ... }. It says what was so when it was asked. */
static bool look_ocsp(struct hf_bytes bytes, struct hf_collateral_entry *e)
{
    static const uint8_t successful[] = {0x0a, 1, 0};
    size_t at = bytes.n > 1 && bytes.p[1] & 0x80 ? 2 + (bytes.p[1] & 0x7fu) : 2;

    if (bytes.n < at + sizeof(successful) || bytes.p[0] != 0x30 ||
        memcmp(bytes.p + at, successful, sizeof(successful)) != 0)
        return false;
    be(e, "ocsp", e->fetched_at);
    return true;
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
    HF_TRY(hf_collateral_id(bytes, entry->sha256));
    entry->size = bytes.n;
    if (!look_crl(bytes, entry) && !look_certs(bytes, entry) && !look_json(bytes, entry) &&
        !look_hex_crl(bytes, entry) && !look_ocsp(bytes, entry))
        be(entry, "other", HF_COLLATERAL_FOREVER);
    return HF_OK;
}
