/* The rules that each certificate of a chain must keep (RFC 5280, 6.1 and 4.2). */
#include "crypto/asn1.h"
#include "crypto/chain_i.h"

#include <stdarg.h>
#include <stdio.h>

const char *hf_chain_check_name(enum hf_chain_check check)
{
    static const char *const names[] = {
        [HF_CHAIN_SIGNATURE] = "signature",
        [HF_CHAIN_NOT_BEFORE] = "not before",
        [HF_CHAIN_NOT_AFTER] = "not after",
        [HF_CHAIN_CA] = "CA bit",
        [HF_CHAIN_PATH_LEN] = "path length",
        [HF_CHAIN_KEY_USAGE] = "key usage",
        [HF_CHAIN_CRITICAL] = "critical extensions",
        [HF_CHAIN_EKU] = "extended key usage",
        [HF_CHAIN_ROOT] = "pinned root",
    };

    return check >= HF_CHAIN_SIGNATURE && (size_t)check < HF_COUNT(names) ? names[check] : "unknown check";
}

static void row(struct hf_chain *chain, size_t depth, enum hf_chain_check check, hf_err err, const char *fmt, ...)
    HF_PRINTF(5, 6);

/* The detail counts only where something failed. */
static void row(struct hf_chain *chain, size_t depth, enum hf_chain_check check, hf_err err, const char *fmt, ...)
{
    struct hf_chain_row *r = &chain->row[chain->n_rows++];
    va_list args;

    *r = (struct hf_chain_row){.cert = chain->cert[depth], .depth = depth, .check = check, .err = err};
    if (err == HF_OK)
        return;
    va_start(args, fmt);
    (void)vsnprintf(r->detail, sizeof(r->detail), fmt, args);
    va_end(args);
}

static hf_err verdict(bool ok)
{
    return ok ? HF_OK : HF_E_UNTRUSTED;
}

static void validity(struct hf_chain *chain, size_t depth, hf_time at)
{
    const struct hf_cert *c = chain->cert[depth];
    char from[HF_TIME_TEXT];
    char until[HF_TIME_TEXT];
    char asked[HF_TIME_TEXT];

    hf_time_write(c->not_before, from);
    hf_time_write(c->not_after, until);
    hf_time_write(at, asked);
    row(chain, depth, HF_CHAIN_NOT_BEFORE, verdict(at >= c->not_before), "valid from %s, asked for %s", from, asked);
    row(chain, depth, HF_CHAIN_NOT_AFTER, verdict(at <= c->not_after), "valid until %s, asked for %s", until, asked);
    if (depth == 0 || c->not_before > chain->valid_from)
        chain->valid_from = c->not_before;
    if (depth == 0 || c->not_after < chain->valid_until)
        chain->valid_until = c->not_after;
}

/* CAs between this one and the leaf, those that issued to themselves not counted (RFC 5280 4.2.1.9). */
static int cas_below(const struct hf_path *path, size_t depth)
{
    int n = 0;

    for (size_t i = 1; i < depth; i++)
        n += !hf_cert_self_issued(path->cert[i]);
    return n;
}

static void issuer_rules(const struct hf_path *path, const struct hf_chain_options *opt, struct hf_chain *chain,
                         size_t depth)
{
    const struct hf_cert *c = chain->cert[depth];
    bool v1_root = opt->allow_v1_root && path->anchor == HF_ANCHOR_CERT && depth + 1 == path->n && c->version < 3;
    int below = cas_below(path, depth);

    row(chain, depth, HF_CHAIN_CA, verdict(c->ca || v1_root),
        c->has_basic ? "basicConstraints say that it is not a CA" : "no basicConstraints: it is not a CA");
    row(chain, depth, HF_CHAIN_PATH_LEN, verdict(c->path_len < 0 || below <= c->path_len),
        "%d CAs stand below it, it allows %d", below, c->path_len);
    if (c->has_key_usage)
        row(chain, depth, HF_CHAIN_KEY_USAGE, verdict(c->key_usage & HF_KU_CERT_SIGN),
            "keyUsage 0x%03x has no keyCertSign", c->key_usage);
    else
        row(chain, depth, HF_CHAIN_KEY_USAGE, verdict(!opt->need_key_usage), "no keyUsage");
}

