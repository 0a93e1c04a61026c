/*
 * SEV-SNP reports that JSON took apart: protobuf's JSON of go-sev-guest (sevsnp.proto, message Report; also inside
 * go-tpm-tools' attestation) and serde's JSON of the sev crate (trustee's snp evidence). The fields are put back where
 * AMD has them (SEV-SNP ABI, table 23). The report's signature is over these bytes: a field that was put back wrong
 * does not verify.
 */
#include "base/cleanup.h"
#include "evidence/open_i.h"
#include "evidence/snp_report.h"

#define NAMES_MAX 3

enum kind { NUMBER, BYTES, TCB, SIGNATURE, CPUID };

static const struct field {
    size_t at, size;
    enum kind kind;
    const char *names[NAMES_MAX];
} fields[] = {
    {0x000, 4, NUMBER, {"version"}},
    {0x004, 4, NUMBER, {"guestSvn", "guest_svn"}},
    {0x008, 8, NUMBER, {"policy"}},
    {0x010, 16, BYTES, {"familyId", "family_id"}},
    {0x020, 16, BYTES, {"imageId", "image_id"}},
    {0x030, 4, NUMBER, {"vmpl"}},
    {0x034, 4, NUMBER, {"signatureAlgo", "signature_algo", "sig_algo"}},
    {0x038, 8, TCB, {"currentTcb", "current_tcb"}},
    {0x040, 8, NUMBER, {"platformInfo", "platform_info", "plat_info"}},
    {0x048, 4, NUMBER, {"signerInfo", "signer_info", "key_info"}},
    {0x048, 4, NUMBER, {"author_key_en", "_author_key_en"}},
    {0x050, 64, BYTES, {"reportData", "report_data"}},
    {0x090, 48, BYTES, {"measurement"}},
    {0x0c0, 32, BYTES, {"hostData", "host_data"}},
    {0x0e0, 48, BYTES, {"idKeyDigest", "id_key_digest"}},
    {0x110, 48, BYTES, {"authorKeyDigest", "author_key_digest"}},
    {0x140, 32, BYTES, {"reportId", "report_id"}},
    {0x160, 32, BYTES, {"reportIdMa", "report_id_ma"}},
    {0x180, 8, TCB, {"reportedTcb", "reported_tcb"}},
    {0x188, 3, CPUID, {"cpuid1eaxFms", "cpuid1eax_fms"}},
    {0x188, 1, NUMBER, {"cpuid_fam_id"}},
    {0x189, 1, NUMBER, {"cpuid_mod_id"}},
    {0x18a, 1, NUMBER, {"cpuid_step"}},
    {0x1a0, 64, BYTES, {"chipId", "chip_id"}},
    {0x1e0, 8, TCB, {"committedTcb", "committed_tcb"}},
    {0x1e8, 1, NUMBER, {"currentBuild", "current_build"}},
    {0x1e9, 1, NUMBER, {"currentMinor", "current_minor"}},
    {0x1ea, 1, NUMBER, {"currentMajor", "current_major"}},
    {0x1ec, 1, NUMBER, {"committedBuild", "committed_build"}},
    {0x1ed, 1, NUMBER, {"committedMinor", "committed_minor"}},
    {0x1ee, 1, NUMBER, {"committedMajor", "committed_major"}},
    {0x1f0, 8, TCB, {"launchTcb", "launch_tcb"}},
    {0x1f8, 8, NUMBER, {"launchMitVector", "launch_mit_vector"}},
    {0x200, 8, NUMBER, {"currentMitVector", "current_mit_vector"}},
    {0x2a0, 512, SIGNATURE, {"signature"}},
};

/* protobuf writes 64 bits as a text. */
static hf_err number_of(struct hf_json_value v, uint64_t *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (v.type != HF_JSON_TEXT)
        return hf_json_as_u64(v, UINT64_MAX, out);
    HF_TRY(hf_json_as_text(v, &text));
    return hf_json_as_u64((struct hf_json_value){HF_JSON_NUMBER, hf_buf_bytes(&text)}, UINT64_MAX, out);
}

static hf_err put_number(struct hf_json_value v, size_t size, uint8_t *place)
{
    uint64_t number = 0;

    HF_TRY(number_of(v, &number));
    if (size < 8 && number >> (8 * size))
        return hf_fail(HF_E_FORMAT, "%llu does not fit %zu bytes", (unsigned long long)number, size);
    for (size_t i = 0; i < size; i++)
        place[i] = (uint8_t)(number >> (8 * i));
    return HF_OK;
}

