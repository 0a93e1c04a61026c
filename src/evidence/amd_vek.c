/* Extensions of VCEK and VLEK certificates. AMD publication 57230. */
#include "evidence/amd_vek.h"
#include "base/writer.h"
#include "codec/der.h"

#define SPL_FMC 8 /* index of .3.9 */
#define HAS(spl, i) ((spl)->present >> (i)&1)

enum place { STRUCT_VERSION, PRODUCT, HWID, CSP_ID, SPL_1 };

/* By the last arcs, as DER has them behind HF_AMD_OID's. */
static const struct {
    const char *oid;
    enum place place; /* SPL_1 + i: .3.(i + 1) */
} rows[HF_AMD_VEK_EXTENSIONS + 1] = {
    {HF_AMD_OID ".1", STRUCT_VERSION}, {HF_AMD_OID ".2", PRODUCT},           {HF_AMD_OID ".3.1", SPL_1},
    {HF_AMD_OID ".3.2", SPL_1 + 1},    {HF_AMD_OID ".3.3", SPL_1 + 2},       {HF_AMD_OID ".3.4", SPL_1 + 3},
    {HF_AMD_OID ".3.5", SPL_1 + 4},    {HF_AMD_OID ".3.6", SPL_1 + 5},       {HF_AMD_OID ".3.7", SPL_1 + 6},
    {HF_AMD_OID ".3.8", SPL_1 + 7},    {HF_AMD_OID ".3.9", SPL_1 + SPL_FMC}, {HF_AMD_OID ".4", HWID},
    {HF_AMD_OID ".5", CSP_ID},
};

/* 1.3.6.1.4.1.3704.1 */
static const uint8_t arc[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01};

/* What stands behind the arc, as one number: .1 is 1, .3.9 is 0x309; 0 for other OIDs. */
static unsigned arc_behind(struct hf_bytes oid)
{
    if (oid.n <= sizeof(arc) || oid.n > sizeof(arc) + 2 || memcmp(oid.p, arc, sizeof(arc)) != 0)
        return 0;
    return oid.n == sizeof(arc) + 1 ? oid.p[sizeof(arc)] : (unsigned)oid.p[sizeof(arc)] << 8 | oid.p[sizeof(arc) + 1];
}

static bool below_arc(struct hf_bytes oid)
{
    return oid.n > sizeof(arc) && memcmp(oid.p, arc, sizeof(arc)) == 0;
}

bool hf_amd_vek_is(const struct hf_cert *cert)
{
    for (size_t i = 0; i < cert->n_ext; i++) {
        if (below_arc(cert->ext[i].oid))
            return true;
    }
    return false;
}

/* Security patch levels as they come: which were there, and their values. */
struct spls {
    uint32_t present;
    uint8_t value[SPL_FMC + 1];
};

static hf_err take_number(struct hf_bytes value, uint64_t max, uint64_t *out)
{
    struct hf_reader r = hf_reader(value);

    HF_TRY(hf_der_u64(&r, out));
    HF_TRY(hf_rd_end(&r));
    if (*out > max)
        return hf_fail(HF_E_FORMAT, "a number of %llu in an AMD extension; at most %llu fits", (unsigned long long)*out,
                       (unsigned long long)max);
    return HF_OK;
}

static hf_err take_text(struct hf_bytes value, struct hf_bytes *out)
{
    struct hf_reader r = hf_reader(value);

    HF_TRY(hf_der_content(&r, HF_DER_IA5, out));
    HF_TRY(hf_rd_end(&r));
    if (out->n == 0 || out->n > 64)
        return hf_fail(HF_E_FORMAT, "a text of %zu bytes in an AMD extension; 1 to 64 fit", out->n);
    for (size_t i = 0; i < out->n; i++) {
        if (out->p[i] < 0x20 || out->p[i] > 0x7e)
            return hf_fail(HF_E_FORMAT, "a text in an AMD extension has the byte 0x%02x", out->p[i]);
    }
    return HF_OK;
}

/* Raw bytes, or an OCTET STRING of them: their lengths tell them apart. */
static hf_err take_hwid(struct hf_bytes value, struct hf_amd_vek *vek)
{
    vek->hwid_wrapped = (value.n == 66 || value.n == 10) && value.p[0] == 0x04 && value.p[1] == value.n - 2;
    if (vek->hwid_wrapped)
        value = (struct hf_bytes){value.p + 2, value.n - 2};
    if (value.n != 64 && value.n != 8)
        return hf_fail(HF_E_FORMAT, "a hardware id of %zu bytes; 64 or 8 are known", value.n);
    vek->hwid = value;
    return HF_OK;
}

static hf_err take(const struct hf_extension *ext, struct hf_amd_vek *vek, struct spls *spl)
{
    unsigned which = arc_behind(ext->oid);
    uint64_t number = 0;

    switch (which) {
    case 1:
        HF_TRY(take_number(ext->value, UINT8_MAX, &number));
        vek->struct_version = (unsigned)number;
        return HF_OK;
    case 2:
        return take_text(ext->value, &vek->product_name);
    case 4:
        return take_hwid(ext->value, vek);
    case 5:
        return take_text(ext->value, &vek->csp_id);
    default:
        break;
    }
    if (which < 0x301 || which > 0x301 + SPL_FMC)
        return hf_fail(HF_E_FORMAT, "an AMD extension that is not known (%02x behind the arc)", which);
    HF_TRY(take_number(ext->value, UINT8_MAX, &number));
    spl->present |= 1u << (which - 0x301);
    spl->value[which - 0x301] = (uint8_t)number;
    return HF_OK;
}

