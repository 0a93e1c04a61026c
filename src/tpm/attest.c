/* What a TPM states: attestations, signatures, creation data, credentials (Part 2, 10.12, 11.3, 12.4, 15). */
#include "tpm/marshal.h"

static void clock_info(struct hf_tpm_marshal *m, TPMS_CLOCK_INFO *c)
{
    hf_tpm_visit_u64(m, &c->clock);
    hf_tpm_visit_u32(m, &c->resetCount);
    hf_tpm_visit_u32(m, &c->restartCount);
    hf_tpm_visit_yes_no(m, &c->safe);
}

static void command_audit(struct hf_tpm_marshal *m, TPMS_COMMAND_AUDIT_INFO *a)
{
    hf_tpm_visit_u64(m, &a->auditCounter);
    hf_tpm_visit_hash(m, &a->digestAlg, false);
    HF_TPM_VISIT_2B(m, &a->auditDigest);
    HF_TPM_VISIT_2B(m, &a->commandDigest);
}

static void attested(struct hf_tpm_marshal *m, uint16_t type, TPMU_ATTEST *a)
{
    switch (type) {
    case TPM2_ST_ATTEST_CERTIFY:
        hf_tpm_visit_name(m, &a->certify.name);
        hf_tpm_visit_name(m, &a->certify.qualifiedName);
        return;
    case TPM2_ST_ATTEST_CREATION:
        hf_tpm_visit_name(m, &a->creation.objectName);
        HF_TPM_VISIT_2B(m, &a->creation.creationHash);
        return;
    case TPM2_ST_ATTEST_QUOTE:
        hf_tpm_visit_pcr_selection(m, &a->quote.pcrSelect);
        HF_TPM_VISIT_2B(m, &a->quote.pcrDigest);
        return;
    case TPM2_ST_ATTEST_COMMAND_AUDIT:
        command_audit(m, &a->commandAudit);
        return;
    case TPM2_ST_ATTEST_SESSION_AUDIT:
        hf_tpm_visit_yes_no(m, &a->sessionAudit.exclusiveSession);
        HF_TPM_VISIT_2B(m, &a->sessionAudit.sessionDigest);
        return;
    case TPM2_ST_ATTEST_TIME:
        hf_tpm_visit_u64(m, &a->time.time.time);
        clock_info(m, &a->time.time.clockInfo);
        hf_tpm_visit_u64(m, &a->time.firmwareVersion);
        return;
    case TPM2_ST_ATTEST_NV:
        hf_tpm_visit_name(m, &a->nv.indexName);
        hf_tpm_visit_u16(m, &a->nv.offset);
        HF_TPM_VISIT_2B(m, &a->nv.nvContents);
        return;
    default:
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a type of attestation that is known", type);
    }
}

static void attest(struct hf_tpm_marshal *m, TPMS_ATTEST *a)
{
    hf_tpm_visit_u32(m, &a->magic);
    if (a->magic != TPM2_GENERATED_VALUE)
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "magic is 0x%08x, not 0x%08x: no TPM made this", a->magic,
                            TPM2_GENERATED_VALUE);
    hf_tpm_visit_u16(m, &a->type);
    hf_tpm_visit_name(m, &a->qualifiedSigner);
    HF_TPM_VISIT_2B(m, &a->extraData);
    clock_info(m, &a->clockInfo);
    hf_tpm_visit_u64(m, &a->firmwareVersion);
    attested(m, a->type, &a->attested);
}

hf_err hf_tpm_attest_parse(struct hf_bytes in, TPMS_ATTEST *out)
{
    struct hf_tpm_marshal m = hf_tpm_marshal_reading(in);
    TPMS_ATTEST a = {0};

    attest(&m, &a);
    HF_TRY(hf_tpm_marshal_end(&m, "TPMS_ATTEST"));
    *out = a;
    return HF_OK;
}

