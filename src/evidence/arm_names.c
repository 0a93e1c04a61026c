/* Words and numbers of Arm tokens: profiles, lifecycles, hash algorithms. */
#include "evidence/arm_claims.h"

static const struct {
    const char *text;
    enum hf_arm_profile profile;
} profiles[] = {
    {"PSA_IOT_PROFILE_1", HF_ARM_PROFILE_PSA_1},
    {"http://arm.com/psa/2.0.0", HF_ARM_PROFILE_PSA_2},
    {"tag:psacertified.org,2023:psa#tfm", HF_ARM_PROFILE_PSA_2},
    {"http://arm.com/CCA-SSD/1.0.0", HF_ARM_PROFILE_CCA_LEGACY},
    {"tag:arm.com,2023:cca_platform#1.0.0", HF_ARM_PROFILE_CCA_1},
    {"tag:arm.com,2024:cca_platform#1.1.0", HF_ARM_PROFILE_CCA_1},
    {"tag:arm.com,2024:cca_platform#2.0.0", HF_ARM_PROFILE_CCA_1},
    {"tag:arm.com,2024:cca_platform#2.0.0;direct", HF_ARM_PROFILE_CCA_DIRECT},
    {"tag:arm.com,2026:cca_platform#2.0.0", HF_ARM_PROFILE_CCA_2},
    {"tag:arm.com,2026:cca_platform#2.0.0;delegated", HF_ARM_PROFILE_CCA_2},
    {"tag:arm.com,2026:cca_platform#2.0.0;HESRAK", HF_ARM_PROFILE_CCA_2},
    {"tag:arm.com,2026:cca_platform#2.0.0;direct", HF_ARM_PROFILE_CCA_DIRECT},
    {"tag:arm.com,2026:cca_platform#2.1.0", HF_ARM_PROFILE_CCA_2},
    {"tag:arm.com,2026:cca_platform#2.1.0;delegated", HF_ARM_PROFILE_CCA_2},
    {"tag:arm.com,2026:cca_platform#2.1.0;HESRAK", HF_ARM_PROFILE_CCA_2},
    {"tag:arm.com,2026:cca_platform#2.1.0;direct", HF_ARM_PROFILE_CCA_DIRECT},
};

enum hf_arm_profile hf_arm_profile_of(struct hf_bytes text)
{
    for (size_t i = 0; i < HF_COUNT(profiles); i++) {
        if (hf_bytes_equal(text, hf_bytes_text(profiles[i].text)))
            return profiles[i].profile;
    }
    return text.n ? HF_ARM_PROFILE_UNKNOWN : HF_ARM_PROFILE_NONE;
}

enum hf_arm_lifecycle hf_arm_lifecycle_of(uint64_t value)
{
    /* each state has the range 0xN000 to 0xN0ff */
    if (value > 0x60ff || (value & 0x0f00) != 0)
        return HF_ARM_LIFECYCLE_UNKNOWN;
    return (enum hf_arm_lifecycle)(value >> 12);
}

const char *hf_arm_lifecycle_name(enum hf_arm_lifecycle state)
{
    static const char *const names[] = {
        "unknown",
        "assembly and test",
        "root of trust provisioning",
        "secured",
        "debug outside the root of trust",
        "recoverable debug of the root of trust",
        "decommissioned",
    };

    return (size_t)state < HF_COUNT(names) ? names[state] : names[0];
}

size_t hf_arm_hash_size(struct hf_bytes name)
{
    static const struct {
        const char *iana, *other; /* TF-M's drafts wrote the other */
        size_t size;
    } known[] = {{"sha-256", "SHA256", 32}, {"sha-384", "SHA384", 48}, {"sha-512", "SHA512", 64}};

    for (size_t i = 0; i < HF_COUNT(known); i++) {
        if (hf_bytes_equal(name, hf_bytes_text(known[i].iana)) || hf_bytes_equal(name, hf_bytes_text(known[i].other)))
            return known[i].size;
    }
    return 0;
}
