/* Several items of evidence in one call: each judged under its label, and what binds them. */
#include "make_cca.h"
#include "make_nvidia.h"
#include "verifying.h"

#define AT ((int64_t)1764288000)

static const uint8_t nonce[32] = {0x6e, 0x6f, 0x6e, 0x63, 0x65};

struct rig {
    struct make_cca_keys keys;
    struct make_nvidia nv;
    struct hf_buf cca, gpu;
    struct verifying j;
};

static void rig_new(struct rig *rig, const uint8_t *gpu_nonce)
{
    struct make_cca_spec cca = {0};
    struct make_nvidia_spec gpu = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf chain = {0};

    *rig = (struct rig){0};
    memcpy(cca.challenge, nonce, sizeof(nonce)); /* the challenge has 64 bytes: zeros follow */
    memcpy(gpu.nonce, gpu_nonce, sizeof(nonce));
    OK(make_cca_keys_new(HF_P384, HF_P384, &rig->keys));
    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &rig->nv));
    OK(make_cca_token(&cca, &rig->keys, &rig->cca));
    OK(make_nvidia_report(&gpu, &rig->nv, &rig->gpu));
    OK(make_nvidia_chain(&rig->nv, &chain));
    verifying_new(&rig->j, AT);
    verifying_key(&rig->j, hf_privkey_public(rig->keys.platform));
    OK(hf_verifier_add_collateral(rig->j.verifier, hf_buf_bytes(&chain), "chain.pem"));
    OK(hf_verifier_add_root(rig->j.verifier, rig->nv.cert[MAKE_NVIDIA_ROOT].cert->der, "root"));
}

static void rig_free(struct rig *rig)
{
    make_cca_keys_free(&rig->keys);
    make_nvidia_free(&rig->nv);
    hf_buf_free(&rig->cca);
    hf_buf_free(&rig->gpu);
    verifying_free(&rig->j);
}

static hf_err judge_both(struct rig *rig)
{
    struct hf_bytes both[] = {hf_buf_bytes(&rig->cca), hf_buf_bytes(&rig->gpu)};

    rig->j.q.evidence = both;
    rig->j.q.n_evidence = 2;
    return hf_verify(rig->j.verifier, &rig->j.q, rig->j.result);
}

static const char *note_of(const struct rig *rig, const char *row)
{
    return hf_verdict_row(&rig->j.result->verdict, row)->note;
}

TEST(one_nonce_in_all_of_them_binds_them)
{
    HF_CLEANUP(rig_free) struct rig rig;

    rig_new(&rig, nonce);
    verifying_nonce(&rig.j, HF_BYTES_OF(nonce));
    FAILS(judge_both(&rig), HF_E_WARNED); /* manifests and responses are not given */
    CHECK(rig.j.result->n == 2);
    ROW_IS(&rig.j, "cca-token: signature", "ok");
    ROW_IS(&rig.j, "nvidia-report: signature", "ok");
    ROW_IS(&rig.j, "binding", "ok");
    CHECK_TEXT(hf_verdict_row(&rig.j.result->verdict, "binding")->found, "cca-token <- nonce, nvidia-report <- nonce");
}

TEST(items_without_a_common_nonce_share_nothing)
{
    HF_CLEANUP(rig_free) struct rig rig;

    rig_new(&rig, nonce);
    FAILS(judge_both(&rig), HF_E_WARNED);
    ROW_IS(&rig.j, "binding", "warning");
    CHECK(strstr(note_of(&rig, "binding"), "cca-token and nvidia-report share nothing"));
}

TEST(one_bad_item_does_not_hide_the_others)
{
    static const uint8_t another[32] = {1};
    HF_CLEANUP(rig_free) struct rig rig;

    rig_new(&rig, another);
    verifying_nonce(&rig.j, HF_BYTES_OF(nonce));
    FAILS(judge_both(&rig), HF_E_UNTRUSTED);
    ROW_IS(&rig.j, "cca-token: freshness", "ok");
    ROW_IS(&rig.j, "nvidia-report: freshness", "failed");
    ROW_IS(&rig.j, "nvidia-report: certificate chain", "ok");
    ROW_IS(&rig.j, "binding", "warning");
    CHECK_TEXT(hf_verdict_row(&rig.j.result->verdict, "binding")->found, "cca-token <- nonce");
    CHECK(rig.j.result->item[0].status != HF_VERDICT_CONTRAINDICATED);
    CHECK(rig.j.result->item[1].status == HF_VERDICT_CONTRAINDICATED);
}

TEST(one_item_has_nothing_to_be_bound_to)
{
    HF_CLEANUP(rig_free) struct rig rig;

    rig_new(&rig, nonce);
    verifying_nonce(&rig.j, HF_BYTES_OF(nonce));
    OK(judge(&rig.j, hf_buf_bytes(&rig.cca)));
    CHECK(strcmp(hf_verdict_row(&rig.j.result->verdict, "binding")->note, "") == 0); /* the token's own */
    CHECK(rig.j.result->item[0].label[0] == 0);
}

/* Eight GPUs and four switches of one server have a row for each check. */
TEST(a_server_of_twelve_devices_has_room)
{
    HF_CLEANUP(rig_free) struct rig rig;
    struct hf_buf report[12] = {0};
    struct hf_bytes evidence[12];
    struct make_nvidia_spec spec = {0};

    rig_new(&rig, nonce);
    memcpy(spec.nonce, nonce, sizeof(nonce));
    for (size_t i = 0; i < HF_COUNT(report); i++) {
        spec.driver = i < 8 ? NULL : "";
        OK(make_nvidia_report(&spec, &rig.nv, &report[i]));
        evidence[i] = hf_buf_bytes(&report[i]);
    }
    verifying_nonce(&rig.j, HF_BYTES_OF(nonce));
    rig.j.q.evidence = evidence;
    rig.j.q.n_evidence = HF_COUNT(evidence);
    FAILS(hf_verify(rig.j.verifier, &rig.j.q, rig.j.result), HF_E_WARNED);
    CHECK(rig.j.result->n == 12 && rig.j.result->verdict.lost == 0);
    ROW_IS(&rig.j, "binding", "ok");
    for (size_t i = 0; i < HF_COUNT(report); i++)
        hf_buf_free(&report[i]);
}

TESTS(RUN(one_nonce_in_all_of_them_binds_them), RUN(items_without_a_common_nonce_share_nothing),
      RUN(one_bad_item_does_not_hide_the_others), RUN(one_item_has_nothing_to_be_bound_to),
      RUN(a_server_of_twelve_devices_has_room))
