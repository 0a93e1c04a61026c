/* libtpms (0.9) in this very process. */
#include "tpm/tpm_inproc.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "tpm/wire.h"

#include <libtpms/tpm_library.h>
/* the next three need the one above */
#include <libtpms/tpm_error.h>
#include <libtpms/tpm_memory.h>
#include <libtpms/tpm_nvfilename.h>
#include <stdlib.h>
#include <tss2/tss2_tpm2_types.h>

#define PERMANENT_MAX ((size_t)1 << 20)

/* libtpms' callbacks carry no context, so what they need is here, once a process. */
static struct {
    bool running;
    bool fail_stores;
    uint64_t generation;
    struct hf_buf permanent;
    struct hf_buf resume;
    unsigned char *response; /* libtpms' own buffer, grown by it */
    uint32_t response_size;
} tpm = {.permanent = {.max = PERMANENT_MAX}, .resume = {.max = PERMANENT_MAX}};

static TPM_RESULT nv_init(void)
{
    return TPM_SUCCESS;
}

static TPM_RESULT nv_load(unsigned char **data, uint32_t *length, uint32_t number, const char *name)
{
    const struct hf_buf *from = NULL;

    (void)number;
    if (strcmp(name, TPM_PERMANENT_ALL_NAME) == 0)
        from = &tpm.permanent;
    else if (strcmp(name, TPM_VOLATILESTATE_NAME) == 0)
        from = &tpm.resume;
    if (!from || from->n == 0)
        return TPM_RETRY; /* libtpms' word for "there is none" */
    if (TPM_Malloc(data, (uint32_t)from->n) != TPM_SUCCESS)
        return TPM_FAIL;
    memcpy(*data, from->p, from->n);
    *length = (uint32_t)from->n;
    return TPM_SUCCESS;
}

static TPM_RESULT nv_store(const unsigned char *data, uint32_t length, uint32_t number, const char *name)
{
    (void)number;
    if (strcmp(name, TPM_PERMANENT_ALL_NAME) != 0)
        return TPM_SUCCESS; /* the volatile state is asked for by hf_tpm_inproc_volatile */
    if (tpm.fail_stores || hf_buf_set(&tpm.permanent, (struct hf_bytes){data, length}) != HF_OK)
        return TPM_FAIL;
    tpm.generation++;
    return TPM_SUCCESS;
}

static TPM_RESULT nv_delete(uint32_t number, const char *name, TPM_BOOL must_exist)
{
    (void)number;
    (void)must_exist;
    if (strcmp(name, TPM_VOLATILESTATE_NAME) == 0)
        hf_buf_free(&tpm.resume);
    return TPM_SUCCESS;
}

static TPM_RESULT io_init(void)
{
    return TPM_SUCCESS;
}

static TPM_RESULT io_locality(TPM_MODIFIER_INDICATOR *locality, uint32_t number)
{
    (void)number;
    *locality = 0;
    return TPM_SUCCESS;
}

static TPM_RESULT io_presence(TPM_BOOL *presence, uint32_t number)
{
    (void)number;
    *presence = FALSE;
    return TPM_SUCCESS;
}

static void wiped_free(struct hf_buf *buf)
{
    if (buf->p)
        hf_wipe(buf->p, buf->cap);
    hf_buf_free(buf);
}

static void inproc_close(struct hf_tpm_transport **t)
{
    if (*t && tpm.running) {
        TPMLIB_Terminate();
        TPM_Free(tpm.response);
        tpm.response = NULL;
        tpm.response_size = 0;
        wiped_free(&tpm.permanent);
        wiped_free(&tpm.resume);
        tpm.running = false;
    }
    hf_free(t);
}

static hf_err inproc_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                              struct hf_tpm_reply *reply)
{
    struct hf_tpm_reply copy = {0}; /* libtpms takes its command as writable */
    uint32_t n = 0;
    TPM_RESULT rc;

    (void)t;
    (void)timeout_ms;
    if (command.n < HF_WIRE_HEADER || command.n > sizeof(copy.bytes))
        return hf_fail(HF_E_ARG, "a TPM command of %zu bytes; wanted %u to %u", command.n, HF_WIRE_HEADER,
                       HF_TPM_IO_MAX);
    memcpy(copy.bytes, command.p, command.n);
    rc = TPMLIB_Process(&tpm.response, &n, &tpm.response_size, copy.bytes, (uint32_t)command.n);
    hf_wipe(copy.bytes, command.n);
    if (rc != TPM_SUCCESS || n < HF_WIRE_HEADER || n > sizeof(reply->bytes))
        return hf_fail(HF_E_DEVICE, "libtpms failed with 0x%x and a response of %u bytes", rc, n);
    memcpy(reply->bytes, tpm.response, n);
    hf_wipe(tpm.response, n);
    reply->n = n;
    return HF_OK;
}

