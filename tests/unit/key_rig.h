/* A connection to a fresh embedded TPM, for tests of keys. */
#ifndef HF_TEST_KEY_RIG_H
#define HF_TEST_KEY_RIG_H

#include "embedded_rig.h"

#include <holdfast/objects.h>

struct key_rig {
    struct rig at;
    struct hf_tpm *tpm;
};

/* Once for all tests of a program. False where the build has no embedded TPM. */
static inline bool key_rig_make(struct key_rig *r)
{
    struct hf_tpm_options options = {.uri = "embedded"};

    memset(r, 0, sizeof(*r));
    if (!getenv("HOLDFAST_TPM_HELPER")) {
        print_message("# SKIP: no HOLDFAST_TPM_HELPER: keys are not tried on the embedded TPM\n");
        return false;
    }
    rig_make(&r->at);
    options.state_dir = r->at.dir;
    OK(hf_tpm_open(&options, &r->tpm));
    return true;
}

static inline void key_rig_remove(struct key_rig *r)
{
    if (!r->tpm)
        return;
    hf_tpm_close(&r->tpm);
    rig_remove(&r->at);
}

static inline void make_key(struct hf_tpm *tpm, const char *algorithm, unsigned use, struct hf_tpm_key **out)
{
    struct hf_tpm_key_spec spec = {.algorithm = algorithm, .use = use};

    OK(hf_tpm_generate_key_pair(tpm, NULL, &spec, out));
}

static inline struct hf_secret *secret_of(const char *text)
{
    struct hf_secret *s = NULL;

    OK(hf_secret_new(hf_bytes_text(text), &s));
    return s;
}

#endif
