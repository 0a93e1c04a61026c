/* The fields of appraisal policies: one row each is parsed, printed, explained, compared, merged and checked by it. */
#include "policy/appraisal_i.h"

#include <strings.h>

#define STATUSES                                                                                  \
    "UpToDate|SWHardeningNeeded|ConfigurationNeeded|ConfigurationAndSWHardeningNeeded|OutOfDate|" \
    "OutOfDateConfigurationNeeded|TDRelaunchAdvised|TDRelaunchAdvisedConfigurationNeeded"
#define PROVIDERS "sgx|tdx|sev|snp|nitro|tpm|cca|psa|nvidia|vendor|mock"
#define RECIPES "any|raw64|sha256-nonce|sha512-nonce|sha512-nonce-pubkey|model-nonce-key|azure-hcl"

/* clang-format off */
#define HEXES(path, claim, size, meaning, costs) \
    {path, HF_AP_HEXES, HF_AP_ONE_OF, claim, claim, size, NULL, meaning, costs}
#define MASKS(path, claim, size) \
    {path "_must_be_one", HF_AP_MASK, HF_AP_ONES, claim, claim, size, NULL, \
     "these bits of " path " must be set: %s", "evidence without one of them is refused"}, \
    {path "_must_be_zero", HF_AP_MASK, HF_AP_ZEROS, claim, claim, size, NULL, \
     "these bits of " path " must not be set: %s", "evidence with one of them is refused"}
#define LEAST(path, claim, row, max, meaning) \
    {path, HF_AP_NUMBER, HF_AP_AT_LEAST, claim, row, max, NULL, meaning, "older platforms and images are refused"}
#define SNP_TCB(which) \
    LEAST("snp.min_" which "_tcb.fmc", which "_fmc", "tcb minimum " which " fmc", 255, \
          which " TCB, FMC firmware (Turin): at least %s"), \
    LEAST("snp.min_" which "_tcb.bl", which "_bl", "tcb minimum " which " bl", 255, \
          which " TCB, boot loader: at least %s"), \
    LEAST("snp.min_" which "_tcb.tee", which "_tee", "tcb minimum " which " tee", 255, \
          which " TCB, TEE (PSP operating system): at least %s"), \
    LEAST("snp.min_" which "_tcb.snp", which "_snp", "tcb minimum " which " snp", 255, \
          which " TCB, SNP firmware: at least %s"), \
    LEAST("snp.min_" which "_tcb.ucode", which "_ucode", "tcb minimum " which " ucode", 255, \
          which " TCB, microcode: at least %s")

