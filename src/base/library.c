/* Shared libraries that are loaded only when something needs them. */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

hf_err hf_library_load(const char *file, const char *package, void **out)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    if (!library)
        return hf_fail(HF_E_UNSUPPORTED, "this needs %s (Debian package %s): %s", file, package, dlerror());
    *out = library;
    return HF_OK;
}

hf_err hf_library_function(void *library, const char *name, void *out)
{
    void *p = dlsym(library, name);

    if (!p)
        return hf_fail(HF_E_UNSUPPORTED, "the library has no %s: another version?", name);
    memcpy(out, &p, sizeof(p)); /* the one way that C11 allows */
    return HF_OK;
}
