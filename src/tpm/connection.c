/* Opening, taking turns, and surviving the death of the other side and a fork of this one. */
#include "tpm/connection.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/state_dir.h"
#include "tpm/caps.h"
#include "tpm/jobs.h"

#include <stdio.h>
#include <unistd.h>

static void lock_init(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attr;

    (void)pthread_mutexattr_init(&attr);
    (void)pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    (void)pthread_mutex_init(lock, &attr);
    (void)pthread_mutexattr_destroy(&attr);
}

/* Use a transport from now on, with a resource manager of ours in front of a raw device. */
static hf_err adopt(struct hf_tpm *tpm, struct hf_tpm_transport **given, bool bare)
{
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = hf_take(*given);

    tpm->managed_here = !t->managed;
    if (!t->managed && !bare) {
        HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *raw = hf_take(t);

        HF_TRY(hf_tpm_managed_open(&raw, &t));
    }
    if (t->kind == HF_TPM_KIND_EMULATED)
        tpm->environment = HF_TPM_ENV_EMULATED;
    tpm->transport = hf_take(t);
    tpm->dead = false;
    tpm->generation++;
    return HF_OK;
}

static hf_err connect_transport(struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;

    if (tpm->uri[0] == 0)
        return hf_fail(HF_E_UNAVAILABLE, "the connection is gone, and it has no address to open it again by");
    HF_TRY(hf_tpm_transport_open(tpm->uri, tpm->state_dir, tpm->tpm_state, &t));
    return adopt(tpm, &t, false);
}

/* What the old connection held is gone. */
static void forget(struct hf_tpm *tpm)
{
    hf_tpm_transport_close(&tpm->transport);
    hf_tpm_pool_forget(tpm);
    hf_tpm_salt_forget(tpm);
}

hf_err hf_tpm_take(struct hf_tpm *tpm)
{
    pid_t pid = getpid();
    hf_err err;

    if (pid != tpm->pid) { /* the child of a fork: one thread, and the parent's connection must stay its own */
        lock_init(&tpm->lock);
        tpm->pid = pid;
        tpm->dead = true;
        tpm->jobs = NULL;
    }
    (void)pthread_mutex_lock(&tpm->lock);
    if (!tpm->dead)
        return HF_OK;
    forget(tpm);
    err = connect_transport(tpm);
    if (err == HF_OK)
        hf_log(HF_LOG_NOTICE, "tpm.reconnected", "uri=%s", tpm->uri);
    else
        (void)pthread_mutex_unlock(&tpm->lock);
    return err;
}

void hf_tpm_give(struct hf_tpm *tpm)
{
    (void)pthread_mutex_unlock(&tpm->lock);
}

hf_err hf_tpm_exchange(struct hf_tpm *tpm, struct hf_bytes command, struct hf_tpm_reply *reply)
{
    uint64_t start;
    hf_err err;

    if (tpm->dead || !tpm->transport)
        return hf_fail(HF_E_UNAVAILABLE, "the connection to %s is gone; the next call opens it again", tpm->uri);
    start = hf_monotonic_ns();
    err = hf_tpm_transport_transact(tpm->transport, command, tpm->timeout_ms, reply);
    tpm->wait_ns += hf_monotonic_ns() - start;
    if (err == HF_E_UNAVAILABLE || err == HF_E_TIMEOUT || err == HF_E_IO)
        tpm->dead = true;
    return err;
}

static hf_err choose_uri(struct hf_tpm *tpm, const struct hf_tpm_options *opt)
{
    HF_CLEANUP(hf_free) char *uri = NULL;
    const char *source = "option";

    HF_TRY(hf_tpm_uri_choose(opt->uri, opt->configured_uri, &uri, &source));
    tpm->uri = hf_take(uri);
    (void)snprintf(tpm->source, sizeof(tpm->source), "%s", source);
    return HF_OK;
}

static hf_err configure(const struct hf_tpm_options *opt, struct hf_tpm **out)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;

    HF_TRY(hf_alloc(sizeof(*tpm), &tpm));
    lock_init(&tpm->lock);
    tpm->pid = getpid();
    HF_TRY(hf_state_dir_choose(opt->state_dir, NULL, &tpm->state_dir));
    if (opt->tpm_state)
        HF_TRY(hf_strdup(opt->tpm_state, &tpm->tpm_state));
    tpm->plain_bus = opt->plain_bus;
    tpm->no_pin = opt->no_pin;
    tpm->timeout_ms = opt->timeout_ms ? opt->timeout_ms : HF_TPM_TIMEOUT_MS;
    if (tpm->plain_bus)
        hf_log(HF_LOG_WARNING, "tpm.plain_bus", "parameters cross to the TPM unencrypted");
    *out = hf_take(tpm);
    return HF_OK;
}

hf_err hf_tpm_open(const struct hf_tpm_options *options, struct hf_tpm **out)
{
    static const struct hf_tpm_options none;
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;

    options = options ? options : &none;
    HF_TRY(configure(options, &tpm));
    HF_TRY(choose_uri(tpm, options));
    HF_TRY(connect_transport(tpm));
    HF_TRY(hf_tpm_environment_find(tpm));
    *out = hf_take(tpm);
    return HF_OK;
}

hf_err hf_tpm_open_over(struct hf_tpm_transport **t, bool bare, const struct hf_tpm_options *options, struct hf_tpm **out)
{
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;

    HF_TRY(configure(options, &tpm));
    HF_TRY(hf_strdup("", &tpm->uri));
    HF_TRY(adopt(tpm, t, bare));
    HF_TRY(hf_tpm_environment_find(tpm));
    *out = hf_take(tpm);
    return HF_OK;
}

void hf_tpm_close(struct hf_tpm **tpm)
{
    struct hf_tpm *gone = *tpm;

    *tpm = NULL;
    if (!gone)
        return;
    if (gone->pid == getpid()) {
        hf_tpm_jobs_stop(gone);
        if (gone->transport && !gone->dead && gone->managed_here) /* others clean up behind a connection that ends */
            hf_tpm_pool_flush(gone);
    }
    forget(gone);
    hf_buf_free(&gone->salt.public_area);
    hf_free(&gone->uri);
    hf_free(&gone->state_dir);
    hf_free(&gone->tpm_state);
    (void)pthread_mutex_destroy(&gone->lock);
    hf_free(&gone);
}

enum hf_tpm_environment hf_tpm_environment(const struct hf_tpm *tpm)
{
    return tpm->environment;
}

const char *hf_tpm_bus_name(enum hf_tpm_bus bus)
{
    static const char *const names[] = {"plain", "tofu", "srk", "ek"};

    return (unsigned)bus < HF_COUNT(names) ? names[bus] : "plain";
}

const char *hf_tpm_environment_name(enum hf_tpm_environment env)
{
    static const char *const names[] = {"unknown", "emulated", "virtual", "hardware"};

    return (unsigned)env < HF_COUNT(names) ? names[env] : "unknown";
}
