/* The TPM's clock as wall time: milliseconds since 1970. */
#ifndef HF_HELPER_CLOCK_SET_H
#define HF_HELPER_CLOCK_SET_H

#include "tpm/transport.h"

/* Set the clock forward to wall time where both are plausible; a clock that stays is said in the log.
 * Never backwards (the TPM refuses that too). */
hf_err hf_tpm_clock_set(struct hf_tpm_transport *tpm);

/* The clock that a TPM at `clock_ms` should be set to at `wall_ms`, or 0 to leave it. */
uint64_t hf_tpm_clock_target(uint64_t clock_ms, uint64_t wall_ms);

#endif
