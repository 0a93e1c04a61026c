/* A connection to a fresh embedded TPM, for tests of what stands on connections. */
#ifndef HF_TEST_TPM_RIG_H
#define HF_TEST_TPM_RIG_H

#include "folder.h"
#include "tpm/connection.h"

#include <holdfast/key.h>

struct tpm_rig {
    struct folder dir;
    struct hf_tpm *tpm;
};

static inline void tpm_rig_free(struct tpm_rig *rig)
{
    hf_tpm_close(&rig->tpm);
    folder_free(&rig->dir);
}

/* False, said loudly, where this build has no embedded TPM. Its process ends by itself when the connection is closed.
 */
static inline bool tpm_rig_open(struct tpm_rig *rig)
{
    struct hf_tpm_options options = {.uri = "embedded", .state_dir = rig->dir.path};

    if (!getenv("HOLDFAST_TPM_HELPER")) {
        print_message("# SKIP: no embedded TPM (HOLDFAST_TPM_HELPER)\n");
        return false;
    }
    (void)setenv("HOLDFAST_TPM_IDLE_MS", "1000", 1);
    OK(hf_tpm_open(&options, &rig->tpm));
    return true;
}

#define TPM_RIG(name)                                                     \
    HF_CLEANUP(tpm_rig_free) struct tpm_rig name = {.dir = folder_new()}; \
    if (!tpm_rig_open(&name))                                             \
    skip()

/* A key under the storage root key. */
static inline struct hf_tpm_key *tpm_rig_key(struct tpm_rig *rig, const char *algorithm, unsigned use)
{
    struct hf_tpm_key_spec spec = {.algorithm = algorithm, .use = use};
    struct hf_tpm_key *key = NULL;

    OK(hf_tpm_generate_key_pair(rig->tpm, NULL, &spec, &key));
    return key;
}

/* An NV index of the owner's, read with its empty value or by the owner, with content. */
static inline void tpm_rig_nv(struct tpm_rig *rig, uint32_t index, struct hf_bytes data)
{
    struct hf_tpm_entity owner = hf_tpm_entity_plain(TPM2_RH_OWNER);
    struct hf_tpm_entity entity = {.handle = index};
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    TPMS_NV_PUBLIC pub = {
        .nvIndex = index,
        .nameAlg = TPM2_ALG_SHA256,
        .attributes = TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA,
        .dataSize = (uint16_t)data.n,
    };
    struct hf_tpm_call c;

    OK(hf_tpm_nv_public_write(&pub, &area));
    OK(hf_tpm_call_start(&c, TPM2_CC_NV_DefineSpace));
    hf_tpm_call_handle(&c, &owner, NULL);
    hf_wr_u16be(&c.w, 0);
    hf_wr_b16(&c.w, hf_buf_bytes(&area));
    OK(hf_tpm_call_run(rig->tpm, &c));
    for (size_t at = 0; at < data.n;) {
        size_t n = data.n - at < 512 ? data.n - at : 512;

        OK(hf_tpm_nv_read_public(rig->tpm, index, NULL, &entity.name));
        OK(hf_tpm_call_start(&c, TPM2_CC_NV_Write));
        hf_tpm_call_handle(&c, &owner, NULL);
        hf_tpm_call_handle(&c, &entity, NULL);
        hf_wr_b16(&c.w, (struct hf_bytes){data.p + at, n});
        hf_wr_u16be(&c.w, (uint16_t)at);
        OK(hf_tpm_call_run(rig->tpm, &c));
        at += n;
    }
}

static inline void tpm_rig_nv_remove(struct tpm_rig *rig, uint32_t index)
{
    struct hf_tpm_entity owner = hf_tpm_entity_plain(TPM2_RH_OWNER);
    struct hf_tpm_entity entity = {.handle = index};
    struct hf_tpm_call c;

    OK(hf_tpm_nv_read_public(rig->tpm, index, NULL, &entity.name));
    OK(hf_tpm_call_start(&c, TPM2_CC_NV_UndefineSpace));
    hf_tpm_call_handle(&c, &owner, NULL);
    hf_tpm_call_handle(&c, &entity, NULL);
    OK(hf_tpm_call_run(rig->tpm, &c));
}

#endif
