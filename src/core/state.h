/*
 * The state directory: --state, else HOLDFAST_STATE, else /var/lib/holdfast for root, else
 * $XDG_STATE_HOME/holdfast, else ~/.local/state/holdfast.
 */
#ifndef HF_CORE_STATE_H
#define HF_CORE_STATE_H

#include "base/bytes.h"

/* Where it is, without touching it. `option` NULL or "" is not given. Free *path with hf_free. */
hf_err hf_state_path(const char *option, char **path);

/*
 * Open it, made with mode 0700 when missing.
 *   HF_E_PERMISSION  others than its owner may enter it, or it is somebody else's: the detail says how to mend that
 */
hf_err hf_state_open(const char *path, int *dir);

#endif
