/* The certificates of an SEV platform. AMD publication 55766 (SEV API), 2.1 and appendices B, C. */
#include "verify/sev_chain.h"
#include "base/alloc.h"
#include "base/cleanup.h"

#include <stdio.h>

hf_err hf_sev_cert_check(const struct hf_sev_cert *cert, unsigned which, const struct hf_pubkey *signer)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    const struct hf_sev_sig *s = &cert->sig[which];
    struct hf_sig_alg alg;

    HF_TRY(hf_sev_signature(s->algo, s->value, signer, &alg, &sig));
    return hf_pubkey_verify_message(signer, &alg, (struct hf_bytes){cert->whole.p, HF_SEV_SIGNED_SIZE},
                                    hf_buf_bytes(&sig));
}

hf_err hf_amd_cert_check(const struct hf_amd_cert *cert, const struct hf_pubkey *signer)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    uint32_t algo = cert->n.n > 256 ? HF_SEV_RSA_SHA384 : HF_SEV_RSA_SHA256;
    struct hf_sig_alg alg;

    HF_TRY(hf_sev_signature(algo, cert->signature, signer, &alg, &sig));
    return hf_pubkey_verify_message(signer, &alg, cert->signed_part, hf_buf_bytes(&sig));
}

/* ---- collecting ---- */

static void take_sev(struct hf_sev_cert *place, bool *has, const struct hf_sev_cert *cert)
{
    if (!*has)
        *place = *cert;
    *has = true;
}

static void take_item(struct hf_sev_chain *c, const struct hf_sev_item *item)
{
    if (!item->amd) {
        switch (item->sev.usage) {
        case HF_SEV_PDH:
            take_sev(&c->pdh, &c->has_pdh, &item->sev);
            return;
        case HF_SEV_PEK:
            take_sev(&c->pek, &c->has_pek, &item->sev);
            return;
        case HF_SEV_OCA:
            take_sev(&c->oca, &c->has_oca, &item->sev);
            return;
        default:
            take_sev(&c->cek, &c->has_cek, &item->sev);
            return;
        }
    }
    if (item->ca.usage == HF_SEV_ASK && !c->has_ask) {
        c->ask = item->ca;
        c->has_ask = true;
    } else if (item->ca.usage == HF_SEV_ARK && !c->has_ark) {
        c->ark = item->ca;
        c->has_ark = true;
    }
}

hf_err hf_sev_chain_take(struct hf_sev_chain *chain, struct hf_bytes bytes)
{
    struct hf_sev_chain taken = *chain;
    struct hf_sev_item item;

    while (bytes.n) {
        HF_TRY(hf_sev_item_next(&bytes, &item));
        take_item(&taken, &item);
    }
    *chain = taken;
    return HF_OK;
}

static bool signs(const struct hf_sev_cert *signer, const struct hf_sev_cert *cert)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    return hf_sev_cert_key(signer, &key) == HF_OK &&
           (hf_sev_cert_check(cert, 0, key) == HF_OK || hf_sev_cert_check(cert, 1, key) == HF_OK);
}

/* The endorsement that fits: among several CEKs or ASKs, the one that signed what we have. */
static bool fits(const struct hf_sev_chain *c, const struct hf_sev_item *item)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    if (!item->amd)
        return item->sev.usage == HF_SEV_PDH || !c->has_pek || item->sev.usage == HF_SEV_PEK ||
               signs(&item->sev, &c->pek);
    if (hf_amd_cert_key(&item->ca, &key) != HF_OK)
        return false;
    if (item->ca.usage == HF_SEV_ASK)
        return c->has_cek && hf_sev_cert_check(&c->cek, 0, key) == HF_OK;
    return c->has_ask && hf_amd_cert_check(&c->ask, key) == HF_OK;
}

/* Platform certificates first, then ASK, then ARK: each is looked for by what it signed. */
static void complete(const struct hf_judge *j, struct hf_sev_chain *c)
{
    static const uint32_t order[] = {HF_SEV_PEK, HF_SEV_CEK, HF_SEV_OCA, HF_SEV_ASK, HF_SEV_ARK};

    for (size_t i = 0; i < HF_COUNT(order); i++) {
        const struct hf_endorsement *e;
        size_t at = 0;

        while ((e = hf_judge_next(j, HF_ENDORSEMENT_SEV_CERT, &at)) != NULL) {
            const struct hf_sev_item *item = (const struct hf_sev_item *)e->document;

            if ((item->amd ? item->ca.usage : item->sev.usage) == order[i] && fits(c, item))
                take_item(c, item);
        }
    }
}

