/* SGX and TDX quotes and Intel's collateral for tests. */
#include "make_intel.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "crypto/hash.h"

#define SIGNER 0x51 /* every byte of the QE's MRSIGNER */
#define SEAM_SIGNER 0x00

static const struct hf_sig_alg ecdsa = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256};

static void start_specs(struct make_intel *m)
{
    static const char o[] = "C=US,ST=CA,L=Santa Clara,O=Intel Corporation";
    static char subject[INTEL_CERTS][128];
    static const char *const names[] = {"Intel SGX Root CA", "Intel SGX PCK Platform CA", "Intel SGX PCK Certificate",
                                        "Intel SGX TCB Signing"};

    for (size_t i = 0; i < INTEL_CERTS; i++) {
        bool ca = i == INTEL_ROOT || i == INTEL_CA;

        (void)snprintf(subject[i], sizeof(subject[i]), "%s,CN=%s", o, names[i]);
        m->spec[i] = (struct testca_spec){.subject = subject[i],
                                          .ca = ca,
                                          .has_path_len = ca,
                                          .path_len = i == INTEL_ROOT ? 1 : 0,
                                          .key_usage = ca ? HF_KU_CERT_SIGN | HF_KU_CRL_SIGN : HF_KU_DIGITAL_SIGNATURE,
                                          .from = INTEL_AT - 1000 * 86400,
                                          .until = INTEL_AT + 1000 * 86400};
    }
    m->spec[INTEL_ROOT].serial = "10";
    m->spec[INTEL_CA].serial = "11";
    m->spec[INTEL_PCK].serial = "12";
    m->spec[INTEL_SIGNER].serial = "13";
    m->spec[INTEL_PCK].crl_url = "https://example.test/pckcrl";
    m->spec[INTEL_CA].crl_url = m->spec[INTEL_SIGNER].crl_url = "https://example.test/rootcrl";
}

static void start_levels(struct make_intel *m)
{
    static const char *const status[] = {"UpToDate", "SWHardeningNeeded", "OutOfDate"};

    m->n_levels = 3;
    for (size_t i = 0; i < m->n_levels; i++) {
        memset(m->level[i].sgx, (int)(6 - 2 * i), 16);
        memset(m->level[i].tdx, (int)(6 - 2 * i), 16);
        m->level[i].pce_svn = (uint16_t)(13 - i);
        m->level[i].status = status[i];
        m->level[i].advisories[0] = i ? "INTEL-SA-00615" : NULL;
    }
    m->level[2].advisories[1] = "INTEL-SA-00001";
    m->n_qe_levels = 2;
    m->qe_level[0] = (struct make_svn_level){8, "UpToDate", NULL};
    m->qe_level[1] = (struct make_svn_level){4, "OutOfDate", "INTEL-SA-00477"};
    m->n_modules = 2;
    m->module[0] = (struct make_module){
        "TDX_03", SEAM_SIGNER, 2, {{7, "UpToDate", NULL}, {5, "OutOfDate", "INTEL-SA-01036"}}};
    m->module[1] = (struct make_module){"TDX_0a", SEAM_SIGNER, 2, {{3, "UpToDate", NULL}, {1, "Revoked", NULL}}};
}

static void start_bodies(struct make_intel *m)
{
    m->sgx.flags = HF_SGX_FLAG_INIT | HF_SGX_FLAG_MODE64;
    m->sgx.xfrm = 3;
    memset(m->sgx.mr_enclave, 0xe1, sizeof(m->sgx.mr_enclave));
    memset(m->sgx.mr_signer, 0x51, sizeof(m->sgx.mr_signer));
    m->sgx.isv_prod_id = 7;
    m->sgx.isv_svn = 3;
    memset(m->td.tee_tcb_svn, 6, 16);
    m->td.tee_tcb_svn[0] = 7; /* module TDX_03 of ISVSVN 7 */
    m->td.tee_tcb_svn[1] = 3;
    memcpy(m->td.tee_tcb_svn_2, m->td.tee_tcb_svn, 16);
    m->td.td_attributes = HF_TD_ATTR_SEPT_VE_DISABLE;
    m->td.xfam = 0xe7;
    memset(m->td.mr_td, 0x7d, sizeof(m->td.mr_td));
    memset(m->td.report_data, 0xda, sizeof(m->td.report_data));
    memset(m->sgx.report_data, 0xda, sizeof(m->sgx.report_data));
    m->qe.flags = HF_SGX_FLAG_INIT | HF_SGX_FLAG_MODE64 | HF_SGX_FLAG_PROVISION_KEY;
    m->qe.xfrm = 0xe7;
    memset(m->qe.mr_signer, SIGNER, sizeof(m->qe.mr_signer));
    m->qe.isv_prod_id = m->tdx ? 2 : 1;
    m->qe.isv_svn = 8;
    memset(m->auth, 0xa0, sizeof(m->auth));
}

