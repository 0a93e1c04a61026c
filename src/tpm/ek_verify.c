/* Is an endorsement key certified by somebody believed (TCG EK Credential Profile 2.6, section 3), and held? */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/hex.h"
#include "crypto/chain.h"
#include "tpm/ek.h"

#include <stdarg.h>
#include <stdio.h>

#define OID_EKU_EK "2.23.133.8.1"       /* tcg-kp-EKCertificate */
#define OID_MANUFACTURER "2.23.133.2.1" /* tcg-at-tpmManufacturer */
#define OID_MODEL "2.23.133.2.2"
#define OID_VERSION "2.23.133.2.3"
#define OID_SAN "2.5.29.17"

const char *hf_tpm_ek_reason_name(enum hf_tpm_ek_reason reason)
{
    static const char *const names[] = {"good",    "no certificate", "malformed", "key mismatch", "wrong usage",
                                        "expired", "unknown issuer", "bad chain", "not held"};

    return (unsigned)reason < HF_COUNT(names) ? names[reason] : "unknown";
}

/* ---- whom to believe ---- */

hf_err hf_tpm_ek_trust_new(struct hf_tpm_ek_trust **out)
{
    return hf_alloc(sizeof(**out), out);
}

void hf_tpm_ek_trust_free(struct hf_tpm_ek_trust **trust)
{
    struct hf_tpm_ek_trust *gone = *trust;

    *trust = NULL;
    if (!gone)
        return;
    hf_certs_free(&gone->roots);
    hf_certs_free(&gone->issuers);
    hf_free(&gone);
}

hf_err hf_tpm_ek_trust_add(struct hf_tpm_ek_trust *trust, struct hf_bytes file, enum hf_tpm_ek_trust_as as)
{
    HF_CLEANUP(hf_certs_free) struct hf_certs certs = {0};

    HF_TRY(hf_certs_read_tolerant(file, &certs));
    for (size_t i = 0; i < certs.n; i++) {
        bool root = as == HF_TPM_EK_ROOTS || (as == HF_TPM_EK_STORE && hf_cert_self_issued(certs.cert[i]));

        HF_TRY(hf_certs_add(root ? &trust->roots : &trust->issuers, certs.cert[i]));
    }
    return HF_OK;
}

/* ---- what the certificate says ---- */

static HF_PRINTF(3, 4) hf_err refuse(struct hf_tpm_ek_verdict *v, enum hf_tpm_ek_reason reason, const char *fmt, ...)
{
    va_list args;

    v->reason = reason;
    v->environment = HF_TPM_ENV_UNKNOWN;
    va_start(args, fmt);
    (void)vsnprintf(v->detail, sizeof(v->detail), fmt, args);
    va_end(args);
    return hf_fail(HF_E_UNTRUSTED, "endorsement key: %s: %s", hf_tpm_ek_reason_name(reason), v->detail);
}

/* Text for people: what is not printable becomes '?'. */
static void print(struct hf_bytes text, char *out, size_t size)
{
    size_t n = text.n < size - 1 ? text.n : size - 1;

    for (size_t i = 0; i < n; i++)
        out[i] = text.p[i] >= ' ' && text.p[i] <= '~' ? (char)text.p[i] : '?';
    out[n] = 0;
}

/* "id:53544D20" is the four characters of the TCG Vendor ID Registry; swtpm writes the number 0x1014, IBM's at the
 * PCI-SIG. What is not four printable characters is kept as it is. */
static void print_manufacturer(struct hf_bytes value, char *out, size_t size)
{
    uint8_t id[4];
    size_t n = 4;

    print(value, out, size);
    if (value.n != 11 || memcmp(value.p, "id:", 3) != 0 ||
        hf_hex_parse_exact((struct hf_bytes){value.p + 3, 8}, id, sizeof(id)) != HF_OK)
        return;
    while (n && (id[n - 1] == ' ' || id[n - 1] == 0))
        n--;
    for (size_t i = 0; i < n; i++) {
        if (id[i] <= ' ' || id[i] > '~')
            return;
    }
    if (n)
        print((struct hf_bytes){id, n}, out, size);
}

