/*
 * Whatever libtss2-tctildr can load: tcti:NAME or tcti:NAME:CONF (tabrmd, cmd, pcap, spi...). The
 * library is loaded when such a URI is opened, so that nothing here depends on it.
 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/library.h"
#include "base/text.h"
#include "tpm/transport.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <tss2/tss2_tcti.h>

#define LIBRARY "libtss2-tctildr.so.0"

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
    HF_TRY(hf_library_function(t->library, "Tss2_TctiLdr_Initialize", &initialize));
    HF_TRY(hf_library_function(t->library, "Tss2_TctiLdr_Finalize", &t->finalize));
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

/*
 * Debian's modules read without a time limit, so an exchange runs in a thread of its own. One that
 * does not end in time is abandoned: the thread then owns the module's context, and closes it when
 * the module comes back, if ever.
 */
struct exchange {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    TSS2_TCTI_CONTEXT *context;
    finalize_fn *finalize;
    bool done, abandoned;
    TSS2_RC rc;
    size_t n_command;
    uint8_t command[HF_TPM_IO_MAX];
    struct hf_tpm_reply reply;
};

static void exchange_free(struct exchange **e)
{
    if (!*e)
        return;
    (void)pthread_cond_destroy(&(*e)->changed);
    (void)pthread_mutex_destroy(&(*e)->lock);
    hf_wipe(*e, sizeof(**e));
    hf_free(e);
}

static void *exchange_run(void *arg)
{
    struct exchange *e = arg;
    size_t n = sizeof(e->reply.bytes);
    TSS2_RC rc = Tss2_Tcti_Transmit(e->context, e->n_command, e->command);
    bool abandoned;

    if (rc == TSS2_RC_SUCCESS)
        rc = Tss2_Tcti_Receive(e->context, &n, e->reply.bytes, TSS2_TCTI_TIMEOUT_BLOCK);
    (void)pthread_mutex_lock(&e->lock);
    e->rc = rc;
    e->reply.n = n;
    e->done = true;
    abandoned = e->abandoned;
    (void)pthread_cond_signal(&e->changed);
    (void)pthread_mutex_unlock(&e->lock);
    if (abandoned) {
        e->finalize(&e->context);
        exchange_free(&e);
    }
    return NULL;
}

static hf_err exchange_new(const struct tcti *t, struct hf_bytes command, struct exchange **out)
{
    struct exchange *e = NULL;
    pthread_condattr_t attr;

    HF_TRY(hf_alloc(sizeof(*e), &e));
    (void)pthread_mutex_init(&e->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&e->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    e->context = t->context;
    e->finalize = t->finalize;
    e->n_command = command.n;
    memcpy(e->command, command.p, command.n);
    *out = e;
    return HF_OK;
}

/* A thread that takes no signals of the caller's. */
static int exchange_start(struct exchange *e, pthread_t *thread)
{
    sigset_t all;
    sigset_t before;
    int error;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(thread, NULL, exchange_run, e);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* True when the exchange ended in time; otherwise it is abandoned. */
static bool exchange_wait(struct exchange *e, uint32_t timeout_ms)
{
    struct timespec until;
    bool done;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&e->lock);
    while (!e->done && pthread_cond_timedwait(&e->changed, &e->lock, &until) == 0)
        ;
    done = e->done;
    e->abandoned = !done;
    (void)pthread_mutex_unlock(&e->lock);
    return done;
}

static hf_err take_reply(struct tcti *t, const struct exchange *e, struct hf_tpm_reply *reply)
{
    if (e->rc == TSS2_TCTI_RC_INSUFFICIENT_BUFFER || e->rc == TSS2_TCTI_RC_MALFORMED_RESPONSE)
        return fail_dead(t, HF_E_DEVICE, "the answer is malformed or too long", e->rc);
    if (e->rc != TSS2_RC_SUCCESS)
        return fail_dead(t, HF_E_UNAVAILABLE, "sending or receiving failed", e->rc);
    if (e->reply.n > sizeof(e->reply.bytes))
        return fail_dead(t, HF_E_DEVICE, "the module claims an answer larger than its place", e->rc);
    memcpy(reply->bytes, e->reply.bytes, e->reply.n);
    reply->n = e->reply.n;
    return HF_OK;
}

static hf_err tcti_transact(struct hf_tpm_transport *base, struct hf_bytes command, uint32_t timeout_ms,
                            struct hf_tpm_reply *reply)
{
    struct tcti *t = (struct tcti *)base;
    HF_CLEANUP(exchange_free) struct exchange *e = NULL;
    pthread_t thread;
    int error;

    if (t->dead)
        return hf_fail(HF_E_UNAVAILABLE, "tcti:%s: the connection was lost before", t->conf);
    HF_TRY(exchange_new(t, command, &e));
    error = exchange_start(e, &thread);
    if (error)
        return hf_fail(HF_E_MEMORY, "no thread for the exchange: %s", strerror(error));
    if (!exchange_wait(e, timeout_ms)) {
        (void)pthread_detach(thread);
        (void)hf_take(e);
        t->context = NULL; /* both are the thread's now, as is the library's code */
        t->library = NULL;
        return fail_dead(t, HF_E_TIMEOUT, "no answer in time", TSS2_TCTI_RC_TRY_AGAIN);
    }
    (void)pthread_join(thread, NULL);
    return take_reply(t, e, reply);
}

const struct hf_tpm_transport_ops hf_tpm_tcti_ops = {
    .scheme = "tcti",
    .about = "tcti:NAME[:CONF], any module of libtss2-tctildr: tabrmd, cmd, pcap",
    .open = tcti_open,
    .close = tcti_close,
    .transact = tcti_transact,
};
