/* The verdict over a SEV-SNP attestation report. AMD publication 56860, "Attestation". */
#include "verify/snp.h"
#include "base/cleanup.h"
#include "evidence/amd_cert_table.h"

#include <inttypes.h>
#include <stdio.h>

static bool zeros(struct hf_bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        if (b.p[i])
            return false;
    }
    return true;
}

/* ---- the signature, and where its certificate is to be had ---- */

static void say_missing(struct hf_snp_work *w, struct hf_check *row)
{
    static const enum hf_snp_product either[] = {HF_SNP_PRODUCT_MILAN, HF_SNP_PRODUCT_GENOA};
    char url[HF_SNP_URL_MAX];
    bool ambiguous = w->product == HF_SNP_PRODUCT_UNKNOWN && hf_snp_report_layout(&w->rep) == HF_SNP_PRODUCT_MILAN;

    for (size_t i = 0; i < (ambiguous ? HF_COUNT(either) : 1); i++) {
        hf_snp_report_vcek_url(&w->rep, ambiguous ? either[i] : w->product, url);
        if (!url[0])
            break;
        hf_judge_missing(w->f, "VCEK", "%s", url);
        if (i == 0)
            hf_check_expected(row, "%s", url);
    }
    if (HF_SNP_SIGNING_KEY(w->rep.flags) == HF_SNP_KEY_VLEK)
        hf_check_expected(row, "a VLEK certificate, which the cloud hands to its guests with the report");
    else if (hf_snp_chip_masked(&w->rep))
        hf_check_expected(row, "the VCEK certificate, from the host: it masks the chip id");
    if (!w->cert)
        hf_check_note(row, "no %s certificate was given: get it from %s",
                      HF_SNP_SIGNING_KEY(w->rep.flags) == HF_SNP_KEY_VLEK ? "VLEK" : "VCEK",
                      ambiguous ? "AMD's key server, of Milan or of Genoa" : "there");
}

/* A certificate of this chip and level, or, where the report does not say which, of its role. */
static bool fits(const struct hf_snp_work *w)
{
    uint8_t raw[8];

    if (!w->cert || w->vek_err != HF_OK)
        return false;
    hf_snp_tcb_write(&w->vek.tcb, raw);
    return memcmp(raw, w->rep.reported_tcb, sizeof(raw)) == 0;
}

static void judge_signature(struct hf_snp_work *w)
{
    struct hf_check *row = hf_check(w->v, "signature",
                                    w->signature == HF_OK ? HF_OK : hf_fail(w->signature, "%s", w->signature_text));

    if (w->signature == HF_OK)
        hf_check_found(row, "by %s", w->cert->subject_text);
    else if (!(w->rep.flags & HF_SNP_FLAG_MASK_CHIP_KEY) && !fits(w))
        say_missing(w, row);
}

/* ---- levels ---- */

/* Which parts differ: "microcode: certificate 115, report 206". */
static hf_err compare_tcb(const struct hf_snp_tcb *cert, const struct hf_snp_tcb *report)
{
    char text[160] = "";
    size_t n = 0;
    uint8_t a = 0, b = 0;

    for (size_t i = 0; i < HF_SNP_TCB_PARTS && n < sizeof(text); i++) {
        const char *name = hf_snp_tcb_part(cert, i, &a);

        (void)hf_snp_tcb_part(report, i, &b);
        if (a != b)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s: certificate %u, report %u", n ? "; " : "", name, a,
                                  b);
    }
    if (cert->has_fmc != report->has_fmc)
        return hf_fail(HF_E_MISMATCH, "the certificate's level %s FMC firmware, the report's %s",
                       cert->has_fmc ? "has" : "has no", report->has_fmc ? "has" : "has none");
    return n ? hf_fail(HF_E_MISMATCH, "%s", text) : HF_OK;
}

static void judge_level(struct hf_snp_work *w)
{
    char text[HF_SNP_TCB_TEXT] = "";
    struct hf_snp_tcb reported = {0};
    struct hf_check *row;
    hf_err err = hf_snp_tcb_parse(w->rep.reported_tcb, w->product, &reported);

    if (err == HF_OK && (!w->cert || w->vek_err != HF_OK)) {
        row = hf_check_absent(w->v, "platform level", "no certificate that vouches for the reported level");
    } else {
        if (err == HF_OK)
            err = compare_tcb(&w->vek.tcb, &reported);
        row = hf_check(w->v, "platform level", err);
        hf_snp_tcb_text(&w->vek.tcb, text);
        if (w->cert)
            hf_check_expected(row, "as in the certificate: %s", text);
        if (err == HF_OK)
            hf_check_note(row, "AMD publishes no status of levels: a policy sets the least");
    }
    hf_snp_tcb_text(&reported, text);
    hf_check_found(row, "reported: %s", text);
}