static bool is_understood(const struct hf_chain_options *opt, const char *oid)
{
    /* keyUsage, subjectAltName, basicConstraints, cRLDistributionPoints, certificatePolicies (of which none is
     * asked for), authorityKeyIdentifier, subjectKeyIdentifier, extKeyUsage */
    static const char *const ours[] = {"2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.31",
                                       "2.5.29.32", "2.5.29.35", "2.5.29.14", "2.5.29.37"};

    for (size_t i = 0; i < HF_COUNT(ours); i++) {
        if (strcmp(ours[i], oid) == 0)
            return true;
    }
    for (size_t i = 0; i < opt->n_understood; i++) {
        if (strcmp(opt->understood[i], oid) == 0)
            return true;
    }
    return false;
}

/* nameConstraints restrict whether or not they are marked; nobody here enforces them. */
static void critical_rules(const struct hf_chain_options *opt, struct hf_chain *chain, size_t depth)
{
    const struct hf_cert *c = chain->cert[depth];
    char oid[HF_OID_TEXT];

    for (size_t i = 0; i < c->n_ext; i++) {
        hf_oid_text(c->ext[i].oid, oid);
        if ((c->ext[i].critical || strcmp(oid, "2.5.29.30") == 0) && !is_understood(opt, oid)) {
            row(chain, depth, HF_CHAIN_CRITICAL, HF_E_UNTRUSTED, "the critical extension %s is not understood", oid);
            return;
        }
    }
    row(chain, depth, HF_CHAIN_CRITICAL, HF_OK, " ");
}

static void last_rules(const struct hf_path *path, struct hf_chain *chain)
{
    size_t depth = path->n - 1;
    const struct hf_cert *c = chain->cert[depth];

    if (path->anchor == HF_ANCHOR_KEY)
        row(chain, depth, HF_CHAIN_SIGNATURE, path->link[depth].err, "%s", path->link[depth].detail);
    if (path->anchor != HF_ANCHOR_NONE)
        row(chain, depth, HF_CHAIN_ROOT, HF_OK, " ");
    else if (hf_cert_self_issued(c))
        row(chain, depth, HF_CHAIN_ROOT, HF_E_UNTRUSTED, "it is a root, and not one of those that are pinned");
    else if (path->n == HF_CHAIN_MAX)
        row(chain, depth, HF_CHAIN_ROOT, HF_E_UNTRUSTED, "no pinned root within %d certificates", HF_CHAIN_MAX);
    else
        row(chain, depth, HF_CHAIN_ROOT, HF_E_UNTRUSTED, "its issuer \"%.110s\" is not at hand", c->issuer_text);
}

void hf_path_judge(const struct hf_path *path, const struct hf_chain_options *opt, struct hf_chain *out)
{
    *out = (struct hf_chain){.n = path->n, .anchored = path->anchor != HF_ANCHOR_NONE};
    memcpy(out->cert, path->cert, path->n * sizeof(path->cert[0]));
    for (size_t depth = 0; depth < path->n; depth++) {
        if (depth + 1 < path->n)
            row(out, depth, HF_CHAIN_SIGNATURE, path->link[depth].err, "%s", path->link[depth].detail);
        validity(out, depth, opt->at);
        if (depth > 0)
            issuer_rules(path, opt, out, depth);
        critical_rules(opt, out, depth);
        if (depth == 0 && opt->leaf_eku)
            row(out, 0, HF_CHAIN_EKU, verdict(hf_cert_has_eku(out->cert[0], opt->leaf_eku)),
                "the extended key usage %s is not listed", opt->leaf_eku);
    }
    last_rules(path, out);
}
