/* Policies inside TSS2 key files: the SEQUENCEs. The bodies of the commands are in policy_body.c. */
#include "tpm/policy_der.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/writer.h"
#include "codec/der.h"
#include "tpm/policy_digest.h"

/* Writing. */

static hf_err write_steps(struct hf_der_writer *w, enum hf_hash_alg alg, const struct hf_policy_steps *steps,
                          struct hf_digest *digest);

static hf_err write_alternative(struct hf_der_writer *w, enum hf_hash_alg alg, const char *label,
                                const struct hf_policy_steps *steps, struct hf_digest before)
{
    hf_der_put_open(w, HF_DER_SEQUENCE);
    if (label) {
        hf_der_put_open(w, HF_DER_CONTEXT(0));
        hf_der_put_utf8(w, hf_bytes_text(label));
        hf_der_put_close(w);
    }
    hf_der_put_open(w, HF_DER_CONTEXT(1));
    if (steps->n == 1 && steps->step[0].kind == HF_POLICY_DIGEST) {
        hf_der_put_open(w, HF_DER_SEQUENCE); /* no steps: the digest in the list is all that is known */
        hf_der_put_close(w);
    } else {
        HF_TRY(write_steps(w, alg, steps, &before));
    }
    hf_der_put_close(w);
    hf_der_put_close(w);
    return HF_OK;
}

/* TPML_DIGEST of the branches, and the branches. */
static hf_err write_or(struct hf_der_writer *w, enum hf_hash_alg alg, const struct hf_policy_step *step,
                       const struct hf_digest *before)
{
    HF_CLEANUP(hf_policy_or_free) struct hf_policy_or leaves = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf list = {0};
    uint8_t *place;
    struct hf_writer to;
    size_t size;

    HF_TRY(hf_policy_or_make(alg, step, before, &leaves));
    size = 4 + leaves.n * (2 + hf_hash_size(alg));
    HF_TRY(hf_buf_grow(&list, size, &place));
    to = hf_writer(place, size);
    hf_wr_u32be(&to, (uint32_t)leaves.n);
    for (size_t i = 0; i < leaves.n; i++)
        hf_wr_b16(&to, hf_digest_bytes(&leaves.leaf[i]));
    hf_der_put_open(w, HF_DER_CONTEXT(1));
    hf_der_put_octets(w, hf_buf_bytes(&list));
    hf_der_put_close(w);
    hf_der_put_open(w, HF_DER_CONTEXT(2));
    hf_der_put_open(w, HF_DER_SEQUENCE);
    for (size_t i = 0; i < step->n_branches; i++)
        HF_TRY(write_alternative(w, alg, step->branch[i].label, &step->branch[i].steps, *before));
    hf_der_put_close(w);
    hf_der_put_close(w);
    return HF_OK;
}

static hf_err write_step(struct hf_der_writer *w, enum hf_hash_alg alg, const struct hf_policy_step *step,
                         const struct hf_digest *before)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf body = {0};
    uint32_t code = TPM2_CC_PolicyOR;

    if (step->kind != HF_POLICY_OR)
        HF_TRY(hf_policy_body_write(step, alg, &code, &body));
    hf_der_put_open(w, HF_DER_SEQUENCE);
    hf_der_put_open(w, HF_DER_CONTEXT(0));
    hf_der_put_u64(w, code);
    hf_der_put_close(w);
    if (step->kind == HF_POLICY_OR) {
        HF_TRY(write_or(w, alg, step, before));
    } else {
        hf_der_put_open(w, HF_DER_CONTEXT(1));
        hf_der_put_octets(w, hf_buf_bytes(&body));
        hf_der_put_close(w);
    }
    hf_der_put_close(w);
    return HF_OK;
}

static hf_err write_steps(struct hf_der_writer *w, enum hf_hash_alg alg, const struct hf_policy_steps *steps,
                          struct hf_digest *digest)
{
    hf_der_put_open(w, HF_DER_SEQUENCE);
    for (size_t i = 0; i < steps->n; i++) {
        struct hf_digest before = *digest;

        HF_TRY(hf_policy_digest_step(alg, &steps->step[i], digest)); /* says what is open */
        HF_TRY(write_step(w, alg, &steps->step[i], &before));
    }
    hf_der_put_close(w);
    return HF_OK;
}