enum hf_tpm_environment hf_tpm_ek_environment(const char *manufacturer)
{
    static const struct {
        const char *words;
        enum hf_tpm_environment environment;
    } rows[] = {
        {" IBM id:00001014 XCG ", HF_TPM_ENV_EMULATED},
        {" ALBB AMZN GOOG MSFT VMW VMWR ", HF_TPM_ENV_VIRTUAL},
        {" AMD ATML BRCM CSCO FLYS HISI HPE HPI IFX INTC LEN NSG NSM NTC NTZ QCOM ROCC SECE SEAL SMSC SMSN SNS STM TXN "
         "WEC ",
         HF_TPM_ENV_HARDWARE},
    };
    char word[24];

    if (strchr(manufacturer, ' ') || manufacturer[0] == 0)
        return HF_TPM_ENV_UNKNOWN;
    (void)snprintf(word, sizeof(word), " %s ", manufacturer);
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (strstr(rows[i].words, word))
            return rows[i].environment;
    }
    return HF_TPM_ENV_UNKNOWN;
}

/* The directoryName of subjectAltName that names maker, model and version (3.2.9). */
static hf_err find_maker(const struct hf_cert *cert, struct hf_tpm_ek_verdict *v)
{
    struct hf_general_name name = {0};
    struct hf_bytes value = {0};

    for (size_t i = 0; hf_cert_san(cert, i, &name) == HF_OK; i++) {
        if (name.kind != HF_NAME_DIRECTORY || hf_name_find(name.value, OID_MANUFACTURER, &value) != HF_OK)
            continue;
        print_manufacturer(value, v->manufacturer, sizeof(v->manufacturer));
        if (hf_name_find(name.value, OID_MODEL, &value) != HF_OK)
            return refuse(v, HF_TPM_EK_WRONG_USAGE, "subjectAltName names a TPM manufacturer and no model");
        print(value, v->model, sizeof(v->model));
        if (hf_name_find(name.value, OID_VERSION, &value) != HF_OK)
            return refuse(v, HF_TPM_EK_WRONG_USAGE, "subjectAltName names a TPM manufacturer and no version");
        print(value, v->version, sizeof(v->version));
        return HF_OK;
    }
    return refuse(v, HF_TPM_EK_WRONG_USAGE, "subjectAltName names no TPM manufacturer, model and version");
}

/* Key usage of a key that decrypts (3.2.7): without one, or with one that lets it sign, it is no storage EK's. */
static hf_err check_usage(const struct hf_cert *cert, struct hf_tpm_ek_verdict *v)
{
    uint16_t needed = hf_pubkey_kind(cert->key) == HF_KEY_RSA ? HF_KU_KEY_ENCIPHERMENT : HF_KU_KEY_AGREEMENT;

    HF_TRY(find_maker(cert, v));
    if (!hf_cert_has_eku(cert, OID_EKU_EK))
        return refuse(v, HF_TPM_EK_WRONG_USAGE, "extended key usage %s (tcg-kp-EKCertificate) is missing", OID_EKU_EK);
    if (cert->ca)
        return refuse(v, HF_TPM_EK_WRONG_USAGE, "it is a certificate of an authority");
    if (!cert->has_key_usage || !(cert->key_usage & needed))
        return refuse(v, HF_TPM_EK_WRONG_USAGE, "key usage 0x%x, where %s is needed", cert->key_usage,
                      needed == HF_KU_KEY_ENCIPHERMENT ? "keyEncipherment" : "keyAgreement");
    if (cert->key_usage & (HF_KU_DIGITAL_SIGNATURE | HF_KU_CERT_SIGN | HF_KU_CRL_SIGN))
        return refuse(v, HF_TPM_EK_WRONG_USAGE, "key usage 0x%x lets the key sign", cert->key_usage);
    return HF_OK;
}

