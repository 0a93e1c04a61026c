/* What the helper gives up before it serves. */
#ifndef HF_HELPER_SANDBOX_H
#define HF_HELPER_SANDBOX_H

#include "base/error.h"

#include <stdint.h>

/* First thing: not dumpable, no new privileges, no core files, few descriptors. */
hf_err hf_sandbox_prepare(void);

/* Close every descriptor but stdio and these. */
hf_err hf_sandbox_descriptors(uint32_t a, int b, int c);

/* Last thing before serving: from now on neither programs, nor other processes, nor sockets but unix
 * ones (libseccomp; where the build or kernel has none, HF_OK and a line in the log). */
hf_err hf_sandbox_enter(void);

#endif
