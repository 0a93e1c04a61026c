/*
 * Which handles of a raw TPM belong to this process, written down where a later process finds them
 * when this one is killed. A shared mapping of a small file, so that noting costs no system call.
 *
 * The file lies in XDG_RUNTIME_DIR, or in /run for root: such places do not survive a reboot, and
 * neither do the handles. Its name holds the digest of what the TPM says about itself, so that two
 * TPMs do not share one. Where there is no such place nothing is recorded.
 */
#ifndef HF_TPM_LEFTOVER_H
#define HF_TPM_LEFTOVER_H

#include "tpm/transport.h"

#define HF_LEFTOVER_MAX 64u /* handles in the TPM at once: its slots, and room to spare */

struct hf_leftover;

/* *out is NULL, and all is well, where nothing can be recorded: no such place, or a live process uses
 * the record of this TPM (its handles are then not for us to flush). */
hf_err hf_leftover_open(struct hf_tpm_transport *raw, struct hf_leftover **out);
void hf_leftover_close(struct hf_leftover **record);

/* What a dead process left there; the record is empty then. */
size_t hf_leftover_take(struct hf_leftover *record, uint32_t out[HF_LEFTOVER_MAX]);

void hf_leftover_note(struct hf_leftover *record, uint32_t handle, bool added);

#endif