hf_err hf_tpm_attest_write(const TPMS_ATTEST *a, struct hf_buf *out)
{
    uint8_t place[sizeof(*a)];
    struct hf_tpm_marshal m = hf_tpm_marshal_writing(place, sizeof(place));
    TPMS_ATTEST copy = *a;

    attest(&m, &copy);
    return hf_tpm_marshal_give(&m, "TPMS_ATTEST", out);
}

static void tagged_digest(struct hf_tpm_marshal *m, TPMT_HA *ha)
{
    hf_tpm_visit_hash(m, &ha->hashAlg, false);
    hf_tpm_visit_bytes(m, (uint8_t *)&ha->digest, hf_hash_size((enum hf_hash_alg)ha->hashAlg));
}

static void signature(struct hf_tpm_marshal *m, TPMT_SIGNATURE *s)
{
    hf_tpm_visit_u16(m, &s->sigAlg);
    switch (s->sigAlg) {
    case TPM2_ALG_NULL:
        return;
    case TPM2_ALG_RSASSA:
    case TPM2_ALG_RSAPSS:
        hf_tpm_visit_hash(m, &s->signature.rsassa.hash, false);
        HF_TPM_VISIT_2B(m, &s->signature.rsassa.sig);
        return;
    case TPM2_ALG_ECDSA:
    case TPM2_ALG_ECDAA:
    case TPM2_ALG_SM2:
    case TPM2_ALG_ECSCHNORR:
        hf_tpm_visit_hash(m, &s->signature.ecdsa.hash, false);
        HF_TPM_VISIT_2B(m, &s->signature.ecdsa.signatureR);
        HF_TPM_VISIT_2B(m, &s->signature.ecdsa.signatureS);
        return;
    case TPM2_ALG_HMAC:
        tagged_digest(m, &s->signature.hmac);
        return;
    default:
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a signature algorithm that is known", s->sigAlg);
    }
}

hf_err hf_tpm_signature_parse(struct hf_bytes in, TPMT_SIGNATURE *out)
{
    struct hf_tpm_marshal m = hf_tpm_marshal_reading(in);
    TPMT_SIGNATURE s = {0};

    signature(&m, &s);
    HF_TRY(hf_tpm_marshal_end(&m, "TPMT_SIGNATURE"));
    *out = s;
    return HF_OK;
}

hf_err hf_tpm_signature_write(const TPMT_SIGNATURE *s, struct hf_buf *out)
{
    uint8_t place[sizeof(*s)];
    struct hf_tpm_marshal m = hf_tpm_marshal_writing(place, sizeof(place));
    TPMT_SIGNATURE copy = *s;

    signature(&m, &copy);
    return hf_tpm_marshal_give(&m, "TPMT_SIGNATURE", out);
}

hf_err hf_tpm_pcr_selection_parse(struct hf_bytes in, TPML_PCR_SELECTION *out)
{
    struct hf_tpm_marshal m = hf_tpm_marshal_reading(in);
    TPML_PCR_SELECTION list = {0};

    hf_tpm_visit_pcr_selection(&m, &list);
    HF_TRY(hf_tpm_marshal_end(&m, "TPML_PCR_SELECTION"));
    *out = list;
    return HF_OK;
}

hf_err hf_tpm_pcr_selection_write(const TPML_PCR_SELECTION *list, struct hf_buf *out)
{
    uint8_t place[sizeof(*list)];
    struct hf_tpm_marshal m = hf_tpm_marshal_writing(place, sizeof(place));
    TPML_PCR_SELECTION copy = *list;

    hf_tpm_visit_pcr_selection(&m, &copy);
    return hf_tpm_marshal_give(&m, "TPML_PCR_SELECTION", out);
}

static void creation_data(struct hf_tpm_marshal *m, TPMS_CREATION_DATA *c)
{
    hf_tpm_visit_pcr_selection(m, &c->pcrSelect);
    HF_TPM_VISIT_2B(m, &c->pcrDigest);
    hf_tpm_visit_u8(m, &c->locality);
    hf_tpm_visit_hash(m, &c->parentNameAlg, true);
    hf_tpm_visit_name(m, &c->parentName);
    hf_tpm_visit_name(m, &c->parentQualifiedName);
    HF_TPM_VISIT_2B(m, &c->outsideInfo);
}

