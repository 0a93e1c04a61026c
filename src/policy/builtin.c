/*
 * The built-in appraisal policies. A row is never edited: a stricter or laxer one is a new row with a new date, and
 * the snapshot test (tests/unit/test_builtin.c) shows what changed.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "policy/appraisal_i.h"

#include <ctype.h>
#include <stdio.h>

#define FRESH "require_nonce: true\n"

/* In alphabetical order, so that the newest of a name is its last. */
static const struct {
    const char *name;
    const char *text;
} policies[] = {
    {"cca-strict-2026-11", "name: cca-strict-2026-11\n"
                           "description: Arm CCA and PSA tokens of secured platforms under keys that you know to be theirs, "
                           "with a fresh nonce\n"
                           "required_security_level: low\n"
                           "max_attestation_age: 3600\n"
                           "allowed_providers: [cca, psa]\n" FRESH "cca:\n"
                           "  lifecycles: [secured]\n"},
    {"intel-strict-2026-11",
     "name: intel-strict-2026-11\n"
     "description: SGX enclaves and TDX guests on platforms that are up to date, with a fresh nonce\n"
     "required_security_level: high\n"
     "max_attestation_age: 3600\n"
     "allowed_providers: [sgx, tdx]\n" FRESH "intel:\n"
     "  allowed_tcb_statuses: [UpToDate]\n"
     "sgx:\n"
     "  attributes_must_be_one: \"01000000000000000000000000000000\"\n"
     "  attributes_must_be_zero: \"02000000000000000000000000000000\"\n"
     "tdx:\n"
     "  td_attributes_must_be_one: 0x10000000\n"
     "  td_attributes_must_be_zero: 0x000000ff\n"},
    {"moderate-2026-11", "name: moderate-2026-11\n"
                         "description: hardware of any age of firmware, and vendor commitments\n"
                         "required_security_level: medium\n"
                         "max_attestation_age: 7200\n"
                         "allowed_providers: [sgx, tdx, sev, snp, nitro, tpm, cca, psa, nvidia, vendor]\n"
                         "enforce_tcb_updates: false\n"},
    {"nitro-strict-2026-11",
     "name: nitro-strict-2026-11\n"
     "description: AWS Nitro enclaves that are not in debug mode, with a fresh nonce, minutes old\n"
     "required_security_level: high\n"
     "max_attestation_age: 300\n"
     "max_clock_skew: 60\n"
     "allowed_providers: [nitro]\n" FRESH},
    {"nvidia-strict-2026-11", "name: nvidia-strict-2026-11\n"
                              "description: NVIDIA GPUs and switches, with a fresh nonce\n"
                              "required_security_level: high\n"
                              "max_attestation_age: 3600\n"
                              "allowed_providers: [nvidia]\n" FRESH},
    {"relaxed-2026-11", "name: relaxed-2026-11\n"
                        "description: for development; everything passes as a warning at best\n"
                        "required_security_level: low\n"
                        "max_attestation_age: 86400\n"
                        "allowed_providers: [sgx, tdx, sev, snp, nitro, tpm, cca, psa, nvidia, vendor, mock]\n"
                        "allow_test_mode: true\n"
                        "enforce_certificate_validation: false\n"
                        "enforce_tcb_updates: false\n"
                        "allow_missing_crl: true\n"},
    {"sgx-strict-2026-11", "name: sgx-strict-2026-11\n"
                           "description: SGX enclaves on platforms that are up to date, with a fresh nonce\n"
                           "required_security_level: high\n"
                           "max_attestation_age: 3600\n"
                           "allowed_providers: [sgx]\n" FRESH "intel:\n"
                           "  allowed_tcb_statuses: [UpToDate]\n"
                           "sgx:\n"
                           "  attributes_must_be_one: \"01000000000000000000000000000000\"\n"
                           "  attributes_must_be_zero: \"02000000000000000000000000000000\"\n"},
    {"snp-strict-2026-11",
     "name: snp-strict-2026-11\n"
     "description: SEV-SNP guests without debug and migration agent, asked for at VMPL 0, with a fresh nonce\n"
     "required_security_level: high\n"
     "max_attestation_age: 3600\n"
     "allowed_providers: [snp]\n" FRESH "snp:\n"
     "  vmpl: [0]\n"
     "  policy_must_be_one: 0x20000\n"
     "  policy_must_be_zero: 0xc0000\n"},
    {"strict-2026-11", "name: strict-2026-11\n"
                       "description: hardware with its updates, evidence of the last hour, a fresh nonce\n"
                       "required_security_level: high\n"
                       "max_attestation_age: 3600\n"
                       "allowed_providers: [sgx, tdx, sev, snp, nitro, tpm, cca, psa, nvidia]\n" FRESH},
    {"tdx-strict-2026-11",
     "name: tdx-strict-2026-11\n"
     "description: TDX guests on platforms that are up to date, SEPT_VE_DISABLE set, with a fresh nonce\n"
     "required_security_level: high\n"
     "max_attestation_age: 3600\n"
     "allowed_providers: [tdx]\n" FRESH "intel:\n"
     "  allowed_tcb_statuses: [UpToDate]\n"
     "tdx:\n"
     "  td_attributes_must_be_one: 0x10000000\n"
     "  td_attributes_must_be_zero: 0x000000ff\n"},
    {"tpm-strict-2026-11", "name: tpm-strict-2026-11\n"
                           "description: TPM quotes of keys that a vendor's hardware vouches for, with a fresh nonce\n"
                           "required_security_level: high\n"
                           "max_attestation_age: 300\n"
                           "allowed_providers: [tpm]\n" FRESH},
    {"vendor-strict-2026-11", "name: vendor-strict-2026-11\n"
                              "description: signed vendor commitments that have not expired, with a fresh nonce\n"
                              "required_security_level: medium\n"
                              "max_attestation_age: 3600\n"
                              "allowed_providers: [vendor]\n" FRESH},
};

