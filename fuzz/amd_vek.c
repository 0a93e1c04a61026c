/* Extensions of AMD's certificates, as {place, length, value}: what is read is written again, value by value. */
#include "evidence/amd_vek.h"
#include "base/reader.h"
#include "codec/der.h"
#include "fuzz.h"

#include <stdlib.h>

static const char *const oids[] = {
    HF_AMD_OID ".1",   HF_AMD_OID ".2",   HF_AMD_OID ".3.1", HF_AMD_OID ".3.2", HF_AMD_OID ".3.3",
    HF_AMD_OID ".3.4", HF_AMD_OID ".3.5", HF_AMD_OID ".3.6", HF_AMD_OID ".3.7", HF_AMD_OID ".3.8",
    HF_AMD_OID ".3.9", HF_AMD_OID ".4",   HF_AMD_OID ".5",   "1.2.3",           HF_AMD_OID ".3.10",
};

/* The value that was given for an OID: the last one, as the reader takes it. */
static const struct hf_extension *given(const struct hf_extension *ext, size_t n, const char *oid)
{
    const struct hf_extension *found = NULL;

    for (size_t i = 0; i < n; i++)
        found = hf_der_oid_is(ext[i].oid, oid) ? &ext[i] : found;
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t oid[16][HF_DER_OID_MAX];
    struct hf_amd_vek_extension written[HF_AMD_VEK_EXTENSIONS];
    struct hf_extension ext[16];
    struct hf_reader r = hf_reader((struct hf_bytes){data, size});
    struct hf_amd_vek vek;
    size_t n = 0, out = 0;

    while (hf_rd_more(&r) && n < 16) {
        size_t length = 0;
        uint8_t which = hf_rd_u8(&r);

        if (hf_der_oid_encode(oids[which % HF_COUNT(oids)], oid[n], &length) != HF_OK)
            abort();
        ext[n] = (struct hf_extension){.oid = {oid[n], length}};
        ext[n].value = hf_rd_view(&r, hf_rd_u8(&r));
        n++;
    }
    if (hf_rd_err(&r) != HF_OK || hf_amd_vek_read(ext, n, &vek) != HF_OK)
        return 0;
    if (hf_amd_vek_write(&vek, written, &out) != HF_OK)
        abort();
    for (size_t i = 0; i < out; i++) {
        const struct hf_extension *e = given(ext, n, written[i].oid);

        if (e && !hf_bytes_equal(e->value, (struct hf_bytes){written[i].value, written[i].n}))
            abort();
    }
    return 0;
}
