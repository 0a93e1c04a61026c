/* The bytes of a slot: header, payload, zeros. */
#include "base/cleanup.h"
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "helper/state.h"

#define VERSION 1u
#define FLAG_ENCRYPTED 1u
#define AUTHENTICATED 28u /* bytes of the header before the nonce */

static const uint8_t magic[8] = {'H', 'F', 'T', 'P', 'M', '\r', '\n', 0x1a};

struct header {
    uint16_t version, kind, flags;
    uint64_t generation;
    uint32_t length;
    uint8_t nonce[12], tag[16], sha256[32];
};

static void header_write(struct hf_writer *w, const struct header *h)
{
    hf_wr_bytes(w, HF_BYTES_OF(magic));     /*  0 */
    hf_wr_u16be(w, h->version);             /*  8 */
    hf_wr_u16be(w, h->kind);                /* 10 */
    hf_wr_u16be(w, h->flags);               /* 12 */
    hf_wr_u16be(w, 0);                      /* 14 */
    hf_wr_u64be(w, h->generation);          /* 16 */
    hf_wr_u32be(w, h->length);              /* 24 */
    hf_wr_bytes(w, HF_BYTES_OF(h->nonce));  /* 28 */
    hf_wr_bytes(w, HF_BYTES_OF(h->tag));    /* 40 */
    hf_wr_bytes(w, HF_BYTES_OF(h->sha256)); /* 56 */
}

static hf_err header_read(struct hf_reader *r, struct header *h)
{
    uint8_t seen[sizeof(magic)];

    hf_rd_copy(r, seen, sizeof(seen));
    HF_TRY(hf_rd_err(r));
    if (memcmp(seen, magic, sizeof(magic)) != 0)
        return hf_fail(HF_E_FORMAT, "not the state of an embedded TPM (a swtpm state is taken in by an import)");
    h->version = hf_rd_u16be(r);
    h->kind = hf_rd_u16be(r);
    h->flags = hf_rd_u16be(r);
    hf_rd_zero(r, 2);
    h->generation = hf_rd_u64be(r);
    h->length = hf_rd_u32be(r);
    hf_rd_copy(r, h->nonce, sizeof(h->nonce));
    hf_rd_copy(r, h->tag, sizeof(h->tag));
    hf_rd_copy(r, h->sha256, sizeof(h->sha256));
    return hf_rd_err(r);
}

static hf_err header_check(const struct header *h, enum hf_tpm_state_kind kind)
{
    if (h->kind != (uint16_t)kind || (h->flags & ~FLAG_ENCRYPTED))
        return hf_fail(HF_E_FORMAT, "kind %u, flags %u; wanted %u and at most %u", h->kind, h->flags, kind,
                       FLAG_ENCRYPTED);
    return HF_OK;
}

static hf_err seal(const struct hf_secret *key, struct header *h, struct hf_bytes aad, uint8_t *payload)
{
    HF_TRY(hf_random(h->nonce, sizeof(h->nonce)));
    return hf_aes_gcm_seal(hf_secret_expose(key), h->nonce, aad, payload, h->length, h->tag);
}

static hf_err digest(struct hf_bytes head, struct hf_bytes payload, uint8_t out[32])
{
    struct hf_digest d = {0};

    HF_TRY(hf_hash(HF_SHA256, (const struct hf_bytes[]){{head.p, AUTHENTICATED}, payload}, 2, &d));
    memcpy(out, d.bytes, 32);
    return HF_OK;
}

hf_err hf_tpm_slot_write(enum hf_tpm_state_kind kind, const struct hf_secret *key, uint64_t generation,
                         struct hf_bytes payload, struct hf_buf *slot)
{
    struct header h = {.version = VERSION, .kind = (uint16_t)kind, .flags = key ? FLAG_ENCRYPTED : 0};
    struct hf_writer w;
    uint8_t *place = NULL;
    uint8_t *body;

