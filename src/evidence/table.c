/* The formats, and which one bytes are of. */
#include "evidence/table.h"

#include <stdio.h>

/* clang-format off */
#define FORMATS(X) \
    X(azure_hcl) \
    X(cc_eventlog) \
    X(cca_token) \
    X(ias_report) \
    X(mock) \
    X(nitro_document) \
    X(nvidia_report) \
    X(psa_token) \
    X(sev_chain) \
    X(sev_report) \
    X(sgx_quote) \
    X(sgx_report) \
    X(sgx_sigstruct) \
    X(snp_id_block) \
    X(snp_report) \
    X(td_report) \
    X(tdx_quote) \
    X(tpm_eventlog) \
    X(tpm_quote) \
    X(vendor_commitment) \

/* clang-format on */

#define DECLARE(name) extern const struct hf_evidence_format hf_format_##name;
FORMATS(DECLARE)

#define ROW(name) &hf_format_##name,
const struct hf_evidence_format *const hf_evidence_formats[] = {FORMATS(ROW) NULL};

static bool named(const struct hf_evidence_format *f, const char *kind)
{
    return strcmp(f->name, kind) == 0 || strcmp(f->family, kind) == 0;
}

static hf_err no_such_kind(const char *kind)
{
    char all[512];
    size_t n = 0;

    all[0] = 0;
    for (size_t i = 0; hf_evidence_formats[i] && n < sizeof(all); i++)
        n += (size_t)snprintf(all + n, sizeof(all) - n, " %s", hf_evidence_formats[i]->name);
    return hf_fail(HF_E_ARG, "no kind of evidence is called \"%.40s\"; there are auto%s, and their first words", kind,
                   all);
}

hf_err hf_evidence_detect(struct hf_bytes in, const char *kind, const struct hf_evidence_format **out)
{
    bool any = !kind || strcmp(kind, "auto") == 0, known = any;

    for (size_t i = 0; hf_evidence_formats[i]; i++) {
        const struct hf_evidence_format *f = hf_evidence_formats[i];

        known |= !any && named(f, kind);
        if (!f->detect(in) || (!any && !named(f, kind)))
            continue;
        *out = f;
        return HF_OK;
    }
    if (!known)
        return no_such_kind(kind);
    for (size_t i = 0; !any && hf_evidence_formats[i]; i++) {
        if (hf_evidence_formats[i]->detect(in))
            return hf_fail(HF_E_FORMAT, "%zu bytes that are of kind %s, not %.40s", in.n, hf_evidence_formats[i]->name,
                           kind);
    }
    if (in.n == 0)
        return hf_fail(HF_E_FORMAT, "no bytes at all: nothing to judge");
    return hf_fail(HF_E_FORMAT, "%zu bytes beginning %02x %02x %02x %02x are no kind of evidence that is known", in.n,
                   in.p[0], in.n > 1 ? in.p[1] : 0, in.n > 2 ? in.p[2] : 0, in.n > 3 ? in.p[3] : 0);
}
