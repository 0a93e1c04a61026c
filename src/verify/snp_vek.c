/*
 * The key that signed a SEV-SNP report: which certificate is its, and is that one good? AMD publication 57230.
 * VCEK (a chip's) <- ASK "SEV-Milan" <- ARK; VLEK (a cloud's) <- ASVK "SEV-VLEK-Milan" <- ARK.
 */
#include "verify/snp.h"

#include <stdio.h>

#define TRIES_MAX 8    /* certificates that fit a report equally well: VLEKs of several clouds, renewed ones */
#define ISSUERS_MAX 16 /* CA certificates that are looked at for one chain */
#define SALT 48

static const char *key_name(const struct hf_snp_work *w)
{
    return HF_SNP_SIGNING_KEY(w->rep.flags) == HF_SNP_KEY_VLEK ? "VLEK" : "VCEK";
}

static bool is_vlek(const struct hf_amd_vek *vek)
{
    return vek->csp_id.n != 0;
}

/* The hardware id with zeros behind it is the chip id. */
static bool same_chip(const struct hf_amd_vek *vek, const struct hf_snp_report *rep)
{
    uint8_t id[64] = {0};

    if (vek->hwid.n == 0 || vek->hwid.n > sizeof(id))
        return false;
    memcpy(id, vek->hwid.p, vek->hwid.n);
    return hf_bytes_equal(HF_BYTES_OF(id), rep->chip_id);
}

/* How well a certificate fits: role before chip before level. 0: it is none of AMD's signing keys. */
static unsigned score(const struct hf_snp_work *w, const struct hf_cert *cert, struct hf_amd_vek *vek)
{
    bool vlek = HF_SNP_SIGNING_KEY(w->rep.flags) == HF_SNP_KEY_VLEK;
    uint8_t raw[8];

    if (cert->ca || hf_pubkey_curve(cert->key) != HF_P384 || !hf_amd_vek_is(cert))
        return 0;
    if (hf_amd_vek_parse(cert, vek) != HF_OK)
        return 1;
    hf_snp_tcb_write(&vek->tcb, raw);
    return 2u + (is_vlek(vek) == vlek ? 16 : 0) + (same_chip(vek, &w->rep) ? 8 : 0) +
           (memcmp(raw, w->rep.reported_tcb, sizeof(raw)) == 0 ? 4 : 0);
}

static hf_err verify(const struct hf_snp_report *rep, const struct hf_cert *cert)
{
    static const struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA384};
    uint8_t sig[96];

    if (rep->flags & HF_SNP_FLAG_MASK_CHIP_KEY)
        return hf_fail(HF_E_UNTRUSTED, "the host told the firmware not to sign (mask chip key): it proves nothing");
    if (HF_SNP_SIGNING_KEY(rep->flags) == HF_SNP_KEY_NONE)
        return hf_fail(HF_E_UNTRUSTED, "the report says that no key signed it");
    if (rep->signature_algo != HF_SNP_ALG_ECDSA_P384_SHA384)
        return hf_fail(HF_E_UNSUPPORTED, "signature algorithm %u; known is 1, ECDSA P-384 with SHA-384",
                       rep->signature_algo);
    HF_TRY(hf_amd_scalar(rep->r, "r", sig));
    HF_TRY(hf_amd_scalar(rep->s, "s", sig + 48));
    if (!cert)
        return hf_fail(HF_E_NOT_FOUND, "no certificate of the key that signed it was given");
    return hf_pubkey_verify_message(cert->key, &alg, rep->body, HF_BYTES_OF(sig));
}

static void try_one(struct hf_snp_work *w, const struct hf_cert *cert)
{
    w->cert = cert;
    w->signature = verify(&w->rep, cert);
    w->signature_text[0] = 0;
    if (w->signature != HF_OK)
        (void)snprintf(w->signature_text, sizeof(w->signature_text), "%s", hf_err_detail());
}

