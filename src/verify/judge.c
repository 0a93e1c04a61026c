/* Rows that all kinds of evidence share: freshness, debug, chain, revocation. */
#include "verify/judge.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "crypto/hash.h"

#include <stdarg.h>
#include <stdio.h>

const struct hf_endorsement *hf_judge_next(const struct hf_judge *j, enum hf_endorsement_kind kind, size_t *at)
{
    const struct hf_endorsement *e = NULL;
    size_t inner;

    if (*at < j->endorsements->n)
        e = hf_endorsements_next(j->endorsements, kind, at);
    if (e)
        return e;
    inner = *at - j->endorsements->n;
    e = hf_endorsements_next(j->inner, kind, &inner);
    *at = j->endorsements->n + inner;
    return e;
}

/* ---- horizon ---- */

void hf_horizon_start(struct hf_horizon *h)
{
    *h = (struct hf_horizon){.from = INT64_MIN, .until = INT64_MAX};
}

void hf_horizon_narrow(struct hf_horizon *h, hf_time from, hf_time until, const char *by)
{
    if (from > h->from) {
        h->from = from;
        (void)snprintf(h->from_by, sizeof(h->from_by), "%s", by);
    }
    if (until < h->until) {
        h->until = until;
        (void)snprintf(h->until_by, sizeof(h->until_by), "%s", by);
    }
}

void hf_judge_missing(struct hf_findings *f, const char *what, const char *url, ...)
{
    struct hf_missing m = {0};
    va_list args;
    int n;

    va_start(args, url);
    n = vsnprintf(m.url, sizeof(m.url), url, args);
    va_end(args);
    if (n <= 0 || (size_t)n >= sizeof(m.url))
        return;
    for (size_t i = 0; i < f->n_missing; i++) {
        if (strcmp(f->missing[i].url, m.url) == 0)
            return;
    }
    (void)snprintf(m.what, sizeof(m.what), "%s", what);
    if (f->n_missing < HF_MISSING_MAX)
        f->missing[f->n_missing++] = m;
}

/* ---- freshness ---- */

static const char *const recipes[] = {
    [HF_RECIPE_ANY] = "any",
    [HF_RECIPE_RAW64] = "raw64",
    [HF_RECIPE_SHA256_NONCE] = "sha256-nonce",
    [HF_RECIPE_SHA512_NONCE] = "sha512-nonce",
    [HF_RECIPE_SHA512_NONCE_PUBKEY] = "sha512-nonce-pubkey",
    [HF_RECIPE_MODEL_NONCE_KEY] = "model-nonce-key",
    [HF_RECIPE_AZURE_HCL] = "azure-hcl",
};

const char *hf_recipe_name(enum hf_recipe recipe)
{
    return (size_t)recipe < HF_COUNT(recipes) ? recipes[recipe] : "any";
}