void make_intel_start(struct make_intel *m, bool tdx)
{
    struct make_document document = {.from = INTEL_FROM, .until = INTEL_UNTIL, .evaluation = 17};

    *m = (struct make_intel){.tdx = tdx, .version = tdx ? 4 : 3, .cert_type = HF_QUOTE_CERT_CHAIN};
    start_specs(m);
    start_bodies(m);
    start_levels(m);
    m->tcb_version = 3;
    m->tcb_id = tdx ? "TDX" : "SGX";
    m->identity_id = tdx ? "TD_QE" : "QE";
    m->tcb_info = m->identity = m->pck_crl = m->root_crl = document;
    memset(m->pck.ppid, 0x99, sizeof(m->pck.ppid));
    memset(m->pck.svn, 6, sizeof(m->pck.svn));
    memset(m->pck.cpu_svn, 6, sizeof(m->pck.cpu_svn));
    m->pck.pce_svn = 13;
    memcpy(m->pck.fmspc, "\x00\x60\x6a\x00\x00\x07", 6);
    m->pck.sgx_type = HF_PCK_SCALABLE;
}

hf_err make_intel_certs(struct make_intel *m)
{
    struct testca_ext ext = {.oid = HF_OID_PCK};

    HF_TRY(hf_pck_write(&m->pck, &m->ext));
    ext.value = hf_buf_bytes(&m->ext);
    if (!m->spec[INTEL_PCK].ext) {
        m->spec[INTEL_PCK].ext = &ext;
        m->spec[INTEL_PCK].n_ext = 1;
    }
    HF_TRY(testca_new(&m->spec[INTEL_ROOT], NULL, &m->ca[INTEL_ROOT]));
    HF_TRY(testca_new(&m->spec[INTEL_CA], &m->ca[INTEL_ROOT], &m->ca[INTEL_CA]));
    HF_TRY(testca_new(&m->spec[INTEL_PCK], &m->ca[INTEL_CA], &m->ca[INTEL_PCK]));
    HF_TRY(testca_new(&m->spec[INTEL_SIGNER], &m->ca[INTEL_ROOT], &m->ca[INTEL_SIGNER]));
    if (m->spec[INTEL_PCK].ext == &ext)
        m->spec[INTEL_PCK].ext = NULL;
    return hf_privkey_generate_ec(HF_P256, &m->ak);
}

void make_intel_free(struct make_intel *m)
{
    for (size_t i = 0; i < INTEL_CERTS; i++)
        testca_free(&m->ca[i]);
    hf_privkey_free(&m->ak);
    hf_buf_free(&m->ext);
    hf_buf_free(&m->chain);
    hf_buf_free(&m->qe_report);
    hf_buf_free(&m->qe_signature);
    hf_buf_free(&m->signature);
    hf_buf_free(&m->body);
    hf_buf_free(&m->text);
}

/* ---- quotes ---- */

static hf_err write_chain(struct make_intel *m)
{
    static const size_t orders[2][3] = {{INTEL_PCK, INTEL_CA, INTEL_ROOT}, {INTEL_ROOT, INTEL_PCK, INTEL_CA}};
    static const uint8_t nul[] = {0};

    hf_buf_free(&m->chain);
    for (size_t i = 0; i < (m->cert_type == HF_QUOTE_CERT_LEAF ? 1 : 3); i++)
        HF_TRY(hf_cert_to_pem(m->ca[orders[m->cert_shuffle][i]].cert, &m->chain));
    if (m->cert_type < HF_QUOTE_CERT_LEAF) {
        static const uint8_t raw[36] = {0x99};

        return hf_buf_set(&m->chain, HF_BYTES_OF(raw));
    }
    return m->cert_nul ? hf_buf_add(&m->chain, HF_BYTES_OF(nul)) : HF_OK;
}

