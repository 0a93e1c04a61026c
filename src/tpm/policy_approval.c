/* Approvals of policies. */
#include "tpm/policy_approval.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "codec/json_fields.h"

#define FORMAT "policy-approval/1"
#define APPROVAL_MAX (256 * 1024)

hf_err hf_policy_approval_hash(struct hf_bytes name, const struct hf_digest *approved, const struct hf_policy_ref *ref,
                               struct hf_digest *out)
{
    if (!hf_policy_name_fits(name))
        return hf_fail(HF_E_FORMAT, "a Name of %zu bytes that is no hash and digest", name.n);
    return hf_hash((enum hf_hash_alg)(name.p[0] << 8 | name.p[1]),
                   (const struct hf_bytes[]){hf_digest_bytes(approved), {ref->bytes, ref->n}}, 2, out);
}

static bool same(const struct hf_tpm_name *name, const struct hf_policy_ref *ref, const struct hf_policy_step *step)
{
    return hf_bytes_equal(hf_tpm_name_bytes(name), hf_tpm_name_bytes(&step->object.name)) &&
           hf_bytes_equal((struct hf_bytes){ref->bytes, ref->n}, (struct hf_bytes){step->ref.bytes, step->ref.n});
}

static bool of_key_file(const struct hf_policy *policy, const struct hf_policy_step *step, size_t *i,
                        struct hf_policy_candidate *out)
{
    for (size_t k = 0; k < policy->n_approved; k++) {
        const struct hf_policy_steps *steps = &policy->approved[k].steps;
        const struct hf_policy_step *last = &steps->step[steps->n - 1];

        if (!same(&last->object.name, &last->ref, step) || (*i)-- > 0)
            continue;
        *out = (struct hf_policy_candidate){*steps, hf_buf_bytes(&last->signature), hf_buf_bytes(&last->object.pub)};
        out->steps.n--;
        return true;
    }
    return false;
}

bool hf_policy_candidate(const struct hf_policy_run *run, const struct hf_policy_step *step, size_t i,
                         struct hf_policy_candidate *out)
{
    if (of_key_file(run->policy, step, &i, out))
        return true;
    for (size_t k = 0; k < run->answers->n_approvals; k++) {
        const struct hf_policy_approval *approval = run->answers->approval[k];

        if (approval->alg != run->alg || !same(&approval->name, &approval->ref, step) || i-- > 0)
            continue;
        *out = (struct hf_policy_candidate){approval->policy->steps, hf_buf_bytes(&approval->signature),
                                            hf_buf_bytes(&approval->pub)};
        return true;
    }
    return false;
}

bool hf_policy_approved_as(const struct hf_policy_run *run, const struct hf_digest *digest,
                           const struct hf_policy_steps **out)
{
    for (size_t k = 0; k < run->answers->n_approvals; k++) {
        const struct hf_policy_approval *approval = run->answers->approval[k];

        if (approval->alg == run->alg && hf_bytes_equal(hf_digest_bytes(&approval->digest), hf_digest_bytes(digest))) {
            *out = &approval->policy->steps;
            return true;
        }
    }
    return false;
}

void hf_policy_approval_free(struct hf_policy_approval **approval)
{
    if (!*approval)
        return;
    hf_policy_free(&(*approval)->policy);
    hf_pubkey_free(&(*approval)->key);
    hf_buf_free(&(*approval)->pub);
    hf_buf_free(&(*approval)->signature);
    hf_free(approval);
}

/* Everything but the signature. `text` is the policy's, bound. */
static hf_err prepare(struct hf_bytes text, enum hf_hash_alg alg, struct hf_bytes ref, struct hf_bytes key_pem,
                      struct hf_policy_approval **out)
{
    HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *made = NULL;

    HF_TRY(hf_alloc(sizeof(*made), &made));
    if (ref.n > sizeof(made->ref.bytes))
        return hf_fail(HF_E_ARG, "a ref of %zu bytes, wanted at most %zu", ref.n, sizeof(made->ref.bytes));
    made->alg = alg;
    made->ref.n = ref.n;
    if (ref.n)
        memcpy(made->ref.bytes, ref.p, ref.n);
    HF_TRY(hf_policy_parse(text, &made->policy));
    HF_TRY(hf_policy_digest_of(made->policy, alg, &made->digest));
    HF_TRY(hf_pubkey_from_pem(key_pem, &made->key));
    HF_TRY(hf_policy_key_public(made->key, &made->pub));
    HF_TRY(hf_tpm_public_name(hf_buf_bytes(&made->pub), &made->name));
    *out = hf_take(made);
    return HF_OK;
}

