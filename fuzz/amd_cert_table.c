/* AMD's certificate table: rows point inside it and behind themselves, and what is written is read as the same. */
#include "evidence/amd_cert_table.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "fuzz_inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf written = {0};
    struct hf_bytes in = {data, size};
    struct hf_amd_cert_table table, again;

    (void)fuzz_inspect(in, hf_amd_cert_table_inspect);
    if (hf_amd_cert_table_parse(in, &table) != HF_OK)
        return 0;
    for (size_t i = 0; i < table.n; i++)
        fuzz_inside(table.row[i].data, in);
    if (table.n * size > 1 << 20) /* rows may share their bytes: it grows */
        return 0;
    if (hf_amd_cert_table_write(&table, &written) != HF_OK ||
        hf_amd_cert_table_parse(hf_buf_bytes(&written), &again) != HF_OK || again.n != table.n)
        abort();
    for (size_t i = 0; i < table.n; i++) {
        if (memcmp(again.row[i].guid, table.row[i].guid, 16) != 0 ||
            !hf_bytes_equal(again.row[i].data, table.row[i].data))
            abort();
    }
    return 0;
}
