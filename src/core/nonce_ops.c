/* Nonces as operations. */
#include "base/cleanup.h"
#include "core/nonce.h"
#include "crypto/hash.h"

#include <stdio.h>

/* For the record: enough of the hash to find it again, nothing to use it with. */
static hf_err object_of(struct hf_bytes nonce, char out[17])
{
    struct hf_digest id;

    HF_TRY(hf_hash_one(HF_SHA256, nonce, &id));
    for (size_t i = 0; i < 8; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", id.bytes[i]);
    return HF_OK;
}

struct make {
    const struct hf_nonce_spec *spec;
    struct hf_buf *out;
    char object[64];
};

static hf_err make(struct hf_core *core, void *arg)
{
    struct make *m = arg;
    struct hf_store *store = NULL;

    HF_TRY(hf_core_store(core, &store));
    return hf_nonce_issue(store, m->spec, hf_now(), m->out);
}

hf_err hf_core_nonce_new(struct hf_core *core, const struct hf_who *who, const struct hf_nonce_spec *spec,
                         struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf nonces = {0};
    struct make m = {.spec = spec, .out = &nonces};

    (void)snprintf(m.object, sizeof(m.object), "%zu for %.40s", spec->count, spec->purpose ? spec->purpose : "");
    HF_TRY(hf_core_do(core, who, HF_OP_NONCE_NEW, m.object, make, &m));
    return hf_buf_move(&nonces, out);
}

struct burning {
    struct hf_bytes nonce;
    const char *purpose;
    struct hf_nonce_answer answer;
};

static hf_err burn(struct hf_core *core, void *arg)
{
    struct burning *b = arg;
    struct hf_store *store = NULL;

    HF_TRY(hf_core_store(core, &store));
    return hf_nonce_burn(store, b->nonce, b->purpose, hf_now(), &b->answer);
}

hf_err hf_core_nonce_burn(struct hf_core *core, const struct hf_who *who, struct hf_bytes nonce, const char *purpose,
                          struct hf_nonce_answer *out)
{
    struct burning b = {.nonce = nonce, .purpose = purpose};
    char object[17];
    hf_err err;

    HF_TRY(object_of(nonce, object));
    err = hf_core_do(core, who, HF_OP_NONCE_CHECK, object, burn, &b);
    if (err == HF_OK || err == HF_E_MISMATCH)
        *out = b.answer;
    return err;
}

struct seeing {
    const uint8_t *id;
    uint32_t max_age_s;
    uint64_t max;
    struct hf_nonce_answer answer;
};

static hf_err see(struct hf_core *core, void *arg)
{
    struct seeing *s = arg;
    struct hf_store *store = NULL;

    HF_TRY(hf_core_store(core, &store));
    return hf_replay_check(store, s->id, s->max_age_s, s->max, hf_now(), &s->answer);
}

hf_err hf_core_replay_check(struct hf_core *core, const struct hf_who *who, const uint8_t id[32], uint32_t max_age_s,
                            uint64_t max, struct hf_nonce_answer *out)
{
    struct seeing s = {.id = id, .max_age_s = max_age_s, .max = max};
    char object[17];
    hf_err err;

    HF_TRY(object_of((struct hf_bytes){id, 32}, object));
    err = hf_core_do(core, who, HF_OP_REPLAY_CHECK, object, see, &s);
    if (err == HF_OK || err == HF_E_MISMATCH)
        *out = s.answer;
    return err;
}
