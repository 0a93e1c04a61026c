/* One thing that is wanted: from the cache while it holds, else from where it is published, into the cache. */
#ifndef HF_COLLATERAL_FETCH_H
#define HF_COLLATERAL_FETCH_H

#include "collateral/cache.h"
#include "collateral/http.h"
#include "collateral/vendor.h"

struct hf_fetch_how {
    struct hf_data_set set;
    const char *from; /* a mirror or PCCS in place of the vendors; NULL: the vendors */
    bool refresh;     /* ask even where the cache has it */
    bool offline;     /* ask nobody: say what would be asked for */
};

struct hf_fetched {
    struct hf_wanted wanted;
    enum hf_fetch_state {
        HF_FETCH_CACHED,    /* it was there, and holds */
        HF_FETCH_UNCHANGED, /* it was there, and its source says that it still is so */
        HF_FETCH_NEW,
        HF_FETCH_MISSING, /* not there, and nobody was asked */
        HF_FETCH_FAILED,  /* err and detail */
    } state;
    hf_err err;
    char detail[256];
    struct hf_collateral_entry entry; /* of what is there now; empty where nothing is */
};

/* "cached", "unchanged", ... Never NULL. */
const char *hf_fetch_state_name(enum hf_fetch_state state);

/*
 * Get it. Certificates are kept as long as they are valid: they never change under their address. Everything else is
 * taken from the cache for a day, while it is valid, and then asked for again (with its ETag). `http` may be NULL when
 * offline. Fills in *out always; returns out->err.
 *   HF_E_FORMAT  what came is not what the address stands for
 */
hf_err hf_fetch(struct hf_collateral *cache, struct hf_http *http, const struct hf_fetch_how *how,
                const struct hf_wanted *wanted, hf_time now, struct hf_fetched *out);

#endif
