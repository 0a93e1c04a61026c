/* Many verdicts summed up. */
#include "policy/summary.h"
#include "codec/number.h"
#include "policy/composite.h"

#include <stdio.h>

static void count_provider(struct hf_verify_summary *s, const char *name, uint64_t valid, uint64_t invalid)
{
    size_t i = 0;

    while (i < s->n_providers && strcmp(s->provider[i].name, name) != 0)
        i++;
    if (i == HF_SUMMARY_PROVIDERS)
        return; /* more kinds than there are */
    if (i == s->n_providers) {
        (void)snprintf(s->provider[i].name, sizeof(s->provider[i].name), "%s", name);
        s->provider[i].valid = s->provider[i].invalid = 0;
        s->n_providers++;
    }
    s->provider[i].valid += valid;
    s->provider[i].invalid += invalid;
}

void hf_verify_summary_add(struct hf_verify_summary *s, const struct hf_verify_result *result)
{
    bool valid = result && strcmp(hf_reasons_status(result), "valid") == 0;
    unsigned all = result ? hf_reasons(result) : 1u << HF_REASON_INVALID_QUOTE;

    s->total++;
    s->valid += valid;
    s->invalid += !valid;
    for (unsigned i = 0; i < HF_REASONS; i++)
        s->reasons[i] += all >> i & 1;
    count_provider(s, result && result->n ? hf_provider_name(hf_composite_family(&result->item[0])) : "unknown", valid,
                   !valid);
}

void hf_verify_summary_merge(struct hf_verify_summary *s, const struct hf_verify_summary *more)
{
    s->total += more->total;
    s->valid += more->valid;
    s->invalid += more->invalid;
    for (unsigned i = 0; i < HF_REASONS; i++)
        s->reasons[i] += more->reasons[i];
    for (size_t i = 0; i < more->n_providers; i++)
        count_provider(s, more->provider[i].name, more->provider[i].valid, more->provider[i].invalid);
}

void hf_verify_summary_json(const struct hf_verify_summary *s, hf_time now, struct hf_json *j)
{
    char rate[HF_NUMBER_TEXT] = "0";

    if (s->total)
        (void)hf_number_write((double)s->valid / (double)s->total, rate);
    hf_json_u64(j, "total", s->total);
    hf_json_u64(j, "valid", s->valid);
    hf_json_u64(j, "invalid", s->invalid);
    hf_json_raw(j, "success_rate", hf_bytes_text(rate));
    hf_json_object(j, "provider_stats");
    for (size_t i = 0; i < s->n_providers; i++) {
        hf_json_object(j, s->provider[i].name);
        hf_json_u64(j, "valid", s->provider[i].valid);
        hf_json_u64(j, "invalid", s->provider[i].invalid);
        hf_json_close(j);
    }
    hf_json_close(j);
    hf_json_object(j, "failure_reasons");
    for (unsigned i = 0; i < HF_REASONS; i++) {
        if (s->reasons[i])
            hf_json_u64(j, hf_reason_name((enum hf_reason)i), s->reasons[i]);
    }
    hf_json_close(j);
    hf_json_i64(j, "timestamp", now);
}
