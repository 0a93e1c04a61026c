/* The volatile state between two processes of one boot of the machine. */
#include "helper/resume.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/hash.h"

/*
 * Payload: SHA-256 of the permanent state (32), SHA-256 of the kernel's boot_id (32), u32 length and
 * bytes of libtpms' volatile state, u32 length and bytes of the resource manager's.
 */

static hf_err boot_digest(struct hf_digest *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf id = {.max = 65536};

    HF_TRY(hf_file_read("/proc/sys/kernel/random/boot_id", 256, &id));
    return hf_hash_one(HF_SHA256, hf_buf_bytes(&id), out);
}

static hf_err resume_parse(struct hf_bytes payload, struct hf_bytes permanent, struct hf_buf *resume,
                           struct hf_buf *extra)
{
    struct hf_reader r = hf_reader(payload);
    struct hf_digest of = {0};
    struct hf_digest boot = {0};
    struct hf_bytes seen_of = hf_rd_view(&r, 32);
    struct hf_bytes seen_boot = hf_rd_view(&r, 32);
    struct hf_bytes body = hf_rd_view(&r, hf_rd_u32be(&r));
    struct hf_bytes more = hf_rd_view(&r, hf_rd_u32be(&r));

    HF_TRY(hf_rd_end(&r));
    HF_TRY(hf_hash_one(HF_SHA256, permanent, &of));
    HF_TRY(boot_digest(&boot));
    if (!hf_bytes_equal(seen_of, hf_digest_bytes(&of)))
        return hf_fail(HF_E_MISMATCH, "it belongs to another permanent state");
    if (!hf_bytes_equal(seen_boot, hf_digest_bytes(&boot)))
        return hf_fail(HF_E_MISMATCH, "the machine was started since");
    HF_TRY(hf_buf_add(extra, more));
    return hf_buf_add(resume, body);
}

hf_err hf_resume_take(struct hf_tpm_state *state, struct hf_bytes permanent, struct hf_buf *resume,
                      struct hf_buf *extra)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf payload = {.max = HF_TPM_STATE_MAX};
    hf_err err = hf_tpm_state_load(state, HF_TPM_STATE_RESUME, &payload);

    HF_TRY(hf_tpm_state_drop_resume(state)); /* durable before anything of it is used */
    if (err == HF_OK && payload.n)
        err = resume_parse(hf_buf_bytes(&payload), permanent, resume, extra);
    if (err != HF_OK) /* a reset is what a TPM does without it: safe, and worth a line */
        hf_log(HF_LOG_NOTICE, "tpm.reset", "why=%s", hf_err_detail());
    return HF_OK;
}

hf_err hf_resume_keep(struct hf_tpm_state *state, struct hf_bytes permanent, struct hf_bytes resume,
                      struct hf_bytes extra)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf payload = {.max = HF_TPM_STATE_MAX};
    size_t size = 64 + 4 + resume.n + 4 + extra.n;
    struct hf_digest of = {0};
    struct hf_digest boot = {0};
    struct hf_writer w;
    uint8_t *place = NULL;
    hf_err err;

    HF_TRY(hf_hash_one(HF_SHA256, permanent, &of));
    HF_TRY(boot_digest(&boot));
    HF_TRY(hf_buf_grow(&payload, size, &place));
    w = hf_writer(place, size);
    hf_wr_bytes(&w, hf_digest_bytes(&of));
    hf_wr_bytes(&w, hf_digest_bytes(&boot));
    hf_wr_u32be(&w, (uint32_t)resume.n);
    hf_wr_bytes(&w, resume);
    hf_wr_u32be(&w, (uint32_t)extra.n);
    hf_wr_bytes(&w, extra);
    err = hf_tpm_state_save_resume(state, hf_buf_bytes(&payload));
    return err;
}