const struct hf_appraisal_field hf_appraisal_fields[] = {
    [HF_AP_LEVEL] = {"required_security_level", HF_AP_WORD, HF_AP_OWN, NULL, "security level", 0, "low|medium|high",
     "the security level is at least %s", "high admits hardware with a vendor's root alone; medium commitments too"},
    [HF_AP_AGE] = {"max_attestation_age", HF_AP_SECONDS, HF_AP_OWN, NULL, "age", 0, NULL,
     "the evidence is at most %s seconds old; without a time in it, its nonce must be fresh",
     "evidence must be made anew as often"},
    [HF_AP_PROVIDERS] = {"allowed_providers", HF_AP_WORDS, HF_AP_OWN, NULL, "provider", 0, PROVIDERS,
     "every item of evidence is of one of the kinds %s", "other kinds are refused, however genuine"},
    [HF_AP_MEASUREMENTS] = {"required_measurements", HF_AP_MEASURES, HF_AP_OWN, NULL, "measurement", 0, NULL,
     "measurements have these values: %s", "each new build of the software needs its value here first"},
    [HF_AP_TEST_MODE] = {"allow_test_mode", HF_AP_BOOL, HF_AP_OWN, NULL, "environment", 0, NULL,
     "emulated evidence: %s", "true lets evidence pass, as a warning, that no hardware stands behind"},
    [HF_AP_CERTIFICATES] = {"enforce_certificate_validation", HF_AP_BOOL, HF_AP_OWN, NULL, "certificate validation", 0,
     NULL, "certificate chains to pinned roots are enforced: %s",
     "false lets anybody make evidence; the verdict is then a warning at best"},
    [HF_AP_TCB_UPDATES] = {"enforce_tcb_updates", HF_AP_BOOL, HF_AP_OWN, NULL, "tcb updates", 0, NULL,
     "platform updates are enforced: %s",
     "false admits platforms with known holes; the verdict is then a warning at best"},
    [HF_AP_VALIDATORS] = {"custom_validators", HF_AP_TEXTS, HF_AP_OWN, NULL, "validator", 0, NULL,
     "these programs were run over the claims and passed: %s", "one that is not there, or slow, is a refusal"},
    [HF_AP_NONCE] = {"require_nonce", HF_AP_BOOL, HF_AP_OWN, NULL, "freshness", 0, NULL,
     "a nonce or report data must be given and be in the evidence: %s",
     "evidence made before the question was asked is refused"},
    [HF_AP_RECIPE] = {"report_data_recipe", HF_AP_WORD, HF_AP_OWN, NULL, "recipe", 0, RECIPES,
     "the nonce stands in the evidence by the recipe %s", "attesters that bind it otherwise are refused"},
    [HF_AP_DEBUG] = {"allow_debug", HF_AP_BOOL, HF_AP_OWN, NULL, "debug", 0, NULL,
     "debug mode: %s", "true lets evidence pass, as a warning, whose memory the host can read and change"},
    [HF_AP_MIGRATION] = {"allow_migration", HF_AP_BOOL, HF_AP_OWN, NULL, "migration", 0, NULL,
     "migration to other machines: %s", "true trusts the migration agent as much as the guest"},
    [HF_AP_MISSING_CRL] = {"allow_missing_crl", HF_AP_BOOL, HF_AP_OWN, NULL, "revocation", 0, NULL,
     "certificates without a revocation list of this time: %s",
     "true does not notice revoked platforms; false needs lists that are kept fresh"},
    [HF_AP_SKEW] = {"max_clock_skew", HF_AP_SECONDS, HF_AP_OWN, NULL, "age", 0, NULL,
     "evidence may be at most %s seconds ahead of this clock", "attesters with clocks further ahead are refused"},
    [HF_AP_COLLATERAL_AGE] = {"max_collateral_age", HF_AP_SECONDS, HF_AP_OWN,
     "collateral_issued", "collateral age", 0, NULL,
     "what vendors say of the platform is at most %s seconds old", "collateral must be fetched as often"},
    [HF_AP_STATUSES] = {"intel.allowed_tcb_statuses", HF_AP_WORDS, HF_AP_OWN, "tcb_status", "tcb status", 0, STATUSES,
     "Intel's status of the platform is one of %s", "platforms of other statuses are refused until they are updated"},

    {"intel.refused_advisories", HF_AP_TEXTS, HF_AP_WITHOUT, "advisories|advisory_ids", "advisories", 0, NULL,
     "none of these advisories applies, whatever the status: %s", "platforms with one of them are refused"},
    {"intel.allowed_advisories", HF_AP_TEXTS, HF_AP_WITHIN, "advisories|advisory_ids", "advisories", 0, NULL,
     "no advisory applies but these: %s", "each new advisory refuses the platform until it is listed here or fixed"},
    LEAST("intel.min_tcb_evaluation_number", "tcb_evaluation_number|tcb_evaluation_data_number|evaluation_number",
          "tcb minimum evaluation number", UINT32_MAX, "the collateral's evaluation number is at least %s"),
    {"intel.min_tcb_date", HF_AP_DATE, HF_AP_NOT_BEFORE, "tcb_date", "tcb minimum date", 0, NULL,
     "the matched TCB level is of %s or later", "platforms without the updates of that date are refused"},
    {"intel.min_sgx_components", HF_AP_SVNS, HF_AP_COMPONENTS, "sgx_components|sgx_tcb_components|pck_components",
     "tcb minimum components", 16, NULL, "the 16 SGX TCB components are at least %s", "platforms below are refused"},
    LEAST("intel.min_pce_svn", "pce_svn|pcesvn", "tcb minimum PCESVN", UINT16_MAX, "PCESVN is at least %s"),
    HEXES("intel.fmspcs", "fmspc", 6, "the platform's FMSPC is one of %s", "other processor models are refused"),

    HEXES("sgx.mrenclave", "mrenclave", 32, "MRENCLAVE is one of %s",
     "each new build of the enclave needs its value here first"),
    HEXES("sgx.mrsigner", "mrsigner", 32, "MRSIGNER is one of %s", "enclaves of other signers are refused"),
    {"sgx.isv_prod_ids", HF_AP_NUMBERS, HF_AP_ONE_OF, "isv_prod_id|isvprodid", "isv_prod_id", UINT16_MAX, NULL,
     "ISVPRODID is one of %s", "other products of the same signer are refused"},
    LEAST("sgx.min_isv_svn", "isv_svn|isvsvn", "minimum isv_svn", UINT16_MAX, "ISVSVN is at least %s"),
    LEAST("sgx.min_config_svn", "config_svn", "minimum config_svn", UINT16_MAX, "CONFIGSVN is at least %s"),
    HEXES("sgx.config_ids", "config_id", 64, "CONFIGID is one of %s", "other configurations are refused"),
    MASKS("sgx.attributes", "attributes", 16),
    MASKS("sgx.misc_select", "misc_select", 4),

    HEXES("tdx.mrtd", "mrtd|mr_td", 48, "MRTD is one of %s", "each new firmware of the TD needs its value here first"),
    HEXES("tdx.mrseam", "mrseam|mr_seam", 48, "MRSEAM is one of %s", "each new TDX module needs its value here first"),
    HEXES("tdx.mrsignerseam", "mrsignerseam|mrsigner_seam|mr_signer_seam", 48, "MRSIGNERSEAM is one of %s",
     "modules of other signers are refused"),
    HEXES("tdx.mrconfigid", "mrconfigid|mr_config_id", 48, "MRCONFIGID is one of %s",
     "other configurations are refused"),
    HEXES("tdx.mrowner", "mrowner|mr_owner", 48, "MROWNER is one of %s", "TDs of other owners are refused"),
    HEXES("tdx.mrownerconfig", "mrownerconfig|mr_owner_config", 48, "MROWNERCONFIG is one of %s",
     "other configurations are refused"),
    HEXES("tdx.mrservicetd", "mrservicetd|mr_service_td", 48, "MRSERVICETD is one of %s",
     "other service TDs are refused"),
    HEXES("tdx.rtmr0", "rtmr0", 48, "RTMR0 is one of %s", "changes of the virtual hardware are refused"),
    HEXES("tdx.rtmr1", "rtmr1", 48, "RTMR1 is one of %s", "each new kernel needs its value here first"),
    HEXES("tdx.rtmr2", "rtmr2", 48, "RTMR2 is one of %s", "each new initrd or command line needs its value here first"),
    HEXES("tdx.rtmr3", "rtmr3", 48, "RTMR3 is one of %s", "each new workload needs its value here first"),
    {"tdx.min_tee_tcb_svn", HF_AP_SVNS, HF_AP_COMPONENTS, "tee_tcb_svn", "tcb minimum TEE_TCB_SVN", 16, NULL,
     "TEE_TCB_SVN is at least %s, component by component", "older TDX modules are refused"},
    MASKS("tdx.td_attributes", "td_attributes", 8),
    MASKS("tdx.xfam", "xfam", 8),

    HEXES("snp.measurement", "measurement|launch_measurement", 48, "the launch measurement is one of %s",
     "each new guest image needs its value here first"),
    HEXES("snp.host_data", "host_data", 32, "HOST_DATA is one of %s",
     "guests started with other host data are refused"),
    HEXES("snp.id_key_digest", "id_key_digest", 48, "the ID key's digest is one of %s",
     "guests of other signers are refused"),
    HEXES("snp.author_key_digest", "author_key_digest", 48, "the author key's digest is one of %s",
     "guests of other authors are refused"),
    HEXES("snp.family_id", "family_id", 16, "the family id is one of %s", "other families are refused"),
    HEXES("snp.image_id", "image_id", 16, "the image id is one of %s", "other images are refused"),
    HEXES("snp.chip_ids", "chip_id", 64, "the chip is one of %s", "every other machine is refused"),
    LEAST("snp.min_guest_svn", "guest_svn", "minimum guest_svn", UINT32_MAX, "the guest's SVN is at least %s"),
    LEAST("snp.min_report_version", "report_version|version", "minimum report version", 255,
     "the report's version is at least %s"),
    {"snp.vmpl", HF_AP_NUMBERS, HF_AP_ONE_OF, "vmpl", "vmpl", UINT32_MAX, NULL, "the report was asked for at VMPL %s",
     "reports of other privilege levels, and the host's own (4294967295), are refused"},
    {"snp.products", HF_AP_TEXTS, HF_AP_ONE_OF, "product", "product", 0, NULL, "the processor is one of %s",
     "other generations are refused"},
    {"snp.signing_keys", HF_AP_WORDS, HF_AP_ONE_OF, "signing_key", "signing key", 0, "VCEK|VLEK",
     "the report is signed by %s", "reports by the other kind of key are refused"},
    MASKS("snp.policy", "policy", 8),
    MASKS("snp.platform_info", "platform_info", 8),
    SNP_TCB("reported"),
    SNP_TCB("committed"),
    SNP_TCB("launch"),

    HEXES("sev.measurement", "measurement|launch_measurement|launch_digest", 32,
     "the launch measurement is one of %s", "each new guest image needs its value here first"),
    MASKS("sev.policy", "policy", 4),
    LEAST("sev.min_build", "build", "minimum build", 255, "the firmware's build is at least %s"),

    {"nitro.pcrs", HF_AP_PCRS, HF_AP_OWN, NULL, "pcr", 0, NULL, "PCRs have these values: %s",
     "each new image needs its values here first"},
    {"nitro.module_ids", HF_AP_TEXTS, HF_AP_ONE_OF, "module_id", "module_id", 0, NULL, "the module is one of %s",
     "every other instance is refused"},

    {"tpm.pcrs", HF_AP_PCRS, HF_AP_OWN, NULL, "pcr", 0, NULL, "PCRs have these values: %s",
     "each new firmware, boot loader or kernel needs its values here first"},
    LEAST("tpm.min_firmware", "firmware|firmware_version", "minimum firmware", UINT64_MAX,
     "the TPM's firmware version is at least %s"),

    {"cca.lifecycles", HF_AP_TEXTS, HF_AP_ONE_OF, "platform_lifecycle_state|lifecycle_state|lifecycle", "lifecycle",
     0, NULL, "the platform's lifecycle is one of %s", "platforms in other states are refused"},
    HEXES("cca.implementation_ids", "platform_implementation_id|implementation_id", 32,
     "the implementation is one of %s", "other platforms are refused"),
    HEXES("cca.instance_ids", "platform_instance_id|instance_id", 33, "the platform's instance is one of %s",
     "every other machine is refused"),
    {"cca.realm_initial_measurement", HF_AP_HEXES, HF_AP_ONE_OF, "realm_initial_measurement|rim", "realm", 0, NULL,
     "the realm's initial measurement is one of %s", "each new realm image needs its value here first"},
    HEXES("cca.realm_personalization", "realm_personalization|rpv", 64, "the realm's personalisation is one of %s",
     "other realms are refused"),

    {"nvidia.driver_versions", HF_AP_TEXTS, HF_AP_ONE_OF, "driver_version", "driver_version", 0, NULL,
     "the driver is one of %s", "each new driver needs its version here first"},
    {"nvidia.vbios_versions", HF_AP_TEXTS, HF_AP_ONE_OF, "vbios_version", "vbios_version", 0, NULL,
     "the VBIOS is one of %s", "each new VBIOS needs its version here first"},

    {"vendor.names", HF_AP_TEXTS, HF_AP_ONE_OF, "vendor|vendor_name", "vendor", 0, NULL, "the vendor is one of %s",
     "commitments of others are refused"},
    {"vendor.key_ids", HF_AP_TEXTS, HF_AP_ONE_OF, "key_id", "key_id", 0, NULL, "the signing key is one of %s",
     "commitments by other keys are refused"},
    HEXES("vendor.model_hashes", "model_hash", 32, "the model's hash is one of %s",
     "each new model needs its hash here first"),

    {NULL, HF_AP_BOOL, HF_AP_OWN, NULL, NULL, 0, NULL, NULL, NULL},
};
/* clang-format on */

