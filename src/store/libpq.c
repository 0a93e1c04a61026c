/* libpq, loaded when a PostgreSQL store is opened. */
#include "store/libpq.h"
#include "base/library.h"

hf_err hf_libpq_load(struct hf_libpq *out)
{
    struct hf_libpq pq = {0};
    void *library = NULL;

    HF_TRY(hf_library_load("libpq.so.5", "libpq5", &library));
#define LOAD(type, name, args) HF_TRY(hf_library_function(library, #name, &pq.name));
    HF_LIBPQ(LOAD)
    *out = pq;
    return HF_OK;
}
