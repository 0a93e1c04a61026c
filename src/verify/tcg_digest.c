/* Event digests that are defined over the event's own data. PC Client Platform Firmware Profile 1.06, table 27. */
#include "verify/tcg_replay.h"

static bool is_hash_of(const struct hf_tcg_digest *digest, struct hf_bytes data, hf_err *err)
{
    struct hf_digest hash;

    if (*err == HF_OK)
        *err = hf_hash_one((enum hf_hash_alg)digest->alg, data, &hash);
    return *err == HF_OK && hf_bytes_equal(hf_digest_bytes(&hash), digest->bytes);
}

static struct hf_bytes without_nul(struct hf_bytes text)
{
    if (text.n && text.p[text.n - 1] == 0)
        text.n--;
    return text;
}

/* GRUB logs "grub_cmd: linux /vmlinuz" and measures what stands behind the prefix. */
static struct hf_bytes behind_grub_prefix(struct hf_bytes data)
{
    static const char *const prefixes[] = {"grub_cmd: ", "kernel_cmdline: ", "module_cmdline: "};

    for (size_t i = 0; i < HF_COUNT(prefixes); i++) {
        size_t n = strlen(prefixes[i]);

        if (data.n > n && memcmp(data.p, prefixes[i], n) == 0)
            return (struct hf_bytes){data.p + n, data.n - n};
    }
    return (struct hf_bytes){NULL, 0};
}

/* Text is hashed with or without its NUL, by whoever wrote the firmware. */
static bool is_hash_of_text(const struct hf_tcg_digest *digest, struct hf_bytes text, hf_err *err)
{
    return is_hash_of(digest, text, err) || is_hash_of(digest, without_nul(text), err);
}

/* EV_EFI_VARIABLE_BOOT was defined over the variable's content alone, later over the whole structure. */
static bool is_hash_of_variable(const struct hf_tcg_digest *digest, struct hf_bytes data, hf_err *err)
{
    struct hf_efi_variable var = {0};

    if (is_hash_of(digest, data, err))
        return true;
    return hf_efi_variable_parse(data, &var) == HF_OK && is_hash_of(digest, var.data, err);
}

/* TCG_PCClientTaggedEvent, 10.2.5: the structure, or what it carries. */
static bool is_hash_of_tagged(const struct hf_tcg_digest *digest, struct hf_bytes data, hf_err *err)
{
    return is_hash_of(digest, data, err) ||
           (data.n > 8 && is_hash_of_text(digest, (struct hf_bytes){data.p + 8, data.n - 8}, err));
}

hf_err hf_tcg_event_check(const struct hf_tcg_event *event, const struct hf_tcg_digest *digest,
                          enum hf_tcg_digest_check *out)
{
    struct hf_bytes behind = {NULL, 0};
    bool matches = false, defined = true;
    hf_err err = HF_OK;

    switch (event->type) {
    case HF_EV_SEPARATOR:
    case HF_EV_EFI_VARIABLE_DRIVER_CONFIG:
    case HF_EV_EFI_VARIABLE_BOOT2:
    case HF_EV_EFI_VARIABLE_AUTHORITY:
    case HF_EV_EFI_GPT_EVENT:
    case HF_EV_S_CRTM_VERSION:
        matches = is_hash_of(digest, event->data, &err);
        break;
    case HF_EV_EFI_VARIABLE_BOOT:
        matches = is_hash_of_variable(digest, event->data, &err);
        break;
    case HF_EV_ACTION:
    case HF_EV_EFI_ACTION:
    case HF_EV_OMIT_BOOT_DEVICE_EVENTS:
        matches = is_hash_of_text(digest, event->data, &err);
        break;
    case HF_EV_EVENT_TAG:
        matches = is_hash_of_tagged(digest, event->data, &err);
        defined = matches; /* the tag's owner decides */
        break;
    case HF_EV_IPL:
        behind = behind_grub_prefix(event->data);
        matches = behind.n ? is_hash_of_text(digest, behind, &err) : is_hash_of_text(digest, event->data, &err);
        defined = behind.n != 0 || matches; /* otherwise the digest of a file that the text names */
        break;
    default:
        defined = false;
        break;
    }
    HF_TRY(err);
    *out = matches ? HF_TCG_DIGEST_MATCHES : defined ? HF_TCG_DIGEST_DIFFERS : HF_TCG_DIGEST_OTHER;
    return HF_OK;
}
