/* A result for people and programs: the checklist, JSON, and seed 002's VerificationResult. */
#include "base/text.h"
#include "policy/composite.h"
#include "policy/reasons.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- the checklist ---- */

static const char *time_text(hf_time t, char out[HF_TIME_TEXT])
{
    hf_time_write(t, out);
    return out;
}

static hf_err horizon_text(const struct hf_verify_result *r, struct hf_buf *out)
{
    char text[HF_TIME_TEXT];

    if (r->horizon.from != INT64_MIN)
        HF_TRY(hf_buf_printf(out, "holds from     %s, because of the %s\n", time_text(r->horizon.from, text),
                             r->horizon.from_by));
    if (r->horizon.until != INT64_MAX)
        HF_TRY(hf_buf_printf(out, "holds until    %s, because of the %s\n", time_text(r->horizon.until, text),
                             r->horizon.until_by));
    return HF_OK;
}

static hf_err missing_text(const struct hf_verify_result *r, struct hf_buf *out)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct hf_findings *f = &r->item[i].findings;

        for (size_t k = 0; k < f->n_missing; k++)
            HF_TRY(hf_buf_printf(out, "missing        %s: %s\n", f->missing[k].what, f->missing[k].url));
    }
    return HF_OK;
}

static hf_err head_text(const struct hf_verify_result *r, struct hf_buf *out)
{
    char text[HF_TIME_TEXT];

    HF_TRY(hf_buf_printf(out, "verdict        %s\n", hf_verify_result_verdict(r)));
    for (size_t i = 0; i < r->n; i++) {
        const struct hf_item_result *item = &r->item[i];

        if (r->n > 1)
            HF_TRY(hf_buf_printf(out, "%-13.20s  %s, %s, environment %s, level %s\n", item->label, item->format->name,
                                 hf_verdict_status_name(item->status), hf_environment_name(item->findings.environment),
                                 hf_level_name(item->findings.level)));
        else
            HF_TRY(hf_buf_printf(out, "kind           %s\nenvironment    %s\nlevel          %s\n", item->format->name,
                                 hf_environment_name(item->findings.environment), hf_level_name(item->findings.level)));
    }
    if (r->policy[0])
        HF_TRY(hf_buf_printf(out, "policy         %s\n", r->policy));
    HF_TRY(hf_buf_printf(out, "judged as of   %s\n", time_text(r->at, text)));
    HF_TRY(horizon_text(r, out));
    return missing_text(r, out);
}

hf_err hf_verify_result_text(const struct hf_verify_result *result, struct hf_buf *out)
{
    HF_TRY(head_text(result, out));
    HF_TRY(hf_buf_printf(out, "\n"));
    return hf_verdict_text(&result->verdict, out);
}

/* ---- JSON ---- */

static void findings_json(const struct hf_item_result *item, struct hf_json *j)
{
    hf_json_text(j, "kind", item->format->name);
    hf_json_text(j, "environment", hf_environment_name(item->findings.environment));
    hf_json_text(j, "security_level", hf_level_name(item->findings.level));
    hf_json_object(j, "claims");
    hf_claims_json(&item->findings.claims, j);
    hf_json_close(j);
}

static void items_json(const struct hf_verify_result *r, struct hf_json *j)
{
    if (r->n == 1) {
        findings_json(&r->item[0], j);
        return;
    }
    hf_json_text(j, "environment", hf_environment_name(hf_result_environment(r)));
    hf_json_text(j, "security_level", hf_level_name(hf_result_level(r)));
    hf_json_array(j, "items");
    for (size_t i = 0; i < r->n; i++) {
        hf_json_object(j, NULL);
        hf_json_text(j, "label", r->item[i].label);
        hf_json_text(j, "verdict", hf_verdict_status_name(r->item[i].status));
        findings_json(&r->item[i], j);
        hf_json_close(j);
    }
    hf_json_close(j);
}

static void horizon_json(const struct hf_verify_result *r, struct hf_json *j)
{
    char text[HF_TIME_TEXT];

    if (r->horizon.from != INT64_MIN) {
        hf_json_text(j, "valid_from", time_text(r->horizon.from, text));
        hf_json_text(j, "valid_from_by", r->horizon.from_by);
    }
    if (r->horizon.until != INT64_MAX) {
        hf_json_text(j, "valid_until", time_text(r->horizon.until, text));
        hf_json_text(j, "valid_until_by", r->horizon.until_by);
    }
}

