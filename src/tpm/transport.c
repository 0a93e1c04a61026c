/* The table of transports, and the one place where what they bring is checked. */
#include "tpm/transport.h"
#include "base/cleanup.h"
#include "base/reader.h"
#include "base/text.h"
#include "tpm/types.h"

#define HEADER_SIZE 10u /* tag 2, size 4, code 4 (Part 1, 18.2) */

const struct hf_tpm_transport_ops *const hf_tpm_transports[] = {
    &hf_tpm_device_ops,   &hf_tpm_swtpm_ops,  &hf_tpm_mssim_ops,  &hf_tpm_tcti_ops,
    &hf_tpm_embedded_ops, &hf_tpm_record_ops, &hf_tpm_replay_ops, NULL,
};

static const struct hf_tpm_transport_ops *find(struct hf_bytes scheme)
{
    for (size_t i = 0; hf_tpm_transports[i]; i++)
        if (hf_bytes_equal(scheme, hf_bytes_text(hf_tpm_transports[i]->scheme)))
            return hf_tpm_transports[i];
    return NULL;
}

static hf_err fail_unknown(const char *uri)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf known = {0};
    char *text = NULL;

    for (size_t i = 0; hf_tpm_transports[i]; i++)
        HF_TRY(hf_buf_printf(&known, "%s%s", i ? ", " : "", hf_tpm_transports[i]->scheme));
    HF_TRY(hf_buf_text(&known, &text));
    if (uri[0] == '/')
        return hf_fail(HF_E_ARG, "\"%.200s\" is a path, not a TPM URI; write \"device:%.200s\" (schemes: %s)", uri, uri,
                       text);
    return hf_fail(HF_E_ARG, "\"%.200s\" is not a TPM URI; schemes: %s; other libtss2 modules as tcti:NAME:CONF", uri,
                   text);
}

hf_err hf_tpm_transport_open(const char *uri, const char *state_dir, const char *tpm_state,
                             struct hf_tpm_transport **out)
{
    const char *colon = strchr(uri, ':');
    struct hf_bytes scheme = {(const uint8_t *)uri, colon ? (size_t)(colon - uri) : strlen(uri)};
    struct hf_tpm_where where = {.rest = colon ? colon + 1 : "", .state_dir = state_dir, .tpm_state = tpm_state};
    const struct hf_tpm_transport_ops *ops = find(scheme);

    return ops ? ops->open(&where, out) : fail_unknown(uri);
}

void hf_tpm_transport_close(struct hf_tpm_transport **t)
{
    if (*t)
        (*t)->ops->close(t);
}

static hf_err check_command(struct hf_bytes command)
{
    struct hf_reader r = hf_reader(command);
    uint32_t size;

    if (command.n < HEADER_SIZE || command.n > HF_TPM_IO_MAX)
        return hf_fail(HF_E_ARG, "a TPM command has %u to %u bytes, not %zu", HEADER_SIZE, HF_TPM_IO_MAX, command.n);
    hf_rd_skip(&r, 2);
    size = hf_rd_u32be(&r);
    if (size != command.n)
        return hf_fail(HF_E_ARG, "the TPM command has %zu bytes but says %u", command.n, size);
    return HF_OK;
}

static hf_err check_reply(const char *scheme, const struct hf_tpm_reply *reply)
{
    struct hf_reader r;
    uint32_t size;
    uint32_t code;
    uint16_t tag;

    if (reply->n < HEADER_SIZE || reply->n > HF_TPM_IO_MAX)
        return hf_fail(HF_E_DEVICE, "the TPM (%s) answered %zu bytes; an answer has %u to %u", scheme, reply->n,
                       HEADER_SIZE, HF_TPM_IO_MAX);
    r = hf_reader((struct hf_bytes){reply->bytes, reply->n});
    tag = hf_rd_u16be(&r);
    size = hf_rd_u32be(&r);
    code = hf_rd_u32be(&r);
    if (size != reply->n)
        return hf_fail(HF_E_DEVICE, "the TPM (%s) answered %zu bytes that say they are %u", scheme, reply->n, size);
    if (tag == TPM2_ST_RSP_COMMAND)
        return hf_fail_device(HF_E_DEVICE, code,
                              "the TPM (%s) answered in the form of TPM 1.2 (code 0x%08x); "
                              "a TPM 2.0 is needed",
                              scheme, code);
    if (tag != TPM2_ST_NO_SESSIONS && tag != TPM2_ST_SESSIONS)
        return hf_fail(HF_E_DEVICE, "the TPM (%s) answered with tag 0x%04x; 0x8001 or 0x8002 is due", scheme, tag);
    return HF_OK;
}

hf_err hf_tpm_transport_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                                 struct hf_tpm_reply *reply)
{
    hf_err err;

    HF_TRY(check_command(command));
    reply->n = 0;
    HF_TRY(t->ops->transact(t, command, timeout_ms ? timeout_ms : HF_TPM_TIMEOUT_MS, reply));
    err = check_reply(t->ops->scheme, reply);
    if (err != HF_OK)
        reply->n = 0;
    return err;
}