void hf_snp_vek_find(struct hf_snp_work *w)
{
    const struct hf_endorsement *e;
    const struct hf_cert *first = NULL;
    struct hf_amd_vek vek = {0};
    unsigned best = 0, tries = 0;

    for (size_t at = 0; (e = hf_judge_next(w->j, HF_ENDORSEMENT_CERT, &at)) != NULL;) {
        unsigned s = score(w, e->cert, &vek);

        best = s > best ? s : best;
    }
    w->signature = HF_E_NOT_FOUND;
    for (size_t at = 0; best && tries < TRIES_MAX && w->signature != HF_OK &&
                        (e = hf_judge_next(w->j, HF_ENDORSEMENT_CERT, &at)) != NULL;) {
        if (score(w, e->cert, &vek) != best)
            continue;
        try_one(w, e->cert);
        first = first ? first : e->cert;
        tries++;
    }
    if (w->signature != HF_OK)
        try_one(w, first);
    w->vek_err = w->cert ? hf_amd_vek_parse(w->cert, &w->vek) : HF_E_NOT_FOUND;
}

/* ---- judging ---- */

static bool named(struct hf_bytes name, const char *want)
{
    struct hf_bytes found;

    return hf_name_find(name, "2.5.4.3", &found) == HF_OK && hf_bytes_equal(found, hf_bytes_text(want));
}

/* A VLEK cannot stand in for a VCEK, nor one product's CA for another's. */
static hf_err check_role(const struct hf_snp_work *w, const char *issuer)
{
    unsigned key = HF_SNP_SIGNING_KEY(w->rep.flags);

    if (key != HF_SNP_KEY_VCEK && key != HF_SNP_KEY_VLEK)
        return hf_fail(HF_E_UNTRUSTED,
                       key == HF_SNP_KEY_NONE ? "the report is not signed by any key"
                                              : "signing key %u is not known; 0 is VCEK, 1 VLEK",
                       key);
    if (w->vek_err != HF_OK)
        return hf_amd_vek_parse(w->cert, &(struct hf_amd_vek){0});
    if (is_vlek(&w->vek) != (key == HF_SNP_KEY_VLEK))
        return hf_fail(HF_E_MISMATCH, "the report says %s, the certificate is a %s's", key_name(w),
                       is_vlek(&w->vek) ? "VLEK" : "VCEK");
    if (!named(w->cert->subject, key == HF_SNP_KEY_VLEK ? "SEV-VLEK" : "SEV-VCEK"))
        return hf_fail(HF_E_MISMATCH, "the certificate is of %s", w->cert->subject_text);
    if (!named(w->cert->issuer, issuer))
        return hf_fail(HF_E_MISMATCH, "its issuer should be %s, and is %s", issuer, w->cert->issuer_text);
    return HF_OK;
}

static void say_role(struct hf_snp_work *w)
{
    char issuer[32];
    struct hf_check *row;

    if (!w->cert) {
        row = hf_check_absent(w->v, "signing key", "no certificate of a %s was given", key_name(w));
        hf_check_expected(row, "%s", key_name(w));
        return;
    }
    (void)snprintf(issuer, sizeof(issuer), "SEV-%s%s", strcmp(key_name(w), "VLEK") == 0 ? "VLEK-" : "",
                   hf_snp_product_name(w->vek.product));
    row = hf_check(w->v, "signing key", check_role(w, issuer));
    hf_check_expected(row, "%s by %s", key_name(w), issuer);
    hf_check_found(row, "%s", w->cert->subject_text);
}

/* CA certificates of this subject, beside those that are there. */
static void add_issuers(const struct hf_judge *j, struct hf_bytes subject, struct hf_certs *pool)
{
    const struct hf_endorsement *e;

    for (size_t at = 0; (e = hf_judge_next(j, HF_ENDORSEMENT_CERT, &at)) != NULL;) {
        bool there = !e->cert->ca || !hf_bytes_equal(e->cert->subject, subject);

        for (size_t i = 0; i < pool->n; i++)
            there |= pool->cert[i] == e->cert;
        if (!there && pool->n < ISSUERS_MAX)
            pool->cert[pool->n++] = e->cert;
    }
}

/* AMD signs with RSA-4096-PSS over SHA-384, salt 48, and nothing else. */
static hf_err check_algorithms(const struct hf_chain *chain)
{
    for (size_t i = 0; i < chain->n; i++) {
        const struct hf_cert *c = chain->cert[i];
        const struct hf_sig_alg *a = &c->sig_alg;

        if (a->scheme != HF_SIG_RSAPSS || a->hash != HF_SHA384 || (a->mgf1 != HF_SHA384 && a->mgf1 != HF_HASH_NONE) ||
            a->salt != SALT)
            return hf_fail(HF_E_UNTRUSTED, "%s is signed by %s over %s with a salt of %d", c->subject_text,
                           hf_sig_scheme_name(a->scheme),
                           hf_hash_name(a->hash) ? hf_hash_name(a->hash) : "nothing known", a->salt);
        if (i && (hf_pubkey_kind(c->key) != HF_KEY_RSA || hf_pubkey_bits(c->key) != 4096))
            return hf_fail(HF_E_UNTRUSTED, "%s has a key of %u bits", c->subject_text, hf_pubkey_bits(c->key));
    }
    return HF_OK;
}

