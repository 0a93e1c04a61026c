/* The resource manager: opening, clients, the way of a command. */
#include "tpm/rm.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "tpm/call.h"
#include "tpm/rm_inside.h"

#include <stdlib.h>

#define COMMANDS_MAX 1024u
#define PAGE 128u
#define CODE_MASK (TPMA_CC_COMMANDINDEX_MASK | TPMA_CC_V)

static int by_code(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a & CODE_MASK;
    uint32_t y = *(const uint32_t *)b & CODE_MASK;

    return x < y ? -1 : x > y;
}

static hf_err read_commands(struct hf_rm *rm)
{
    uint32_t from = 0;
    size_t have = 0;
    bool more = true;

    if (!rm->command)
        HF_TRY(hf_alloc(COMMANDS_MAX * sizeof(*rm->command), &rm->command));
    while (more) {
        struct hf_reader r;
        uint32_t n = 0;

        HF_TRY(hf_rm_raw_capability(rm, TPM2_CAP_COMMANDS, from, PAGE, &more, &n, &r));
        if (n == 0 || have + n > COMMANDS_MAX)
            break;
        for (uint32_t i = 0; i < n; i++)
            rm->command[have++] = hf_rd_u32be(&r);
        HF_TRY(hf_rd_end(&r));
        from = (rm->command[have - 1] & CODE_MASK) + 1;
    }
    if (have == 0 || more)
        return hf_fail(HF_E_FORMAT, "the TPM lists %zu commands; wanted 1 to %u", have, COMMANDS_MAX);
    qsort(rm->command, have, sizeof(*rm->command), by_code);
    rm->n_commands = have;
    return HF_OK;
}

/* Both in one question: they stand near each other. */
static hf_err read_limits(struct hf_rm *rm, uint32_t *active_max, uint32_t *gap_max)
{
    struct hf_reader r;
    bool more = false;
    uint32_t n = 0;

    *active_max = 64;
    *gap_max = 255;
    HF_TRY(hf_rm_raw_capability(rm, TPM2_CAP_TPM_PROPERTIES, TPM2_PT_ACTIVE_SESSIONS_MAX,
                                TPM2_PT_CONTEXT_GAP_MAX - TPM2_PT_ACTIVE_SESSIONS_MAX + 1, &more, &n, &r));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t property = hf_rd_u32be(&r);
        uint32_t value = hf_rd_u32be(&r);

        if (property == TPM2_PT_ACTIVE_SESSIONS_MAX)
            *active_max = value;
        if (property == TPM2_PT_CONTEXT_GAP_MAX)
            *gap_max = value;
    }
    return hf_rd_end(&r);
}

hf_err hf_rm_open(struct hf_tpm_transport *raw, struct hf_rm **out)
{
    HF_CLEANUP(hf_rm_close) struct hf_rm *rm = NULL;
    uint32_t gap = 0;

    HF_TRY(hf_alloc(sizeof(*rm), &rm));
    rm->raw = raw;
    HF_TRY(read_limits(rm, &rm->active_max, &gap));
    if (rm->active_max > HF_RM_SESSIONS)
        rm->active_max = HF_RM_SESSIONS;
    if (rm->active_max < 2 || gap < 4)
        return hf_fail(HF_E_UNSUPPORTED, "the TPM has %u sessions and a context gap of %u: too few to manage",
                       rm->active_max, gap);
    rm->gap_max = gap;
    *out = hf_take(rm);
    return HF_OK;
}

void hf_rm_close(struct hf_rm **manager)
{
    struct hf_rm *rm = *manager;
    bool done = false;

    if (!rm)
        return;
    while (rm->n_clients) {
        struct hf_rm_client *c = rm->client[rm->n_clients - 1];

        hf_rm_client_close(&c);
    }
    if (!rm->dead && rm->gap_max)
        (void)hf_rm_raw_flush_stuck(rm, &done);
    for (size_t i = 0; i < HF_RM_SESSIONS; i++)
        hf_buf_free(&rm->session[i].context);
    hf_wipe(rm->in.bytes, sizeof(rm->in.bytes));
    hf_free(&rm->command);
    hf_free(manager);
}

void hf_rm_abandon(struct hf_rm *rm)
{
    rm->dead = true;
    rm->watch = NULL;
}

hf_err hf_rm_client_open(struct hf_rm *rm, struct hf_rm_client **out)
{
    struct hf_rm_client *c = NULL;

    if (rm->n_clients == HF_RM_CLIENTS)
        return hf_fail(HF_E_BUSY, "the resource manager has %u clients already", HF_RM_CLIENTS);
    HF_TRY(hf_alloc(sizeof(*c), &c));
    c->rm = rm;
    c->index = rm->n_clients;
    rm->client[rm->n_clients++] = c;
    *out = c;
    return HF_OK;
}

