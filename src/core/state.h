/* The state directory that base/state_dir.h names, opened: nobody but its owner may enter it. */
#ifndef HF_CORE_STATE_H
#define HF_CORE_STATE_H

#include "base/bytes.h"

/*
 * Open it, made with mode 0700 when missing.
 *   HF_E_PERMISSION  others than its owner may enter it, or it is somebody else's: the detail says how to mend that
 */
hf_err hf_state_open(const char *path, int *dir);

#endif
