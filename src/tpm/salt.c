/*
 * The key that sessions are salted with: which one, and whether it is the one that was pinned.
 * A verified endorsement key comes first, then the storage root key; where there is neither, a
 * primary of the null hierarchy serves until a storage root key is made.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "tpm/connection.h"

void hf_tpm_salt_forget(struct hf_tpm *tpm)
{
    tpm->salt.known = false;
    tpm->salt.transient = false;
    tpm->salt.handle = 0;
}

/* A key that can receive a salt: decrypt, not sign, with an asymmetric type (Part 3, 11.1). */
static hf_err check_kind(const struct hf_tpm_salt *salt)
{
    TPMT_PUBLIC pub;

    HF_TRY(hf_tpm_public_parse(hf_buf_bytes(&salt->public_area), &pub));
    if (!(pub.objectAttributes & TPMA_OBJECT_DECRYPT) || (pub.type != TPM2_ALG_ECC && pub.type != TPM2_ALG_RSA))
        return hf_fail(HF_E_KEY_TYPE, "the object at 0x%08x is no decryption key, so sessions cannot be salted with it",
                       (unsigned)salt->handle);
    return HF_OK;
}

static hf_err read_salt(struct hf_tpm *tpm, uint32_t handle, struct hf_tpm_salt *salt)
{
    salt->public_area.n = 0;
    HF_TRY(hf_tpm_read_public(tpm, handle, &salt->public_area, &salt->name));
    salt->handle = handle;
    salt->transient = false;
    return check_kind(salt);
}

/* TPM2_CreatePrimary under the null hierarchy with an empty password: what is needed before there is
 * any session. The only command of the project in a password session; no value crosses with it. */
static hf_err null_primary(struct hf_tpm *tpm, struct hf_tpm_salt *salt)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf template = {0};
    uint8_t bytes[512];
    struct hf_writer w = hf_writer(bytes, sizeof(bytes));
    struct hf_tpm_reply reply;
    struct hf_bytes whole = {0};
    struct hf_reader r;
    struct hf_bytes area;
    uint32_t rc;

    HF_TRY(hf_tpm_srk_template(&template));
    hf_wr_u16be(&w, TPM2_ST_SESSIONS);
    hf_wr_u32be(&w, (uint32_t)(10 + 4 + 4 + 9 + 2 + 4 + 2 + template.n + 2 + 4));
    hf_wr_u32be(&w, TPM2_CC_CreatePrimary);
    hf_wr_u32be(&w, TPM2_RH_NULL);
    hf_wr_u32be(&w, 9); /* one TPMS_AUTH_COMMAND: TPM_RS_PW, no nonce, no attributes, no password */
    hf_wr_u32be(&w, TPM2_RS_PW);
    hf_wr_zero(&w, 5);
    hf_wr_u16be(&w, 4); /* TPM2B_SENSITIVE_CREATE: empty userAuth, empty data */
    hf_wr_zero(&w, 4);
    hf_wr_b16(&w, hf_buf_bytes(&template));
    hf_wr_u16be(&w, 0); /* outsideInfo */
    hf_wr_u32be(&w, 0); /* creationPCR */
    HF_TRY(hf_wr_end(&w, &whole));
    HF_TRY(hf_tpm_exchange(tpm, whole, &reply));
    r = hf_reader((struct hf_bytes){reply.bytes, reply.n});
    hf_rd_skip(&r, 6);
    rc = hf_rd_u32be(&r);
    if (hf_rd_err(&r) == HF_OK && rc != TPM2_RC_SUCCESS)
        return hf_tpm_fail_rc(hf_tpm_command_find(TPM2_CC_CreatePrimary), rc);
    salt->handle = hf_rd_u32be(&r);
    hf_rd_skip(&r, 4); /* parameterSize */
    area = hf_rd_view(&r, hf_rd_u16be(&r));
    HF_TRY(hf_rd_err(&r));
    HF_TRY(hf_buf_set(&salt->public_area, area));
    salt->transient = true;
    HF_TRY(hf_tpm_public_name(area, &salt->name));
    return check_kind(salt);
}

/* Compare with what was pinned for this TPM; remember it when nothing was. */
static hf_err check_pin(struct hf_tpm *tpm, struct hf_tpm_salt *salt)
{
    struct hf_tpm_pin pin = {0};
    hf_err err = hf_tpm_pin_load(tpm->state_dir, tpm->uri, &pin);

    if (err == HF_E_NOT_FOUND) {
        pin = (struct hf_tpm_pin){.level = HF_TPM_BUS_TOFU, .handle = salt->handle, .name = salt->name};
        if (hf_tpm_pin_save(tpm->state_dir, tpm->uri, &pin) != HF_OK)
            hf_log(HF_LOG_WARNING, "tpm.pin_not_saved", "error=%s", hf_err_detail());
        return HF_OK;
    }
    HF_TRY(err);
    if (!hf_bytes_equal(hf_tpm_name_bytes(&pin.name), hf_tpm_name_bytes(&salt->name)))
        return hf_fail(HF_E_IMPOSTOR,
                       "the key at 0x%08x of %s is not the one pinned for it (%s): the TPM was cleared or replaced, or "
                       "something on the way pretends to be it; if you know why, run `holdfast tpm doctor --repin`",
                       (unsigned)salt->handle, tpm->uri, hf_tpm_bus_name(pin.level));
    salt->level = pin.level;
    return HF_OK;
}

/* The handle to look at: that of the pinned key, else where the storage root key stands. */
static hf_err find(struct hf_tpm *tpm, struct hf_tpm_salt *salt)
{
    struct hf_tpm_pin pin = {0};
    uint32_t handle = HF_TPM_SRK;
    bool pinned = false;
    hf_err err;

    if (!tpm->no_pin) {
        err = hf_tpm_pin_load(tpm->state_dir, tpm->uri, &pin);
        pinned = err == HF_OK;
        if (err != HF_OK && err != HF_E_NOT_FOUND)
            return err;
    }
    if (pinned)
        handle = pin.handle;
    err = read_salt(tpm, handle, salt);
    salt->level = HF_TPM_BUS_TOFU;
    if (err == HF_OK)
        return tpm->no_pin ? HF_OK : check_pin(tpm, salt);
    if (err == HF_E_NOT_FOUND && pinned)
        return hf_fail(HF_E_IMPOSTOR,
                       "%s has no key at 0x%08x, where one was pinned (%s): the TPM was cleared or replaced, or something "
                       "on the way pretends to be it; if you know why, run `holdfast tpm doctor --repin`",
                       tpm->uri, (unsigned)handle, hf_tpm_bus_name(pin.level));
    if (err != HF_E_NOT_FOUND && err != HF_E_KEY_TYPE)
        return err;
    return null_primary(tpm, salt);
}

hf_err hf_tpm_salt_ready(struct hf_tpm *tpm)
{
    if (tpm->salt.known)
        return HF_OK;
    HF_TRY(find(tpm, &tpm->salt));
    tpm->salt.known = true;
    return HF_OK;
}

enum hf_tpm_bus hf_tpm_bus(const struct hf_tpm *tpm)
{
    return tpm->plain_bus ? HF_TPM_BUS_PLAIN : tpm->salt.known ? tpm->salt.level : HF_TPM_BUS_TOFU;
}