static bool not_above(const struct hf_snp_tcb *low, const struct hf_snp_tcb *high)
{
    uint8_t a = 0, b = 0;

    for (size_t i = 0; hf_snp_tcb_part(low, i, &a); i++) {
        (void)hf_snp_tcb_part(high, i, &b);
        if (a > b)
            return false;
    }
    return true;
}

/* Current may run ahead of committed for long: clouds do that, to be able to go back. */
static void judge_order(struct hf_snp_work *w)
{
    const struct hf_snp_firmware *now = &w->rep.current, *kept = &w->rep.committed;
    unsigned current = (unsigned)now->major << 16 | (unsigned)now->minor << 8 | now->build;
    unsigned committed_version = (unsigned)kept->major << 16 | (unsigned)kept->minor << 8 | kept->build;
    struct hf_snp_tcb tcb[3];
    char text[3][HF_SNP_TCB_TEXT];
    const uint8_t *raw[] = {w->rep.reported_tcb, w->rep.committed_tcb, w->rep.current_tcb};
    struct hf_check *row;
    hf_err err = HF_OK;

    for (size_t i = 0; err == HF_OK && i < HF_COUNT(raw); i++)
        err = hf_snp_tcb_parse(raw[i], w->product, &tcb[i]);
    if (err != HF_OK) {
        (void)hf_check(w->v, "firmware order", err);
        return;
    }
    for (size_t i = 0; i < HF_COUNT(raw); i++)
        hf_snp_tcb_text(&tcb[i], text[i]);
    if (!not_above(&tcb[0], &tcb[1]))
        err = hf_fail(HF_E_UNTRUSTED, "it reports a level above the one that it committed to");
    else if (!not_above(&tcb[1], &tcb[2]))
        err = hf_fail(HF_E_UNTRUSTED, "it committed to a level above the one that runs");
    else if (committed_version > current)
        err = hf_fail(HF_E_UNTRUSTED, "it committed to firmware %u.%u.%u, and runs %u.%u.%u", kept->major, kept->minor,
                      kept->build, now->major, now->minor, now->build);
    row = hf_check(w->v, "firmware order", err);
    hf_check_expected(row, "reported <= committed <= current");
    hf_check_found(row, "%s; %s; %s", text[0], text[1], text[2]);
}

static void judge_launch(struct hf_snp_work *w)
{
    char text[HF_SNP_TCB_TEXT];
    struct hf_snp_tcb tcb;

    if (hf_snp_tcb_parse(w->rep.launch_tcb, w->product, &tcb) != HF_OK) {
        (void)hf_check(w->v, "launch level", hf_fail(HF_E_UNTRUSTED, "%s", hf_err_detail()));
        return;
    }
    hf_snp_tcb_text(&tcb, text);
    hf_check_found(
        hf_check_not_applicable(w->v, "launch level", "what ran when the guest started: a policy sets the least"), "%s",
        text);
}

/* ---- product and version ---- */

static hf_err check_product(const struct hf_snp_work *w, enum hf_snp_product own)
{
    if (w->rep.version >= 3 && own == HF_SNP_PRODUCT_UNKNOWN)
        return hf_fail(HF_E_UNSUPPORTED,
                       "CPUID family 0x%02x, model 0x%02x is no product that is known; known are Milan, "
                       "Genoa, Turin",
                       w->rep.family, w->rep.model);
    if (own == HF_SNP_PRODUCT_VENICE || w->product == HF_SNP_PRODUCT_VENICE)
        return hf_fail(HF_E_UNSUPPORTED, "Venice is not supported: the layout of its TCB is not published");
    if (w->product == HF_SNP_PRODUCT_UNKNOWN)
        return hf_fail(HF_E_UNSUPPORTED,
                       "the certificate's product \"%.*s\" is not known; known are Milan, Genoa, Turin",
                       (int)w->vek.product_name.n, (const char *)w->vek.product_name.p);
    if (w->cert && w->vek_err == HF_OK && w->vek.product != w->product)
        return hf_fail(HF_E_MISMATCH, "the certificate is of a %s", hf_snp_product_name(w->vek.product));
    return HF_OK;
}

