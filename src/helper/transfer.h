/*
 * swtpm's state, in and out. A swtpm 0.7 file "tpm2-00.permall" is libtpms' permanent state behind a
 * header of 16 bytes: u8 version (2), u8 least version that reads it (1), u16 header size, u16 flags,
 * u32 total size, padding; big-endian.
 */
#ifndef HF_HELPER_TRANSFER_H
#define HF_HELPER_TRANSFER_H

#include "helper/state.h"

/* Take over a state file: tried in libtpms before it becomes the directory's. HF_E_EXISTS where there
 * is a TPM already and `replace` is not set; HF_E_BUSY where it runs. */
hf_err hf_transfer_import(struct hf_tpm_state *state, const char *file, bool replace);

/* Write one, mode 0600; HF_E_EXISTS rather than over a file. */
hf_err hf_transfer_export(struct hf_tpm_state *state, const char *file);

/* The permanent state inside a swtpm file (a view), or the file itself where it has no such header. */
hf_err hf_transfer_parse(struct hf_bytes file, struct hf_bytes *permanent);
hf_err hf_transfer_write(struct hf_bytes permanent, struct hf_buf *file);

#endif