static void missing_json(const struct hf_verify_result *r, struct hf_json *j)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++)
        n += r->item[i].findings.n_missing;
    if (n == 0)
        return;
    hf_json_array(j, "missing");
    for (size_t i = 0; i < r->n; i++) {
        const struct hf_findings *f = &r->item[i].findings;

        for (size_t k = 0; k < f->n_missing; k++) {
            hf_json_object(j, NULL);
            hf_json_text(j, "what", f->missing[k].what);
            hf_json_text(j, "url", f->missing[k].url);
            hf_json_close(j);
        }
    }
    hf_json_close(j);
}

static void reasons_json(const struct hf_verify_result *r, struct hf_json *j)
{
    unsigned all = hf_reasons(r);

    hf_json_array(j, "failures");
    for (unsigned i = 0; i < HF_REASONS; i++) {
        if (all >> i & 1)
            hf_json_text(j, NULL, hf_reason_name((enum hf_reason)i));
    }
    hf_json_close(j);
}

hf_err hf_verify_result_json(const struct hf_verify_result *result, struct hf_buf *out)
{
    struct hf_json j = hf_json(out, true);
    char text[HF_TIME_TEXT];

    hf_json_object(&j, NULL);
    hf_verdict_json(&result->verdict, &j);
    items_json(result, &j);
    horizon_json(result, &j);
    missing_json(result, &j);
    if (result->policy[0]) {
        hf_json_object(&j, "policy");
        hf_json_text(&j, "name", result->policy);
        hf_json_hex(&j, "sha256", HF_BYTES_OF(result->policy_sha256));
        hf_json_close(&j);
    }
    hf_json_text(&j, "at", time_text(result->at, text));
    if (result->has_nonce)
        hf_json_hex(&j, "nonce", hf_digest_bytes(&result->nonce));
    reasons_json(result, &j);
    hf_json_close(&j);
    return hf_json_end(&j);
}

/* ---- seed 002 ---- */

static bool row_holds(const struct hf_verify_result *r, const char *name)
{
    bool holds = false;

    for (size_t i = 0; i < r->verdict.n; i++) {
        const struct hf_check *row = &r->verdict.row[i];

        if (strcmp(hf_row_name(r, row), name) != 0)
            continue;
        if (row->status != HF_CHECK_OK)
            return false;
        holds = true;
    }
    return holds;
}

static void warnings_json(const struct hf_verify_result *r, struct hf_json *j)
{
    hf_json_array(j, "warnings");
    for (size_t i = 0; i < r->verdict.n; i++) {
        const struct hf_check *row = &r->verdict.row[i];

        if (row->status == HF_CHECK_WARNING || row->status == HF_CHECK_ABSENT)
            hf_json_printf(j, NULL, "%s: %s", row->name, row->note[0] ? row->note : hf_check_status_name(row->status));
    }
    hf_json_close(j);
}

static void validations_json(const struct hf_verify_result *r, struct hf_json *j)
{
    hf_json_object(j, "metadata");
    hf_json_object(j, "custom_validations");
    for (size_t i = 0; i < r->verdict.n; i++) {
        const struct hf_check *row = &r->verdict.row[i];

        if (strncmp(row->name, "validator ", 10) == 0)
            hf_json_bool(j, row->name + 10, row->status == HF_CHECK_OK);
    }
    hf_json_close(j);
    hf_json_close(j);
}

hf_err hf_verify_result_pot(const struct hf_verify_result *result, struct hf_buf *out)
{
    static const unsigned stale = 1u << HF_REASON_EXPIRED_ATTESTATION | 1u << HF_REASON_NONCE_MISMATCH |
                                  1u << HF_REASON_REPLAY_ATTACK;
    unsigned all = hf_reasons(result);
    struct hf_json j = hf_json(out, true);

    hf_json_object(&j, NULL);
    hf_json_text(&j, "status", hf_reasons_status(result));
    hf_json_text(&j, "provider_type", result->n ? hf_provider_name(hf_composite_family(&result->item[0])) : NULL);
    hf_json_text(&j, "security_level", hf_level_name(hf_result_level(result)));
    hf_json_i64(&j, "verified_at", result->at);
    hf_json_bool(&j, "measurements_valid", !(all >> HF_REASON_INVALID_MEASUREMENTS & 1));
    hf_json_bool(&j, "certificate_valid", !(all >> HF_REASON_INVALID_CERTIFICATE & 1));
    hf_json_bool(&j, "freshness_valid", !(all & stale) && (row_holds(result, "freshness") || row_holds(result, "age")));
    reasons_json(result, &j);
    warnings_json(result, &j);
    validations_json(result, &j);
    hf_json_close(&j);
    return hf_json_end(&j);
}