    if (payload.n == 0 || payload.n > HF_TPM_STATE_MAX - HF_TPM_STATE_HEADER)
        return hf_fail(HF_E_LIMIT, "a TPM state of %zu bytes; wanted 1 to %zu", payload.n,
                       HF_TPM_STATE_MAX - HF_TPM_STATE_HEADER);
    h.generation = generation;
    h.length = (uint32_t)payload.n;
    HF_TRY(hf_buf_grow(slot, HF_TPM_STATE_HEADER + payload.n, &place));
    body = place + HF_TPM_STATE_HEADER;
    memcpy(body, payload.p, payload.n);
    w = hf_writer(place, HF_TPM_STATE_HEADER);
    header_write(&w, &h);
    if (key)
        HF_TRY(seal(key, &h, (struct hf_bytes){place, AUTHENTICATED}, body));
    HF_TRY(digest((struct hf_bytes){place, AUTHENTICATED}, (struct hf_bytes){body, payload.n}, h.sha256));
    w = hf_writer(place, HF_TPM_STATE_HEADER);
    header_write(&w, &h);
    return HF_OK;
}

static hf_err open_sealed(const struct hf_secret *key, const struct header *h, struct hf_bytes aad, struct hf_buf *out)
{
    hf_err err = hf_aes_gcm_open(hf_secret_expose(key), h->nonce, aad, out->p, out->n, h->tag);

    if (err == HF_E_INTEGRITY)
        return hf_fail(HF_E_AUTH, "the key of HOLDFAST_TPM_STATE_KEY does not open this state");
    return err;
}

static hf_err zeros_check(struct hf_bytes rest, const char *where)
{
    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i])
            return hf_fail(HF_E_TRAILING, "bytes are left over %s", where);
    }
    return HF_OK;
}

/* Header and payload as they were written, whatever version and key. */
static hf_err whole(struct hf_bytes slot, struct header *h, struct hf_bytes *body)
{
    struct hf_reader r = hf_reader(slot);
    uint8_t seen[32];

    HF_TRY(header_read(&r, h));
    if (h->version != VERSION)
        return hf_fail(HF_E_FORMAT, "version %u; wanted %u", h->version, VERSION);
    *body = hf_rd_view(&r, h->length);
    HF_TRY(hf_rd_err(&r));
    HF_TRY(digest(slot, *body, seen));
    if (memcmp(seen, h->sha256, sizeof(seen)) != 0)
        return hf_fail(HF_E_INTEGRITY, "the state is corrupt: its SHA-256 is not the one in its header");
    return zeros_check(hf_rd_rest(&r), "behind the state");
}

enum hf_tpm_slot_is hf_tpm_slot_look(struct hf_bytes slot, uint64_t *generation, size_t *used)
{
    struct header h = {0};
    struct hf_bytes body = {0};

    if (zeros_check(slot, "") == HF_OK)
        return HF_TPM_SLOT_EMPTY;
    if (whole(slot, &h, &body) != HF_OK)
        return HF_TPM_SLOT_TORN;
    *generation = h.generation;
    *used = HF_TPM_STATE_HEADER + body.n;
    return HF_TPM_SLOT_WHOLE;
}

hf_err hf_tpm_slot_parse(enum hf_tpm_state_kind kind, const struct hf_secret *key, struct hf_bytes slot,
                         struct hf_buf *payload)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf plain = {.max = HF_TPM_STATE_MAX};
    struct header h = {0};
    struct hf_bytes body = {0};

    HF_TRY(whole(slot, &h, &body));
    HF_TRY(header_check(&h, kind));
    if ((h.flags & FLAG_ENCRYPTED) && !key)
        return hf_fail(HF_E_AUTH, "the state is encrypted; HOLDFAST_TPM_STATE_KEY must name its key");
    if (!(h.flags & FLAG_ENCRYPTED) && key)
        return hf_fail(HF_E_AUTH, "the state is not encrypted, but HOLDFAST_TPM_STATE_KEY is set; "
                                  "export and import it under the key");
    if (!(h.flags & FLAG_ENCRYPTED))
        return hf_buf_add(payload, body);
    HF_TRY(hf_buf_add(&plain, body));
    HF_TRY(open_sealed(key, &h, (struct hf_bytes){slot.p, AUTHENTICATED}, &plain));
    return hf_buf_add(payload, hf_buf_bytes(&plain));
}