static hf_err startup(struct hf_tpm_transport *t)
{
    HF_CLEANUP(hf_free) struct hf_tpm_reply *reply = NULL;
    uint8_t place[HF_TPM_IO_MAX];
    struct hf_writer w = hf_wire_start(place, TPM2_ST_NO_SESSIONS, TPM2_CC_Startup);
    struct hf_bytes command = {0};
    uint32_t rc = 0;

    HF_TRY(hf_alloc(sizeof(*reply), &reply));
    hf_wr_u16be(&w, TPM2_SU_CLEAR);
    HF_TRY(hf_wire_end(&w, &command));
    HF_TRY(inproc_transact(t, command, 0, reply));
    HF_TRY(hf_wire_reply_check(reply, &rc));
    if (rc != TPM2_RC_SUCCESS && rc != TPM2_RC_INITIALIZE)
        return hf_fail_device(HF_E_DEVICE, rc, "TPM2_Startup(CLEAR) in libtpms gave 0x%08x", rc);
    return HF_OK;
}

static hf_err begin(struct hf_bytes permanent, struct hf_bytes resume, struct hf_tpm_transport *t)
{
    static struct libtpms_callbacks callbacks = {
        .sizeOfStruct = sizeof(callbacks),
        .tpm_nvram_init = nv_init,
        .tpm_nvram_loaddata = nv_load,
        .tpm_nvram_storedata = nv_store,
        .tpm_nvram_deletename = nv_delete,
        .tpm_io_init = io_init,
        .tpm_io_getlocality = io_locality,
        .tpm_io_getphysicalpresence = io_presence,
    };
    TPM_RESULT rc = TPMLIB_ChooseTPMVersion(TPMLIB_TPM_VERSION_2);

    if (rc != TPM_SUCCESS)
        return hf_fail(HF_E_UNSUPPORTED, "this libtpms has no TPM 2.0 (0x%x)", rc);
    rc = TPMLIB_RegisterCallbacks(&callbacks);
    if (rc != TPM_SUCCESS)
        return hf_fail(HF_E_INTERNAL, "libtpms does not take our callbacks (0x%x)", rc);
    HF_TRY(hf_buf_set(&tpm.permanent, permanent));
    HF_TRY(hf_buf_set(&tpm.resume, resume));
    rc = TPMLIB_MainInit();
    if (rc != TPM_SUCCESS)
        return hf_fail(HF_E_FORMAT, "libtpms does not accept the state of %zu and %zu bytes (0x%x)", permanent.n,
                       resume.n, rc);
    wiped_free(&tpm.resume);
    return resume.n ? HF_OK : startup(t);
}

hf_err hf_tpm_inproc_start(struct hf_bytes permanent, struct hf_bytes resume, struct hf_tpm_transport **out)
{
    struct hf_tpm_transport *t = NULL;
    hf_err err;

    if (tpm.running)
        return hf_fail(HF_E_BUSY, "this process runs a TPM already; libtpms knows one a process");
    HF_TRY(hf_alloc(sizeof(*t), &t));
    t->ops = &hf_tpm_inproc_ops;
    t->kind = HF_TPM_KIND_EMULATED;
    tpm.fail_stores = false;
    tpm.running = true;
    err = begin(permanent, resume, t);
    if (err != HF_OK)
        inproc_close(&t);
    else
        *out = t;
    return err;
}

struct hf_bytes hf_tpm_inproc_permanent(void)
{
    return hf_buf_bytes(&tpm.permanent);
}

uint64_t hf_tpm_inproc_generation(void)
{
    return tpm.generation;
}

hf_err hf_tpm_inproc_volatile(struct hf_buf *out)
{
    unsigned char *data = NULL;
    uint32_t n = 0;
    TPM_RESULT rc = TPMLIB_VolatileAll_Store(&data, &n);
    hf_err err;

    if (rc != TPM_SUCCESS)
        return hf_fail(HF_E_DEVICE, "libtpms does not give its volatile state (0x%x)", rc);
    err = hf_buf_set(out, (struct hf_bytes){data, n});
    hf_wipe(data, n);
    TPM_Free(data);
    return err;
}

void hf_tpm_inproc_fail_stores(bool fail)
{
    tpm.fail_stores = fail;
}

static hf_err inproc_open(const struct hf_tpm_where *where, struct hf_tpm_transport **out)
{
    static const struct hf_bytes none = {0};

    (void)where;
    return hf_tpm_inproc_start(none, none, out);
}

const struct hf_tpm_transport_ops hf_tpm_inproc_ops = {
    .scheme = "inproc",
    .about = "inproc: libtpms in this process, forgotten at the end",
    .open = inproc_open,
    .close = inproc_close,
    .transact = inproc_transact,
};
