/* The frame of TPM commands and responses. */
#include "tpm/wire.h"

#include <tss2/tss2_tpm2_types.h>

hf_err hf_wire_head_parse(struct hf_bytes in, struct hf_wire_head *out)
{
    struct hf_wire_head head = {0};
    struct hf_reader r = hf_reader(in);

    head.tag = hf_rd_u16be(&r);
    head.size = hf_rd_u32be(&r);
    head.code = hf_rd_u32be(&r);
    HF_TRY(hf_rd_err(&r));
    if (head.tag != TPM2_ST_NO_SESSIONS && head.tag != TPM2_ST_SESSIONS && head.tag != TPM2_ST_RSP_COMMAND)
        return hf_fail(HF_E_FORMAT, "a TPM frame with tag 0x%04x; wanted 0x8001 or 0x8002", head.tag);
    if (head.size != in.n)
        return hf_fail(HF_E_FORMAT, "a TPM frame of %zu bytes that says it has %u", in.n, head.size);
    *out = head;
    return HF_OK;
}

hf_err hf_wire_size(struct hf_bytes start, size_t *out)
{
    uint32_t size = 0;

    if (!hf_wire_get_u32(start, 2, &size)) {
        *out = 0;
        return HF_OK;
    }
    if (size < HF_WIRE_HEADER || size > HF_TPM_IO_MAX)
        return hf_fail(HF_E_FORMAT, "a TPM frame of %u bytes; wanted %u to %u", size, HF_WIRE_HEADER, HF_TPM_IO_MAX);
    *out = size;
    return HF_OK;
}

/* Part 1, 18.6: handle, nonce, attributes, authorization, for up to three sessions. */
static void sessions_parse(struct hf_reader *r, struct hf_wire_command *cmd)
{
    size_t start = hf_rd_at(r) + 4;
    struct hf_reader area = hf_rd_sub(r, hf_rd_u32be(r));

    while (hf_rd_more(&area)) {
        struct hf_wire_session s = {.at = start + hf_rd_at(&area)};

        s.handle = hf_rd_u32be(&area);
        (void)hf_rd_view(&area, hf_rd_u16be(&area));
        s.attributes = hf_rd_u8(&area);
        (void)hf_rd_view(&area, hf_rd_u16be(&area));
        if (cmd->n_sessions == HF_WIRE_SESSIONS)
            hf_rd_fail(r, HF_E_FORMAT, "a TPM command with more than %u sessions", HF_WIRE_SESSIONS);
        else
            cmd->session[cmd->n_sessions++] = s;
        if (hf_rd_err(r) != HF_OK)
            return;
    }
    if (hf_rd_end(&area) != HF_OK || cmd->n_sessions == 0)
        hf_rd_fail(r, HF_E_FORMAT, "the authorization area of a TPM command is malformed");
}

hf_err hf_wire_command_parse(struct hf_bytes command, size_t n_handles, struct hf_wire_command *out)
{
    struct hf_wire_command cmd = {.n_handles = n_handles};
    struct hf_reader r = hf_reader(command);

    if (n_handles > HF_WIRE_HANDLES)
        return hf_fail(HF_E_ARG, "a TPM command with %zu handles; at most %u are known", n_handles, HF_WIRE_HANDLES);
    HF_TRY(hf_wire_head_parse(command, &cmd.head));
    hf_rd_skip(&r, HF_WIRE_HEADER);
    for (size_t i = 0; i < n_handles; i++)
        cmd.handle[i] = hf_rd_u32be(&r);
    if (cmd.head.tag == TPM2_ST_SESSIONS)
        sessions_parse(&r, &cmd);
    HF_TRY(hf_rd_err(&r));
    cmd.params = hf_rd_at(&r);
    *out = cmd;
    return HF_OK;
}

bool hf_wire_get_u32(struct hf_bytes bytes, size_t at, uint32_t *out)
{
    if (at > bytes.n || bytes.n - at < 4)
        return false;
    *out = (uint32_t)bytes.p[at] << 24 | (uint32_t)bytes.p[at + 1] << 16 | (uint32_t)bytes.p[at + 2] << 8 |
           bytes.p[at + 3];
    return true;
}

void hf_wire_put_u32(uint8_t *bytes, size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        bytes[at + i] = (uint8_t)(value >> (24 - 8 * i));
}

void hf_wire_reply_rc(struct hf_tpm_reply *reply, uint32_t rc)
{
    static const uint8_t frame[6] = {TPM2_ST_NO_SESSIONS >> 8, TPM2_ST_NO_SESSIONS & 0xff, 0, 0, 0, HF_WIRE_HEADER};

    memcpy(reply->bytes, frame, sizeof(frame));
    hf_wire_put_u32(reply->bytes, sizeof(frame), rc);
    reply->n = HF_WIRE_HEADER;
}

hf_err hf_wire_reply_check(const struct hf_tpm_reply *reply, uint32_t *rc)
{
    struct hf_wire_head head = {0};

    if (reply->n > sizeof(reply->bytes))
        return hf_fail(HF_E_FORMAT, "a TPM response of %zu bytes; at most %u fit", reply->n, HF_TPM_IO_MAX);
    HF_TRY(hf_wire_head_parse((struct hf_bytes){reply->bytes, reply->n}, &head));
    *rc = head.code;
    return HF_OK;
}

struct hf_writer hf_wire_start(uint8_t place[HF_TPM_IO_MAX], uint16_t tag, uint32_t code)
{
    struct hf_writer w = hf_writer(place, HF_TPM_IO_MAX);

    hf_wr_u16be(&w, tag);
    hf_wr_u32be(&w, 0); /* the size, by hf_wire_end */
    hf_wr_u32be(&w, code);
    return w;
}

hf_err hf_wire_end(struct hf_writer *w, struct hf_bytes *command)
{
    struct hf_bytes done = {0};

    HF_TRY(hf_wr_end(w, &done));
    hf_wire_put_u32(w->start, 2, (uint32_t)done.n);
    *command = done;
    return HF_OK;
}

void hf_wire_password_empty(struct hf_writer *w)
{
    hf_wr_u32be(w, 9); /* authorizationSize */
    hf_wr_u32be(w, TPM2_RS_PW);
    hf_wr_u16be(w, 0); /* nonce */
    hf_wr_u8(w, 0);    /* attributes */
    hf_wr_u16be(w, 0); /* the empty password */
}
