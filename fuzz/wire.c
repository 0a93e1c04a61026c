/* TPM frames: what is found lies inside the command, one part after the other, and accounts for all of it. */
#include "tpm/wire.h"
#include "fuzz.h"

#include <stdlib.h>

static void check(int so)
{
    if (!so)
        abort();
}

static void check_command(struct hf_bytes in, size_t n_handles)
{
    struct hf_wire_command cmd;
    size_t at = HF_WIRE_HANDLE_AT(n_handles);

    if (hf_wire_command_parse(in, n_handles, &cmd) != HF_OK)
        return;
    check(cmd.head.size == in.n && cmd.n_handles == n_handles && cmd.params <= in.n);
    check((cmd.n_sessions == 0) == (cmd.head.tag != 0x8002));
    if (cmd.n_sessions)
        at += 4;
    for (size_t i = 0; i < cmd.n_sessions; i++) {
        uint32_t handle = 0;

        check(cmd.session[i].at >= at && hf_wire_get_u32(in, cmd.session[i].at, &handle));
        check(handle == cmd.session[i].handle);
        at = cmd.session[i].at + 9;
    }
    check(at <= cmd.params);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size};
    struct hf_wire_head head;
    struct hf_tpm_reply reply;
    uint32_t rc = 0;
    size_t whole = 0;

    for (size_t n = 0; n <= HF_WIRE_HANDLES + 1; n++)
        check_command(in, n);
    if (hf_wire_head_parse(in, &head) == HF_OK)
        check(size <= UINT32_MAX && head.size == size && size >= HF_WIRE_HEADER);
    if (hf_wire_size(in, &whole) == HF_OK)
        check(whole == 0 ? size < 6 : whole >= HF_WIRE_HEADER && whole <= HF_TPM_IO_MAX);
    if (size > sizeof(reply.bytes))
        return 0;
    if (size)
        memcpy(reply.bytes, data, size);
    reply.n = size;
    if (hf_wire_reply_check(&reply, &rc) == HF_OK) {
        hf_wire_reply_rc(&reply, rc);
        check(hf_wire_reply_check(&reply, &head.code) == HF_OK && head.code == rc);
    }
    return 0;
}
