/* SEV and AMD certificates and reports: what is read is written again byte for byte; keys and signatures of any content
 * are refused or used, never believed. */
#include "base/cleanup.h"
#include "evidence/sev_report.h"
#include "fuzz.h"
#include "fuzz_inspect.h"
#include "verify/sev_chain.h"

static void sev(const struct hf_sev_cert *c)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    uint8_t again[HF_SEV_CERT_SIZE];

    if (hf_sev_cert_write(c, again) != HF_OK || !hf_bytes_equal(HF_BYTES_OF(again), c->whole))
        abort();
    if (hf_sev_cert_key(c, &key) == HF_OK)
        (void)hf_sev_cert_check(c, 1, key);
}

static void amd(const struct hf_amd_cert *c)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

    if (hf_amd_cert_write(c, &again) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&again), c->whole))
        abort();
    if (hf_amd_cert_key(c, &key) == HF_OK)
        (void)hf_amd_cert_check(c, key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size}, rest = in;
    struct hf_sev_item item;
    struct hf_sev_report report;
    uint8_t again[HF_SEV_REPORT_SIZE];
    hf_err err = HF_E_FORMAT;

    while (rest.n && (err = hf_sev_item_next(&rest, &item)) == HF_OK) {
        if (item.amd)
            amd(&item.ca);
        else
            sev(&item.sev);
    }
    if (size && fuzz_inspect(in, hf_sev_chain_inspect) != err)
        abort();
    if (fuzz_inspect(in, hf_sev_report_inspect) != hf_sev_report_parse(in, &report))
        abort();
    if (hf_sev_report_parse(in, &report) == HF_OK) {
        hf_sev_report_write(&report, again);
        if (!hf_bytes_equal(HF_BYTES_OF(again), in))
            abort();
    }
    return 0;
}
