/* AMD's certificate tables as endorsements: alone, or behind a report. AMD publication 56421. */
#include "base/cleanup.h"
#include "evidence/amd_cert_table.h"
#include "evidence/snp_report.h"
#include "verify/endorsements.h"

#include <stdio.h>

hf_endorsement_reader hf_amd_endorsements;

/* What a row holds: a list, or certificates, as DER or as PEM. */
static hf_err add_row(struct hf_endorsements *set, struct hf_bytes data, const char *place)
{
    HF_CLEANUP(hf_certs_free) struct hf_certs certs = {0};
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;
    hf_err err = hf_crl_parse(data, &crl);

    if (err == HF_OK)
        return hf_endorsements_add_crl(set, hf_take(crl), place);
    if (err == HF_E_MEMORY)
        return err;
    HF_TRY(hf_certs_read(data, &certs));
    for (size_t i = 0; i < certs.n; i++)
        HF_TRY(hf_endorsements_add_cert(set, hf_cert_share(certs.cert[i]), place));
    return HF_OK;
}

hf_err hf_amd_endorsements(struct hf_endorsements *set, struct hf_bytes in, const char *source, bool *known)
{
    struct hf_amd_cert_table table;
    struct hf_bytes report, rows = in;
    char place[96];

    if (!hf_amd_cert_table_looks(in) && hf_snp_report_looks(in))
        hf_snp_report_split(in, &report, &rows);
    if (!hf_amd_cert_table_looks(rows))
        return HF_OK;
    *known = true;
    HF_TRY(hf_amd_cert_table_parse(rows, &table));
    for (size_t i = 0; i < table.n; i++) {
        const char *name = hf_amd_guid_name(table.row[i].guid);

        if (!name || table.row[i].data.n == 0) /* a vendor's own */
            continue;
        (void)snprintf(place, sizeof(place), "%.80s#%s", source, name);
        HF_TRY(add_row(set, table.row[i].data, place));
    }
    return HF_OK;
}
