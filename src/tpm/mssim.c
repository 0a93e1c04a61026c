/*
 * The TCP protocol of Microsoft's TPM 2.0 simulator (TcpServer of the reference implementation): a
 * command port, and a platform port one above it. All numbers are big-endian.
 *
 *   platform  u32 signal; answered by u32 0
 *   command   u32 TPM_SEND_COMMAND, u8 locality, u32 size, command;
 *             answered by u32 size, response, u32 0
 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/reader.h"
#include "base/writer.h"
#include "tpm/stream.h"
#include "tpm/uri.h"

enum {
    SIGNAL_POWER_ON = 1,
    SEND_COMMAND = 8,
    SIGNAL_NV_ON = 11,
    SESSION_END = 20,
};

struct mssim {
    struct hf_tpm_transport base;
    struct hf_tpm_stream command;
    struct hf_tpm_stream platform;
};

static hf_err read_u32(struct hf_tpm_stream *s, uint64_t deadline, uint32_t *out)
{
    uint8_t bytes[4];
    struct hf_reader r;

    HF_TRY(hf_tpm_stream_read(s, bytes, sizeof(bytes), deadline));
    r = hf_reader(HF_BYTES_OF(bytes));
    *out = hf_rd_u32be(&r);
    return HF_OK;
}

static hf_err write_u32(struct hf_tpm_stream *s, uint32_t value, uint64_t deadline)
{
    uint8_t bytes[4];
    struct hf_writer w = hf_writer(bytes, sizeof(bytes));

    hf_wr_u32be(&w, value);
    return hf_tpm_stream_write(s, hf_wr_done(&w), deadline);
}

/* The number that ends every answer of the simulator. */
static hf_err read_end(struct hf_tpm_stream *s, uint64_t deadline)
{
    uint32_t end = 0;

    HF_TRY(read_u32(s, deadline, &end));
    if (end != 0) {
        hf_tpm_stream_close(s);
        return hf_fail(HF_E_DEVICE, "%s ended its answer with %u, not 0", s->name, end);
    }
    return HF_OK;
}

static hf_err power_on(struct mssim *m)
{
    static const uint32_t signals[] = {SIGNAL_POWER_ON, SIGNAL_NV_ON};
    uint64_t deadline = hf_monotonic_ms() + HF_TPM_CONNECT_MS;

    for (size_t i = 0; i < HF_COUNT(signals); i++) {
        HF_TRY(write_u32(&m->platform, signals[i], deadline));
        HF_TRY(read_end(&m->platform, deadline));
    }
    return HF_OK;
}

static void end_session(struct hf_tpm_stream *s)
{
    if (s->fd >= 0)
        (void)write_u32(s, SESSION_END, hf_monotonic_ms() + HF_TPM_CONNECT_MS);
    hf_tpm_stream_close(s);
}

static void mssim_close(struct hf_tpm_transport **t)
{
    struct mssim *m = (struct mssim *)*t;

    if (!m)
        return;
    end_session(&m->platform);
    end_session(&m->command);
    hf_free(t);
}

static void close_half_open(struct mssim **m)
{
    struct hf_tpm_transport *t = (struct hf_tpm_transport *)*m;

    mssim_close(&t);
    *m = NULL;
}

static hf_err mssim_open(const struct hf_tpm_where *where, struct hf_tpm_transport **out)
{
    HF_CLEANUP(close_half_open) struct mssim *m = NULL;
    struct hf_tpm_address a;

    HF_TRY(hf_tpm_address_parse("mssim", where->rest, &a));
    if (a.path[0])
        return hf_fail(HF_E_ARG, "mssim: is reached by host= and port=, not by a path");
    if (a.port == UINT16_MAX)
        return hf_fail(HF_E_ARG, "mssim: port %u leaves none for the platform port, which is one above", a.port);
    HF_TRY(hf_alloc(sizeof(*m), &m));
    m->base = (struct hf_tpm_transport){.ops = &hf_tpm_mssim_ops, .kind = HF_TPM_KIND_EMULATED};
    m->command.fd = -1;
    m->platform.fd = -1;
    HF_TRY(hf_tpm_stream_tcp("mssim", a.host, a.port, &m->command));
    HF_TRY(hf_tpm_stream_tcp("mssim platform", a.host, (uint16_t)(a.port + 1), &m->platform));
    HF_TRY(power_on(m));
    *out = &hf_take(m)->base;
    return HF_OK;
}

static hf_err send_command(struct hf_tpm_stream *s, struct hf_bytes command, uint64_t deadline)
{
    uint8_t place[9 + HF_TPM_IO_MAX];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes framed;
    hf_err err;

    hf_wr_u32be(&w, SEND_COMMAND);
    hf_wr_u8(&w, 0); /* locality */
    hf_wr_u32be(&w, (uint32_t)command.n);
    hf_wr_bytes(&w, command);
    HF_TRY(hf_wr_end(&w, &framed));
    err = hf_tpm_stream_write(s, framed, deadline);
    hf_wipe(place, framed.n);
    return err;
}

static hf_err mssim_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                             struct hf_tpm_reply *reply)
{
    struct mssim *m = (struct mssim *)t;
    uint64_t deadline = hf_monotonic_ms() + timeout_ms;
    uint32_t n = 0;

    HF_TRY(hf_tpm_stream_ready(&m->command));
    HF_TRY(send_command(&m->command, command, deadline));
    HF_TRY(read_u32(&m->command, deadline, &n));
    if (n > HF_TPM_IO_MAX) {
        hf_tpm_stream_close(&m->command);
        return hf_fail(HF_E_DEVICE, "%s announces an answer of %u bytes; at most %u are possible", m->command.name, n,
                       HF_TPM_IO_MAX);
    }
    HF_TRY(hf_tpm_stream_read(&m->command, reply->bytes, n, deadline));
    HF_TRY(read_end(&m->command, deadline));
    reply->n = n;
    return HF_OK;
}

const struct hf_tpm_transport_ops hf_tpm_mssim_ops = {
    .scheme = "mssim",
    .about = "mssim:host=H,port=N, the TPM simulator of the reference implementation",
    .open = mssim_open,
    .close = mssim_close,
    .transact = mssim_transact,
};
