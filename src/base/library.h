/* Shared libraries that are loaded only when something needs them. */
#ifndef HF_BASE_LIBRARY_H
#define HF_BASE_LIBRARY_H

#include "base/error.h"

/* Load it for as long as the process lives. HF_E_UNSUPPORTED says which Debian package has it. */
hf_err hf_library_load(const char *file, const char *package, void **out);

/* A function of it, into a pointer to a function pointer. */
hf_err hf_library_function(void *library, const char *name, void *out);

#endif
