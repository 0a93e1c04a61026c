/* PCK certificate extension: Intel SGX PCK Certificate and CRL Profile Specification, 1.6, section 3.5. */
#include "evidence/pck.h"
#include "base/cleanup.h"
#include "codec/der.h"

#include <stdio.h>

/* The body of the OID 1.2.840.113741.1.13.1; what follows it numbers the items. */
static const uint8_t prefix[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

enum { PPID = 1, TCB, PCE_ID, FMSPC, SGX_TYPE, INSTANCE, CONFIGURATION };
enum { PCE_SVN = 17, CPU_SVN = 18 };

const char *hf_pck_type_name(enum hf_pck_type type)
{
    static const char *const names[] = {"standard", "scalable", "scalable with integrity"};

    return (size_t)type < HF_COUNT(names) ? names[type] : "unknown";
}

/* One SEQUENCE { OID, value }: its number under `path`, a view of the value's reader behind the OID. */
static hf_err item(struct hf_reader *r, struct hf_bytes path, uint8_t max, uint8_t *order, size_t have,
                   struct hf_reader *value)
{
    struct hf_bytes oid;

    HF_TRY(hf_der_sequence(r, value));
    HF_TRY(hf_der_oid(value, &oid));
    if (oid.n != path.n + 1 || memcmp(oid.p, path.p, path.n) != 0 || oid.p[path.n] < 1 || oid.p[path.n] > max)
        return hf_fail(HF_E_FORMAT, "PCK extension: item %zu has an OID that is not known", have + 1);
    for (size_t i = 0; i < have; i++) {
        if (order[i] == oid.p[path.n])
            return hf_fail(HF_E_FORMAT, "PCK extension: item %u is there twice", order[i]);
    }
    order[have] = oid.p[path.n]; /* at most `max` different ones: there is room */
    return HF_OK;
}

static hf_err octets(struct hf_reader *r, void *out, size_t n, const char *name)
{
    struct hf_bytes value;

    HF_TRY(hf_der_octets(r, &value));
    if (value.n != n)
        return hf_fail(HF_E_FORMAT, "PCK extension: %s of %zu bytes, want %zu", name, value.n, n);
    memcpy(out, value.p, n);
    return HF_OK;
}

static hf_err number(struct hf_reader *r, uint64_t max, const char *name, uint64_t *out)
{
    HF_TRY(hf_der_u64(r, out));
    return *out <= max ? HF_OK
                       : hf_fail(HF_E_FORMAT, "PCK extension: %s is %llu, at most %llu", name, (unsigned long long)*out,
                                 (unsigned long long)max);
}

static hf_err parse_tcb(struct hf_reader *r, struct hf_pck *out)
{
    uint8_t path[sizeof(prefix) + 1];
    struct hf_reader all, value;
    size_t n = 0;

    memcpy(path, prefix, sizeof(prefix));
    path[sizeof(prefix)] = TCB;
    HF_TRY(hf_der_sequence(r, &all));
    for (; hf_rd_more(&all); n++) {
        uint64_t svn = 0;

        HF_TRY(item(&all, HF_BYTES_OF(path), HF_PCK_TCB_ITEMS, out->tcb_order, n, &value));
        if (out->tcb_order[n] == CPU_SVN)
            HF_TRY(octets(&value, out->cpu_svn, sizeof(out->cpu_svn), "CPUSVN"));
        else if (out->tcb_order[n] == PCE_SVN)
            HF_TRY(number(&value, UINT16_MAX, "PCESVN", &svn));
        else
            HF_TRY(number(&value, UINT8_MAX, "a component's SVN", &svn));
        if (out->tcb_order[n] == PCE_SVN)
            out->pce_svn = (uint16_t)svn;
        else if (out->tcb_order[n] <= HF_PCK_COMPONENTS)
            out->svn[out->tcb_order[n] - 1] = (uint8_t)svn;
        HF_TRY(hf_rd_end(&value));
    }
    HF_TRY(hf_rd_end(&all));
    return n == HF_PCK_TCB_ITEMS
               ? HF_OK
               : hf_fail(HF_E_FORMAT, "PCK extension: a TCB of %zu items, want %d", n, HF_PCK_TCB_ITEMS);
}

static hf_err parse_configuration(struct hf_reader *r, struct hf_pck *out)
{
    uint8_t path[sizeof(prefix) + 1];
    struct hf_reader all, value;

    memcpy(path, prefix, sizeof(prefix));
    path[sizeof(prefix)] = CONFIGURATION;
    out->has_configuration = true;
    HF_TRY(hf_der_sequence(r, &all));
    for (size_t n = 0; hf_rd_more(&all); n++) {
        size_t which;

        HF_TRY(item(&all, HF_BYTES_OF(path), HF_PCK_CONFIGURATIONS, out->configuration_order, n, &value));
        which = out->configuration_order[n] - 1u;
        out->has_configured[which] = true;
        HF_TRY(hf_der_bool(&value, false, &out->configured[which]));
        HF_TRY(hf_rd_end(&value));
    }
    return hf_rd_end(&all);
}

static hf_err parse_item(unsigned which, struct hf_reader *value, struct hf_pck *out)
{
    uint64_t type;

    switch (which) {
    case PPID:
        return octets(value, out->ppid, sizeof(out->ppid), "PPID");
    case TCB:
        return parse_tcb(value, out);
    case PCE_ID:
        return octets(value, out->pce_id, sizeof(out->pce_id), "PCEID");
    case FMSPC:
        return octets(value, out->fmspc, sizeof(out->fmspc), "FMSPC");
    case SGX_TYPE:
        HF_TRY(hf_der_enumerated(value, &type));
        if (type > HF_PCK_SCALABLE_WITH_INTEGRITY)
            return hf_fail(HF_E_FORMAT, "PCK extension: SGX type %llu, known are 0 to 2", (unsigned long long)type);
        out->sgx_type = (enum hf_pck_type)type;
        return HF_OK;
    case INSTANCE:
        out->has_instance = true;
        return octets(value, out->instance_id, sizeof(out->instance_id), "platform instance ID");
    default:
        return parse_configuration(value, out);
    }
}

hf_err hf_pck_parse(struct hf_bytes in, struct hf_pck *out)
{
    struct hf_pck pck = {0};
    struct hf_reader r = hf_reader(in), all, value;
    unsigned there = 0, needed = 1u << PPID | 1u << TCB | 1u << PCE_ID | 1u << FMSPC | 1u << SGX_TYPE;

    HF_TRY(hf_der_sequence(&r, &all));
    for (size_t n = 0; hf_rd_more(&all); n++) {
        HF_TRY(item(&all, HF_BYTES_OF(prefix), HF_PCK_ITEMS, pck.order, n, &value));
        there |= 1u << pck.order[n];
        HF_TRY(parse_item(pck.order[n], &value, &pck));
        HF_TRY(hf_rd_end(&value));
    }
    HF_TRY(hf_rd_end(&all));
    HF_TRY(hf_rd_end(&r));
    for (unsigned i = PPID; i <= SGX_TYPE; i++) {
        if (needed & ~there & 1u << i)
            return hf_fail(HF_E_FORMAT, "PCK extension: item %u is missing", i);
    }
    *out = pck;
    return HF_OK;
}

/* ---- writing ---- */

static void open_item(struct hf_der_writer *w, unsigned a, unsigned b)
{
    char oid[48];

    if (b)
        (void)snprintf(oid, sizeof(oid), HF_OID_PCK ".%u.%u", a, b);
    else
        (void)snprintf(oid, sizeof(oid), HF_OID_PCK ".%u", a);
    hf_der_put_open(w, HF_DER_SEQUENCE);
    hf_der_put_oid(w, oid);
}

static void write_tcb(const struct hf_pck *pck, struct hf_der_writer *w)
{
    hf_der_put_open(w, HF_DER_SEQUENCE);
    for (unsigned i = 0; i < HF_PCK_TCB_ITEMS; i++) {
        unsigned which = pck->tcb_order[i] ? pck->tcb_order[i] : i + 1;

        open_item(w, TCB, which);
        if (which == CPU_SVN)
            hf_der_put_octets(w, HF_BYTES_OF(pck->cpu_svn));
        else
            hf_der_put_u64(w, which == PCE_SVN ? pck->pce_svn : pck->svn[which - 1]);
        hf_der_put_close(w);
    }
    hf_der_put_close(w);
}

static void write_configuration(const struct hf_pck *pck, struct hf_der_writer *w)
{
    bool ordered = pck->configuration_order[0] != 0;

    hf_der_put_open(w, HF_DER_SEQUENCE);
    for (unsigned i = 0; i < HF_PCK_CONFIGURATIONS; i++) {
        unsigned which = ordered ? pck->configuration_order[i] : i + 1;

        if (which == 0 || !pck->has_configured[which - 1])
            continue;
        open_item(w, CONFIGURATION, which);
        hf_der_put_bool(w, pck->configured[which - 1]);
        hf_der_put_close(w);
    }
    hf_der_put_close(w);
}

static void write_item(const struct hf_pck *pck, unsigned which, struct hf_der_writer *w)
{
    uint8_t type = (uint8_t)pck->sgx_type;

    if ((which == INSTANCE && !pck->has_instance) || (which == CONFIGURATION && !pck->has_configuration))
        return;
    open_item(w, which, 0);
    if (which == PPID)
        hf_der_put_octets(w, HF_BYTES_OF(pck->ppid));
    else if (which == TCB)
        write_tcb(pck, w);
    else if (which == PCE_ID)
        hf_der_put_octets(w, HF_BYTES_OF(pck->pce_id));
    else if (which == FMSPC)
        hf_der_put_octets(w, HF_BYTES_OF(pck->fmspc));
    else if (which == SGX_TYPE)
        hf_der_put(w, HF_DER_ENUMERATED, (struct hf_bytes){&type, 1});
    else if (which == INSTANCE)
        hf_der_put_octets(w, HF_BYTES_OF(pck->instance_id));
    else
        write_configuration(pck, w);
    hf_der_put_close(w);
}

hf_err hf_pck_write(const struct hf_pck *pck, struct hf_buf *out)
{
    struct hf_der_writer w = hf_der_writer(out);
    bool ordered = pck->order[0] != 0;

    hf_der_put_open(&w, HF_DER_SEQUENCE);
    for (unsigned i = 0; i < HF_PCK_ITEMS; i++) {
        unsigned which = ordered ? pck->order[i] : i + 1;

        if (which)
            write_item(pck, which, &w);
    }
    hf_der_put_close(&w);
    return hf_der_end(&w);
}