static hf_err write_approved(const struct hf_policy *policy, enum hf_hash_alg alg, struct hf_buf *out)
{
    struct hf_der_writer w = hf_der_writer(out);
    struct hf_digest zeros;

    HF_TRY(hf_policy_digest_start(alg, &zeros));
    hf_der_put_open(&w, HF_DER_SEQUENCE);
    for (size_t i = 0; i < policy->n_approved; i++)
        HF_TRY(write_alternative(&w, alg, policy->approved[i].label, &policy->approved[i].steps, zeros));
    hf_der_put_close(&w);
    return hf_der_end(&w);
}

hf_err hf_policy_to_der(const struct hf_policy *policy, enum hf_hash_alg alg, struct hf_buf *policy_field,
                        struct hf_buf *auth_policy_field)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf steps = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf approved = {0};
    struct hf_der_writer w = hf_der_writer(&steps);
    struct hf_digest digest;

    HF_TRY(hf_policy_digest_start(alg, &digest));
    HF_TRY(write_steps(&w, alg, &policy->steps, &digest));
    HF_TRY(hf_der_end(&w));
    if (policy->n_approved)
        HF_TRY(write_approved(policy, alg, &approved));
    HF_TRY(hf_buf_add(policy_field, hf_buf_bytes(&steps)));
    return hf_buf_add(auth_policy_field, hf_buf_bytes(&approved));
}

/* Reading. */

struct decode {
    enum hf_hash_alg alg;
    size_t n_steps;
    unsigned depth;
};

static hf_err read_steps(struct decode *d, struct hf_reader *r, struct hf_digest *digest, struct hf_policy_steps *out);