_Static_assert(HF_COUNT(hf_appraisal_fields) <= HF_AP_FIELDS_MAX, "room for a value of each field");

size_t hf_appraisal_n_fields(void)
{
    return HF_COUNT(hf_appraisal_fields) - 1;
}

bool hf_appraisal_about(const struct hf_appraisal_field *field, const char *family)
{
    static const struct {
        const char *group, *family;
    } groups[] = {{"intel", "sgx"}, {"intel", "tdx"}, {"cca", "psa"}};
    size_t n = strcspn(field->path, ".");

    if (!field->path[n])
        return true;
    if (strlen(family) == n && strncmp(field->path, family, n) == 0)
        return true;
    for (size_t i = 0; i < HF_COUNT(groups); i++) {
        if (strlen(groups[i].group) == n && strncmp(field->path, groups[i].group, n) == 0 &&
            strcmp(groups[i].family, family) == 0)
            return true;
    }
    return false;
}

bool hf_appraisal_covers(const char *provider, const char *family)
{
    return strcmp(provider, family) == 0 || (strcmp(provider, "sev") == 0 && strcmp(family, "snp") == 0);
}

const char *hf_appraisal_claim_name(const char *name)
{
    static const struct {
        const char *seed, *claim;
    } names[] = {{"launch_measurement", "measurement"},
                 {"enclave_id", "module_id"},
                 {"model_checksum", "model_hash"},
                 {"isvprodid", "isv_prod_id"},
                 {"isvsvn", "isv_svn"},
                 {"mr_enclave", "mrenclave"},
                 {"mr_signer", "mrsigner"},
                 {"mr_td", "mrtd"}};

    for (size_t i = 0; i < HF_COUNT(names); i++) {
        if (strcasecmp(names[i].seed, name) == 0)
            return names[i].claim;
    }
    return name;
}
