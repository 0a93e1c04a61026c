/* holdfast tpm doctor: what is wrong with a TPM, or weaker than it could be. */
#include "core/tpm_doctor.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/reader.h"
#include "tpm/caps.h"
#include "tpm/embedded.h"
#include "tpm/srk_flavour.h"

#include <fcntl.h>
#include <holdfast/ek.h>
#include <holdfast/nv.h>
#include <holdfast/platform.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define COUNTERS_FEW 3u
#define PERSISTENT_FEW 3u

void hf_symptom_add(struct hf_diagnosis *f, const char *name, bool good, const char *remedy, const char *fmt, ...)
{
    struct hf_symptom *row = &f->row[f->n];
    va_list args;

    if (f->n == HF_SYMPTOMS_MAX)
        return;
    row->name = name;
    row->good = good;
    (void)snprintf(row->remedy, sizeof(row->remedy), "%s", remedy ? remedy : "");
    va_start(args, fmt);
    (void)vsnprintf(row->text, sizeof(row->text), fmt, args);
    va_end(args);
    f->n++;
}

static void could_not(struct hf_diagnosis *f, const char *name)
{
    hf_symptom_add(f, name, false, "", "could not be looked at: %s", hf_err_detail());
}

static void look_at_kind(struct hf_diagnosis *f, const struct hf_tpm_info *info)
{
    const char *environment = hf_tpm_environment_name(info->environment);

    switch (info->environment) {
    case HF_TPM_ENV_EMULATED:
        hf_symptom_add(f, "environment", false,
                       "for development and tests; on machines that matter use their TPM (--tpm device:/dev/tpmrm0)",
                       "emulated: software (%s %s); who reads or restores its state has its keys", info->manufacturer,
                       info->vendor);
        break;
    case HF_TPM_ENV_UNKNOWN:
        hf_symptom_add(f, "environment", false, "`holdfast tpm ek verify` checks the EK certificate",
                       "unknown: %s %s, which no certificate proves to be hardware", info->manufacturer, info->vendor);
        break;
    case HF_TPM_ENV_VIRTUAL:
    case HF_TPM_ENV_HARDWARE:
        hf_symptom_add(f, "environment", true, NULL, "%s: %s %s", environment, info->manufacturer, info->vendor);
        break;
    }
    hf_symptom_add(f, "fips mode", true, NULL, "%s (TPMA_MODES); holdfast claims no certification",
                   info->fips ? "on" : "off, or not said");
}

/* TPM2_GetTestResult (Part 3, 10.4). */
static void look_at_self_test(struct hf_tpm *tpm, struct hf_diagnosis *f)
{
    struct hf_tpm_call c;
    uint32_t result = TPM2_RC_FAILURE;
    hf_err err = hf_tpm_call_start(&c, TPM2_CC_GetTestResult);

    if (err == HF_OK)
        err = hf_tpm_call_run(tpm, &c);
    if (err == HF_OK) {
        hf_rd_skip(&c.r, hf_rd_u16be(&c.r));
        result = hf_rd_u32be(&c.r);
        err = hf_rd_end(&c.r);
    }
    if (err != HF_OK)
        could_not(f, "self test");
    else if (result == TPM2_RC_FAILURE)
        hf_symptom_add(f, "self test", false, "power the machine off and on; if it stays, the chip is broken",
                       "failed: the TPM is in failure mode");
    else
        hf_symptom_add(f, "self test", true, NULL, "%s",
                       result == TPM2_RC_SUCCESS ? "passed" : "functions are tested on their first use");
}

static void look_at_bus(struct hf_diagnosis *f, const struct hf_tpm_info *info)
{
    switch (info->bus) {
    case HF_TPM_BUS_PLAIN:
        hf_symptom_add(f, "bus", false, "do not turn encryption off outside of debugging",
                       "plain: parameters cross to the TPM unencrypted; whoever listens reads them");
        break;
    case HF_TPM_BUS_TOFU:
        hf_symptom_add(f, "bus", false,
                       "`holdfast tpm doctor --pin srk` pins the key that is there now; `holdfast tpm ek verify --pin` "
                       "a certified one",
                       "tofu: sessions are encrypted to a key that was believed at its first use");
        break;
    case HF_TPM_BUS_SRK:
        hf_symptom_add(f, "bus", true, NULL,
                       "srk: sessions are encrypted to the storage root key that was pinned by an operator");
        break;
    case HF_TPM_BUS_EK:
        hf_symptom_add(f, "bus", true, NULL,
                       "ek: sessions are encrypted to an endorsement key whose certificate was verified");
        break;
    }
    if (info->managed_here)
        hf_symptom_add(f, "resource manager", false,
                       "use /dev/tpmrm0 where the kernel has it, so that programs can share the TPM",
                       "this process's own: the way to the TPM (%s) has none", info->uri);
    else
        hf_symptom_add(f, "resource manager", true, NULL, "behind %s", info->uri);
}