hf_err hf_tpm_creation_data_parse(struct hf_bytes in, TPMS_CREATION_DATA *out)
{
    struct hf_tpm_marshal m = hf_tpm_marshal_reading(in);
    TPMS_CREATION_DATA c = {0};

    creation_data(&m, &c);
    HF_TRY(hf_tpm_marshal_end(&m, "TPMS_CREATION_DATA"));
    *out = c;
    return HF_OK;
}

hf_err hf_tpm_creation_data_write(const TPMS_CREATION_DATA *c, struct hf_buf *out)
{
    uint8_t place[sizeof(*c)];
    struct hf_tpm_marshal m = hf_tpm_marshal_writing(place, sizeof(place));
    TPMS_CREATION_DATA copy = *c;

    creation_data(&m, &copy);
    return hf_tpm_marshal_give(&m, "TPMS_CREATION_DATA", out);
}

hf_err hf_tpm_sym_object_parse(struct hf_bytes in, TPMT_SYM_DEF_OBJECT *out)
{
    struct hf_tpm_marshal m = hf_tpm_marshal_reading(in);
    TPMT_SYM_DEF_OBJECT sym = {0};

    hf_tpm_visit_sym_object(&m, &sym);
    HF_TRY(hf_tpm_marshal_end(&m, "TPMT_SYM_DEF_OBJECT"));
    *out = sym;
    return HF_OK;
}

hf_err hf_tpm_sym_object_write(const TPMT_SYM_DEF_OBJECT *sym, struct hf_buf *out)
{
    uint8_t place[sizeof(*sym)];
    struct hf_tpm_marshal m = hf_tpm_marshal_writing(place, sizeof(place));
    TPMT_SYM_DEF_OBJECT copy = *sym;

    hf_tpm_visit_sym_object(&m, &copy);
    return hf_tpm_marshal_give(&m, "TPMT_SYM_DEF_OBJECT", out);
}

/* The size of encIdentity is inside the encryption (Part 1, 24.4), so the rest is opaque. */
static hf_err check_id_object(const struct hf_tpm_id_object *id)
{
    size_t n = id->integrity.n;

    if (n != 20 && n != 32 && n != 48 && n != 64)
        return hf_fail(HF_E_FORMAT, "TPM2B_ID_OBJECT: an integrity HMAC of %zu bytes; 20, 32, 48 or 64 are due", n);
    if (id->encrypted.n < 2 || id->encrypted.n > 2 + sizeof(TPMU_HA))
        return hf_fail(HF_E_FORMAT, "TPM2B_ID_OBJECT: an encrypted credential of %zu bytes; 2 to %zu are possible",
                       id->encrypted.n, 2 + sizeof(TPMU_HA));
    return HF_OK;
}

hf_err hf_tpm_id_object_parse(struct hf_bytes in, struct hf_tpm_id_object *out)
{
    struct hf_reader r = hf_reader(in);
    struct hf_tpm_id_object id = {0};

    id.integrity = hf_rd_view(&r, hf_rd_u16be(&r));
    id.encrypted = hf_rd_rest(&r);
    HF_TRY(hf_rd_end(&r));
    HF_TRY(check_id_object(&id));
    *out = id;
    return HF_OK;
}

hf_err hf_tpm_id_object_write(const struct hf_tpm_id_object *id, struct hf_buf *out)
{
    uint8_t place[2 + sizeof(TPMU_HA) + 2 + sizeof(TPMU_HA)];
    struct hf_writer w = hf_writer(place, sizeof(place));

    HF_TRY(check_id_object(id));
    hf_wr_b16(&w, id->integrity);
    hf_wr_bytes(&w, id->encrypted);
    return hf_buf_add(out, hf_wr_done(&w));
}
