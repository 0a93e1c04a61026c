/*
 * A connected descriptor with deadlines: what the transports over sockets and device nodes share.
 * Whatever fails closes it for good, since nobody knows any more whose answer comes next.
 */
#ifndef HF_TPM_STREAM_H
#define HF_TPM_STREAM_H

#include "base/bytes.h"
#include "tpm/transport.h"

/* How long connecting may take: these are local, or near. */
#define HF_TPM_CONNECT_MS 5000u

struct hf_tpm_stream {
    int fd; /* -1 once it is dead */
    bool is_socket;
    char name[160]; /* "swtpm at 127.0.0.1:2321", for errors */
};

/* Connect. HF_E_UNAVAILABLE when nothing listens, HF_E_PERMISSION, HF_E_TIMEOUT. */
hf_err hf_tpm_stream_tcp(const char *what, const char *host, uint16_t port, struct hf_tpm_stream *out);
hf_err hf_tpm_stream_unix(const char *what, const char *path, struct hf_tpm_stream *out);

/* Accepts a dead one. */
void hf_tpm_stream_close(struct hf_tpm_stream *s);

/* HF_E_UNAVAILABLE when it is dead, when the other side has gone, or has sent what nobody asked for. */
hf_err hf_tpm_stream_ready(struct hf_tpm_stream *s);

/* All of it, before `deadline` (hf_monotonic_ms). */
hf_err hf_tpm_stream_write(struct hf_tpm_stream *s, struct hf_bytes bytes, uint64_t deadline);
hf_err hf_tpm_stream_read(struct hf_tpm_stream *s, void *place, size_t n, uint64_t deadline);

/* One TPM response by its own size field. HF_E_DEVICE when that size is not possible. */
hf_err hf_tpm_stream_read_reply(struct hf_tpm_stream *s, uint64_t deadline, struct hf_tpm_reply *reply);

#endif