static hf_err check_signature(const struct hf_policy_approval *approval)
{
    enum hf_hash_alg hash;
    struct hf_digest a_hash;

    HF_TRY(hf_policy_approval_hash(hf_tpm_name_bytes(&approval->name), &approval->digest, &approval->ref, &a_hash));
    HF_TRY(hf_policy_signature_hash(hf_buf_bytes(&approval->signature), &hash));
    if (hf_hash_size(hash) != a_hash.n) /* the TPM takes no other (Part 3, 20.1) */
        return hf_fail(HF_E_FORMAT, "the approval is signed with %s, wanted the hash of the key's Name, of %zu bytes",
                       hf_hash_name(hash), a_hash.n);
    return hf_policy_signature_verify(approval->key, hf_buf_bytes(&approval->signature), hf_digest_bytes(&a_hash));
}

hf_err hf_policy_approve(const struct hf_policy *policy, const struct hf_policy_approval_spec *spec,
                         struct hf_policy_approval **out)
{
    HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *made = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf signature = {.max = 1024};
    enum hf_hash_alg alg = HF_SHA256;
    struct hf_digest a_hash;

    if (spec->hash)
        HF_TRY(hf_hash_by_name(hf_bytes_text(spec->hash), &alg));
    HF_TRY(hf_policy_print(policy, &text));
    HF_TRY(prepare(hf_buf_bytes(&text), alg, spec->ref, spec->key_pem, &made));
    HF_TRY(hf_policy_approval_hash(hf_tpm_name_bytes(&made->name), &made->digest, &made->ref, &a_hash));
    HF_TRY(spec->sign(spec->arg, hf_digest_bytes(&a_hash), &signature));
    HF_TRY(hf_policy_signature_write(made->key, HF_SHA256, hf_buf_bytes(&signature), &made->signature));
    if (check_signature(made) != HF_OK)
        return hf_fail(HF_E_MISMATCH, "the signature that was made is not by the key in the approval");
    *out = hf_take(made);
    return HF_OK;
}

struct file {
    char *format;
    char *hash;
    char *policy;
    char *key;
    struct hf_digest digest;
    struct hf_buf ref;
    struct hf_buf name;
    struct hf_buf signature;
};

static const struct hf_json_field fields[] = {
    HF_FIELD(TEXT, "holdfast", struct file, format, .required = true, .words = FORMAT),
    HF_FIELD(TEXT, "hash", struct file, hash, .required = true, .words = "sha1|sha256|sha384|sha512"),
    HF_FIELD(TEXT, "policy", struct file, policy, .required = true, .max = HF_POLICY_TEXT_MAX),
    HF_FIELD(DIGEST, "digest", struct file, digest, .required = true),
    HF_FIELD(HEX, "ref", struct file, ref, .required = true, .max = HF_DIGEST_MAX),
    HF_FIELD(HEX, "name", struct file, name, .required = true, .max = HF_TPM_NAME_MAX),
    HF_FIELD(TEXT, "key", struct file, key, .required = true, .max = 8192),
    HF_FIELD(BASE64, "signature", struct file, signature, .required = true, .max = 1024),
    HF_FIELDS_END,
};

static void file_free(struct file *file)
{
    hf_json_free(fields, file);
}