bool hf_appraisal_builtin_at(size_t i, const char **name, const char **text)
{
    if (i >= HF_COUNT(policies))
        return false;
    *name = policies[i].name;
    *text = policies[i].text;
    return true;
}

/* "-2026-11": what a dated name has behind its own. */
static bool is_date(const char *text)
{
    static const char shape[] = "-dddd-dd";

    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
            return false;
    }
    return text[sizeof(shape) - 1] == 0;
}

/* The dated name that is nearest to what was typed, its date or not; NULL where none is near. */
static const char *nearest(const char *typed)
{
    size_t n = strlen(typed), best = n / 4 + 2; /* farther is another word */
    const char *near = NULL;

    for (size_t i = 0; i < HF_COUNT(policies); i++) {
        const char *name = policies[i].name;
        size_t whole = strlen(name), dated = sizeof("-2026-11") - 1;

        for (int k = 0; k < 2; k++, whole -= dated) {
            size_t d = hf_text_distance((struct hf_bytes){(const uint8_t *)typed, n},
                                        (struct hf_bytes){(const uint8_t *)name, whole});

            if (d < best) {
                best = d;
                near = name;
            }
        }
    }
    return near;
}

hf_err hf_appraisal_builtin(const char *name, struct hf_appraisal **out)
{
    size_t n = strlen(name), found = HF_COUNT(policies), used = 0;
    const char *near = nearest(name);
    char all[512] = "";

    for (size_t i = 0; i < HF_COUNT(policies); i++) {
        if (strcmp(policies[i].name, name) == 0 ||
            (strncmp(policies[i].name, name, n) == 0 && is_date(policies[i].name + n)))
            found = i;
    }
    if (found < HF_COUNT(policies)) {
        HF_TRY(hf_appraisal_parse(hf_bytes_text(policies[found].text), policies[found].name, out));
        (void)snprintf((*out)->asked, sizeof((*out)->asked), "%s", name);
        return HF_OK;
    }
    if (near)
        return hf_fail(HF_E_NOT_FOUND, "no file or built-in policy is called \"%.64s\"; did you mean \"%s\"?", name,
                       near);
    for (size_t i = 0; i < HF_COUNT(policies) && used < sizeof(all); i++)
        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "", policies[i].name);
    return hf_fail(HF_E_NOT_FOUND, "no file or built-in policy is called \"%.64s\"; there are %s", name, all);
}