/* Boot loader, TEE, SNP and microcode are always there. */
static hf_err place_spls(const struct spls *spl, struct hf_amd_vek *vek)
{
    static const uint8_t needed[] = {0, 1, 2, 7};

    for (size_t i = 0; i < sizeof(needed); i++) {
        if (!HAS(spl, needed[i]))
            return hf_fail(HF_E_NOT_FOUND, "the certificate has no extension " HF_AMD_OID ".3.%u", needed[i] + 1u);
    }
    vek->tcb = (struct hf_snp_tcb){
        .has_fmc = HAS(spl, SPL_FMC),
        .fmc = spl->value[SPL_FMC],
        .boot_loader = spl->value[0],
        .tee = spl->value[1],
        .snp = spl->value[2],
        .microcode = spl->value[7],
    };
    memcpy(vek->reserved_spl, spl->value + 3, sizeof(vek->reserved_spl));
    vek->has_spl4 = HAS(spl, 3);
    return HF_OK;
}

hf_err hf_amd_vek_read(const struct hf_extension *ext, size_t n, struct hf_amd_vek *out)
{
    struct hf_amd_vek vek = {0};
    struct spls spl = {0};

    for (size_t i = 0; i < n; i++) {
        if (below_arc(ext[i].oid))
            HF_TRY(take(&ext[i], &vek, &spl));
    }
    HF_TRY(place_spls(&spl, &vek));
    if (vek.product_name.n == 0)
        return hf_fail(HF_E_NOT_FOUND, "the certificate has no extension " HF_AMD_OID ".2: no product");
    if ((vek.hwid.n == 0) == (vek.csp_id.n == 0))
        return hf_fail(HF_E_FORMAT,
                       "the certificate has %s hardware id and CSP id; a VCEK has the one, a VLEK the other",
                       vek.hwid.n ? "both" : "neither");
    vek.product = hf_snp_product_by_name(vek.product_name);
    *out = vek;
    return HF_OK;
}

hf_err hf_amd_vek_parse(const struct hf_cert *cert, struct hf_amd_vek *out)
{
    return hf_amd_vek_read(cert->ext, cert->n_ext, out);
}

/* ---- writing ---- */

/* At most 64 bytes in a DER element whose length takes one byte. */
static void put(struct hf_amd_vek_extension *e, uint8_t tag, struct hf_bytes content)
{
    struct hf_writer w = hf_writer(e->value, sizeof(e->value));

    hf_wr_u8(&w, tag);
    hf_wr_u8(&w, (uint8_t)content.n);
    hf_wr_bytes(&w, content);
    e->n = hf_wr_done(&w).n;
}

static void put_number(struct hf_amd_vek_extension *e, uint8_t number)
{
    uint8_t wide[2] = {0, number};

    put(e, 0x02, number & 0x80 ? HF_BYTES_OF(wide) : (struct hf_bytes){wide + 1, 1});
}

static uint8_t spl_of(const struct hf_amd_vek *vek, unsigned i)
{
    switch (i) {
    case 0:
        return vek->tcb.boot_loader;
    case 1:
        return vek->tcb.tee;
    case 2:
        return vek->tcb.snp;
    case 7:
        return vek->tcb.microcode;
    case SPL_FMC:
        return vek->tcb.fmc;
    default:
        return vek->reserved_spl[i - 3];
    }
}

static bool wanted(const struct hf_amd_vek *vek, enum place place)
{
    if (place == HWID)
        return vek->hwid.n != 0;
    if (place == CSP_ID)
        return vek->csp_id.n != 0;
    if (place == SPL_1 + SPL_FMC)
        return vek->tcb.has_fmc;
    return place != SPL_1 + 3 || vek->has_spl4;
}

hf_err hf_amd_vek_write(const struct hf_amd_vek *vek, struct hf_amd_vek_extension out[HF_AMD_VEK_EXTENSIONS], size_t *n)
{
    size_t count = 0;

    if (vek->product_name.n > 64 || vek->csp_id.n > 64 || vek->hwid.n > 64)
        return hf_fail(HF_E_LIMIT, "texts and ids of at most 64 bytes fit");
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        struct hf_amd_vek_extension *e = &out[count];

        if (!wanted(vek, rows[i].place))
            continue;
        if (count == HF_AMD_VEK_EXTENSIONS)
            return hf_fail(HF_E_LIMIT, "both hardware id and CSP id");
        e->oid = rows[i].oid;
        if (rows[i].place == STRUCT_VERSION) {
            put_number(e, (uint8_t)vek->struct_version);
        } else if (rows[i].place == PRODUCT) {
            put(e, 0x16, vek->product_name);
        } else if (rows[i].place == CSP_ID) {
            put(e, 0x16, vek->csp_id);
        } else if (rows[i].place == HWID && vek->hwid_wrapped) {
            put(e, 0x04, vek->hwid);
        } else if (rows[i].place == HWID) {
            memcpy(e->value, vek->hwid.p, vek->hwid.n);
            e->n = vek->hwid.n;
        } else {
            put_number(e, spl_of(vek, rows[i].place - SPL_1));
        }
        count++;
    }
    *n = count;
    return HF_OK;
}
