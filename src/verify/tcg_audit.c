/* What a careful reader notes in an event log. PC Client Platform Firmware Profile 1.06, 3.3 and 10.4. */
#include "evidence/pcr.h"
#include "verify/tcg_replay.h"

static bool data_is(const struct hf_tcg_event *event, const char *text)
{
    struct hf_bytes data = event->data;

    while (data.n && data.p[data.n - 1] == 0)
        data.n--;
    return hf_bytes_equal(data, hf_bytes_text(text));
}

static bool all_zero(struct hf_bytes bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i])
            return false;
    }
    return true;
}

/* 3.3.4.1: one separator for each of PCR 0 to 7 stands between firmware and what it starts. */
static void audit_separator(struct hf_tcg_audit *audit, const struct hf_tcg_event *event, struct hf_eventlog *out)
{
    uint32_t bit = event->reg < 32 ? 1u << event->reg : 0;

    if (audit->separated & bit)
        hf_eventlog_note(out, event->number, "a second separator in register %u", event->reg);
    audit->separated |= bit;
    if (event->data.n != 4)
        hf_eventlog_note(out, event->number, "a separator of %zu bytes; 4 are defined", event->data.n);
    else if (!all_zero(event->data) && memcmp(event->data.p, "\xff\xff\xff\xff", 4) != 0)
        hf_eventlog_note(out, event->number, "a separator that reports a firmware error");
}

static void audit_variable(const struct hf_tcg_audit *audit, const struct hf_tcg_log *log,
                           const struct hf_tcg_event *event, struct hf_eventlog *out)
{
    unsigned reg = log->kind == HF_EVENTLOG_CC ? 1 : 7;
    struct hf_efi_variable var = {0};

    if (hf_efi_variable_parse(event->data, &var) != HF_OK) {
        hf_eventlog_note(out, event->number, "the data is not a UEFI variable");
        return;
    }
    if (hf_efi_variable_named(&var, "SecureBoot") && var.data.n != 1)
        hf_eventlog_note(out, event->number, "variable SecureBoot has %zu bytes; 1 is defined", var.data.n);
    if (event->type == HF_EV_EFI_VARIABLE_DRIVER_CONFIG && event->reg == reg && audit->separated & 1u << reg)
        hf_eventlog_note(out, event->number, "secure boot configuration behind the separator of register %u", reg);
}

/* 10.4.1: EV_S_CRTM_VERSION is a UTF-16 string with its NUL, or a GUID. */
static void audit_version(const struct hf_tcg_event *event, struct hf_eventlog *out)
{
    struct hf_bytes data = event->data;
    bool text = data.n >= 2 && data.n % 2 == 0 && data.p[data.n - 1] == 0 && data.p[data.n - 2] == 0;

    if (data.n != 16 && !text)
        hf_eventlog_note(out, event->number, "EV_S_CRTM_VERSION of %zu bytes is neither a UTF-16 string nor a GUID",
                         data.n);
}

static void audit_no_action(struct hf_tcg_audit *audit, const struct hf_tcg_event *event, struct hf_eventlog *out)
{
    uint8_t locality;

    for (size_t i = 0; i < event->n_digests; i++) {
        if (!all_zero(event->digest[i].bytes) && event->reg < HF_PCR_COUNT) {
            hf_eventlog_note(out, event->number, "EV_NO_ACTION with a digest that is not zero; it is not extended");
            break;
        }
    }
    if (!hf_tcg_startup_locality(event, &locality))
        return;
    if (audit->locality_seen)
        hf_eventlog_note(out, event->number, "a second StartupLocality event");
    if (audit->extended & 1)
        hf_eventlog_note(out, event->number, "StartupLocality behind the first event of PCR 0");
    audit->locality_seen = true;
}

void hf_tcg_audit_event(struct hf_tcg_audit *audit, const struct hf_tcg_log *log, const struct hf_tcg_event *event,
                        struct hf_eventlog *out)
{
    if (event->header && log->vendor_info_outside)
        hf_eventlog_note(out, 0, "%zu bytes of vendor information are not counted in the header's size",
                         log->vendor_info.n);
    if (event->header)
        return;
    if (!hf_tcg_event_type_name(event->type))
        hf_eventlog_note(out, event->number, "event type 0x%08x is not in the specification", event->type);
    switch (event->type) {
    case HF_EV_NO_ACTION:
        audit_no_action(audit, event, out);
        return; /* extends nothing */
    case HF_EV_SEPARATOR:
        audit_separator(audit, event, out);
        break;
    case HF_EV_S_CRTM_VERSION:
        audit_version(event, out);
        break;
    case HF_EV_EFI_VARIABLE_DRIVER_CONFIG:
    case HF_EV_EFI_VARIABLE_BOOT2:
    case HF_EV_EFI_VARIABLE_AUTHORITY:
        audit_variable(audit, log, event, out);
        break;
    case HF_EV_EFI_ACTION:
        audit->called |= data_is(event, "Calling EFI Application from Boot Option");
        audit->exit_called |= data_is(event, "Exit Boot Services Invocation");
        break;
    case HF_EV_EFI_BOOT_SERVICES_APPLICATION:
        if (!audit->called && event->reg == (log->kind == HF_EVENTLOG_CC ? 2 : 4))
            hf_eventlog_note(out, event->number, "an EFI application before firmware says that it calls one");
        break;
    default:
        break;
    }
    audit->extended |= event->reg < 32 ? 1u << event->reg : 0;
}