/* ---- rows ---- */

static hf_err check_link(const struct hf_sev_cert *cert, uint32_t usage, const struct hf_pubkey *signer)
{
    for (unsigned i = 0; i < HF_COUNT(cert->sig); i++) {
        if (cert->sig[i].usage == usage)
            return hf_sev_cert_check(cert, i, signer);
    }
    return hf_fail(HF_E_MISMATCH, "the %s is not signed by a key of usage %s", hf_sev_usage_name(cert->usage),
                   hf_sev_usage_name(usage));
}

/* A row for one link; what is missing is named. */
static bool judge_link(const char *row, const struct hf_sev_cert *cert, const struct hf_sev_cert *signer,
                       bool has_signer, uint32_t usage, struct hf_verdict *v)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    hf_err err;
    struct hf_check *r;

    if (!has_signer) {
        (void)hf_check(v, row,
                       hf_fail(HF_E_NOT_FOUND, "there is no %s that could have signed it", hf_sev_usage_name(usage)));
        return false;
    }
    err = hf_sev_cert_key(signer, &key);
    if (err == HF_OK)
        err = check_link(cert, usage, key);
    r = hf_check(v, row, err);
    hf_check_found(r, "%s signed by %s", hf_sev_usage_name(cert->usage), hf_sev_usage_name(usage));
    return err == HF_OK;
}

/* Whose platform it is: an owner signs the PEK with a key of their own, which you may know. */
static void judge_owner(const struct hf_judge *j, const struct hf_sev_chain *c, struct hf_verdict *v)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    const struct hf_endorsement *e;
    size_t at = 0;
    uint8_t spki[32];
    hf_err err;

    if (!c->has_oca)
        return;
    err = hf_sev_cert_key(&c->oca, &key);
    if (err == HF_OK)
        err = check_link(&c->oca, HF_SEV_OCA, key);
    if (err == HF_OK)
        err = hf_pubkey_spki_sha256(key, spki);
    if (err != HF_OK) {
        (void)hf_check(v, "owner", err);
        return;
    }
    while ((e = hf_endorsements_next(j->endorsements, HF_ENDORSEMENT_PUBLIC_KEY, &at)) != NULL) {
        if (hf_pubkey_equal(e->key, key)) {
            hf_check_found(hf_check(v, "owner", HF_OK), "%s", e->source);
            return;
        }
    }
    hf_check_found_hex(hf_check_not_applicable(v, "owner",
                                               "the owner's key is not among the keys that were given: AMD's "
                                               "chain says that it is an AMD chip, not whose"),
                       HF_BYTES_OF(spki));
}

/* CEK by an AMD certificate in X.509: the same keys sign both (Milan and later). */
static bool judge_x509(const struct hf_judge *j, const struct hf_sev_chain *c, struct hf_verdict *v,
                       struct hf_findings *f)
{
    const struct hf_endorsement *e;
    size_t at = 0;

    while ((e = hf_judge_next(j, HF_ENDORSEMENT_CERT, &at)) != NULL) {
        struct hf_chain chain;

        if (hf_pubkey_kind(e->cert->key) != HF_KEY_RSA || hf_sev_cert_check(&c->cek, 0, e->cert->key) != HF_OK)
            continue;
        return hf_judge_chain(j, HF_VENDOR_AMD, e->cert, &j->endorsements->certs, NULL, v, f, &chain);
    }
    (void)hf_check(
        v, "certificate chain",
        hf_fail(HF_E_NOT_FOUND, "no ASK that signed the CEK: ask_ark_<product>.cert from developer.amd.com has it"));
    return false;
}