static bool leaf_has_list(const struct hf_judge *j, const struct hf_cert *leaf)
{
    const struct hf_endorsement *e;

    for (size_t at = 0; (e = hf_judge_next(j, HF_ENDORSEMENT_CRL, &at)) != NULL;) {
        if (hf_crl_covers(e->crl, leaf))
            return true;
    }
    return false;
}

/* The ARK's list covers ASK and ASVK. For the keys below them there is none, unless somebody gave one. */
static void judge_revocation(struct hf_snp_work *w, struct hf_chain *chain)
{
    const char *product = hf_snp_product_name(w->vek.product);
    char url[80];

    (void)snprintf(url, sizeof(url), "https://kdsintf.amd.com/%s/v1/%s/crl", is_vlek(&w->vek) ? "vlek" : "vcek",
                   product);
    if (!leaf_has_list(w->j, w->cert)) {
        (void)hf_check_not_applicable(w->v, "key revocation", "AMD publishes no revocation list of %ss", key_name(w));
        memmove((void *)chain->cert, (void *)(chain->cert + 1), (chain->n - 1) * sizeof(chain->cert[0]));
        chain->n--;
    }
    (void)hf_judge_revocation(w->j, chain, w->vek.product == HF_SNP_PRODUCT_UNKNOWN ? NULL : url, w->v, w->f);
}

static void judge_chain(struct hf_snp_work *w)
{
    static const struct hf_chain_options rules = {.need_key_usage = true};
    struct hf_cert *found[ISSUERS_MAX];
    struct hf_certs pool = {.cert = found};
    struct hf_chain chain;
    struct hf_check *row;
    size_t direct;

    if (!w->cert) {
        (void)hf_check_absent(w->v, "certificate chain", "no certificate to build it from");
        return;
    }
    add_issuers(w->j, w->cert->issuer, &pool);
    direct = pool.n;
    for (size_t i = 0; i < direct; i++)
        add_issuers(w->j, found[i]->issuer, &pool);
    (void)hf_judge_chain(w->j, HF_VENDOR_AMD, w->cert, &pool, &rules, w->v, w->f, &chain);
    if ((chain.n == 0 || !chain.anchored) && w->vek.product != HF_SNP_PRODUCT_UNKNOWN)
        hf_judge_missing(w->f, "AMD certificate chain", "https://kdsintf.amd.com/%s/v1/%s/cert_chain",
                         is_vlek(&w->vek) ? "vlek" : "vcek", hf_snp_product_name(w->vek.product));
    if (chain.n == 0)
        return;
    row = hf_check(w->v, "certificate algorithms", check_algorithms(&chain));
    hf_check_expected(row, "rsa4096, rsapss, sha384, salt %d", SALT);
    judge_revocation(w, &chain);
}

static void judge_hwid(struct hf_snp_work *w)
{
    struct hf_check *row;

    if (!w->cert || w->vek_err != HF_OK)
        return;
    if (is_vlek(&w->vek)) {
        row = hf_check_not_applicable(w->v, "hardware id", "a VLEK is a cloud's, not a chip's");
        hf_check_found(row, "%.*s", (int)w->vek.csp_id.n, (const char *)w->vek.csp_id.p);
        return;
    }
    if (hf_snp_chip_masked(&w->rep)) {
        row = hf_check_not_applicable(w->v, "hardware id",
                                      "the host masks the chip id: the signature alone names the chip");
        hf_check_expected_hex(row, w->vek.hwid);
        return;
    }
    row = hf_check(w->v, "hardware id",
                   same_chip(&w->vek, &w->rep) ? HF_OK : hf_fail(HF_E_MISMATCH, "the certificate is another chip's"));
    hf_check_expected_hex(row, w->vek.hwid);
    hf_check_found_hex(row, hf_snp_report_hwid(&w->rep, w->product));
}

void hf_snp_vek_judge(struct hf_snp_work *w)
{
    say_role(w);
    judge_chain(w);
    judge_hwid(w);
}