static void look_at_srk(struct hf_tpm *tpm, struct hf_diagnosis *f)
{
    static const struct {
        bool good;
        const char *text, *remedy;
    } rows[] = {
        [HF_TPM_SRK_NONE] = {true, "none at 0x81000001 yet; the first key made puts one there", NULL},
        [HF_TPM_SRK_KEYFILE] = {true, "the key file's and systemd's template: TSS2 PEM files of other programs load",
                                NULL},
        [HF_TPM_SRK_TCG] = {false,
                            "the TCG's and Windows' template (unique of zeros): keys of tpm2-openssl, pytss, systemd "
                            "stand under another "
                            "primary",
                            "holdfast finds both; other programs may need parent 0x81000001 said to them"},
        [HF_TPM_SRK_TOOLS] =
            {false, "tpm2-tools' template, without noDA: a lockout also stops every key under it",
             "keys made under it stay; for new ones evict it first and let holdfast make the usual one"},
        [HF_TPM_SRK_OTHER] = {false,
                              "a storage key of an unusual template: key files of other programs do not load under it",
                              "holdfast uses it, and makes the usual primary for key files that want it"},
        [HF_TPM_SRK_UNSEEN] = {true, "a storage key; which template made it is hidden by the owner's authorization",
                               NULL},
        [HF_TPM_SRK_FOREIGN] = {false, "the object at 0x81000001 is no storage key",
                                "evict it (`holdfast tpm evict 0x81000001`), or name parents with "
                                "--parent"},
    };
    enum hf_tpm_srk_flavour flavour = HF_TPM_SRK_NONE;
    char algorithm[16] = "";

    if (hf_tpm_srk_classify(tpm, &flavour, algorithm) != HF_OK) {
        could_not(f, "storage root key");
        return;
    }
    hf_symptom_add(f, "storage root key", rows[flavour].good, rows[flavour].remedy, "%s%s%s", algorithm,
                   algorithm[0] ? ", " : "", rows[flavour].text);
}

static void look_at_lockout(struct hf_tpm *tpm, struct hf_diagnosis *f)
{
    struct hf_tpm_lockout l = {0};

    if (hf_tpm_lockout_get(tpm, &l) != HF_OK) {
        could_not(f, "lockout");
        return;
    }
    if (l.in_lockout)
        hf_symptom_add(f, "lockout", false, "wait, or `holdfast tpm lockout reset` with the lockout authorization",
                       "in lockout: protected keys refuse everybody; one try comes back within %u s",
                       (unsigned)l.next_within_s);
    else if (l.recovery_s == 0)
        hf_symptom_add(f, "lockout", false, "`holdfast tpm lockout set --recovery 1000`",
                       "protection is off: PINs can be guessed without end");
    else
        hf_symptom_add(f, "lockout", l.counter == 0,
                       l.counter ? "it goes down by itself, or `holdfast tpm lockout reset`" : NULL,
                       "%u of %u tries left; one comes back every %u s", (unsigned)l.tries_left, (unsigned)l.max_tries,
                       (unsigned)l.recovery_s);
    if (l.auth_barred)
        hf_symptom_add(f, "lockout authorization", false, "wait; then give the right one",
                       "barred after a wrong one was given%s", l.lockout_recovery_s ? "" : ", until the TPM is reset");
    else
        hf_symptom_add(f, "lockout authorization", l.auth_set,
                       l.auth_set ? NULL : "`holdfast tpm auth lockout --new SPEC`",
                       l.auth_set ? "set" : "empty: whoever reaches the TPM may end a lockout and clear it");
}

struct seen {
    size_t n;
};

static hf_err count_handle(void *arg, uint32_t handle)
{
    struct seen *seen = arg;

    (void)handle;
    seen->n++;
    return HF_OK;
}

