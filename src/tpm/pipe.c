/* Raw TPM commands from a descriptor to a TPM, and its answers back. */
#include "tpm/pipe.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/state_dir.h"
#include "tpm/wire.h"

#include <errno.h>
#include <holdfast/objects.h>
#include <tss2/tss2_tpm2_types.h>
#include <unistd.h>

struct hf_tpm_pipe {
    struct hf_tpm_transport *t;
    uint32_t timeout_ms;
    struct hf_tpm_reply command, reply;
};

/* One command from a descriptor that other programs write to: HF_E_NOT_FOUND at an end between commands. */
static hf_err read_command(int in, struct hf_tpm_reply *command)
{
    size_t want = 6; /* tag and size */

    command->n = 0;
    while (command->n < want) {
        ssize_t n = read(in, command->bytes + command->n, want - command->n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hf_fail_errno("reading a TPM command");
        if (n == 0 && command->n == 0)
            return HF_E_NOT_FOUND;
        if (n == 0)
            return hf_fail(HF_E_TRUNCATED, "the input ends %zu bytes into a TPM command", command->n);
        command->n += (size_t)n;
        if (command->n == 6)
            HF_TRY(hf_wire_size((struct hf_bytes){command->bytes, command->n}, &want));
    }
    return HF_OK;
}

hf_err hf_tpm_pipe_run(struct hf_tpm_pipe *p, int in, int out)
{
    hf_err err;

    while ((err = read_command(in, &p->command)) == HF_OK) {
        HF_TRY(hf_tpm_transport_transact(p->t, (struct hf_bytes){p->command.bytes, p->command.n}, p->timeout_ms,
                                         &p->reply));
        HF_TRY(hf_fd_write_all(out, "the TPM's answer", (struct hf_bytes){p->reply.bytes, p->reply.n}));
    }
    return err == HF_E_NOT_FOUND ? HF_OK : err;
}

hf_err hf_tpm_pipe_over(struct hf_tpm_transport **t, struct hf_tpm_pipe **out)
{
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *taken = hf_take(*t);
    struct hf_tpm_pipe *p = NULL;

    HF_TRY(hf_alloc(sizeof(*p), &p));
    p->t = hf_take(taken);
    p->timeout_ms = HF_TPM_TIMEOUT_MS;
    *out = p;
    return HF_OK;
}

/* A simulator that was just switched on waits for TPM2_Startup, which is the platform's to send, not the client's. */
static hf_err start_up(struct hf_tpm_pipe *p)
{
    static const uint8_t startup[] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x44, 0, TPM2_SU_CLEAR};
    uint32_t rc = 0;

    HF_TRY(hf_tpm_transport_transact(p->t, HF_BYTES_OF(startup), p->timeout_ms, &p->reply));
    HF_TRY(hf_wire_reply_check(&p->reply, &rc));
    if (rc != TPM2_RC_SUCCESS && rc != TPM2_RC_INITIALIZE)
        return hf_fail_device(HF_E_DEVICE, rc, "TPM2_Startup gave 0x%08x", (unsigned)rc);
    return HF_OK;
}

hf_err hf_tpm_pipe_open(const struct hf_tpm_options *options, struct hf_tpm_pipe **out)
{
    static const struct hf_tpm_options none;
    HF_CLEANUP(hf_free) char *uri = NULL;
    HF_CLEANUP(hf_free) char *state_dir = NULL;
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    HF_CLEANUP(hf_tpm_pipe_close) struct hf_tpm_pipe *p = NULL;
    const char *source = NULL;
    bool managed;

    options = options ? options : &none;
    HF_TRY(hf_tpm_uri_choose(options->uri, options->configured_uri, &uri, &source));
    HF_TRY(hf_state_dir_choose(options->state_dir, NULL, &state_dir));
    HF_TRY(hf_tpm_transport_open(uri, state_dir, options->tpm_state, &t));
    managed = t->managed;
    if (!managed) {
        HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *raw = hf_take(t);

        HF_TRY(hf_tpm_managed_open(&raw, &t));
    }
    HF_TRY(hf_tpm_pipe_over(&t, &p));
    if (options->timeout_ms)
        p->timeout_ms = options->timeout_ms;
    if (!managed)
        HF_TRY(start_up(p));
    *out = hf_take(p);
    return HF_OK;
}

void hf_tpm_pipe_close(struct hf_tpm_pipe **p)
{
    if (*p)
        hf_tpm_transport_close(&(*p)->t);
    hf_free(p);
}
