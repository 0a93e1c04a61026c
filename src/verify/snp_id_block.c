/* The verdict over a SEV-SNP ID block: signatures, and whether a report is of a guest that was started with it. */
#include "evidence/snp_id_block.h"
#include "base/cleanup.h"
#include "evidence/snp_report.h"
#include "verify/judge.h"

#include <inttypes.h>

hf_judge_fn hf_snp_id_block_judge;

struct work {
    const struct hf_judge *j;
    struct hf_verdict *v;
    struct hf_findings *f;
    struct hf_snp_id_block block;
    struct hf_snp_id_auth auth;
    struct hf_digest id_digest, author_digest;
};

static hf_err verify(struct hf_bytes amd_key, struct hf_bytes r, struct hf_bytes s, struct hf_bytes message)
{
    static const struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA384};
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    uint8_t sig[96];

    HF_TRY(hf_amd_key_parse(amd_key, &key));
    HF_TRY(hf_amd_scalar(r, "r", sig));
    HF_TRY(hf_amd_scalar(s, "s", sig + 48));
    return hf_pubkey_verify_message(key, &alg, message, HF_BYTES_OF(sig));
}

/* A key that the caller pinned: the author's where there is one, else the ID key. */
static void judge_root(struct work *w)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    struct hf_bytes top = w->auth.author_key_algo ? w->auth.author_key : w->auth.id_key;
    const struct hf_anchor *anchor = NULL;
    uint8_t spki[32];

    if (hf_amd_key_parse(top, &key) == HF_OK && hf_pubkey_spki_sha256(key, spki) == HF_OK)
        anchor = hf_anchors_find(w->j->anchors, HF_VENDOR_ANY, spki);
    if (anchor)
        hf_check_found(hf_check(w->v, "root", HF_OK), "%s", anchor->name);
    else
        hf_check_found_hex(
            hf_check_absent(w->v, "root", "nobody vouches for the %s key: name it as a root, or expect its digest",
                            w->auth.author_key_algo ? "author" : "ID"),
            w->auth.author_key_algo ? hf_digest_bytes(&w->author_digest) : hf_digest_bytes(&w->id_digest));
}

static void judge_signatures(struct work *w)
{
    (void)hf_check(w->v, "signature", verify(w->auth.id_key, w->auth.block_r, w->auth.block_s, w->block.whole));
    if (w->auth.author_key_algo)
        (void)hf_check(w->v, "author signature",
                       verify(w->auth.author_key, w->auth.key_r, w->auth.key_s, w->auth.id_key));
    else
        (void)hf_check_not_applicable(w->v, "author signature", "there is no author key");
}

static void judge_policy(struct work *w)
{
    uint64_t unknown = w->block.policy & ~HF_SNP_POLICY_KNOWN;
    struct hf_check *row;

    row = hf_check(w->v, "reserved bits",
                   !(w->block.policy & HF_SNP_POLICY_ONE)
                       ? hf_fail(HF_E_UNTRUSTED, "policy bit 17 is zero; it must be one")
                   : unknown ? hf_fail(HF_E_UNTRUSTED, "policy bits 0x%" PRIx64 " are not known", unknown)
                             : HF_OK);
    hf_check_found(row, "policy 0x%" PRIx64, w->block.policy);
    hf_judge_debug((w->block.policy & HF_SNP_POLICY_DEBUG) != 0, "policy bit 19", w->v, w->f);
}

static void compare_number(struct work *w, const char *name, uint64_t report, uint64_t block)
{
    struct hf_check *row = hf_check(w->v, name,
                                    report == block ? HF_OK : hf_fail(HF_E_MISMATCH, "the report has another one"));

    hf_check_expected(row, "0x%" PRIx64, block);
    hf_check_found(row, "0x%" PRIx64, report);
}

/* A report that came in the same question: of a guest that was started with this block? */
static void judge_report(struct work *w, struct hf_bytes evidence)
{
    static const uint8_t none[48];
    struct hf_bytes report, table;
    struct hf_snp_report rep;

    hf_snp_report_split(evidence, &report, &table);
    if (hf_snp_report_parse(report, &rep) != HF_OK)
        return;
    (void)hf_check_equal(w->v, "report measurement", rep.measurement, w->block.launch_digest);
    (void)hf_check_equal(w->v, "report family id", rep.family_id, w->block.family_id);
    (void)hf_check_equal(w->v, "report image id", rep.image_id, w->block.image_id);
    (void)hf_check_equal(w->v, "report id key", rep.id_key_digest, hf_digest_bytes(&w->id_digest));
    (void)hf_check_equal(w->v, "report author key", rep.author_key_digest,
                         w->auth.author_key_algo ? hf_digest_bytes(&w->author_digest) : HF_BYTES_OF(none));
    compare_number(w, "report guest svn", rep.guest_svn, w->block.guest_svn);
    compare_number(w, "report policy", rep.policy, w->block.policy);
}

static void claim_all(struct work *w)
{
    struct hf_claims *c = &w->f->claims;

    hf_claim_bytes(c, "launch_digest", w->block.launch_digest);
    hf_claim_bytes(c, "family_id", w->block.family_id);
    hf_claim_bytes(c, "image_id", w->block.image_id);
    hf_claim_number(c, "guest_svn", w->block.guest_svn);
    hf_claim_number(c, "policy", w->block.policy);
    hf_claim_bytes_copy(c, "id_key_digest", hf_digest_bytes(&w->id_digest));
    if (w->auth.author_key_algo)
        hf_claim_bytes_copy(c, "author_key_digest", hf_digest_bytes(&w->author_digest));
}

static hf_err read_both(struct work *w, struct hf_bytes in)
{
    struct hf_bytes block = in, auth = in;

    if (in.n < HF_SNP_ID_BLOCK_SIZE)
        return hf_fail(HF_E_TRUNCATED, "%zu bytes; an ID block takes %d", in.n, HF_SNP_ID_BLOCK_SIZE);
    block.n = HF_SNP_ID_BLOCK_SIZE;
    auth.p += HF_SNP_ID_BLOCK_SIZE;
    auth.n -= HF_SNP_ID_BLOCK_SIZE;
    HF_TRY(hf_snp_id_block_parse(block, &w->block));
    HF_TRY(hf_snp_id_auth_parse(auth, &w->auth));
    HF_TRY(hf_amd_key_digest(w->auth.id_key, &w->id_digest));
    return hf_amd_key_digest(w->auth.author_key, &w->author_digest);
}

void hf_snp_id_block_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v,
                           struct hf_findings *f)
{
    struct work w = {.j = j, .v = v, .f = f};
    hf_err err = read_both(&w, evidence);

    (void)hf_check(v, "structure", err);
    if (err != HF_OK)
        return;
    judge_signatures(&w);
    judge_root(&w);
    judge_policy(&w);
    for (size_t i = 0; i < j->n_also; i++) {
        if (strcmp(j->also[i]->format->name, "snp-report") == 0)
            judge_report(&w, j->also[i]->bytes);
    }
    claim_all(&w);
}