static hf_err put_bytes(struct hf_json_value v, size_t size, uint8_t *place)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};

    HF_TRY(hf_open_bytes(v, size, &bytes));
    if (bytes.n > size)
        return hf_fail(HF_E_FORMAT, "%zu bytes, where %zu are wanted", bytes.n, size);
    if (bytes.n)
        memcpy(place, bytes.p, bytes.n);
    return HF_OK;
}

static hf_err put_part(struct hf_json_value object, const char *name, size_t size, uint8_t *place)
{
    struct hf_json_value v;

    if (hf_json_get(object, name, &v) != HF_OK || v.type == HF_JSON_NULL)
        return HF_OK;
    return size > 1 ? put_bytes(v, size, place) : put_number(v, size, place);
}

/* The sev crate names a TCB's parts; fmc is Turin's alone, whose others lie elsewhere. */
static hf_err put_tcb(struct hf_json_value v, uint8_t place[8])
{
    struct hf_json_value fmc;
    bool turin;

    if (v.type != HF_JSON_OBJECT)
        return put_number(v, 8, place);
    turin = hf_json_get(v, "fmc", &fmc) == HF_OK && fmc.type == HF_JSON_NUMBER;
    HF_TRY(put_part(v, "fmc", 1, place));
    HF_TRY(put_part(v, "bootloader", 1, place + (turin ? 1 : 0)));
    HF_TRY(put_part(v, "tee", 1, place + (turin ? 2 : 1)));
    HF_TRY(put_part(v, "snp", 1, place + (turin ? 3 : 6)));
    return put_part(v, "microcode", 1, place + 7);
}

static hf_err put_signature(struct hf_json_value v, size_t size, uint8_t *place)
{
    if (v.type != HF_JSON_OBJECT)
        return put_bytes(v, size, place);
    HF_TRY(put_part(v, "r", 72, place));
    return put_part(v, "s", 72, place + 72);
}

/* CPUID leaf 1, EAX: base and extended family and model. */
static hf_err put_cpuid(struct hf_json_value v, uint8_t place[3])
{
    uint64_t eax = 0;

    HF_TRY(number_of(v, &eax));
    place[0] = (uint8_t)((eax >> 20 & 0xff) + (eax >> 8 & 0xf));
    place[1] = (uint8_t)((eax >> 16 & 0xf) << 4 | (eax >> 4 & 0xf));
    place[2] = (uint8_t)(eax & 0xf);
    return HF_OK;
}

static hf_err put(const struct field *f, struct hf_json_value v, uint8_t report[HF_SNP_REPORT_SIZE])
{
    uint8_t *place = report + f->at;

    switch (f->kind) {
    case NUMBER:
        return put_number(v, f->size, place);
    case BYTES:
        return put_bytes(v, f->size, place);
    case TCB:
        return put_tcb(v, place);
    case SIGNATURE:
        return put_signature(v, f->size, place);
    default:
        return put_cpuid(v, place);
    }
}

static bool has(struct hf_json_value object, const struct field *f, struct hf_json_value *out)
{
    for (size_t i = 0; i < NAMES_MAX && f->names[i]; i++) {
        if (hf_json_get(object, f->names[i], out) == HF_OK)
            return out->type != HF_JSON_NULL;
    }
    return false;
}

/* Members that no other object of an envelope has together. */
static bool looks(struct hf_json_value object)
{
    struct hf_json_value v;
    size_t found = 0;

    for (size_t i = 0; i < HF_COUNT(fields); i++) {
        size_t at = fields[i].at;

        if (at == 0x000 || at == 0x050 || at == 0x090 || at == 0x180 || at == 0x2a0)
            found += has(object, &fields[i], &v);
    }
    return found == 5;
}

hf_err hf_open_snp_fields(struct hf_opening *o, struct hf_json_value object, const char *where, bool *known)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    struct hf_json_value v;
    uint8_t *place = NULL;

    if (!looks(object))
        return HF_OK;
    *known = true;
    HF_TRY(hf_buf_grow(&report, HF_SNP_REPORT_SIZE, &place));
    memset(place, 0, HF_SNP_REPORT_SIZE);
    for (size_t i = 0; i < HF_COUNT(fields); i++) {
        hf_err err = has(object, &fields[i], &v) ? put(&fields[i], v, place) : HF_OK;

        if (err != HF_OK)
            return hf_fail(err == HF_E_MEMORY ? err : HF_E_FORMAT, "%s: %s of an SEV-SNP report in its fields: %.200s",
                           where, fields[i].names[0], hf_err_detail());
    }
    return hf_open_decoded(o, &report, where);
}
