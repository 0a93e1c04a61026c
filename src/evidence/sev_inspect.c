/* SEV certificates and reports told field by field, and as kinds of evidence. */
#include "evidence/fields.h"
#include "evidence/sev_cert.h"
#include "evidence/sev_report.h"
#include "evidence/table.h"

#include <stdio.h>

static void usage_text(uint64_t usage, char *place, size_t size)
{
    (void)snprintf(place, size, "%s", hf_sev_usage_name((uint32_t)usage));
}

static void algo_text(uint64_t algo, char *place, size_t size)
{
    (void)snprintf(place, size, "%s", hf_sev_algo_name((uint32_t)algo));
}

static void curve_text(uint64_t curve, char *place, size_t size)
{
    (void)snprintf(place, size, "%s", curve == 1 ? "P-256" : curve == 2 ? "P-384" : "unknown, or bits of an RSA key");
}

void hf_sev_policy_text(uint64_t policy, char *place, size_t size)
{
    static const struct hf_bit_name names[] = {
        {HF_SEV_POLICY_NODBG, "NODBG"},   {HF_SEV_POLICY_NOKS, "NOKS"},     {HF_SEV_POLICY_ES, "ES"},
        {HF_SEV_POLICY_NOSEND, "NOSEND"}, {HF_SEV_POLICY_DOMAIN, "DOMAIN"}, {HF_SEV_POLICY_SEV, "SEV"},
    };
    size_t n;

    hf_bits_text(policy & 0xffff, names, HF_COUNT(names), place, size);
    n = strlen(place);
    (void)snprintf(place + n, size - n, "%sAPI %u.%u", n ? ", " : "", (unsigned)(policy >> 16 & 0xff),
                   (unsigned)(policy >> 24 & 0xff));
}

static const struct hf_field sev_fields[] = {
    {0, 4, HF_AS_LE, "VERSION", NULL},
    {4, 1, HF_AS_LE, "API_MAJOR", NULL},
    {5, 1, HF_AS_LE, "API_MINOR", NULL},
    {6, 2, HF_AS_ZERO, "reserved", NULL},
    {8, 4, HF_AS_LE, "PUBKEY_USAGE", usage_text},
    {12, 4, HF_AS_LE, "PUBKEY_ALGO", algo_text},
    {16, 4, HF_AS_LE, "PUBKEY.CURVE", curve_text},
    {20, 72, HF_AS_BYTES, "PUBKEY.QX", NULL},
    {92, 72, HF_AS_BYTES, "PUBKEY.QY", NULL},
    {164, 880, HF_AS_ZERO, "PUBKEY, the rest", NULL},
    {0x414, 4, HF_AS_LE, "SIG1_USAGE", usage_text},
    {0x418, 4, HF_AS_LE, "SIG1_ALGO", algo_text},
    {0x41c, 512, HF_AS_BYTES, "SIG1", NULL},
    {0x61c, 4, HF_AS_LE, "SIG2_USAGE", usage_text},
    {0x620, 4, HF_AS_LE, "SIG2_ALGO", algo_text},
    {0x624, 512, HF_AS_BYTES, "SIG2", NULL},
};

static const struct hf_field amd_fields[] = {
    {0, 4, HF_AS_LE, "VERSION", NULL},
    {4, 16, HF_AS_BYTES, "KEY_ID", NULL},
    {20, 16, HF_AS_BYTES, "CERTIFYING_ID", NULL},
    {36, 4, HF_AS_LE, "KEY_USAGE", usage_text},
    {40, 16, HF_AS_ZERO, "reserved", NULL},
    {56, 4, HF_AS_LE, "PUBEXP_SIZE", NULL},
    {60, 4, HF_AS_LE, "MODULUS_SIZE", NULL},
};

static const struct hf_field report_fields[] = {
    {0, 16, HF_AS_BYTES, "MNONCE", NULL},
    {16, 32, HF_AS_BYTES, "LAUNCH_DIGEST", NULL},
    {48, 4, HF_AS_LE, "POLICY", hf_sev_policy_text},
    {52, 4, HF_AS_LE, "SIG_USAGE", usage_text},
    {56, 4, HF_AS_LE, "SIG_ALGO", algo_text},
    {60, 4, HF_AS_ZERO, "reserved", NULL},
    {64, 72, HF_AS_BYTES, "SIG.R", NULL},
    {136, 72, HF_AS_BYTES, "SIG.S", NULL},
};

static void tell_item(const struct hf_sev_item *item, struct hf_bytes in, struct hf_inspect *i)
{
    struct hf_bytes whole = item->amd ? item->ca.whole : item->sev.whole;
    size_t at = (size_t)(whole.p - in.p);

    hf_inspect_open(i, hf_sev_usage_name(item->amd ? item->ca.usage : item->sev.usage), whole);
    if (item->amd) {
        hf_inspect_fields(i, at, amd_fields, HF_COUNT(amd_fields));
        hf_inspect_bytes(i, "PUBEXP", item->ca.e, NULL);
        hf_inspect_bytes(i, "MODULUS", item->ca.n, NULL);
        hf_inspect_bytes(i, "SIGNATURE", item->ca.signature, NULL);
    } else {
        hf_inspect_fields(i, at, sev_fields, HF_COUNT(sev_fields));
    }
    hf_inspect_close(i);
}

hf_err hf_sev_chain_inspect(struct hf_bytes in, struct hf_inspect *i)
{
    struct hf_bytes rest = in;
    struct hf_sev_item item;

    while (rest.n) {
        hf_err err = hf_sev_item_next(&rest, &item);

        if (err != HF_OK) {
            hf_inspect_fields(i, (size_t)(rest.p - in.p), sev_fields, HF_COUNT(sev_fields));
            return err;
        }
        tell_item(&item, in, i);
    }
    return HF_OK;
}

hf_err hf_sev_report_inspect(struct hf_bytes in, struct hf_inspect *i)
{
    struct hf_sev_report report;

    hf_inspect_fields(i, 0, report_fields, HF_COUNT(report_fields));
    return hf_sev_report_parse(in, &report);
}

const struct hf_evidence_format hf_format_sev_chain = {
    .name = "sev-chain",
    .family = "sev",
    .about = "certificates of an SEV platform, one behind another: PDH, PEK, OCA, CEK, and AMD's ASK, ARK",
    .detect = hf_sev_chain_is,
    .inspect = hf_sev_chain_inspect,
};

static bool detect_report(struct hf_bytes in)
{
    static const uint8_t pek[] = {0x02, 0x10, 0, 0};

    return in.n == HF_SEV_REPORT_SIZE && memcmp(in.p + 52, pek, sizeof(pek)) == 0;
}

const struct hf_evidence_format hf_format_sev_report = {
    .name = "sev-report",
    .family = "sev",
    .about = "attestation report of an SEV or SEV-ES guest (before SNP)",
    .detect = detect_report,
    .inspect = hf_sev_report_inspect,
};