/* A label that the text could have, so that printing stays readable; others are dropped. */
static bool label_fits(struct hf_bytes label)
{
    if (label.n < 1 || label.n > 64 || (label.p[0] >= '0' && label.p[0] <= '9'))
        return false;
    for (size_t i = 0; i < label.n; i++) {
        uint8_t c = label.p[i];

        if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return true;
}

/* TPMAuthPolicy. *digest is that of its steps; unchanged when it has none. */
static hf_err read_alternative(struct decode *d, struct hf_reader *r, char **label, struct hf_policy_steps *steps,
                               struct hf_digest *digest)
{
    struct hf_reader seq, name, policy;
    bool named;

    HF_TRY(hf_der_sequence(r, &seq));
    HF_TRY(hf_der_open_optional(&seq, HF_DER_CONTEXT(0), &named, &name));
    if (named) {
        struct hf_bytes text;

        HF_TRY(hf_der_text(&name, &text));
        HF_TRY(hf_rd_end(&name));
        if (text.n > 256)
            return hf_fail(HF_E_FORMAT, "a policy's name of %zu bytes, wanted at most 256", text.n);
        HF_TRY(hf_text_of(text, label));
    }
    HF_TRY(hf_der_open(&seq, HF_DER_CONTEXT(1), &policy));
    HF_TRY(hf_rd_end(&seq));
    HF_TRY(read_steps(d, &policy, digest, steps));
    return hf_rd_end(&policy);
}

/* TPML_DIGEST. */
static hf_err read_list(struct decode *d, struct hf_bytes body, struct hf_digest **out, size_t *n_out)
{
    HF_CLEANUP(hf_free) struct hf_digest *list = NULL;
    struct hf_reader r = hf_reader(body);
    uint32_t n = hf_rd_u32be(&r);

    HF_TRY(hf_rd_err(&r));
    if (n < 2 || n > HF_POLICY_BRANCHES_MAX)
        return hf_fail(HF_E_FORMAT, "PolicyOR has %u alternatives, wanted 2 to %d", n, HF_POLICY_BRANCHES_MAX);
    HF_TRY(hf_alloc(n * sizeof(*list), &list));
    for (uint32_t i = 0; i < n; i++) {
        list[i].n = hf_rd_u16be(&r);
        if (list[i].n != hf_hash_size(d->alg))
            return hf_fail(HF_E_FORMAT, "PolicyOR lists a digest of %zu bytes, wanted %zu", list[i].n,
                           hf_hash_size(d->alg));
        hf_rd_copy(&r, list[i].bytes, list[i].n);
    }
    HF_TRY(hf_rd_end(&r));
    *out = hf_take(list);
    *n_out = n;
    return HF_OK;
}

static hf_err opaque_branch(const struct hf_digest *digest, struct hf_policy_branch *branch)
{
    struct hf_policy_step *step;

    HF_TRY(hf_policy_steps_add(&branch->steps, HF_POLICY_DIGEST, &step));
    step->digest = *digest;
    return HF_OK;
}

/* Our form: the branches stand beside the list, and must be what it says. */
static hf_err read_branches(struct decode *d, struct hf_reader *r, const struct hf_digest *list, size_t n,
                            const struct hf_digest *before, struct hf_policy_step *step)
{
    struct hf_reader seq;

    HF_TRY(hf_der_sequence(r, &seq));
    HF_TRY(hf_rd_end(r));
    for (size_t i = 0; i < n; i++) {
        struct hf_policy_branch *branch;
        struct hf_digest digest = *before;

        HF_TRY(hf_policy_branch_add(step, &branch));
        HF_TRY(read_alternative(d, &seq, &branch->label, &branch->steps, &digest));
        if (branch->label && !label_fits(hf_bytes_text(branch->label)))
            return hf_fail(HF_E_FORMAT, "the name of alternative %zu is not one of letters, digits, - and _", i + 1);
        if (branch->steps.n == 0)
            HF_TRY(opaque_branch(&list[i], branch));
        else if (!hf_bytes_equal(hf_digest_bytes(&digest), hf_digest_bytes(&list[i])))
            return hf_fail(HF_E_INTEGRITY, "alternative %zu of PolicyOR does not have the digest that is listed for it",
                           i + 1);
    }
    return hf_rd_end(&seq);
}

/* A foreign, straight policy: what stands before is the one alternative that is known. */
static hf_err fold_before(const struct hf_digest *list, size_t n, const struct hf_digest *digest,
                          struct hf_policy_steps *steps)
{
    HF_CLEANUP(hf_policy_steps_free) struct hf_policy_steps before = *steps;
    struct hf_policy_step *step;
    bool found = false;

    *steps = (struct hf_policy_steps){0};
    HF_TRY(hf_policy_steps_add(steps, HF_POLICY_OR, &step));
    for (size_t i = 0; i < n; i++) {
        struct hf_policy_branch *branch;

        HF_TRY(hf_policy_branch_add(step, &branch));
        if (!found && before.n && hf_bytes_equal(hf_digest_bytes(&list[i]), hf_digest_bytes(digest))) {
            found = true;
            branch->steps = before;
            before = (struct hf_policy_steps){0};
        } else {
            HF_TRY(opaque_branch(&list[i], branch));
        }
    }
    if (!found)
        return hf_fail(HF_E_INTEGRITY, "the steps before a PolicyOR reach none of its %zu alternatives", n);
    return HF_OK;
}

static hf_err read_or(struct decode *d, struct hf_bytes body, struct hf_reader *rest, const struct hf_digest *start,
                      struct hf_digest *digest, struct hf_policy_steps *out)
{
    HF_CLEANUP(hf_free) struct hf_digest *list = NULL;
    struct hf_policy_step *step;
    struct hf_reader branches;
    bool present;
    size_t n = 0;

    HF_TRY(read_list(d, body, &list, &n));
    HF_TRY(hf_der_open_optional(rest, HF_DER_CONTEXT(2), &present, &branches));
    if (!present) {
        if (n > HF_POLICY_OR_MAX)
            return hf_fail(HF_E_FORMAT, "PolicyOR lists %zu digests, at most %d without branches", n, HF_POLICY_OR_MAX);
        HF_TRY(fold_before(list, n, digest, out));
        *digest = *start;
        return HF_OK;
    }
    if (++d->depth > HF_POLICY_DEPTH_MAX)
        return hf_fail(HF_E_LIMIT, "alternatives are nested deeper than %d", HF_POLICY_DEPTH_MAX);
    HF_TRY(hf_policy_steps_add(out, HF_POLICY_OR, &step));
    HF_TRY(read_branches(d, &branches, list, n, digest, step));
    d->depth--;
    return HF_OK;
}

/* TPMPolicy. start: the digest before the first step of this sequence. */
static hf_err read_step(struct decode *d, struct hf_reader *r, const struct hf_digest *start, struct hf_digest *digest,
                        struct hf_policy_steps *out)
{
    struct hf_reader seq, part;
    struct hf_policy_step *step;
    enum hf_policy_kind kind;
    struct hf_bytes body;
    uint64_t code;

    if (++d->n_steps > HF_POLICY_STEPS_MAX)
        return hf_fail(HF_E_LIMIT, "the key's policy has more than %d steps", HF_POLICY_STEPS_MAX);
    HF_TRY(hf_der_sequence(r, &seq));
    HF_TRY(hf_der_open(&seq, HF_DER_CONTEXT(0), &part));
    HF_TRY(hf_der_u64(&part, &code));
    HF_TRY(hf_rd_end(&part));
    HF_TRY(hf_der_open(&seq, HF_DER_CONTEXT(1), &part));
    HF_TRY(hf_der_octets(&part, &body));
    HF_TRY(hf_rd_end(&part));
    if (code > UINT32_MAX)
        return hf_fail(HF_E_FORMAT, "the command code 0x%llx does not fit 32 bits", (unsigned long long)code);
    HF_TRY(hf_policy_body_kind((uint32_t)code, &kind));
    if (kind == HF_POLICY_OR) {
        HF_TRY(read_or(d, body, &seq, start, digest, out));
    } else {
        HF_TRY(hf_policy_steps_add(out, kind, &step));
        HF_TRY(hf_policy_body_read(body, d->alg, step));
    }
    HF_TRY(hf_rd_end(&seq));
    return hf_policy_digest_step(d->alg, &out->step[out->n - 1], digest);
}

static hf_err read_steps(struct decode *d, struct hf_reader *r, struct hf_digest *digest, struct hf_policy_steps *out)
{
    struct hf_digest start = *digest;
    struct hf_reader seq;

    HF_TRY(hf_der_sequence(r, &seq));
    while (hf_rd_more(&seq))
        HF_TRY(read_step(d, &seq, &start, digest, out));
    return hf_rd_end(&seq);
}

static bool is_authorize(const struct hf_policy_step *step)
{
    return step->kind == HF_POLICY_AUTHORIZE || step->kind == HF_POLICY_AUTHORIZE_NV;
}

/* The text's own rule: what stands before an `authorize` binds nobody. before: steps of outer sequences. */
static hf_err check_order(const struct hf_policy_steps *steps, size_t n, size_t before)
{
    for (size_t i = 0; i < n; i++) {
        const struct hf_policy_step *step = &steps->step[i];

        if (is_authorize(step) && before + i)
            return hf_fail(HF_E_FORMAT, "steps stand before a PolicyAuthorize without a signature of them");
        if (is_authorize(step) && step->signature.n)
            return hf_fail(HF_E_FORMAT, "a PolicyAuthorize carries a signature where none belongs");
        for (size_t b = 0; b < step->n_branches; b++)
            HF_TRY(check_order(&step->branch[b].steps, step->branch[b].steps.n, before + i));
    }
    return HF_OK;
}

static bool same_authority(const struct hf_policy_step *a, const struct hf_policy_step *b)
{
    return hf_bytes_equal(hf_tpm_name_bytes(&a->object.name), hf_tpm_name_bytes(&b->object.name)) &&
           hf_bytes_equal((struct hf_bytes){a->ref.bytes, a->ref.n}, (struct hf_bytes){b->ref.bytes, b->ref.n});
}

/* An approved policy is steps and a signed `authorize` of the key and reference that the key's policy names. */
static hf_err check_approved(const struct hf_policy *policy, const struct hf_policy_steps *steps)
{
    const struct hf_policy_step *last = steps->n ? &steps->step[steps->n - 1] : NULL;

    if (!last || last->kind != HF_POLICY_AUTHORIZE || !last->signature.n)
        return hf_fail(HF_E_FORMAT, "an alternative of authPolicy does not end with a signed PolicyAuthorize");
    if (!same_authority(&policy->steps.step[0], last))
        return hf_fail(HF_E_FORMAT, "an alternative of authPolicy is approved by another key or for another policyRef");
    return HF_OK;
}

static hf_err read_approved(struct decode *d, struct hf_bytes field, struct hf_policy *policy)
{
    struct hf_reader r = hf_reader(field);
    struct hf_reader seq;

    if (policy->steps.n == 0 || policy->steps.step[0].kind != HF_POLICY_AUTHORIZE)
        return hf_fail(HF_E_FORMAT, "authPolicy stands beside a policy that does not begin with PolicyAuthorize");
    HF_TRY(hf_der_sequence(&r, &seq));
    HF_TRY(hf_rd_end(&r));
    while (hf_rd_more(&seq)) {
        struct hf_policy_approved *approved;
        struct hf_digest digest;

        HF_TRY(hf_policy_digest_start(d->alg, &digest));
        HF_TRY(hf_policy_approved_add(policy, &approved));
        HF_TRY(read_alternative(d, &seq, &approved->label, &approved->steps, &digest));
        HF_TRY(check_approved(policy, &approved->steps));
        HF_TRY(check_order(&approved->steps, approved->steps.n - 1, 0));
    }
    return hf_rd_end(&seq);
}

/*
 * A signed PolicyAuthorize within the policy itself approves the steps before it: they become an approved
 * alternative, and the policy begins with the authority alone. The digest is the same.
 */
static hf_err move_own_approval(struct hf_policy *policy)
{
    struct hf_policy_steps *steps = &policy->steps;
    HF_CLEANUP(hf_policy_steps_free) struct hf_policy_steps rest = {0};
    struct hf_policy_approved *approved;
    struct hf_policy_step *first;
    struct hf_policy_step *place;
    size_t at = 0;

    while (at < steps->n && !steps->step[at].signature.n)
        at++;
    if (at == steps->n)
        return HF_OK;
    HF_TRY(hf_policy_approved_add(policy, &approved));
    HF_TRY(hf_policy_steps_add(&rest, HF_POLICY_AUTHORIZE, &first));
    first->object.name = steps->step[at].object.name;
    first->ref = steps->step[at].ref;
    HF_TRY(hf_buf_set(&first->object.pub, hf_buf_bytes(&steps->step[at].object.pub)));
    while (steps->n > at + 1) {
        /* from the end, so that each step has one owner at any time; put in order by inserting behind the first */
        HF_TRY(hf_policy_steps_add(&rest, HF_POLICY_AUTHVALUE, &place));
        memmove(&rest.step[2], &rest.step[1], (rest.n - 2) * sizeof(*rest.step));
        rest.step[1] = steps->step[--steps->n];
    }
    approved->steps = *steps;
    *steps = rest;
    rest = (struct hf_policy_steps){0};
    return HF_OK;
}

hf_err hf_policy_from_der(struct hf_bytes policy_field, struct hf_bytes auth_policy_field, enum hf_hash_alg alg,
                          struct hf_policy **out)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    struct hf_reader r = hf_reader(policy_field);
    struct decode d = {.alg = alg};
    struct hf_digest digest;

    HF_TRY(hf_policy_digest_start(alg, &digest));
    HF_TRY(hf_policy_new(&policy));
    HF_TRY(read_steps(&d, &r, &digest, &policy->steps));
    HF_TRY(hf_rd_end(&r));
    if (policy->steps.n == 0)
        return hf_fail(HF_E_FORMAT, "the key's policy has no steps");
    HF_TRY(move_own_approval(policy));
    HF_TRY(check_order(&policy->steps, policy->steps.n, 0));
    for (size_t i = 0; i < policy->n_approved; i++)
        HF_TRY(check_order(&policy->approved[i].steps, policy->approved[i].steps.n - 1, 0));
    if (auth_policy_field.n)
        HF_TRY(read_approved(&d, auth_policy_field, policy));
    *out = hf_take(policy);
    return HF_OK;
}