static void judge_product(struct hf_snp_work *w)
{
    enum hf_snp_product own = hf_snp_report_product(&w->rep);
    struct hf_check *row;

    if (own == HF_SNP_PRODUCT_UNKNOWN && w->rep.version < 3 && (!w->cert || w->vek_err != HF_OK)) {
        (void)hf_check_absent(w->v, "product", "a version 2 report does not name it; its certificate does");
        return;
    }
    row = hf_check(w->v, "product", check_product(w, own));
    hf_check_found(row, "%s", hf_snp_product_name(w->product));
    if (row->status == HF_CHECK_OK && own == HF_SNP_PRODUCT_UNKNOWN)
        hf_check_note(row, "from the certificate: a version 2 report does not name it");
}

/* ---- policy and platform ---- */

static hf_err check_policy(const struct hf_snp_report *rep)
{
    unsigned want = (unsigned)(rep->policy & 0xffff), have = (unsigned)rep->current.major << 8 | rep->current.minor;

    if (!(rep->policy & HF_SNP_POLICY_SMT) && rep->platform_info & HF_SNP_PLATFORM_SMT)
        return hf_fail(HF_E_UNTRUSTED, "the policy forbids SMT, and the platform has it on");
    if (rep->policy & HF_SNP_POLICY_RAPL_DIS && !(rep->platform_info & HF_SNP_PLATFORM_RAPL_DIS))
        return hf_fail(HF_E_UNTRUSTED, "the policy wants RAPL disabled, and the platform has it on");
    if (rep->policy & HF_SNP_POLICY_CIPHERTEXT_HIDING && !(rep->platform_info & HF_SNP_PLATFORM_CIPHERTEXT_HIDING))
        return hf_fail(HF_E_UNTRUSTED, "the policy wants ciphertext hiding, and the platform has it off");
    if (want > have)
        return hf_fail(HF_E_UNTRUSTED, "the policy wants ABI %u.%u at least, the firmware has %u.%u", want >> 8,
                       want & 0xff, have >> 8, have & 0xff);
    return HF_OK;
}

static void judge_policy(struct hf_snp_work *w)
{
    struct hf_check *row = hf_check(w->v, "policy", check_policy(&w->rep));

    hf_check_expected(row, "platform as the policy 0x%" PRIx64 " wants it", w->rep.policy);
    hf_check_found(row, "platform info 0x%" PRIx64 ", firmware %u.%u.%u", w->rep.platform_info, w->rep.current.major,
                   w->rep.current.minor, w->rep.current.build);
    hf_judge_debug((w->rep.policy & HF_SNP_POLICY_DEBUG) != 0, "policy bit 19", w->v, w->f);
}

