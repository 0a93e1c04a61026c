/* Results of verification for tests, without evidence: items, claims and rows written down.
 *
 *   struct hf_verify_result *r = make_result("sgx", "b:mrenclave=00ff|n:isv_svn=3|t:tcb_status=UpToDate");
 *   make_row(r, "revocation", HF_CHECK_ABSENT);
 */
#ifndef HF_MAKE_RESULT_H
#define HF_MAKE_RESULT_H

#include "base/alloc.h"
#include "codec/hex.h"
#include "policy/verify.h"

#include <stdio.h>
#include <stdlib.h>

#define MADE_AT ((hf_time)1790000000)

static const struct hf_evidence_format make_formats[] = {
    {.name = "sgx-quote", .family = "sgx"},
    {.name = "tdx-quote", .family = "tdx"},
    {.name = "snp-report", .family = "snp"},
    {.name = "nitro-document", .family = "nitro"},
    {.name = "tpm-quote", .family = "tpm"},
    {.name = "cca-token", .family = "cca"},
    {.name = "vendor-commitment", .family = "vendor"},
    {.name = "mock", .family = "mock"},
    {.name = "nvidia-gpu", .family = "nvidia"},
    {.name = "sev-measurement", .family = "sev"},
    {.name = "cc-eventlog", .family = "log"},
    {.name = "azure-hcl", .family = "azure"},
};

/* "b:" bytes in hex, "n:" a number, "t:" a text, "T:" words with commas, "y:" 0 or 1; parts are separated by "|". */
static inline void make_claims(struct hf_claims *c, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "|"), equals = strcspn(text, "=");
        char name[32], value[512];
        struct hf_bytes v = {NULL, 0};

        (void)snprintf(name, sizeof(name), "%.*s", (int)(equals - 2), text + 2);
        (void)snprintf(value, sizeof(value), "%.*s", (int)(n - equals - 1), text + equals + 1);
        if (text[0] == 'b') {
            struct hf_buf hex = {0};

            if (hf_hex_parse(hf_bytes_text(value), &hex) != HF_OK)
                abort();
            hf_claim_bytes_copy(c, name, hf_buf_bytes(&hex));
            hf_buf_free(&hex);
        } else if (text[0] == 'n') {
            hf_claim_number(c, name, strtoull(value, NULL, 0));
        } else if (text[0] == 'y') {
            hf_claim_bool(c, name, value[0] == '1');
        } else {
            v = (struct hf_bytes){c->scratch + c->used, strlen(value)};
            memcpy(c->scratch + c->used, value, v.n);
            c->used += v.n;
            (text[0] == 'T' ? hf_claim_texts : hf_claim_text)(c, name, v);
        }
        text += n + (text[n] == '|');
    }
}

static inline struct hf_item_result *make_item(struct hf_verify_result *r, const char *family, const char *claims)
{
    struct hf_item_result *item = &r->item[r->n++];

    for (size_t i = 0; i < HF_COUNT(make_formats); i++) {
        if (strcmp(make_formats[i].family, family) == 0)
            item->format = &make_formats[i];
    }
    item->findings.environment = HF_ENV_HARDWARE;
    item->findings.level = HF_LEVEL_HIGH;
    item->findings.fresh = true;
    hf_horizon_start(&item->findings.horizon);
    make_claims(&item->findings.claims, claims);
    return item;
}

static inline struct hf_verify_result *make_result(const char *family, const char *claims)
{
    struct hf_verify_result *r = NULL;

    if (hf_verify_result_new(&r) != HF_OK)
        abort();
    r->at = MADE_AT;
    hf_horizon_start(&r->horizon);
    (void)make_item(r, family, claims);
    return r;
}

static inline struct hf_check *make_row(struct hf_verify_result *r, const char *name, enum hf_check_status status)
{
    struct hf_check *row = hf_check(&r->verdict, name, HF_OK);

    row->status = status;
    row->err = status == HF_CHECK_OK ? HF_OK : HF_E_UNTRUSTED;
    return row;
}

#endif
