/*
 * Whatever libtss2-tctildr can load: tcti:NAME or tcti:NAME:CONF (tabrmd, cmd, pcap, spi...). The
 * library is loaded when such a URI is opened, so that nothing here depends on it.
 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "tpm/transport.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <tss2/tss2_tcti.h>

#define LIBRARY "libtss2-tctildr.so.0"
#define POLL_HANDLES_MAX 8

typedef TSS2_RC initialize_fn(const char *, TSS2_TCTI_CONTEXT **);
typedef void finalize_fn(TSS2_TCTI_CONTEXT **);

struct tcti {
    struct hf_tpm_transport base;
    void *library;
    finalize_fn *finalize;
    TSS2_TCTI_CONTEXT *context;
    bool dead;
    char *conf; /* "NAME:CONF", for errors */
};

static void tcti_free(struct tcti **t)
{
    if (!*t)
        return;
    if ((*t)->context)
        (*t)->finalize(&(*t)->context);
    if ((*t)->library)
        (void)dlclose((*t)->library);
    hf_free(&(*t)->conf);
    hf_free(t);
}

static void tcti_close(struct hf_tpm_transport **t)
{
    struct tcti *c = (struct tcti *)*t;

    tcti_free(&c);
    *t = NULL;
}

/* A function of the library, through the one way C11 allows. */
static hf_err function(void *library, const char *name, void *out)
{
    void *p = dlsym(library, name);

    if (!p)
        return hf_fail(HF_E_UNSUPPORTED, LIBRARY " has no %s", name);
    memcpy(out, &p, sizeof(p));
    return HF_OK;
}

static hf_err fail_initialize(const struct tcti *t, TSS2_RC rc)
{
    TSS2_RC base = rc & 0xffff;

    if (base == TSS2_BASE_RC_NOT_PERMITTED)
        return hf_fail_device(HF_E_PERMISSION, rc, "tcti:%s: not permitted (TSS2 code 0x%08x)", t->conf, rc);
    if (base == TSS2_BASE_RC_NOT_SUPPORTED || base == TSS2_BASE_RC_BAD_VALUE || base == TSS2_BASE_RC_BAD_REFERENCE)
        return hf_fail_device(HF_E_ARG, rc,
                              "tcti:%s: no such module, or it does not understand its configuration "
                              "(TSS2 code 0x%08x); modules are packages libtss2-tcti-NAME0",
                              t->conf, rc);
    return hf_fail_device(HF_E_UNAVAILABLE, rc,
                          "tcti:%s: cannot be opened (TSS2 code 0x%08x): is the module installed, "
                          "is what it connects to running?",
                          t->conf, rc);
}

static bool is_one_of(struct hf_bytes name, const char *const *list)
{
    for (; *list; list++)
        if (hf_bytes_equal(name, hf_bytes_text(*list)))
            return true;
    return false;
}

/* What the module's name says about the TPM behind it. */
static void classify(struct tcti *t)
{
    static const char *const emulators[] = {"swtpm", "mssim", "libtpms", NULL};
    static const char *const managers[] = {"tabrmd", NULL};
    const char *name = t->conf;
    const char *rest;
    size_t n;

    if (strncmp(name, "libtss2-tcti-", 13) == 0)
        name += 13;
    n = strcspn(name, ":.");
    rest = strchr(name, ':');
    rest = rest ? rest + 1 : "";
    if (is_one_of((struct hf_bytes){(const uint8_t *)name, n}, emulators))
        t->base.kind = HF_TPM_KIND_EMULATED;
    t->base.managed = is_one_of((struct hf_bytes){(const uint8_t *)name, n}, managers) ||
                      (n == 6 && strncmp(name, "device", 6) == 0 && strncmp(rest, "/dev/tpmrm", 10) == 0);
}