static void describe(const struct hf_cert *cert, struct hf_tpm_ek_verdict *v)
{
    struct hf_bytes url = {0};

    print(hf_bytes_text(cert->issuer_text), v->issuer, sizeof(v->issuer));
    if (hf_cert_url(cert, HF_URL_ISSUERS, 0, &url) == HF_OK)
        print(url, v->issuer_url, sizeof(v->issuer_url));
    v->not_before = cert->not_before;
    v->not_after = cert->not_after;
    if (cert->trailing || cert->set_disorder)
        (void)snprintf(v->encoding, sizeof(v->encoding), "%zu bytes after the certificate%s", cert->trailing,
                       cert->set_disorder ? "; a set in a name is not sorted" : "");
}

/* The worst that a chain has, as a reason. */
static hf_err chain_verdict(const struct hf_chain *chain, struct hf_tpm_ek_verdict *v)
{
    const struct hf_chain_row *worst = NULL;
    enum hf_tpm_ek_reason reason = HF_TPM_EK_BAD_CHAIN;

    if (!chain->anchored)
        return refuse(v, HF_TPM_EK_UNKNOWN_ISSUER, "no way to a root from \"%.120s\"%s%.120s",
                      chain->n ? chain->cert[chain->n - 1]->issuer_text : v->issuer,
                      chain->n <= 1 && v->issuer_url[0] ? "; its certificate may be had at " : "",
                      chain->n <= 1 ? v->issuer_url : "");
    for (size_t i = 0; i < chain->n_rows; i++) {
        const struct hf_chain_row *row = &chain->row[i];
        bool time = row->check == HF_CHAIN_NOT_BEFORE || row->check == HF_CHAIN_NOT_AFTER;

        if (row->err == HF_OK || (worst && time))
            continue;
        if (!worst || reason == HF_TPM_EK_EXPIRED) {
            worst = row;
            reason = time ? HF_TPM_EK_EXPIRED : HF_TPM_EK_BAD_CHAIN;
        }
    }
    if (!worst)
        return refuse(v, HF_TPM_EK_BAD_CHAIN, "%.300s", hf_err_detail());
    return refuse(v, reason, "%s of \"%.120s\": %s", hf_chain_check_name(worst->check), worst->cert->subject_text,
                  worst->detail);
}

static hf_err check_chain(const struct hf_cert *cert, const struct hf_tpm_ek_trust *trust, const struct hf_certs *more,
                          hf_time at, struct hf_tpm_ek_verdict *v)
{
    static const char *const understood[] = {OID_SAN};
    HF_CLEANUP(hf_certs_free) struct hf_certs pool = {0};
    HF_CLEANUP(hf_free) struct hf_chain *chain = NULL;
    struct hf_chain_options options = {
        .at = at, .roots = &trust->roots, .understood = understood, .n_understood = HF_COUNT(understood)};
    hf_err err;

    if (trust->roots.n == 0)
        return hf_fail(HF_E_ARG, "no root certificate is given to check the endorsement key against");
    for (size_t i = 0; i < trust->issuers.n; i++)
        HF_TRY(hf_certs_add(&pool, trust->issuers.cert[i]));
    for (size_t i = 0; more && i < more->n; i++)
        HF_TRY(hf_certs_add(&pool, more->cert[i]));
    HF_TRY(hf_alloc(sizeof(*chain), &chain));
    err = hf_chain_check(cert, &pool, &options, chain);
    if (err == HF_E_UNTRUSTED)
        return chain_verdict(chain, v);
    return err;
}