/* An agent can move the guest to a machine of its choice: what holds here would have to be shown of it too. */
static void judge_migration(struct hf_snp_work *w)
{
    static const uint8_t none[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    bool allowed = (w->rep.policy & HF_SNP_POLICY_MIGRATE_MA) != 0;
    bool agent = !zeros(w->rep.report_id_ma) && !hf_bytes_equal(w->rep.report_id_ma, HF_BYTES_OF(none));
    struct hf_check *row;

    if (agent)
        row = hf_check(w->v, "migration",
                       hf_fail(HF_E_UNTRUSTED, "a migration agent, of which nothing is known, can move this guest%s",
                               allowed ? "" : " against its policy"));
    else if (allowed)
        row = hf_check_warn(w->v, "migration", "the policy lets a migration agent take this guest; it has none now");
    else
        row = hf_check(w->v, "migration", HF_OK);
    hf_check_expected(row, "off");
    if (agent)
        hf_check_found_hex(row, w->rep.report_id_ma);
    else
        hf_check_found(row, "%s", allowed ? "allowed" : "off");
    hf_claim_bool(&w->f->claims, "migration", allowed);
}

static void judge_reserved(struct hf_snp_work *w)
{
    uint64_t policy = w->rep.policy & ~HF_SNP_POLICY_KNOWN, info = w->rep.platform_info & ~HF_SNP_PLATFORM_KNOWN;
    uint32_t flags = w->rep.flags & ~HF_SNP_FLAGS_KNOWN;
    struct hf_check *row;
    hf_err err = HF_OK;

    if (!(w->rep.policy & HF_SNP_POLICY_ONE))
        err = hf_fail(HF_E_UNTRUSTED, "policy bit 17 is zero; it must be one");
    else if (policy)
        err = hf_fail(HF_E_UNTRUSTED, "policy bits 0x%" PRIx64 " are not known", policy);
    else if (info)
        err = hf_fail(HF_E_UNTRUSTED, "platform info bits 0x%" PRIx64 " are not known", info);
    else if (flags)
        err = hf_fail(HF_E_UNTRUSTED, "flags 0x%x are not known", flags);
    else if (w->rep.reserved_at)
        err = hf_fail(HF_E_UNTRUSTED, "the reserved byte at 0x%zx is not zero", w->rep.reserved_at);
    row = hf_check(w->v, "reserved bits", err);
    hf_check_found(row, "policy 0x%" PRIx64 ", platform info 0x%" PRIx64 ", flags 0x%x", w->rep.policy,
                   w->rep.platform_info, w->rep.flags);
}

static void judge_vmpl(struct hf_snp_work *w)
{
    uint32_t vmpl = w->rep.vmpl;
    struct hf_check *row;

    if (vmpl == HF_SNP_VMPL_HOST)
        row = hf_check_warn(w->v, "vmpl",
                            "the host asked for this report, not the guest: its report data are the host's");
    else
        row = hf_check(w->v, "vmpl", vmpl < 4 ? HF_OK : hf_fail(HF_E_UNTRUSTED, "there is no such privilege level"));
    hf_check_expected(row, "0 to 3");
    hf_check_found(row, "%u", vmpl);
}

/* Who signed the ID block that the guest was started with. Policies say who it must be. */
static void judge_keys(struct hf_snp_work *w)
{
    bool author = (w->rep.flags & HF_SNP_FLAG_AUTHOR_KEY) != 0;
    struct hf_check *row;

    if (zeros(w->rep.id_key_digest))
        (void)hf_check_not_applicable(w->v, "id key", "the guest was started without an ID block");
    else
        hf_check_found_hex(hf_check_not_applicable(w->v, "id key", "a policy says whose it must be"),
                           w->rep.id_key_digest);
    if (author == zeros(w->rep.author_key_digest))
        row = hf_check(w->v, "author key",
                       hf_fail(HF_E_UNTRUSTED, "the flags say that there is %s author key, the digest %s",
                               author ? "an" : "no", author ? "is zero" : "is not zero"));
    else
        row = hf_check_not_applicable(w->v, "author key", author ? "a policy says whose it must be" : "there is none");
    if (author || row->status == HF_CHECK_FAILED)
        hf_check_found_hex(row, w->rep.author_key_digest);
}

/* ---- claims ---- */

/* Names of a level's claims: its bytes, its text, and its parts, which policies compare as numbers. */
struct level_names {
    const char *raw, *text, *part[HF_SNP_TCB_PARTS];
};
#define LEVEL(which)                                                              \
    {                                                                             \
        which "_tcb", which "_level",                                             \
        {                                                                         \
            which "_fmc", which "_bl", which "_tee", which "_snp", which "_ucode" \
        }                                                                         \
    }

static void claim_tcb(struct hf_snp_work *w, const struct level_names *names, const uint8_t raw[8])
{
    struct hf_claims *c = &w->f->claims;
    char text[HF_SNP_TCB_TEXT];
    struct hf_snp_tcb tcb;
    uint8_t part = 0;

    hf_claim_bytes_copy(c, names->raw, (struct hf_bytes){raw, 8});
    if (hf_snp_tcb_parse(raw, w->product, &tcb) != HF_OK)
        return;
    hf_snp_tcb_text(&tcb, text);
    hf_claim_printf(c, names->text, "%s", text);
    for (size_t i = tcb.has_fmc ? 0 : 1; i < HF_SNP_TCB_PARTS; i++) {
        (void)hf_snp_tcb_part(&tcb, i, &part);
        hf_claim_number(c, names->part[i], part);
    }
}

static void claim_all(struct hf_snp_work *w)
{
    static const char *const keys[8] = {"VCEK", "VLEK", "2", "3", "4", "5", "6", "none"};
    static const struct level_names reported = LEVEL("reported"), committed = LEVEL("committed"),
                                    current = LEVEL("current"), launch = LEVEL("launch");
    struct hf_claims *c = &w->f->claims;
    const struct hf_snp_report *rep = &w->rep;

    hf_claim_number(c, "version", rep->version);
    hf_claim_number(c, "report_version", rep->version);
    hf_claim_word(c, "product", hf_snp_product_name(w->product));
    hf_claim_word(c, "signing_key", keys[HF_SNP_SIGNING_KEY(rep->flags)]);
    hf_claim_bytes(c, "measurement", rep->measurement);
    hf_claim_bytes(c, "report_data", rep->report_data);
    hf_claim_bytes(c, "host_data", rep->host_data);
    hf_claim_bytes(c, "id_key_digest", rep->id_key_digest);
    hf_claim_bytes(c, "author_key_digest", rep->author_key_digest);
    hf_claim_bytes(c, "report_id", rep->report_id);
    hf_claim_bytes(c, "report_id_ma", rep->report_id_ma);
    hf_claim_bytes(c, "chip_id", rep->chip_id);
    hf_claim_bytes(c, "family_id", rep->family_id);
    hf_claim_bytes(c, "image_id", rep->image_id);
    hf_claim_number(c, "guest_svn", rep->guest_svn);
    hf_claim_number(c, "vmpl", rep->vmpl);
    hf_claim_number(c, "policy", rep->policy);
    hf_claim_number(c, "platform_info", rep->platform_info);
    hf_claim_bool(c, "smt", (rep->platform_info & HF_SNP_PLATFORM_SMT) != 0);
    claim_tcb(w, &reported, rep->reported_tcb);
    claim_tcb(w, &committed, rep->committed_tcb);
    claim_tcb(w, &current, rep->current_tcb);
    claim_tcb(w, &launch, rep->launch_tcb);
    hf_claim_printf(c, "firmware", "%u.%u.%u", rep->current.major, rep->current.minor, rep->current.build);
    if (rep->version >= 5) {
        hf_claim_number(c, "launch_mitigations", rep->launch_mitigations);
        hf_claim_number(c, "current_mitigations", rep->current_mitigations);
    }
    if (w->cert && w->vek_err == HF_OK && w->vek.csp_id.n)
        hf_claim_printf(c, "csp_id", "%.*s", (int)w->vek.csp_id.n, (const char *)w->vek.csp_id.p);
}

bool hf_snp_report_rows(const struct hf_judge *j, struct hf_bytes report, struct hf_verdict *v, struct hf_findings *f,
                        struct hf_snp_report *rep)
{
    struct hf_snp_work w = {.j = j, .v = v, .f = f};
    hf_err err = hf_snp_report_parse(report, &w.rep);
    struct hf_check *row = hf_check(v, "structure", err);

    if (err != HF_OK)
        return false;
    hf_check_found(row, "SEV-SNP report, version %u", w.rep.version);
    hf_snp_vek_find(&w);
    w.product = hf_snp_report_product(&w.rep);
    if (w.rep.version < 3 && w.product == HF_SNP_PRODUCT_UNKNOWN && w.cert && w.vek_err == HF_OK)
        w.product = w.vek.product;
    judge_signature(&w);
    hf_snp_vek_judge(&w);
    judge_product(&w);
    judge_level(&w);
    judge_order(&w);
    judge_launch(&w);
    judge_policy(&w);
    judge_migration(&w);
    judge_reserved(&w);
    judge_vmpl(&w);
    judge_keys(&w);
    claim_all(&w);
    if (f->environment == HF_ENV_HARDWARE)
        f->level = HF_LEVEL_HIGH;
    if (rep)
        *rep = w.rep;
    return true;
}

static void rows_and_freshness(const struct hf_judge *j, struct hf_bytes report, struct hf_verdict *v,
                               struct hf_findings *f)
{
    struct hf_snp_report rep;

    if (hf_snp_report_rows(j, report, v, f, &rep))
        hf_judge_freshness(j, rep.report_data, rep.report_data.n, v, f);
}

/* The certificates that came behind the report, beside those that came otherwise. */
static hf_err gather(const struct hf_judge *j, struct hf_bytes table, struct hf_endorsements *out)
{
    for (size_t i = 0; i < j->inner->n; i++)
        HF_TRY(hf_endorsements_add(out, j->inner->item[i].bytes, j->inner->item[i].source));
    return hf_endorsements_add(out, table, "certificate table");
}

void hf_snp_report_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v,
                         struct hf_findings *f)
{
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements inner = {0};
    struct hf_judge with = *j;
    struct hf_bytes report, table;
    hf_err err;

    hf_snp_report_split(evidence, &report, &table);
    if (hf_amd_cert_table_looks(table)) {
        err = gather(j, table, &inner);
        (void)hf_check(v, "certificate table", err);
        if (err == HF_OK)
            with.inner = &inner;
    }
    rows_and_freshness(&with, report, v, f);
}