static hf_err amd_links(const struct hf_sev_chain *c, uint8_t root_spki[32])
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *ask = NULL;
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *ark = NULL;

    HF_TRY(hf_amd_cert_key(&c->ask, &ask));
    HF_TRY(check_link(&c->cek, HF_SEV_ASK, ask));
    if (!c->has_ark)
        return hf_fail(HF_E_NOT_FOUND, "no ARK that signed the ASK");
    HF_TRY(hf_amd_cert_key(&c->ark, &ark));
    HF_TRY(hf_amd_cert_check(&c->ask, ark));
    HF_TRY(hf_amd_cert_check(&c->ark, ark));
    if (memcmp(c->ask.certifying_id, c->ark.key_id, sizeof(c->ark.key_id)) != 0)
        return hf_fail(HF_E_MISMATCH, "the ASK names another key than the ARK that signed it");
    return hf_pubkey_spki_sha256(ark, root_spki);
}

static bool judge_amd(const struct hf_judge *j, const struct hf_sev_chain *c, struct hf_verdict *v,
                      struct hf_findings *f)
{
    const struct hf_anchor *anchor = NULL;
    uint8_t spki[32];
    struct hf_check *row;
    hf_err err;

    if (!c->has_ask)
        return judge_x509(j, c, v, f);
    err = amd_links(c, spki);
    hf_check_found(hf_check(v, "certificate chain", err), "CEK by ASK by ARK");
    if (err != HF_OK)
        return false;
    anchor = hf_anchors_find(j->anchors, HF_VENDOR_AMD, spki);
    row = hf_check(v, "root", anchor ? HF_OK : hf_fail(HF_E_UNTRUSTED, "the chain ends in no pinned root"));
    if (anchor) {
        hf_check_found(row, "%s", anchor->name);
        f->environment = anchor->environment;
        hf_claim_printf(&f->claims, "root", "%s", anchor->name);
    } else {
        hf_check_found_hex(row, HF_BYTES_OF(spki));
    }
    (void)hf_check_not_applicable(v, "validity", "certificates of SEV have no dates");
    (void)hf_check_not_applicable(v, "revocation", "AMD publishes no list for them: an older ASK or CEK stays valid");
    return anchor != NULL;
}

bool hf_sev_chain_check(const struct hf_judge *j, struct hf_sev_chain *c, bool need_pdh, struct hf_verdict *v,
                        struct hf_findings *f)
{
    bool chip;

    complete(j, c);
    if (need_pdh && !c->has_pdh)
        (void)hf_check(v, "pdh",
                       hf_fail(HF_E_NOT_FOUND, "there is no PDH: a session could not be made with this platform"));
    else if (c->has_pdh)
        (void)judge_link("pdh", &c->pdh, &c->pek, c->has_pek, HF_SEV_PEK, v);
    if (!c->has_pek) {
        (void)hf_check(v, "pek chip", hf_fail(HF_E_NOT_FOUND, "there is no PEK"));
        return false;
    }
    (void)judge_link("pek owner", &c->pek, &c->oca, c->has_oca, HF_SEV_OCA, v);
    chip = judge_link("pek chip", &c->pek, &c->cek, c->has_cek, HF_SEV_CEK, v);
    judge_owner(j, c, v);
    if (!c->has_cek)
        return false;
    return judge_amd(j, c, v, f) && chip;
}

/* ---- endorsements ---- */

static void item_free(void *address)
{
    hf_free(address);
}

static hf_err item_parse(struct hf_bytes in, void **out)
{
    HF_CLEANUP(hf_free) struct hf_sev_item *item = NULL;

    HF_TRY(hf_alloc(sizeof(*item), &item));
    HF_TRY(hf_sev_item_next(&in, item));
    *out = hf_take(item);
    return HF_OK;
}

hf_endorsement_reader hf_sev_endorsements;

hf_err hf_sev_endorsements(struct hf_endorsements *set, struct hf_bytes in, const char *source, bool *known)
{
    unsigned n = 0;

    *known = hf_sev_chain_is(in);
    while (*known && in.n) {
        struct hf_bytes before = in;
        struct hf_sev_item item;
        char place[96];

        HF_TRY(hf_sev_item_next(&in, &item));
        (void)snprintf(place, sizeof(place), "%.80s#%u", source, ++n);
        HF_TRY(hf_endorsements_add_document(set, HF_ENDORSEMENT_SEV_CERT, (struct hf_bytes){before.p, before.n - in.n},
                                            place, item_parse, item_free));
    }
    return HF_OK;
}
