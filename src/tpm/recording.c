/* The format of recordings; see recording.h. */
#include "tpm/recording.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/reader.h"
#include "base/writer.h"

#define RECORD_HEADER 13u
#define COMMAND_MIN 10u

hf_err hf_tpm_recording_header_parse(struct hf_bytes in, bool *managed)
{
    struct hf_reader r = hf_reader(in);
    struct hf_bytes magic = hf_rd_view(&r, 8);
    uint32_t version = hf_rd_u32be(&r);
    uint32_t flags = hf_rd_u32be(&r);

    HF_TRY(hf_rd_end(&r));
    if (!hf_bytes_equal(magic, hf_bytes_text(HF_TPM_RECORDING_MAGIC)))
        return hf_fail(HF_E_FORMAT, "not a TPM recording: it does not start with " HF_TPM_RECORDING_MAGIC);
    if (version != HF_TPM_RECORDING_VERSION)
        return hf_fail(HF_E_UNSUPPORTED, "a TPM recording of version %u; version %u is understood", version,
                       HF_TPM_RECORDING_VERSION);
    if (flags & ~1u)
        return hf_fail(HF_E_FORMAT, "the TPM recording has unknown flags 0x%08x", flags);
    *managed = flags & 1u;
    return HF_OK;
}

hf_err hf_tpm_recording_header_write(bool managed, struct hf_buf *out)
{
    uint8_t place[HF_TPM_RECORDING_HEADER];
    struct hf_writer w = hf_writer(place, sizeof(place));

    hf_wr_bytes(&w, hf_bytes_text(HF_TPM_RECORDING_MAGIC));
    hf_wr_u32be(&w, HF_TPM_RECORDING_VERSION);
    hf_wr_u32be(&w, managed ? 1 : 0);
    return hf_buf_add(out, hf_wr_done(&w));
}

hf_err hf_tpm_recording_record_write(enum hf_tpm_direction direction, uint64_t ns, struct hf_bytes bytes,
                                     struct hf_buf *out)
{
    uint8_t place[RECORD_HEADER];
    struct hf_writer w = hf_writer(place, sizeof(place));

    hf_wr_u8(&w, (uint8_t)direction);
    hf_wr_u64be(&w, ns);
    hf_wr_u32be(&w, (uint32_t)bytes.n);
    HF_TRY(hf_buf_add(out, hf_wr_done(&w)));
    return hf_buf_add(out, bytes);
}

/* One record, into the exchange it begins or ends. */
static void record_parse(struct hf_reader *r, struct hf_tpm_recording *rec, size_t cap)
{
    uint8_t direction = hf_rd_u8(r);
    uint64_t ns = hf_rd_u64be(r);
    uint32_t n = hf_rd_u32be(r);
    struct hf_tpm_exchange *last = rec->n ? &rec->exchanges[rec->n - 1] : NULL;
    struct hf_bytes bytes;

    if (n > HF_TPM_IO_MAX || (direction == HF_TPM_SENT && n < COMMAND_MIN)) {
        hf_rd_fail(r, HF_E_FORMAT, "exchange %zu: a length of %u bytes; at most %u are possible, and a command has 10",
                   rec->n, n, HF_TPM_IO_MAX);
        return;
    }
    bytes = hf_rd_view(r, n);
    if (hf_rd_err(r) != HF_OK)
        return;
    if (direction == HF_TPM_SENT && rec->n < cap) {
        rec->exchanges[rec->n++] = (struct hf_tpm_exchange){.sent_ns = ns, .command = bytes};
    } else if (direction == HF_TPM_RECEIVED && last && !last->answered) {
        last->answered = true;
        last->answered_ns = ns;
        last->response = bytes;
    } else {
        hf_rd_fail(r, HF_E_FORMAT, "exchange %zu: direction %u; a command is 0, and its one response 1", rec->n,
                   direction);
    }
}

/* Commands in well-formed input; never less than what parsing finds. */
static size_t count_commands(struct hf_reader r)
{
    size_t n = 0;

    while (hf_rd_more(&r)) {
        n += hf_rd_u8(&r) == HF_TPM_SENT;
        hf_rd_skip(&r, 8);
        hf_rd_skip(&r, hf_rd_u32be(&r));
    }
    return n;
}

hf_err hf_tpm_recording_parse(struct hf_bytes in, struct hf_tpm_recording *out)
{
    HF_CLEANUP(hf_tpm_recording_free) struct hf_tpm_recording rec = {0};
    struct hf_reader r = hf_reader(in);
    struct hf_bytes header = hf_rd_view(&r, HF_TPM_RECORDING_HEADER);
    size_t cap;

    HF_TRY(hf_rd_err(&r));
    HF_TRY(hf_tpm_recording_header_parse(header, &rec.managed));
    cap = count_commands(r);
    if (cap)
        HF_TRY(hf_alloc(cap * sizeof(*rec.exchanges), &rec.exchanges));
    while (hf_rd_more(&r))
        record_parse(&r, &rec, cap);
    HF_TRY(hf_rd_end(&r));
    *out = rec;
    rec = (struct hf_tpm_recording){0};
    return HF_OK;
}

hf_err hf_tpm_recording_write(const struct hf_tpm_recording *rec, struct hf_buf *out)
{
    HF_TRY(hf_tpm_recording_header_write(rec->managed, out));
    for (size_t i = 0; i < rec->n; i++) {
        const struct hf_tpm_exchange *e = &rec->exchanges[i];

        HF_TRY(hf_tpm_recording_record_write(HF_TPM_SENT, e->sent_ns, e->command, out));
        if (e->answered)
            HF_TRY(hf_tpm_recording_record_write(HF_TPM_RECEIVED, e->answered_ns, e->response, out));
    }
    return HF_OK;
}

void hf_tpm_recording_free(struct hf_tpm_recording *rec)
{
    hf_free(&rec->exchanges);
    *rec = (struct hf_tpm_recording){0};
}