static hf_err sign_qe(struct make_intel *m, struct hf_bytes ak)
{
    struct hf_bytes parts[] = {ak, HF_BYTES_OF(m->auth)};
    uint8_t report[HF_SGX_BODY_SIZE];
    struct hf_digest digest = {0};

    HF_TRY(hf_hash(HF_SHA256, parts, 2, &digest));
    memset(m->qe.report_data, 0, sizeof(m->qe.report_data));
    memcpy(m->qe.report_data, digest.bytes, 32);
    m->qe.report_data[0] ^= m->unbound;
    hf_sgx_body_write(&m->qe, report);
    HF_TRY(hf_buf_set(&m->qe_report, HF_BYTES_OF(report)));
    hf_buf_free(&m->qe_signature);
    return hf_privkey_sign_message(m->other_qe ? m->ca[INTEL_CA].key : m->ca[INTEL_PCK].key, &ecdsa,
                                   HF_BYTES_OF(report), &m->qe_signature);
}

static hf_err write_body(struct make_intel *m)
{
    uint8_t body[HF_TD_BODY_15_SIZE];
    size_t n = HF_SGX_BODY_SIZE;

    if (m->tdx)
        n = hf_td_body_write(&m->td, body);
    else
        hf_sgx_body_write(&m->sgx, body);
    return hf_buf_set(&m->body, (struct hf_bytes){body, n});
}

hf_err make_intel_quote(struct make_intel *m, struct hf_buf *out)
{
    struct hf_sgx_quote q = {.version = m->version, .key_type = HF_QUOTE_KEY_P256, .cert_type = m->cert_type};
    struct hf_point point;
    uint8_t ak[64];

    HF_TRY(hf_pubkey_point(hf_privkey_public(m->ak), &point));
    memcpy(ak, point.x, 32);
    memcpy(ak + 32, point.y, 32);
    HF_TRY(write_chain(m));
    HF_TRY(sign_qe(m, HF_BYTES_OF(ak)));
    HF_TRY(write_body(m));
    q.tee = m->tdx ? HF_QUOTE_TEE_TDX : HF_QUOTE_TEE_SGX;
    q.body_type = m->tdx ? (m->td.v15 ? HF_QUOTE_BODY_TD15 : HF_QUOTE_BODY_TD10) : HF_QUOTE_BODY_SGX;
    memcpy(q.qe_vendor, hf_quote_intel_vendor, sizeof(q.qe_vendor));
    q.body = hf_buf_bytes(&m->body);
    hf_buf_free(out);
    HF_TRY(hf_sgx_quote_write_signed(&q, out));
    hf_buf_free(&m->signature);
    HF_TRY(
        hf_privkey_sign_message(m->other_ak ? m->ca[INTEL_PCK].key : m->ak, &ecdsa, hf_buf_bytes(out), &m->signature));
    q.signature = hf_buf_bytes(&m->signature);
    q.ak = HF_BYTES_OF(ak);
    q.qe_report = hf_buf_bytes(&m->qe_report);
    q.qe_signature = hf_buf_bytes(&m->qe_signature);
    q.auth = HF_BYTES_OF(m->auth);
    q.cert = hf_buf_bytes(&m->chain);
    q.padding = m->padding;
    hf_buf_free(out);
    return hf_sgx_quote_write(&q, out);
}

/* ---- documents ---- */

static void put_time(struct hf_json *j, const char *key, hf_time t)
{
    char text[HF_TIME_TEXT];

    hf_time_write(t, text);
    hf_json_text(j, key, text);
}

static void put_repeated(struct hf_json *j, const char *key, uint8_t byte, size_t n)
{
    uint8_t bytes[64];

    memset(bytes, byte, sizeof(bytes));
    hf_json_hex(j, key, (struct hf_bytes){bytes, n});
}

static void put_head(struct hf_json *j, const char *id, unsigned version, const struct make_document *d)
{
    if (id)
        hf_json_text(j, "id", id);
    hf_json_u64(j, "version", version);
    put_time(j, "issueDate", d->from);
    put_time(j, "nextUpdate", d->until);
    hf_json_u64(j, "tcbEvaluationDataNumber", d->evaluation);
}