hf_err hf_policy_approval_parse(struct hf_bytes json, struct hf_policy_approval **out)
{
    HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *made = NULL;
    HF_CLEANUP(file_free) struct file file = {0};
    enum hf_hash_alg alg;

    if (json.n > APPROVAL_MAX)
        return hf_fail(HF_E_LIMIT, "the approval has %zu bytes, at most %d are read", json.n, APPROVAL_MAX);
    HF_TRY(hf_json_read(json, fields, &file));
    HF_TRY(hf_hash_by_name(hf_bytes_text(file.hash), &alg));
    HF_TRY(prepare(hf_bytes_text(file.policy), alg, hf_buf_bytes(&file.ref), hf_bytes_text(file.key), &made));
    HF_TRY(hf_buf_set(&made->signature, hf_buf_bytes(&file.signature)));
    if (!hf_bytes_equal(hf_digest_bytes(&made->digest), hf_digest_bytes(&file.digest)))
        return hf_fail(HF_E_INTEGRITY, "the approval's digest is not that of its policy");
    if (!hf_bytes_equal(hf_tpm_name_bytes(&made->name), hf_buf_bytes(&file.name)))
        return hf_fail(HF_E_INTEGRITY, "the approval's name is not that of its key");
    HF_TRY(check_signature(made));
    *out = hf_take(made);
    return HF_OK;
}

hf_err hf_policy_approval_print(const struct hf_policy_approval *approval, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    struct hf_json j = hf_json(out, true);

    HF_TRY(hf_policy_print(approval->policy, &text));
    HF_TRY(hf_pubkey_to_pem(approval->key, &pem));
    hf_json_object(&j, NULL);
    hf_json_text(&j, "holdfast", FORMAT);
    hf_json_text(&j, "hash", hf_hash_name(approval->alg));
    hf_json_text_n(&j, "policy", hf_buf_bytes(&text));
    hf_json_hex(&j, "digest", hf_digest_bytes(&approval->digest));
    hf_json_hex(&j, "ref", (struct hf_bytes){approval->ref.bytes, approval->ref.n});
    hf_json_hex(&j, "name", hf_tpm_name_bytes(&approval->name));
    hf_json_text_n(&j, "key", hf_buf_bytes(&pem));
    hf_json_base64(&j, "signature", hf_buf_bytes(&approval->signature));
    hf_json_close(&j);
    return hf_json_end(&j);
}

/* True for what may stand between quotes. */
static bool printable(const struct hf_policy_ref *ref)
{
    for (size_t i = 0; i < ref->n; i++) {
        if (ref->bytes[i] < 0x20 || ref->bytes[i] > 0x7e)
            return false;
    }
    return ref->n > 0;
}

hf_err hf_policy_approval_seal_policy(const struct hf_policy_approval *approval, struct hf_policy **out)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    struct hf_policy_step *step;

    HF_TRY(hf_policy_new(&policy));
    HF_TRY(hf_policy_steps_add(&policy->steps, HF_POLICY_AUTHORIZE, &step));
    step->object.name = approval->name;
    step->ref = approval->ref;
    step->ref.text = printable(&approval->ref);
    HF_TRY(hf_buf_set(&step->object.pub, hf_buf_bytes(&approval->pub)));
    *out = hf_take(policy);
    return HF_OK;
}

const struct hf_policy *hf_policy_approval_policy(const struct hf_policy_approval *approval)
{
    return approval->policy;
}

const char *hf_policy_approval_hash_name(const struct hf_policy_approval *approval)
{
    return hf_hash_name(approval->alg);
}

/* Add the approval to what goes into a key file: the approved steps and the signed `authorize`. */
hf_err hf_policy_add_approval(struct hf_policy *policy, const struct hf_policy_approval *approval, const char *label)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *copy = NULL;
    struct hf_policy_approved *place;
    struct hf_policy_step *step;

    if (policy->steps.n == 0 || policy->steps.step[0].kind != HF_POLICY_AUTHORIZE ||
        !same(&approval->name, &approval->ref, &policy->steps.step[0]))
        return hf_fail(HF_E_ARG, "the policy does not begin with \"authorize\" by the approval's key and ref");
    HF_TRY(hf_policy_copy(approval->policy, &copy));
    HF_TRY(hf_policy_steps_add(&copy->steps, HF_POLICY_AUTHORIZE, &step));
    step->object.name = approval->name;
    step->ref = approval->ref;
    HF_TRY(hf_buf_set(&step->object.pub, hf_buf_bytes(&approval->pub)));
    HF_TRY(hf_buf_set(&step->signature, hf_buf_bytes(&approval->signature)));
    HF_TRY(hf_policy_approved_add(policy, &place));
    place->steps = copy->steps;
    copy->steps = (struct hf_policy_steps){0};
    return label ? hf_strdup(label, &place->label) : HF_OK;
}