/* What this connection sees besides what it made itself. Behind a resource manager that is what it left over. */
static void look_at_leftovers(struct hf_tpm *tpm, struct hf_diagnosis *f)
{
    struct seen objects = {0};
    struct seen loaded = {0};
    struct seen saved = {0};
    size_t own_objects = tpm->salt.known && tpm->salt.transient ? 1 : 0;
    size_t own_sessions = 0;
    uint32_t active = 0;
    uint32_t free_sessions = 0;

    if (hf_tpm_handles(tpm, TPM2_HT_TRANSIENT, count_handle, &objects) != HF_OK ||
        hf_tpm_handles(tpm, TPM2_HT_LOADED_SESSION, count_handle, &loaded) != HF_OK ||
        hf_tpm_handles(tpm, TPM2_HT_SAVED_SESSION, count_handle, &saved) != HF_OK ||
        hf_tpm_property(tpm, TPM2_PT_HR_ACTIVE, &active) != HF_OK ||
        hf_tpm_property(tpm, TPM2_PT_HR_ACTIVE_AVAIL, &free_sessions) != HF_OK) {
        could_not(f, "leftovers");
        return;
    }
    for (size_t i = 0; i < HF_TPM_POOL; i++)
        own_sessions += tpm->pool[i].handle && tpm->pool[i].generation == tpm->generation;
    if (objects.n <= own_objects && loaded.n + saved.n <= own_sessions && free_sessions > active / 3)
        hf_symptom_add(f, "leftovers", true, NULL, "none; %u sessions in the whole TPM, room for %u more",
                       (unsigned)active, (unsigned)free_sessions);
    else
        hf_symptom_add(f, "leftovers", false, "`holdfast tpm flush` removes what nobody uses",
                       "%zu objects and %zu sessions that this process did not make; %u "
                       "sessions in the whole TPM, room for %u more",
                       objects.n > own_objects ? objects.n - own_objects : 0,
                       loaded.n + saved.n > own_sessions ? loaded.n + saved.n - own_sessions : 0, (unsigned)active,
                       (unsigned)free_sessions);
}

struct nv_sum {
    size_t indices, bytes, owner;
};

static hf_err sum_nv(void *arg, const struct hf_tpm_nv_info *info)
{
    struct nv_sum *sum = arg;

    sum->indices++;
    sum->bytes += info->size;
    sum->owner += !info->platform;
    return HF_OK;
}

static void look_at_nv(struct hf_tpm *tpm, struct hf_diagnosis *f, const struct hf_tpm_info *info)
{
    struct nv_sum sum = {0};
    bool few = info->nv_counters_free < COUNTERS_FEW || info->persistent_free < PERSISTENT_FEW;

    if (hf_tpm_nv_list(tpm, sum_nv, &sum) != HF_OK) {
        could_not(f, "nv");
        return;
    }
    hf_symptom_add(f, "nv", !few,
                   few ? "`holdfast tpm nv list` and `holdfast tpm list` show who uses it; undefine or evict something"
                       : NULL,
                   "%zu indices (%zu of the owner) with %zu bytes; room for %u counters and %u persistent objects; an "
                   "index has at most %u bytes",
                   sum.indices, sum.owner, sum.bytes, (unsigned)info->nv_counters_free, (unsigned)info->persistent_free,
                   (unsigned)info->nv_index_max);
}

static void look_at_shutdown(struct hf_tpm *tpm, struct hf_diagnosis *f, const struct hf_tpm_info *info)
{
    struct hf_tpm_clock clock = {0};

    if (hf_tpm_clock_get(tpm, &clock) != HF_OK) {
        could_not(f, "shutdown");
        return;
    }
    if (info->orderly && clock.safe)
        hf_symptom_add(f, "shutdown", true, NULL, "the last one was orderly; %" PRIu32 " resets, clock %" PRIu64 " ms",
                       clock.reset_count, clock.clock_ms);
    else
        hf_symptom_add(f, "shutdown", false,
                       "stop what uses the TPM before power goes; the mark goes with the next orderly shutdown",
                       "the last one was not orderly%s: each such stop may cost a try of the dictionary-attack counter",
                       clock.safe ? "" : ", and the clock may stand behind where it was");
}