static hf_err tcti_open(const struct hf_tpm_where *where, struct hf_tpm_transport **out)
{
    HF_CLEANUP(tcti_free) struct tcti *t = NULL;
    initialize_fn *initialize = NULL;
    TSS2_RC rc;

    if (!where->rest[0])
        return hf_fail(HF_E_ARG, "\"tcti:\": wanted tcti:NAME or tcti:NAME:CONF, such as tcti:tabrmd");
    HF_TRY(hf_alloc(sizeof(*t), &t));
    t->base.ops = &hf_tpm_tcti_ops;
    HF_TRY(hf_strdup(where->rest, &t->conf));
    t->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!t->library)
        return hf_fail(HF_E_UNSUPPORTED, "tcti:%s needs %s (package libtss2-tctildr0): %s", t->conf, LIBRARY,
                       dlerror());
    HF_TRY(function(t->library, "Tss2_TctiLdr_Initialize", &initialize));
    HF_TRY(function(t->library, "Tss2_TctiLdr_Finalize", &t->finalize));
    rc = initialize(t->conf, &t->context);
    if (rc != TSS2_RC_SUCCESS) {
        t->context = NULL;
        return fail_initialize(t, rc);
    }
    classify(t);
    *out = &hf_take(t)->base;
    return HF_OK;
}

static hf_err fail_dead(struct tcti *t, hf_err err, const char *what, TSS2_RC rc)
{
    t->dead = true;
    return hf_fail_device(err, rc, "tcti:%s: %s (TSS2 code 0x%08x); the connection is dropped", t->conf, what, rc);
}

/* Debian's modules read without a time limit, so the waiting is done here where they tell on what. */
static hf_err wait_readable(struct tcti *t, uint32_t timeout_ms)
{
    TSS2_TCTI_POLL_HANDLE handles[POLL_HANDLES_MAX] = {0};
    size_t n = 0;
    uint64_t deadline = hf_monotonic_ms() + timeout_ms;
    int ready = 0;

    if (Tss2_Tcti_GetPollHandles(t->context, NULL, &n) != TSS2_RC_SUCCESS || n == 0 || n > POLL_HANDLES_MAX ||
        Tss2_Tcti_GetPollHandles(t->context, handles, &n) != TSS2_RC_SUCCESS)
        return HF_OK;
    for (;;) {
        uint64_t now = hf_monotonic_ms();
        uint64_t left = deadline > now ? deadline - now : 0;

        ready = poll(handles, (nfds_t)n, left > INT32_MAX ? INT32_MAX : (int)left);
        if (ready > 0)
            return HF_OK;
        if (ready == 0)
            return fail_dead(t, HF_E_TIMEOUT, "no answer in time", TSS2_TCTI_RC_TRY_AGAIN);
        if (errno != EINTR)
            return fail_dead(t, HF_E_UNAVAILABLE, strerror(errno), TSS2_TCTI_RC_IO_ERROR);
    }
}

static hf_err tcti_transact(struct hf_tpm_transport *base, struct hf_bytes command, uint32_t timeout_ms,
                            struct hf_tpm_reply *reply)
{
    struct tcti *t = (struct tcti *)base;
    size_t n = sizeof(reply->bytes);
    TSS2_RC rc;

    if (t->dead)
        return hf_fail(HF_E_UNAVAILABLE, "tcti:%s: the connection was lost before", t->conf);
    rc = Tss2_Tcti_Transmit(t->context, command.n, command.p);
    if (rc != TSS2_RC_SUCCESS)
        return fail_dead(t, HF_E_UNAVAILABLE, "sending failed", rc);
    HF_TRY(wait_readable(t, timeout_ms));
    rc = Tss2_Tcti_Receive(t->context, &n, reply->bytes, timeout_ms > INT32_MAX ? INT32_MAX : (int32_t)timeout_ms);
    if (rc == TSS2_TCTI_RC_TRY_AGAIN)
        return fail_dead(t, HF_E_TIMEOUT, "no answer in time", rc);
    if (rc == TSS2_TCTI_RC_INSUFFICIENT_BUFFER || rc == TSS2_TCTI_RC_MALFORMED_RESPONSE)
        return fail_dead(t, HF_E_DEVICE, "the answer is malformed or too long", rc);
    if (rc != TSS2_RC_SUCCESS)
        return fail_dead(t, HF_E_UNAVAILABLE, "receiving failed", rc);
    if (n > sizeof(reply->bytes))
        return fail_dead(t, HF_E_DEVICE, "the module claims an answer larger than its place", rc);
    reply->n = n;
    return HF_OK;
}

const struct hf_tpm_transport_ops hf_tpm_tcti_ops = {
    .scheme = "tcti",
    .about = "tcti:NAME[:CONF], any module of libtss2-tctildr: tabrmd, cmd, pcap",
    .open = tcti_open,
    .close = tcti_close,
    .transact = tcti_transact,
};
