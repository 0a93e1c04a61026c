/* swtpm's data channel: plain TPM commands and responses over TCP or a unix socket. The control
 * channel is not needed for commands and is left to whoever runs swtpm. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "tpm/stream.h"
#include "tpm/uri.h"

struct swtpm {
    struct hf_tpm_transport base;
    struct hf_tpm_stream stream;
};

static void swtpm_close(struct hf_tpm_transport **t)
{
    struct swtpm *s = (struct swtpm *)*t;

    if (!s)
        return;
    hf_tpm_stream_close(&s->stream);
    hf_free(t);
}

static hf_err swtpm_open(const struct hf_tpm_where *where, struct hf_tpm_transport **out)
{
    HF_CLEANUP(hf_free) struct swtpm *s = NULL;
    struct hf_tpm_address a;

    HF_TRY(hf_tpm_address_parse("swtpm", where->rest, &a));
    HF_TRY(hf_alloc(sizeof(*s), &s));
    s->base = (struct hf_tpm_transport){.ops = &hf_tpm_swtpm_ops, .kind = HF_TPM_KIND_EMULATED};
    if (a.path[0])
        HF_TRY(hf_tpm_stream_unix("swtpm", a.path, &s->stream));
    else
        HF_TRY(hf_tpm_stream_tcp("swtpm", a.host, a.port, &s->stream));
    *out = &hf_take(s)->base;
    return HF_OK;
}

static hf_err swtpm_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                             struct hf_tpm_reply *reply)
{
    struct swtpm *s = (struct swtpm *)t;
    uint64_t deadline = hf_monotonic_ms() + timeout_ms;

    HF_TRY(hf_tpm_stream_ready(&s->stream));
    HF_TRY(hf_tpm_stream_write(&s->stream, command, deadline));
    return hf_tpm_stream_read_reply(&s->stream, deadline, reply);
}

const struct hf_tpm_transport_ops hf_tpm_swtpm_ops = {
    .scheme = "swtpm",
    .about = "swtpm:host=H,port=N or swtpm:path=SOCKET, the data channel of a swtpm",
    .open = swtpm_open,
    .close = swtpm_close,
    .transact = swtpm_transact,
};