hf_err hf_tpm_ek_judge(const struct hf_cert *cert, const struct hf_pubkey *key, const struct hf_tpm_ek_trust *trust,
                       const struct hf_certs *more, hf_time at, struct hf_tpm_ek_verdict *out)
{
    describe(cert, out);
    if (key && !hf_pubkey_equal(cert->key, key))
        return refuse(out, HF_TPM_EK_KEY_MISMATCH, "the certificate is that of another key");
    HF_TRY(check_usage(cert, out));
    HF_TRY(check_chain(cert, trust, more, at, out));
    out->reason = HF_TPM_EK_GOOD;
    out->environment = hf_tpm_ek_environment(out->manufacturer);
    return HF_OK;
}

/* ---- with the TPM ---- */

static hf_err read_given(struct hf_bytes given, struct hf_tpm_ek_verdict *v, struct hf_cert **out)
{
    hf_err err = hf_tpm_ek_cert_read(given, out);

    if (err == HF_OK || err == HF_E_MEMORY)
        return err;
    return refuse(v, HF_TPM_EK_MALFORMED, "%.300s", hf_err_detail());
}

/* The certificate in the TPM that is this key's; else one that stands where this kind's should, to say what is wrong.
 */
static hf_err choose(const struct hf_tpm_ek_certificates *list, const struct hf_tpm_ek_row *row,
                     const struct hf_pubkey *key, struct hf_tpm_ek_verdict *v, struct hf_cert **out)
{
    HF_CLEANUP(hf_cert_free) struct hf_cert *other = NULL;

    for (size_t i = 0; i < list->n; i++) {
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
        const struct hf_tpm_ek_certificate *have = &list->row[i];

        if (have->der.n == 0 && have->index == row->certificate)
            return refuse(v, HF_TPM_EK_MALFORMED, "NV index 0x%08x: %s", (unsigned)have->index, have->problem);
        if (have->der.n == 0)
            continue;
        HF_TRY(hf_cert_parse_tolerant(hf_buf_bytes(&have->der), &cert));
        if (have->index != row->certificate && !hf_pubkey_equal(cert->key, key))
            continue;
        v->index = have->index;
        (void)snprintf(v->encoding, sizeof(v->encoding), "%s", have->problem);
        if (hf_pubkey_equal(cert->key, key)) {
            *out = hf_take(cert);
            return HF_OK;
        }
        hf_cert_free(&other);
        other = hf_take(cert);
    }
    if (!other)
        return refuse(
            v, HF_TPM_EK_NO_CERTIFICATE,
            "the TPM holds none for its %s key (NV index 0x%08x); some makers have it on a server: give it with "
            "--certificate",
            row->name, (unsigned)row->certificate);
    *out = hf_take(other);
    return HF_OK;
}

/* One command in a session that is salted with the key: only its holder can know the session's key, and so
 * make the HMAC of the answer, which the engine checks. */
static hf_err prove(struct hf_tpm *tpm, const struct hf_tpm_key *ek)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf random = {0};
    bool plain = tpm->plain_bus;
    hf_err err;

    hf_tpm_pool_flush(tpm);
    HF_TRY(hf_buf_set(&tpm->salt.public_area, hf_buf_bytes(&ek->public_area)));
    tpm->salt.handle = ek->handle;
    tpm->salt.name = ek->name;
    tpm->salt.level = HF_TPM_BUS_TOFU;
    tpm->salt.transient = false;
    tpm->salt.known = true;
    tpm->plain_bus = false;
    err = hf_tpm_random(tpm, 16, &random);
    tpm->plain_bus = plain;
    hf_tpm_pool_flush(tpm); /* the next session is salted as before */
    return err;
}

static hf_err check_held(struct hf_tpm_key *ek, struct hf_tpm_ek_verdict *v)
{
    hf_err err = prove(ek->tpm, ek);

    v->held = err == HF_OK;
    if (err == HF_E_INTEGRITY)
        return refuse(v, HF_TPM_EK_NOT_HELD, "an answer in a session salted with the key was not authentic");
    if (err != HF_OK && hf_err_device_code())
        return refuse(v, HF_TPM_EK_NOT_HELD, "no session could be salted with the key: %.240s", hf_err_detail());
    return err;
}

