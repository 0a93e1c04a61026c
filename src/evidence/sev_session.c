/* Session, measurement and secret of a launch. AMD publication 55766; OVMF's SecretDxe for the table. */
#include "evidence/sev_session.h"
#include "base/reader.h"
#include "base/writer.h"

#define ENTRY_HEADER 20
#define BLOCK 16

static const uint8_t table_guid[16] = {0x42, 0xf5, 0x74, 0x1e, 0xdd, 0x71, 0x66, 0x4d,
                                       0x96, 0x3e, 0xef, 0x42, 0x87, 0xff, 0x17, 0x3b};

hf_err hf_sev_session_parse(struct hf_bytes in, struct hf_sev_session *out)
{
    struct hf_sev_session s = {0};
    struct hf_reader r = hf_reader(in);

    hf_rd_copy(&r, s.nonce, sizeof(s.nonce));           /*  0 NONCE */
    hf_rd_copy(&r, s.wrap_tk, sizeof(s.wrap_tk));       /* 16 WRAP_TK */
    hf_rd_copy(&r, s.wrap_iv, sizeof(s.wrap_iv));       /* 48 WRAP_IV */
    hf_rd_copy(&r, s.wrap_mac, sizeof(s.wrap_mac));     /* 64 WRAP_MAC */
    hf_rd_copy(&r, s.policy_mac, sizeof(s.policy_mac)); /* 96 POLICY_MAC */
    HF_TRY(hf_rd_end(&r));
    *out = s;
    return HF_OK;
}

void hf_sev_session_write(const struct hf_sev_session *s, uint8_t out[HF_SEV_SESSION_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SEV_SESSION_SIZE);

    hf_wr_bytes(&w, HF_BYTES_OF(s->nonce));
    hf_wr_bytes(&w, HF_BYTES_OF(s->wrap_tk));
    hf_wr_bytes(&w, HF_BYTES_OF(s->wrap_iv));
    hf_wr_bytes(&w, HF_BYTES_OF(s->wrap_mac));
    hf_wr_bytes(&w, HF_BYTES_OF(s->policy_mac));
}

hf_err hf_sev_measure_parse(struct hf_bytes in, struct hf_sev_measure *out)
{
    struct hf_sev_measure m = {0};
    struct hf_reader r = hf_reader(in);

    hf_rd_copy(&r, m.measure, sizeof(m.measure)); /*  0 MEASURE */
    hf_rd_copy(&r, m.mnonce, sizeof(m.mnonce));   /* 32 MNONCE */
    HF_TRY(hf_rd_end(&r));
    *out = m;
    return HF_OK;
}

void hf_sev_measure_write(const struct hf_sev_measure *m, uint8_t out[HF_SEV_MEASURE_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SEV_MEASURE_SIZE);

    hf_wr_bytes(&w, HF_BYTES_OF(m->measure));
    hf_wr_bytes(&w, HF_BYTES_OF(m->mnonce));
}

hf_err hf_sev_secret_header_parse(struct hf_bytes in, struct hf_sev_secret_header *out)
{
    struct hf_sev_secret_header h = {0};
    struct hf_reader r = hf_reader(in);

    h.flags = hf_rd_u32le(&r);            /*  0 FLAGS */
    hf_rd_copy(&r, h.iv, sizeof(h.iv));   /*  4 IV */
    hf_rd_copy(&r, h.mac, sizeof(h.mac)); /* 20 MAC */
    HF_TRY(hf_rd_end(&r));
    *out = h;
    return HF_OK;
}

void hf_sev_secret_header_write(const struct hf_sev_secret_header *h, uint8_t out[HF_SEV_SECRET_HEADER_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SEV_SECRET_HEADER_SIZE);

    hf_wr_u32le(&w, h->flags);
    hf_wr_bytes(&w, HF_BYTES_OF(h->iv));
    hf_wr_bytes(&w, HF_BYTES_OF(h->mac));
}

/* ---- the table ---- */

static void write_entry(struct hf_writer *w, const uint8_t guid[16], size_t size)
{
    hf_wr_bytes(w, (struct hf_bytes){guid, 16});
    hf_wr_u32le(w, (uint32_t)size);
}

/* Grown once: a buffer that grows again would leave copies of the secrets behind. */
hf_err hf_sev_secret_table_write(const struct hf_sev_secret_entry *entries, size_t n, struct hf_buf *out)
{
    size_t size = ENTRY_HEADER, pad;
    uint8_t *place = NULL;
    struct hf_writer w;

    for (size_t i = 0; i < n; i++)
        size += ENTRY_HEADER + entries[i].data.n;
    if (size > INT32_MAX)
        return hf_fail(HF_E_LIMIT, "a table of secrets of %zu bytes", size);
    pad = (BLOCK - size % BLOCK) % BLOCK;
    HF_TRY(hf_buf_grow(out, size + pad, &place));
    w = hf_writer(place, size + pad);
    write_entry(&w, table_guid, size);
    for (size_t i = 0; i < n; i++) {
        write_entry(&w, entries[i].guid, ENTRY_HEADER + entries[i].data.n);
        hf_wr_bytes(&w, entries[i].data);
    }
    hf_wr_zero(&w, pad);
    return HF_OK;
}

hf_err hf_sev_secret_table_open(struct hf_bytes in, struct hf_bytes *entries)
{
    struct hf_reader r = hf_reader(in);
    struct hf_bytes guid = hf_rd_view(&r, sizeof(table_guid)); /*  0 GUID */
    uint32_t size = hf_rd_u32le(&r);                           /* 16 bytes in all */
    struct hf_bytes view;

    HF_TRY(hf_rd_err(&r));
    if (!hf_bytes_equal(guid, HF_BYTES_OF(table_guid)) || size < ENTRY_HEADER)
        return hf_fail(HF_E_FORMAT, "no table of launch secrets");
    view = hf_rd_view(&r, size - ENTRY_HEADER);
    if (hf_rd_left(&r) >= BLOCK)
        return hf_fail(HF_E_TRAILING, "%zu bytes behind a table of launch secrets", hf_rd_left(&r));
    hf_rd_zero(&r, hf_rd_left(&r));
    HF_TRY(hf_rd_end(&r));
    *entries = view;
    return HF_OK;
}

hf_err hf_sev_secret_table_next(struct hf_bytes *entries, struct hf_sev_secret_entry *out)
{
    struct hf_sev_secret_entry entry = {0};
    struct hf_reader r = hf_reader(*entries);
    uint32_t size;

    if (entries->n == 0)
        return hf_fail(HF_E_NOT_FOUND, "no further secret");
    hf_rd_copy(&r, entry.guid, sizeof(entry.guid)); /*  0 GUID */
    size = hf_rd_u32le(&r);                         /* 16 bytes of the entry */
    if (hf_rd_err(&r) == HF_OK && size < ENTRY_HEADER)
        hf_rd_fail(&r, HF_E_FORMAT, "a launch secret of %u bytes; its header has %d", size, ENTRY_HEADER);
    entry.data = hf_rd_view(&r, size - ENTRY_HEADER);
    HF_TRY(hf_rd_err(&r));
    *entries = hf_rd_rest(&r);
    *out = entry;
    return HF_OK;
}
