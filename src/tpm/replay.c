/* replay:FILE answers from a recording, in its order, and refuses what was not recorded. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/reader.h"
#include "base/text.h"
#include "tpm/recording.h"

#define CODE_AT 6u /* of the command code in a command */

struct replay {
    struct hf_tpm_transport base;
    struct hf_buf file;
    struct hf_tpm_recording recording;
    size_t next;
    bool loose; /* a command is matched by its code alone */
};

static void replay_free(struct replay **r)
{
    if (!*r)
        return;
    hf_tpm_recording_free(&(*r)->recording);
    hf_buf_free(&(*r)->file);
    hf_free(r);
}

static void replay_close(struct hf_tpm_transport **t)
{
    struct replay *r = (struct replay *)*t;

    replay_free(&r);
    *t = NULL;
}

static hf_err replay_open(const struct hf_tpm_where *where, struct hf_tpm_transport **out)
{
    HF_CLEANUP(replay_free) struct replay *r = NULL;
    HF_CLEANUP(hf_free) char *path = NULL;
    const char *comma = strrchr(where->rest, ',');
    bool loose = comma && strcmp(comma, ",loose") == 0;
    size_t n = loose ? (size_t)(comma - where->rest) : strlen(where->rest);

    if (n == 0)
        return hf_fail(HF_E_ARG, "\"replay:%.200s\": wanted replay:FILE or replay:FILE,loose", where->rest);
    HF_TRY(hf_text_of((struct hf_bytes){(const uint8_t *)where->rest, n}, &path));
    HF_TRY(hf_alloc(sizeof(*r), &r));
    r->loose = loose;
    HF_TRY(hf_file_read(path, HF_TPM_RECORDING_MAX, &r->file));
    HF_TRY(hf_tpm_recording_parse(hf_buf_bytes(&r->file), &r->recording));
    r->base = (struct hf_tpm_transport){&hf_tpm_replay_ops, HF_TPM_KIND_EMULATED, r->recording.managed};
    *out = &hf_take(r)->base;
    return HF_OK;
}

static uint32_t code_of(struct hf_bytes command)
{
    struct hf_reader r = hf_reader(command);

    hf_rd_skip(&r, CODE_AT);
    return hf_rd_u32be(&r);
}

static hf_err check_same(const struct replay *r, struct hf_bytes command, struct hf_bytes recorded)
{
    size_t n = command.n < recorded.n ? command.n : recorded.n;
    size_t at = 0;

    if (r->loose) {
        if (code_of(command) != code_of(recorded))
            return hf_fail(HF_E_MISMATCH, "exchange %zu of the recording has command 0x%08x, not 0x%08x", r->next,
                           code_of(recorded), code_of(command));
        return HF_OK;
    }
    if (hf_bytes_equal(command, recorded))
        return HF_OK;
    while (at < n && command.p[at] == recorded.p[at])
        at++;
    if (at == n)
        return hf_fail(HF_E_MISMATCH, "exchange %zu of the recording has a command of %zu bytes, not %zu", r->next,
                       recorded.n, command.n);
    return hf_fail(HF_E_MISMATCH,
                   "exchange %zu of the recording (command 0x%08x) differs at byte %zu: 0x%02x there, "
                   "0x%02x here",
                   r->next, code_of(recorded), at, recorded.p[at], command.p[at]);
}

static hf_err replay_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                              struct hf_tpm_reply *reply)
{
    struct replay *r = (struct replay *)t;
    const struct hf_tpm_exchange *e;

    (void)timeout_ms;
    if (r->next == r->recording.n)
        return hf_fail(HF_E_UNAVAILABLE, "the recording ends after %zu exchanges; command 0x%08x is not in it", r->next,
                       code_of(command));
    e = &r->recording.exchanges[r->next];
    HF_TRY(check_same(r, command, e->command));
    r->next++;
    if (!e->answered)
        return hf_fail(HF_E_UNAVAILABLE, "exchange %zu of the recording was never answered", r->next - 1);
    memcpy(reply->bytes, e->response.p, e->response.n);
    reply->n = e->response.n;
    return HF_OK;
}

const struct hf_tpm_transport_ops hf_tpm_replay_ops = {
    .scheme = "replay",
    .about = "replay:FILE[,loose], answers from a recording, refusing what differs from it",
    .open = replay_open,
    .close = replay_close,
    .transact = replay_transact,
};