static void look_at_certificates(struct hf_tpm *tpm, struct hf_diagnosis *f, const struct hf_tpm_info *info)
{
    HF_CLEANUP(hf_free) struct hf_tpm_ek_certificates *list = NULL;
    const char *problem = NULL;
    hf_err err = hf_alloc(sizeof(*list), &list);

    if (err == HF_OK)
        err = hf_tpm_ek_certificates_read(tpm, list);
    if (err != HF_OK) {
        could_not(f, "ek certificate");
        return;
    }
    for (size_t i = 0; i < list->n && !problem; i++)
        problem = list->row[i].der.n == 0 ? list->row[i].problem : NULL;
    if (problem)
        hf_symptom_add(f, "ek certificate", false, "`holdfast tpm ek certificate` tells more",
                       "%zu in NV, of which one cannot be read: %.200s", list->n, problem);
    else if (list->n)
        hf_symptom_add(f, "ek certificate", true, NULL, "%zu in NV; `holdfast tpm ek verify` checks the chain",
                       list->n);
    else if (info->environment == HF_TPM_ENV_EMULATED)
        hf_symptom_add(f, "ek certificate", true, NULL, "none, as is usual for an emulated TPM: nobody vouches for it");
    else
        hf_symptom_add(f, "ek certificate", false, "the TPM's or firmware's maker may offer it for download",
                       "none in NV: nobody vouches for this TPM yet");
    hf_tpm_ek_certificates_free(list);
}

/* The header of an embedded TPM's state file (helper/state.h): bit 0 of the u16 at offset 12 is "encrypted". Only the
 * header is read: what follows is the TPM. */
#define STATE_FLAGS_AT 12
#define STATE_READ 14

static hf_err state_flags(const char *dir, uint16_t *out)
{
    HF_CLEANUP(hf_fd_close) int folder = -1;
    HF_CLEANUP(hf_fd_close) int fd = -1;
    uint8_t head[STATE_READ];
    struct hf_reader r = hf_reader(HF_BYTES_OF(head));
    ssize_t n;

    HF_TRY(hf_dir_open(dir, &folder));
    HF_TRY(hf_open_beneath(folder, "state", O_RDONLY | O_CLOEXEC, 0, &fd));
    n = read(fd, head, sizeof(head));
    if (n < 0)
        return hf_fail_errno("%s/state", dir);
    if ((size_t)n < sizeof(head))
        return hf_fail(HF_E_TRUNCATED, "%s/state has %zd bytes", dir, n);
    hf_rd_skip(&r, STATE_FLAGS_AT);
    *out = hf_rd_u16be(&r);
    return hf_rd_end(&r);
}

static void look_at_state(const struct hf_tpm *tpm, struct hf_diagnosis *f)
{
    HF_CLEANUP(hf_free) char *dir = NULL;
    bool named = strncmp(tpm->uri, "embedded:", 9) == 0;
    struct hf_tpm_where where = {
        .rest = named ? tpm->uri + 9 : "", .state_dir = tpm->state_dir, .tpm_state = tpm->tpm_state};
    uint16_t flags = 0;

    if (!named && strcmp(tpm->uri, "embedded") != 0)
        return;
    if (hf_embedded_dir(&where, &dir) != HF_OK || state_flags(dir, &flags) != HF_OK)
        could_not(f, "state encryption");
    else if (flags & 1)
        hf_symptom_add(f, "state encryption", true, NULL, "on: %s alone gives nobody its keys", dir);
    else
        hf_symptom_add(f, "state encryption", false,
                       "set HOLDFAST_TPM_STATE_KEY=file:PATH or credential:NAME before the TPM is made; keep its "
                       "folder out of backups",
                       "off: whoever reads %s has its keys", dir);
}

static hf_err look(struct hf_core *core, void *arg)
{
    struct hf_diagnosis *f = arg;
    struct hf_tpm_info info = {0};
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(hf_tpm_info_get(tpm, &info)); /* an impostor ends here: nothing it says is worth a finding */
    look_at_kind(f, &info);
    look_at_self_test(tpm, f);
    look_at_bus(f, &info);
    look_at_srk(tpm, f);
    look_at_lockout(tpm, f);
    look_at_leftovers(tpm, f);
    look_at_nv(tpm, f, &info);
    look_at_shutdown(tpm, f, &info);
    look_at_certificates(tpm, f, &info);
    look_at_state(tpm, f);
    return HF_OK;
}

hf_err hf_core_tpm_doctor(struct hf_core *core, const struct hf_who *who, struct hf_diagnosis *out)
{
    HF_CLEANUP(hf_free) struct hf_diagnosis *found = NULL;

    HF_TRY(hf_alloc(sizeof(*found), &found));
    HF_TRY(hf_core_do(core, who, HF_OP_TPM_DOCTOR, NULL, look, found));
    *out = *found;
    return HF_OK;
}
