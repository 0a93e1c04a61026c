/* Not more often than a host likes: requests to it are apart in time, over all processes that share a cache. */
#ifndef HF_COLLATERAL_PACE_H
#define HF_COLLATERAL_PACE_H

#include "base/error.h"

/* AMD's KDS answers about one request in ten seconds, and 429 to the others. */
#define HF_PACE_KDS_MS 10000u

/*
 * Wait until `apart_ms` have passed since the last request to this host, and take the turn. `say` (may be NULL) is told
 * before a wait of a second and more.
 */
hf_err hf_pace_wait(int dir, const char *host, uint32_t apart_ms, void (*say)(void *arg, const char *text), void *arg);

#endif