void hf_rm_client_close(struct hf_rm_client **client)
{
    struct hf_rm_client *c = *client;
    struct hf_rm *rm;
    uint32_t rc = 0;

    if (!c)
        return;
    rm = c->rm;
    for (size_t i = rm->n_objects; i-- > 0;) {
        if (rm->object[i]->owner == c)
            (void)hf_rm_object_end(rm, rm->object[i]);
    }
    for (size_t i = 0; i < HF_RM_SESSIONS; i++) {
        struct hf_rm_session *s = &rm->session[i];

        if (s->handle == HF_RM_NO_HANDLE || s->owner != c)
            continue;
        if (s->parked)
            s->owner = NULL;
        else
            (void)hf_rm_session_end(rm, s, &rc);
    }
    rm->client[c->index] = rm->client[--rm->n_clients];
    rm->client[c->index]->index = c->index;
    rm->client[rm->n_clients] = NULL;
    hf_free(client);
}

bool hf_rm_standard(uint32_t code, uint32_t *attributes)
{
    const struct hf_tpm_command *known = hf_tpm_command_find(code);

    if (!known)
        return false;
    *attributes = code | (uint32_t)known->handles << TPMA_CC_CHANDLES_SHIFT;
    if (known->out_handles)
        *attributes |= TPMA_CC_RHANDLE;
    if (code == TPM2_CC_SequenceComplete || code == TPM2_CC_EventSequenceComplete)
        *attributes |= TPMA_CC_FLUSHED;
    return true;
}

/* Our own table knows the commands of the specification; the TPM is asked once about others. One that it lacks it
 * refuses itself. */
static hf_err command_find(struct hf_rm *rm, uint32_t code, uint32_t *attributes, bool *found)
{
    const uint32_t *row;

    *found = hf_rm_standard(code, attributes);
    if (*found || code & ~(uint32_t)CODE_MASK)
        return HF_OK;
    if (!rm->n_commands)
        HF_TRY(read_commands(rm));
    row = bsearch(&code, rm->command, rm->n_commands, sizeof(code), by_code);
    *found = row != NULL;
    if (row)
        *attributes = *row;
    return HF_OK;
}

hf_err hf_rm_transact(struct hf_rm_client *client, struct hf_bytes command, uint32_t timeout_ms,
                      struct hf_tpm_reply *reply)
{
    struct hf_rm *rm = client->rm;
    struct hf_rm_work work = {.client = client, .command = command, .timeout_ms = timeout_ms};
    uint32_t attributes = 0;
    uint32_t code = 0;
    uint32_t rc = TPM2_RC_SUCCESS;
    bool done = false;
    bool found = false;

    if (rm->dead)
        return hf_fail(HF_E_UNAVAILABLE, "the TPM behind the resource manager is gone");
    rm->turn++;
    if (hf_wire_get_u32(command, 6, &code))
        HF_TRY(command_find(rm, code, &attributes, &found));
    if (command.n < HF_WIRE_HEADER || command.n > HF_TPM_IO_MAX)
        rc = TPM2_RC_COMMAND_SIZE;
    else if (!found)
        rc = TPM2_RC_COMMAND_CODE;
    else if (hf_wire_command_parse(command, (attributes & TPMA_CC_CHANDLES_MASK) >> TPMA_CC_CHANDLES_SHIFT,
                                   &work.cmd) != HF_OK)
        rc = TPM2_RC_COMMAND_SIZE;
    else if (work.cmd.head.tag == TPM2_ST_RSP_COMMAND)
        rc = TPM2_RC_BAD_TAG;
    if (rc != TPM2_RC_SUCCESS) {
        hf_wire_reply_rc(reply, rc);
        return HF_OK;
    }
    work.attributes = attributes;
    HF_TRY(hf_rm_special(&work, reply, &done));
    return done ? HF_OK : hf_rm_run(&work, reply);
}

struct hf_rm_counts hf_rm_counts(const struct hf_rm *rm)
{
    struct hf_rm_counts n = {.clients = rm->n_clients, .objects = rm->n_objects, .swaps = rm->swaps};

    for (size_t i = 0; i < HF_RM_SESSIONS; i++) {
        if (rm->session[i].handle == HF_RM_NO_HANDLE)
            continue;
        if (rm->session[i].parked)
            n.saved++;
        else
            n.sessions++;
    }
    return n;
}

void hf_rm_watch_set(struct hf_rm *rm, hf_rm_watch *watch, void *arg)
{
    rm->watch = watch;
    rm->watch_arg = arg;
}
