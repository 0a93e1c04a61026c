/* Building a chain: a bounded search from the leaf to a pinned root (RFC 5280, 6, without policies). */
#include "crypto/chain.h"
#include "crypto/chain_i.h"

#include <stdio.h>

/* A hostile pool must not make us verify without end. */
#define VERIFIES_MAX 64
#define STEPS_MAX 256

struct walk {
    const struct hf_certs *pool;
    const struct hf_chain_options *opt;
    struct hf_path path;
    struct hf_chain *best;
    size_t best_failed; /* rows that failed in it */
    unsigned verifies;
    unsigned steps;
};

static bool is_pinned_cert(const struct hf_chain_options *opt, const struct hf_cert *cert)
{
    for (size_t i = 0; opt->roots && i < opt->roots->n; i++) {
        if (memcmp(opt->roots->cert[i]->sha256, cert->sha256, sizeof(cert->sha256)) == 0)
            return true;
    }
    return false;
}

static bool is_pinned_key(const struct hf_chain_options *opt, const struct hf_cert *cert)
{
    for (size_t i = 0; i < opt->n_root_spki; i++) {
        if (memcmp(opt->root_spki[i], cert->spki_sha256, sizeof(cert->spki_sha256)) == 0)
            return true;
    }
    return false;
}

static void signature_check(struct walk *w, const struct hf_cert *child, const struct hf_cert *issuer,
                            struct hf_link *out)
{
    out->detail[0] = 0;
    if (w->verifies++ >= VERIFIES_MAX)
        out->err = hf_fail(HF_E_LIMIT, "more than %d signatures to be verified for one chain", VERIFIES_MAX);
    else if (child->sig_alg.hash == HF_SHA1 && !w->opt->allow_sha1)
        out->err = hf_fail(HF_E_UNTRUSTED, "signed over SHA-1, which does not count");
    else
        out->err = hf_cert_verify(child, issuer->key);
    if (out->err != HF_OK)
        (void)snprintf(out->detail, sizeof(out->detail), "%s", hf_err_detail());
}

static size_t failed_rows(const struct hf_chain *chain)
{
    size_t n = 0;

    for (size_t i = 0; i < chain->n_rows; i++)
        n += chain->row[i].err != HF_OK;
    return n;
}

/* Judge the path as it is; keep it when it is better than the best so far. True when nothing failed. */
static bool judge(struct walk *w)
{
    struct hf_chain chain;
    size_t failed;

    hf_path_judge(&w->path, w->opt, &chain);
    failed = failed_rows(&chain);
    if (w->best->n == 0 || (chain.anchored && !w->best->anchored) ||
        (chain.anchored == w->best->anchored && failed < w->best_failed)) {
        *w->best = chain;
        w->best_failed = failed;
    }
    return failed == 0;
}

static bool in_path(const struct hf_path *path, const struct hf_cert *cert)
{
    for (size_t i = 0; i < path->n; i++) {
        if (memcmp(path->cert[i]->sha256, cert->sha256, sizeof(cert->sha256)) == 0)
            return true;
    }
    return false;
}

static bool extend(struct walk *w);

/* Try every certificate of a list that may have issued the last one. `good`: those whose key fits the signature;
 * otherwise the others, so that a wrong signature is reported as such. */
static bool try_list(struct walk *w, const struct hf_certs *list, bool good, bool *found)
{
    const struct hf_cert *last = w->path.cert[w->path.n - 1];

    for (size_t i = 0; list && i < list->n; i++) {
        const struct hf_cert *issuer = list->cert[i];
        struct hf_link link;

        if (w->steps >= STEPS_MAX || !hf_cert_may_issue(issuer, last) || in_path(&w->path, issuer))
            continue;
        signature_check(w, last, issuer, &link);
        if ((link.err == HF_OK) != good)
            continue;
        *found = true;
        w->path.link[w->path.n - 1] = link;
        w->path.cert[w->path.n++] = issuer;
        if (extend(w))
            return true;
        w->path.n--;
    }
    return false;
}

/* Go on from the last certificate. True when a chain was found on which nothing fails. */
static bool extend(struct walk *w)
{
    size_t at = w->path.n - 1;
    const struct hf_cert *last = w->path.cert[at];
    bool found = false;

    w->steps++;
    w->path.anchor = is_pinned_cert(w->opt, last)                               ? HF_ANCHOR_CERT
                     : is_pinned_key(w->opt, last) && hf_cert_self_issued(last) ? HF_ANCHOR_KEY
                                                                                : HF_ANCHOR_NONE;
    if (w->path.anchor == HF_ANCHOR_KEY)
        signature_check(w, last, last, &w->path.link[at]);
    if (w->path.anchor != HF_ANCHOR_NONE)
        return judge(w);
    if (w->path.n < HF_CHAIN_MAX) {
        if (try_list(w, w->opt->roots, true, &found) || try_list(w, w->pool, true, &found))
            return true;
        if (!found && (try_list(w, w->opt->roots, false, &found) || try_list(w, w->pool, false, &found)))
            return true;
    }
    if (!found) {
        w->path.anchor = HF_ANCHOR_NONE;
        (void)judge(w);
    }
    return false;
}

hf_err hf_chain_check(const struct hf_cert *leaf, const struct hf_certs *pool, const struct hf_chain_options *options,
                      struct hf_chain *out)
{
    struct walk w = {.pool = pool, .opt = options, .best = out};

    *out = (struct hf_chain){0};
    if (options->n_root_spki == 0 && (!options->roots || options->roots->n == 0))
        return hf_fail(HF_E_ARG, "no pinned root was given to check a chain against");
    w.path.cert[0] = leaf;
    w.path.n = 1;
    (void)extend(&w);
    for (size_t i = 0; i < out->n_rows; i++) {
        const struct hf_chain_row *row = &out->row[i];

        if (row->err != HF_OK)
            return hf_fail(HF_E_UNTRUSTED, "%s of \"%s\": %s", hf_chain_check_name(row->check), row->cert->subject_text,
                           row->detail);
    }
    return out->n_rows && out->anchored ? HF_OK : hf_fail(HF_E_INTERNAL, "a chain without a single check");
}

hf_err hf_chain_check_time(const struct hf_chain *chain, hf_time at)
{
    char have[HF_TIME_TEXT];
    char asked[HF_TIME_TEXT];

    if (chain->n == 0)
        return hf_fail(HF_E_ARG, "an empty chain");
    for (size_t i = 0; i < chain->n; i++) {
        const struct hf_cert *c = chain->cert[i];

        if (at >= c->not_before && at <= c->not_after)
            continue;
        hf_time_write(at < c->not_before ? c->not_before : c->not_after, have);
        hf_time_write(at, asked);
        return hf_fail(HF_E_UNTRUSTED, "\"%s\" is valid %s %s, asked for %s", c->subject_text,
                       at < c->not_before ? "from" : "until", have, asked);
    }
    return HF_OK;
}