static void put_svn_levels(struct hf_json *j, const struct make_svn_level *level, size_t n)
{
    hf_json_array(j, "tcbLevels");
    for (size_t i = 0; i < n; i++) {
        hf_json_object(j, NULL);
        hf_json_object(j, "tcb");
        hf_json_u64(j, "isvsvn", level[i].isv_svn);
        hf_json_close(j);
        hf_json_text(j, "tcbDate", "2023-08-09T00:00:00Z");
        hf_json_text(j, "tcbStatus", level[i].status);
        if (level[i].advisory) {
            hf_json_array(j, "advisoryIDs");
            hf_json_text(j, NULL, level[i].advisory);
            hf_json_close(j);
        }
        hf_json_close(j);
    }
    hf_json_close(j);
}

static void put_components(struct hf_json *j, const char *key, const uint8_t svn[16])
{
    hf_json_array(j, key);
    for (size_t i = 0; i < 16; i++) {
        hf_json_object(j, NULL);
        hf_json_u64(j, "svn", svn[i]);
        if (i == 0)
            hf_json_text(j, "category", "BIOS");
        hf_json_close(j);
    }
    hf_json_close(j);
}

static void put_tcb(struct hf_json *j, const struct make_intel *m, const struct make_level *level)
{
    char key[32];

    hf_json_object(j, "tcb");
    if (m->tcb_version == 2) {
        for (unsigned i = 0; i < 16; i++) {
            (void)snprintf(key, sizeof(key), "sgxtcbcomp%02usvn", i + 1);
            hf_json_u64(j, key, level->sgx[i]);
        }
    } else {
        put_components(j, "sgxtcbcomponents", level->sgx);
    }
    hf_json_u64(j, "pcesvn", level->pce_svn);
    if (m->tdx)
        put_components(j, "tdxtcbcomponents", level->tdx);
    hf_json_close(j);
}

static void put_levels(struct hf_json *j, const struct make_intel *m)
{
    hf_json_array(j, "tcbLevels");
    for (size_t i = 0; i < m->n_levels; i++) {
        const struct make_level *level = &m->level[i];

        hf_json_object(j, NULL);
        put_tcb(j, m, level);
        hf_json_text(j, "tcbDate", "2023-08-09T00:00:00Z");
        hf_json_text(j, "tcbStatus", level->status);
        hf_json_array(j, "advisoryIDs");
        for (size_t k = 0; k < HF_COUNT(level->advisories) && level->advisories[k]; k++)
            hf_json_text(j, NULL, level->advisories[k]);
        hf_json_close(j);
        hf_json_close(j);
    }
    hf_json_close(j);
}

static void put_modules(struct hf_json *j, const struct make_intel *m)
{
    hf_json_object(j, "tdxModule");
    put_repeated(j, "mrsigner", m->module_signer, 48);
    put_repeated(j, "attributes", 0, 8);
    put_repeated(j, "attributesMask", 0xff, 8);
    hf_json_close(j);
    if (m->n_modules == 0)
        return;
    hf_json_array(j, "tdxModuleIdentities");
    for (size_t i = 0; i < m->n_modules; i++) {
        hf_json_object(j, NULL);
        hf_json_text(j, "id", m->module[i].id);
        put_repeated(j, "mrsigner", m->module[i].signer, 48);
        put_repeated(j, "attributes", 0, 8);
        put_repeated(j, "attributesMask", 0xff, 8);
        put_svn_levels(j, m->module[i].level, m->module[i].n);
        hf_json_close(j);
    }
    hf_json_close(j);
}

/* One text becomes another. */
static hf_err edit(struct hf_buf *text, const struct make_document *d)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf old = {0};
    uint8_t *at = d->edit ? memmem(text->p, text->n, d->edit, strlen(d->edit)) : NULL;
    size_t before;

    if (!d->edit)
        return HF_OK;
    if (!at)
        return hf_fail(HF_E_NOT_FOUND, "the document has no \"%s\"", d->edit);
    before = (size_t)(at - text->p);
    HF_TRY(hf_buf_add(&old, hf_buf_bytes(text)));
    hf_buf_free(text);
    HF_TRY(hf_buf_add(text, (struct hf_bytes){old.p, before}));
    HF_TRY(hf_buf_add(text, hf_bytes_text(d->into)));
    return hf_buf_add(text, (struct hf_bytes){old.p + before + strlen(d->edit), old.n - before - strlen(d->edit)});
}