hf_err hf_recipe_by_name(const char *name, enum hf_recipe *out)
{
    for (size_t i = 0; i < HF_COUNT(recipes); i++) {
        if (strcmp(recipes[i], name) == 0) {
            *out = (enum hf_recipe)i;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_ARG,
                   "\"%.40s\" is no recipe; there are any, raw64, sha256-nonce, sha512-nonce, sha512-nonce-pubkey, "
                   "model-nonce-key, azure-hcl",
                   name);
}

/* What the field must be under a recipe, padded to `size`; false where the recipe cannot be made of what was given. */
static bool recipe_field(const struct hf_judge *j, enum hf_recipe recipe, size_t size, struct hf_digest *out)
{
    struct hf_bytes parts[3];
    size_t n = 0;
    enum hf_hash_alg alg = HF_SHA256;

    *out = (struct hf_digest){0};
    if (recipe == HF_RECIPE_RAW64) {
        if (j->nonce->n > sizeof(out->bytes) || (size && j->nonce->n > size))
            return false;
        if (j->nonce->n)
            memcpy(out->bytes, j->nonce->p, j->nonce->n);
        out->n = size ? size : j->nonce->n;
        return true;
    }
    if (recipe == HF_RECIPE_MODEL_NONCE_KEY)
        parts[n++] = j->model_hash;
    parts[n++] = *j->nonce;
    if (recipe == HF_RECIPE_SHA512_NONCE_PUBKEY || recipe == HF_RECIPE_MODEL_NONCE_KEY)
        parts[n++] = j->public_key;
    if (recipe == HF_RECIPE_SHA512_NONCE || recipe == HF_RECIPE_SHA512_NONCE_PUBKEY)
        alg = HF_SHA512;
    if ((recipe == HF_RECIPE_MODEL_NONCE_KEY && j->model_hash.n == 0) || parts[n - 1].n == 0 ||
        (size && size < hf_hash_size(alg)) || hf_hash(alg, parts, n, out) != HF_OK)
        return false;
    out->n = size ? size : out->n;
    return true;
}

static void check_nonce(const struct hf_judge *j, struct hf_bytes carried, size_t size, struct hf_verdict *v,
                        struct hf_findings *f)
{
    struct hf_digest want, shown = {0};
    const char *fits = NULL;
    struct hf_check *row;

    for (enum hf_recipe r = HF_RECIPE_RAW64; r < HF_RECIPE_AZURE_HCL; r++) {
        if ((j->recipe != HF_RECIPE_ANY && j->recipe != r) || !recipe_field(j, r, size, &want))
            continue;
        if (shown.n == 0)
            shown = want;
        if (!fits && hf_bytes_equal(hf_digest_bytes(&want), carried)) {
            fits = hf_recipe_name(r);
            shown = want;
        }
    }
    row = hf_check(v, "nonce",
                   fits         ? HF_OK
                   : shown.n    ? hf_fail(HF_E_MISMATCH, "the evidence is not about this nonce, by recipe %s",
                                          hf_recipe_name(j->recipe))
                                : hf_fail(HF_E_MISMATCH, "recipe %s needs more than was given, or does not fit %zu bytes",
                                          hf_recipe_name(j->recipe), size));
    hf_check_found_hex(row, carried);
    if (shown.n)
        hf_check_expected_hex(row, hf_digest_bytes(&shown));
    if (fits)
        hf_check_note(row, "by recipe %s", fits);
    f->fresh |= fits != NULL;
}

void hf_judge_freshness(const struct hf_judge *j, struct hf_bytes carried, size_t size, struct hf_verdict *v,
                        struct hf_findings *f)
{
    if (j->report_data && hf_check_equal(v, "report data", carried, *j->report_data)->status == HF_CHECK_OK)
        f->fresh = true;
    if (j->nonce && j->nonce->n == 0)
        (void)hf_check_absent(v, "nonce", "it is empty: nothing to compare");
    else if (j->nonce)
        check_nonce(j, carried, size, v, f);
    if (!j->nonce && !j->report_data)
        hf_check_found_hex(hf_check_absent(v, "freshness", "no nonce or report data was given to compare: this may be "
                                                           "a replay"),
                           carried);
    else if (f->fresh)
        (void)hf_check(v, "freshness", HF_OK);
    else
        (void)hf_check(v, "freshness", hf_fail(HF_E_MISMATCH, "nothing in it is new: this may be a replay"));
}

void hf_judge_debug(bool debug, const char *how, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_check *row = hf_check(v, "debug",
                                    debug ? hf_fail(HF_E_UNTRUSTED, "the host can read and change it: %s", how) : HF_OK);

    hf_check_expected(row, "off");
    hf_check_found(row, "%s", debug ? "on" : "off");
    hf_claim_bool(&f->claims, "debug", debug);
}

/* ---- chains ---- */

struct kept_chain {
    struct hf_chain chain;
    struct hf_certs certs; /* shares of those in the chain */
};

static void kept_free(void *address)
{
    struct kept_chain **kept = address;

    if (*kept)
        hf_certs_free(&(*kept)->certs);
    hf_free(kept);
}

/* The pool counts: without the cache, a chain is found among its certificates or not at all. */
static hf_err chain_key(const struct hf_cert *leaf, const struct hf_certs *pool, enum hf_anchor_vendor vendor,
                        const struct hf_chain_options *opt, struct hf_digest *out)
{
    uint8_t how[6] = {(uint8_t)vendor, opt->need_key_usage, opt->allow_sha1, opt->allow_v1_root, (uint8_t)opt->n_understood,
                      opt->leaf_eku != NULL};
    struct hf_bytes parts[4 + HF_CERTS_MAX] = {HF_BYTES_OF(how),
                                               HF_BYTES_OF(leaf->sha256),
                                               {(const uint8_t *)opt->root_spki, 32 * opt->n_root_spki},
                                               hf_bytes_text(opt->leaf_eku)};
    size_t n = 4;

    for (size_t i = 0; pool && i < pool->n; i++) {
        if (pool->cert[i]->ca || !pool->cert[i]->has_basic) /* others issue nothing: a fleet's leaves may be many */
            parts[n++] = HF_BYTES_OF(pool->cert[i]->sha256);
    }
    return hf_hash(HF_SHA256, parts, n, out);
}

static void keep_chain(const struct hf_judge *j, const struct hf_digest *key, const struct hf_chain *chain)
{
    HF_CLEANUP(kept_free) struct kept_chain *kept = NULL;

    if (!j->cache || hf_alloc(sizeof(*kept), &kept) != HF_OK)
        return;
    kept->chain = *chain;
    for (size_t i = 0; i < chain->n; i++) {
        struct hf_cert *same = NULL;

        memcpy(&same, &chain->cert[i], sizeof(same));
        if (hf_certs_add(&kept->certs, same) != HF_OK)
            return;
    }
    if (hf_cache_put(j->cache, HF_FACT_CHAIN, key->bytes, kept, kept_free) == HF_OK)
        kept = NULL;
}

/* The rows of a chain other than those about time, which are judged by themselves. */
static bool about_time(const struct hf_chain_row *row)
{
    return row->check == HF_CHAIN_NOT_BEFORE || row->check == HF_CHAIN_NOT_AFTER;
}

static bool say_chain(const struct hf_chain *chain, struct hf_verdict *v)
{
    struct hf_check *row;
    size_t bad = 0;

    for (size_t i = 0; i < chain->n_rows; i++) {
        const struct hf_chain_row *r = &chain->row[i];

        if (r->err == HF_OK || about_time(r) || r->check == HF_CHAIN_ROOT)
            continue;
        bad++;
        row = hf_check(v, "certificate chain", hf_fail(r->err, "%s", r->detail));
        hf_check_found(row, "%s", r->cert->subject_text);
        hf_check_expected(row, "%s", hf_chain_check_name(r->check));
    }
    if (bad)
        return false;
    row = hf_check(v, "certificate chain", HF_OK);
    hf_check_found(row, "%zu certificate%s, leaf %s", chain->n, chain->n == 1 ? "" : "s",
                   chain->cert[0]->subject_text);
    return true;
}

static bool say_root(const struct hf_judge *j, enum hf_anchor_vendor vendor, const struct hf_chain *chain,
                     struct hf_verdict *v, struct hf_findings *f)
{
    const struct hf_cert *last = chain->cert[chain->n - 1];
    const struct hf_anchor *anchor = chain->anchored ? hf_anchors_find(j->anchors, vendor, last->spki_sha256) : NULL;
    struct hf_check *row = hf_check(
        v, "root", anchor ? HF_OK : hf_fail(HF_E_UNTRUSTED, "the chain ends in no pinned root: issuer %s",
                                            last->issuer_text));

    if (!anchor) {
        hf_check_found_hex(row, HF_BYTES_OF(last->spki_sha256));
        return false;
    }
    hf_check_found(row, "%s", anchor->name);
    f->environment = anchor->environment;
    for (size_t i = 0; i < chain->n; i++) {
        if (hf_cert_ext(chain->cert[i], HF_OID_EMULATED))
            f->environment = HF_ENV_EMULATED;
    }
    return true;
}

static bool say_validity(const struct hf_judge *j, const struct hf_chain *chain, struct hf_verdict *v,
                         struct hf_findings *f)
{
    hf_err err = hf_chain_check_time(chain, j->at);
    struct hf_check *row = hf_check(v, "validity", err);
    char from[HF_TIME_TEXT], until[HF_TIME_TEXT], at[HF_TIME_TEXT];

    hf_horizon_narrow(&f->horizon, chain->valid_from, chain->valid_until, "certificate chain");
    if (err == HF_OK)
        return true;
    hf_time_write(chain->valid_from, from);
    hf_time_write(chain->valid_until, until);
    hf_time_write(j->at, at);
    hf_check_expected(row, "%s to %s", from, until);
    hf_check_found(row, "%s", at);
    return false;
}

/* Of a signature that was found good: SHA-256(what is signed, in full || the certificate of who signed it). */
static hf_err link_key(const uint8_t signed_sha256[32], const uint8_t signer_sha256[32], struct hf_digest *out)
{
    struct hf_bytes parts[] = {{signed_sha256, 32}, {signer_sha256, 32}};

    return hf_hash(HF_SHA256, parts, HF_COUNT(parts), out);
}

static bool link_known(const struct hf_judge *j, const uint8_t signed_sha256[32], const uint8_t signer_sha256[32])
{
    struct hf_digest key = {0};

    return j->cache && link_key(signed_sha256, signer_sha256, &key) == HF_OK &&
           hf_cache_get(j->cache, HF_FACT_LINK, key.bytes, NULL);
}

static void link_keep(const struct hf_judge *j, const uint8_t signed_sha256[32], const uint8_t signer_sha256[32])
{
    struct hf_digest key = {0};

    if (j->cache && link_key(signed_sha256, signer_sha256, &key) == HF_OK)
        (void)hf_cache_put(j->cache, HF_FACT_LINK, key.bytes, NULL, NULL);
}

/* Roots of the pool that are pinned by their key, and whose own signature was found good before, here or by whoever
 * wrote down the vendors' certificates: they are taken as they are. */
static hf_err known_roots(const struct hf_judge *j, enum hf_anchor_vendor vendor, const struct hf_certs *pool,
                          struct hf_certs *out)
{
    for (size_t i = 0; pool && i < pool->n; i++) {
        struct hf_cert *cert = pool->cert[i];

        if (hf_cert_self_issued(cert) && hf_anchors_find(j->anchors, vendor, cert->spki_sha256) &&
            (hf_anchors_certificate(cert->sha256) || hf_anchors_noted(j->anchors, cert->sha256) ||
             link_known(j, cert->sha256, cert->sha256)))
            HF_TRY(hf_certs_add(out, cert));
    }
    return HF_OK;
}

bool hf_judge_chain(const struct hf_judge *j, enum hf_anchor_vendor vendor, const struct hf_cert *leaf,
                    const struct hf_certs *pool, const struct hf_chain_options *rules, struct hf_verdict *v,
                    struct hf_findings *f, struct hf_chain *out)
{
    HF_CLEANUP(hf_certs_free) struct hf_certs roots = {0};
    uint8_t pins[HF_ANCHORS_MAX][32];
    struct hf_chain_options opt = rules ? *rules : (struct hf_chain_options){0};
    struct hf_digest key = {0};
    void *object = NULL;
    bool good;

    opt.at = j->at;
    opt.root_spki = (const uint8_t(*)[32])pins;
    opt.n_root_spki = hf_anchors_pins(j->anchors, vendor, pins);
    if (chain_key(leaf, pool, vendor, &opt, &key) == HF_OK && hf_cache_get(j->cache, HF_FACT_CHAIN, key.bytes, &object)) {
        *out = ((struct kept_chain *)object)->chain;
    } else {
        *out = (struct hf_chain){0};
        if (!opt.roots && known_roots(j, vendor, pool, &roots) == HF_OK)
            opt.roots = &roots;
        (void)hf_chain_check(leaf, pool, &opt, out);
        if (out->n == 0) {
            (void)hf_check(v, "certificate chain", hf_fail(HF_E_UNTRUSTED, "%s", hf_err_detail()));
            (void)hf_check(v, "root", hf_fail(HF_E_UNTRUSTED, "no chain, so no root"));
            return false;
        }
    }
    good = say_chain(out, v);
    good &= say_root(j, vendor, out, v, f);
    if (good && !object) {
        keep_chain(j, &key, out);
        if (!rules || !rules->roots) /* its own signature was looked at, now or before */
            link_keep(j, out->cert[out->n - 1]->sha256, out->cert[out->n - 1]->sha256);
    }
    return say_validity(j, out, v, f) && good;
}

/* ---- revocation ---- */

struct revocation {
    struct hf_bytes url;        /* where the caller says the leaf's list is, and others that do not say it */
    const struct hf_cert *leaf;
    size_t checked;
    const struct hf_cert *missing; /* the first without a list */
    char why[160];                 /* a list was there, and did not do */
    bool revoked;
};

/* Where the list is that covers a certificate. */
static struct hf_bytes list_url(const struct revocation *r, const struct hf_cert *cert)
{
    struct hf_bytes own;

    if (cert == r->leaf && r->url.n) /* what an old certificate names may be gone: Intel's are of the service's version 1 */
        return r->url;
    return hf_cert_url(cert, HF_URL_CRL, 0, &own) == HF_OK ? own : r->url;
}

/* hf_crl_verify, which does not depend on time, is asked once for a list and its issuer. */
static hf_err list_verify(const struct hf_judge *j, const struct hf_crl *crl, const struct hf_cert *issuer)
{
    struct hf_bytes parts[] = {HF_BYTES_OF(crl->sha256), HF_BYTES_OF(issuer->sha256)};
    struct hf_digest key = {0};
    void *none = NULL;

    HF_TRY(hf_hash(HF_SHA256, parts, HF_COUNT(parts), &key));
    if (hf_cache_get(j->cache, HF_FACT_DOCUMENT, key.bytes, &none))
        return HF_OK;
    HF_TRY(hf_crl_verify(crl, issuer));
    if (j->cache)
        (void)hf_cache_put(j->cache, HF_FACT_DOCUMENT, key.bytes, NULL, NULL);
    return HF_OK;
}

static void one_revocation(const struct hf_judge *j, const struct hf_cert *cert, const struct hf_cert *issuer,
                           struct revocation *r, struct hf_verdict *v, struct hf_findings *f)
{
    const struct hf_endorsement *e;
    char why[sizeof(r->why)] = "";
    struct hf_bytes from;
    bool found = false;

    for (size_t at = 0; (e = hf_judge_next(j, HF_ENDORSEMENT_CRL, &at)) != NULL;) {
        const struct hf_crl_entry *entry;

        if (!hf_crl_covers(e->crl, cert))
            continue;
        if (list_verify(j, e->crl, issuer) != HF_OK || hf_crl_check_time(e->crl, j->at) != HF_OK) {
            (void)snprintf(why, sizeof(why), "%.40s: %.110s", e->source, hf_err_detail());
            continue;
        }
        found = true;
        hf_horizon_narrow(&f->horizon, e->crl->this_update, e->crl->next_update, "revocation list");
        entry = hf_crl_find(e->crl, cert->serial);
        if (entry) {
            r->revoked = true;
            hf_check_found(hf_check(v, "revocation", hf_fail(HF_E_UNTRUSTED, "revoked: %s", hf_crl_reason_name(entry->reason))),
                           "serial %s, %s", cert->serial_hex, cert->subject_text);
        }
    }
    if (found) {
        r->checked++;
        return;
    }
    from = list_url(r, cert);
    if (from.n)
        hf_judge_missing(f, "revocation list", "%.*s", (int)from.n, (const char *)from.p);
    if (!r->missing) {
        r->missing = cert;
        (void)snprintf(r->why, sizeof(r->why), "%s", why);
    }
}

bool hf_judge_revocation(const struct hf_judge *j, const struct hf_chain *chain, const char *url, struct hf_verdict *v,
                         struct hf_findings *f)
{
    struct revocation r = {.url = hf_bytes_text(url), .leaf = chain->n ? chain->cert[0] : NULL};
    struct hf_bytes from;
    struct hf_check *row;

    for (size_t i = 0; i + 1 < chain->n; i++)
        one_revocation(j, chain->cert[i], chain->cert[i + 1], &r, v, f);
    if (r.missing) {
        from = list_url(&r, r.missing);
        row = hf_check_absent(v, "revocation", "%s%sno list of this time covers %.80s", r.why, r.why[0] ? "; " : "",
                              r.missing->subject_text);
        if (from.n)
            hf_check_expected(row, "a list from %.*s", (int)from.n, (const char *)from.p);
        hf_check_found(row, "%zu of %zu certificate%s covered", r.checked, chain->n ? chain->n - 1 : 0,
                       chain->n == 2 ? "" : "s");
        return false;
    }
    if (r.revoked)
        return false;
    hf_check_found(hf_check(v, "revocation", HF_OK), "%zu certificate%s, none revoked", r.checked,
                   r.checked == 1 ? "" : "s");
    return true;
}
