/* Where the state directory is. */
#ifndef HF_BASE_STATE_DIR_H
#define HF_BASE_STATE_DIR_H

#include "base/error.h"

/* Option > HOLDFAST_STATE > configured (NULL: nothing is) > /var/lib/holdfast as root > $XDG_STATE_HOME/holdfast > ~/.local/state/holdfast.
 * An absolute path in *out, freed with hf_free. The folder need not exist. */
hf_err hf_state_dir_choose(const char *option, const char *configured, char **out);

#endif