static hf_err wrap(struct make_intel *m, const char *name, const struct make_document *d, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

    HF_TRY(edit(&m->text, d));
    HF_TRY(hf_privkey_sign_message(m->wrong_signer ? m->ca[INTEL_PCK].key : m->ca[INTEL_SIGNER].key, &ecdsa,
                                   hf_buf_bytes(&m->text), &sig));
    sig.p[40] ^= d->bad_signature;
    hf_buf_free(out);
    HF_TRY(hf_buf_printf(out, "{\"%s\":", name));
    HF_TRY(hf_buf_add(out, hf_buf_bytes(&m->text)));
    HF_TRY(hf_buf_printf(out, ",\"signature\":\""));
    HF_TRY(hf_hex_write(hf_buf_bytes(&sig), out));
    return hf_buf_printf(out, "\"}");
}

hf_err make_intel_tcb_info(struct make_intel *m, struct hf_buf *out)
{
    struct hf_json j = hf_json(&m->text, false);

    hf_buf_free(&m->text);
    hf_json_object(&j, NULL);
    put_head(&j, m->tcb_version == 2 ? NULL : m->tcb_id, m->tcb_version, &m->tcb_info);
    hf_json_hex(&j, "fmspc", HF_BYTES_OF(m->pck.fmspc));
    hf_json_hex(&j, "pceId", HF_BYTES_OF(m->pck.pce_id));
    hf_json_u64(&j, "tcbType", 0);
    if (m->tdx)
        put_modules(&j, m);
    put_levels(&j, m);
    hf_json_close(&j);
    HF_TRY(hf_json_end(&j));
    return wrap(m, "tcbInfo", &m->tcb_info, out);
}

hf_err make_intel_identity(struct make_intel *m, struct hf_buf *out)
{
    struct hf_json j = hf_json(&m->text, false);

    hf_buf_free(&m->text);
    hf_json_object(&j, NULL);
    put_head(&j, m->identity_id, 2, &m->identity);
    hf_json_text(&j, "miscselect", "00000000");
    hf_json_text(&j, "miscselectMask", "FFFFFFFF");
    hf_json_text(&j, "attributes", "11000000000000000000000000000000");
    hf_json_text(&j, "attributesMask", "FBFFFFFFFFFFFFFF0000000000000000");
    put_repeated(&j, "mrsigner", SIGNER, 32);
    hf_json_u64(&j, "isvprodid", m->tdx ? 2 : 1);
    put_svn_levels(&j, m->qe_level, m->n_qe_levels);
    hf_json_close(&j);
    HF_TRY(hf_json_end(&j));
    return wrap(m, "enclaveIdentity", &m->identity, out);
}

/* ---- lists ---- */

static hf_err write_crl(const struct make_document *d, const char *a, const char *b, const struct testca *issuer,
                        struct hf_buf *out)
{
    struct testca_revoked revoked[2];
    size_t n = 0;

    if (a)
        revoked[n++] = (struct testca_revoked){.serial = a, .date = d->from, .reason = 1};
    if (b)
        revoked[n++] = (struct testca_revoked){.serial = b, .date = d->from, .reason = -1};
    hf_buf_free(out);
    return testca_crl(
        &(struct testca_crl_spec){.this_update = d->from, .next_update = d->until, .revoked = revoked, .n_revoked = n},
        issuer, out);
}

hf_err make_intel_pck_crl(struct make_intel *m, struct hf_buf *out)
{
    return write_crl(&m->pck_crl, m->revoked[INTEL_PCK], NULL, &m->ca[INTEL_CA], out);
}

hf_err make_intel_root_crl(struct make_intel *m, struct hf_buf *out)
{
    return write_crl(&m->root_crl, m->revoked[INTEL_CA], m->revoked[INTEL_SIGNER], &m->ca[INTEL_ROOT], out);
}

hf_err make_intel_collateral(struct make_intel *m, struct hf_endorsements *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf item = {0};

    HF_TRY(make_intel_tcb_info(m, &item));
    HF_TRY(hf_endorsements_add(out, hf_buf_bytes(&item), "tcb info"));
    HF_TRY(make_intel_identity(m, &item));
    HF_TRY(hf_endorsements_add(out, hf_buf_bytes(&item), "identity"));
    HF_TRY(make_intel_pck_crl(m, &item));
    HF_TRY(hf_endorsements_add(out, hf_buf_bytes(&item), "PCK list"));
    HF_TRY(make_intel_root_crl(m, &item));
    HF_TRY(hf_endorsements_add(out, hf_buf_bytes(&item), "root list"));
    return hf_endorsements_add(out, m->ca[INTEL_SIGNER].cert->der, "signer");
}