static hf_err judge_own(struct hf_tpm_key *ek, const struct hf_tpm_ek_question *q, struct hf_tpm_ek_verdict *v)
{
    HF_CLEANUP(hf_tpm_ek_certificates_free) struct hf_tpm_ek_certificates list = {0};
    HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
    HF_CLEANUP(hf_certs_free) struct hf_certs more = {0};
    struct hf_pubkey *key = NULL;

    HF_TRY(hf_tpm_key_software(ek, &key));
    HF_TRY(hf_tpm_ek_certificates_read(ek->tpm, &list));
    if (q->certificate.n)
        HF_TRY(read_given(q->certificate, v, &cert));
    else
        HF_TRY(choose(&list, hf_tpm_ek_row(q->kind), key, v, &cert));
    if (list.chain.n)
        HF_TRY(hf_certs_read_tolerant(hf_buf_bytes(&list.chain), &more));
    HF_TRY(hf_tpm_ek_judge(cert, key, q->trust, &more, q->at, v));
    return check_held(ek, v);
}

/* What software answers stays software, whatever a certificate says. */
static hf_err verify(struct hf_tpm *tpm, const struct hf_tpm_ek_question *q, struct hf_tpm_key **ek,
                     struct hf_tpm_ek_verdict *v)
{
    HF_TRY(hf_tpm_ek_open(tpm, q->kind, q->endorsement_auth, ek));
    HF_TRY(judge_own(*ek, q, v));
    if (tpm->environment == HF_TPM_ENV_EMULATED)
        v->environment = HF_TPM_ENV_EMULATED;
    else if (v->environment == HF_TPM_ENV_HARDWARE && tpm->environment == HF_TPM_ENV_VIRTUAL)
        v->environment = HF_TPM_ENV_VIRTUAL;
    else
        tpm->environment = v->environment;
    return HF_OK;
}

hf_err hf_tpm_ek_verify(struct hf_tpm *tpm, const struct hf_tpm_ek_question *question, struct hf_tpm_ek_verdict *out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ek = NULL;
    hf_err err;

    *out = (struct hf_tpm_ek_verdict){.reason = HF_TPM_EK_NO_CERTIFICATE};
    if (!question->trust)
        return hf_fail(HF_E_ARG, "no root certificate is given to check the endorsement key against");
    HF_TRY(hf_tpm_take(tpm));
    err = verify(tpm, question, &ek, out);
    hf_tpm_give(tpm);
    return err;
}

static hf_err pin(struct hf_tpm *tpm, struct hf_tpm_key **ek, const struct hf_tpm_ek_question *q,
                  const struct hf_secret *owner_auth)
{
    struct hf_tpm_pin pinned = {.level = HF_TPM_BUS_EK};

    if (tpm->no_pin)
        return hf_fail(HF_E_ARG, "this connection keeps no pins");
    HF_TRY(hf_tpm_ek_persist(ek, q->kind, owner_auth));
    pinned.handle = (*ek)->handle;
    pinned.name = (*ek)->name;
    HF_TRY(hf_tpm_pin_save(tpm->state_dir, tpm->uri, &pinned));
    hf_tpm_pool_flush(tpm); /* the next session is salted with it */
    return HF_OK;
}

hf_err hf_tpm_ek_pin(struct hf_tpm *tpm, const struct hf_tpm_ek_question *question, const struct hf_secret *owner_auth,
                     struct hf_tpm_ek_verdict *out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ek = NULL;
    hf_err err;

    *out = (struct hf_tpm_ek_verdict){.reason = HF_TPM_EK_NO_CERTIFICATE};
    if (!question->trust)
        return hf_fail(HF_E_ARG, "no root certificate is given to check the endorsement key against");
    HF_TRY(hf_tpm_take(tpm));
    err = verify(tpm, question, &ek, out);
    if (err == HF_OK)
        err = pin(tpm, &ek, question, owner_auth);
    hf_tpm_give(tpm);
    return err;
}
