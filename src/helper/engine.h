/*
 * A TPM that keeps its word: libtpms whose every change is on disk before it is answered. As a raw
 * transport, so that a resource manager can stand on it.
 *
 * Stores are collected while a command runs and written once, in the state that the command leaves
 * behind. A command that used a dictionary-attack-protected authorization ends with
 * TPM2_Shutdown(CLEAR) in the same write, so that a loss of this process at any point costs no
 * lockout count. When a write fails the command is answered with TPM_RC_NV_UNAVAILABLE, and the
 * engine is broken from then on: what libtpms holds in memory is ahead of the disk and must go.
 */
#ifndef HF_HELPER_ENGINE_H
#define HF_HELPER_ENGINE_H

#include "helper/state.h"
#include "tpm/transport.h"

/* Start the TPM of a locked state directory, which must outlive the engine. Manufactures where there
 * is no state; resumes where the last process left a volatile state during this boot of the machine. */
hf_err hf_engine_open(struct hf_tpm_state *state, struct hf_tpm_transport **out);

/* True once a change could not be written: answer nobody any more and end. */
bool hf_engine_broken(const struct hf_tpm_transport *engine);

/* True when this engine goes on from a volatile state; `extra` receives what was kept beside it. */
bool hf_engine_resumed(const struct hf_tpm_transport *engine, struct hf_bytes *extra);

/* TPM2_Shutdown(CLEAR), and the state written. The engine goes on working. */
hf_err hf_engine_rest(struct hf_tpm_transport *engine);

/* The same, and the volatile state kept for the next process of this boot, with `extra` beside it.
 * Nothing but closing may follow. */
hf_err hf_engine_suspend(struct hf_tpm_transport *engine, struct hf_bytes extra);

#endif
