/* NVIDIA reports for tests. */
#include "make_nvidia.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/xml.h"
#include "evidence/dice_tcb.h"

#include <stdio.h>

#define OID_SHA384 "2.16.840.1.101.3.4.2.2"
#define BLOCKS 16

/* ---- the chain ---- */

static hf_err dice(const struct make_nvidia *nv, const struct hf_pubkey *key, bool tcb_info, struct hf_buf *out)
{
    static const uint8_t zeros[48] = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf spki = {0};
    uint8_t oid[HF_DER_OID_MAX];
    size_t n = 0;
    struct hf_dice_tcb tcb = {.kind = HF_DICE_COMPOSITE, .version_number = 1, .n_fwids = 1};

    HF_TRY(hf_pubkey_to_spki(key, &spki));
    HF_TRY(hf_der_oid_encode(OID_SHA384, oid, &n));
    tcb.spki = hf_buf_bytes(&spki);
    tcb.fwid[0] = (struct hf_dice_fwid){{oid, n}, HF_BYTES_OF(nv->fwid)};
    if (tcb_info) {
        tcb.kind = HF_DICE_TCB_INFO;
        tcb.vendor = hf_bytes_text("NVIDIA");
        tcb.model = hf_bytes_text("GB100 A01 GSP");
        tcb.has_svn = tcb.has_layer = true;
        tcb.svn = 130;
        tcb.layer = 1;
        tcb.fwid[tcb.n_fwids++] = (struct hf_dice_fwid){{oid, n}, HF_BYTES_OF(zeros)};
    }
    return hf_dice_tcb_write(&tcb, out);
}

/* The leaf carries the key above it in its extension, as devices do. */
static hf_err make_leaf(const struct make_nvidia_chain_spec *spec, struct make_nvidia *nv)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf ext = {0};
    const struct testca *device = &nv->cert[MAKE_NVIDIA_DEVICE];
    struct testca_ext e;

    HF_TRY(dice(nv, device->cert->key, spec->tcb_info, &ext));
    e = (struct testca_ext){spec->tcb_info ? HF_OID_DICE_TCB_INFO_ALIAS : HF_OID_DICE_TCB_INFO, false,
                            hf_buf_bytes(&ext)};
    return testca_new(
        &(struct testca_spec){.subject = spec->tcb_info ? "CN=GB100 A01 GSP FMC LF" : "CN=GH100 A01 GSP FMC LF",
                              .serial = "0a11",
                              .no_basic = true,
                              .key_usage = HF_KU_DIGITAL_SIGNATURE,
                              .curve = HF_P384,
                              .ext = &e,
                              .n_ext = 1},
        device, &nv->cert[MAKE_NVIDIA_LEAF]);
}

hf_err make_nvidia_new(const struct make_nvidia_chain_spec *spec, struct make_nvidia *out)
{
    static const struct {
        const char *subject, *serial;
    } rows[] = {{"CN=Test Device Identity CA", "01"},
                {"CN=Test GH100 Identity", "02"},
                {"CN=Test GH100 Provisioner", "03"},
                {"CN=GH100 A01 GSP BROM", "04"}};
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {.fwid = {0xf1, 0xae}};

    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        struct testca_spec s = {.subject = rows[i].subject,
                                .serial = rows[i].serial,
                                .ca = true,
                                .key_usage = HF_KU_CERT_SIGN | HF_KU_CRL_SIGN,
                                .curve = HF_P384};

        if (i == MAKE_NVIDIA_DEVICE) {
            s.ca = !spec->device_no_ca;
            s.from = TESTCA_FROM;
            s.until = spec->until ? spec->until : TESTCA_UNTIL;
        }
        HF_TRY(testca_new(&s, i ? &nv.cert[i - 1] : NULL, &nv.cert[i]));
    }
    HF_TRY(make_leaf(spec, &nv));
    HF_TRY(testca_new(
        &(struct testca_spec){
            .subject = "CN=Test RIM Root", .ca = true, .key_usage = HF_KU_CERT_SIGN, .curve = HF_P384},
        NULL, &nv.rim_root));
    HF_TRY(testca_new(
        &(struct testca_spec){
            .subject = "CN=Test RIM Signer", .serial = "51", .key_usage = HF_KU_DIGITAL_SIGNATURE, .curve = HF_P384},
        &nv.rim_root, &nv.rim_signer));
    *out = nv;
    nv = (struct make_nvidia){0};
    return HF_OK;
}

void make_nvidia_free(struct make_nvidia *nv)
{
    for (size_t i = 0; i < MAKE_NVIDIA_CERTS; i++)
        testca_free(&nv->cert[i]);
    testca_free(&nv->rim_root);
    testca_free(&nv->rim_signer);
}

hf_err make_nvidia_chain(const struct make_nvidia *nv, struct hf_buf *out)
{
    for (size_t i = MAKE_NVIDIA_CERTS; i-- > 0;)
        HF_TRY(hf_cert_to_pem(nv->cert[i].cert, out));
    return HF_OK;
}

/* ---- reports ---- */

/* Block i measures as its number repeated. */
static void measurement(unsigned index, uint8_t out[48])
{
    memset(out, (int)index, 48);
}

static hf_err field(bool header, uint16_t type, struct hf_bytes value, struct hf_buf *out)
{
    uint8_t head[6] = {(uint8_t)type, (uint8_t)(type >> 8)};
    size_t n = 2;

    if (header)
        n += 2;
    head[n++] = (uint8_t)value.n;
    head[n++] = (uint8_t)(value.n >> 8);
    HF_TRY(hf_buf_add(out, (struct hf_bytes){head, n}));
    return hf_buf_add(out, value);
}

static hf_err opaque_data(const struct make_nvidia_spec *spec, const struct make_nvidia *nv, struct hf_buf *out)
{
    static const uint8_t head[12] = {'N', 'V', 'D', 'A', 'O', 'D', 0, 0, 2, 0, 0, 0};
    static const uint8_t vbios[8] = {0x00, 0x9f, 0x00, 0x96, 0x01}, board[4] = {0xb1, 3}, other[48] = {9};
    const char *driver = spec->driver ? spec->driver : "550.54.15";
    uint8_t nvdec0 = spec->nvdec0 ? spec->nvdec0 : 0xaa;
    bool h = spec->header;

    if (h)
        HF_TRY(hf_buf_add(out, HF_BYTES_OF(head)));
    if (!driver[0]) /* a switch */
        return field(h, HF_NVIDIA_VBIOS_VERSION, hf_bytes_text("96.10.55.00.01"), out);
    HF_TRY(field(h, HF_NVIDIA_VBIOS_VERSION, HF_BYTES_OF(vbios), out));
    HF_TRY(field(h, HF_NVIDIA_DRIVER_VERSION, (struct hf_bytes){(const uint8_t *)driver, strlen(driver) + 1}, out));
    HF_TRY(field(h, HF_NVIDIA_BOARD_ID, HF_BYTES_OF(board), out));
    HF_TRY(field(h, HF_NVIDIA_PROJECT, hf_bytes_text("1010"), out));
    HF_TRY(field(h, HF_NVIDIA_PROJECT_SKU, hf_bytes_text("0200"), out));
    HF_TRY(field(h, HF_NVIDIA_CHIP_SKU, hf_bytes_text("882"), out));
    HF_TRY(field(h, HF_NVIDIA_NVDEC0_STATUS, (struct hf_bytes){&nvdec0, 1}, out));
    if (spec->no_fwid)
        return HF_OK;
    return field(h, HF_NVIDIA_FWID, spec->other_fwid ? HF_BYTES_OF(other) : HF_BYTES_OF(nv->fwid), out);
}

hf_err make_nvidia_report(const struct make_nvidia_spec *spec, const struct make_nvidia *nv, struct hf_buf *out)
{
    static const uint8_t responder[32] = {0x77}, empty[HF_SPDM_SIGNATURE] = {0};
    const struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA384};
    const struct hf_privkey *key = spec->signer ? spec->signer : nv->cert[MAKE_NVIDIA_LEAF].key;
    HF_CLEANUP(hf_buf_free) struct hf_buf record = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf opaque = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf plain = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf signature = {0};
    struct hf_spdm_report report = {.nonce = HF_BYTES_OF(spec->nonce),
                                    .n_blocks = BLOCKS,
                                    .responder_nonce = HF_BYTES_OF(responder),
                                    .signature = HF_BYTES_OF(empty)};
    uint8_t value[48];
    hf_err err = HF_OK;

    for (unsigned i = 1; i <= BLOCKS; i++) {
        measurement(i == spec->changed ? 0xee : i, value);
        hf_spdm_block_write((uint8_t)i, 1, HF_BYTES_OF(value), &record, &err);
    }
    HF_TRY(err);
    HF_TRY(opaque_data(spec, nv, &opaque));
    report.record = hf_buf_bytes(&record);
    report.opaque = hf_buf_bytes(&opaque);
    HF_TRY(hf_spdm_report_write(&report, &plain));
    plain.n -= HF_SPDM_SIGNATURE;
    HF_TRY(hf_privkey_sign_message(key, &alg, hf_buf_bytes(&plain), &signature));
    HF_TRY(hf_buf_add(out, hf_buf_bytes(&plain)));
    return hf_buf_add(out, hf_buf_bytes(&signature));
}

/* ---- manifests ---- */

static hf_err rim_body(const struct make_nvidia_rim_spec *spec, struct hf_buf *out)
{
    const char *version = spec->version ? spec->version : spec->vbios ? "96.00.9F.00.01" : "550.54.15";

    HF_TRY(hf_buf_printf(out,
                         "<SoftwareIdentity xmlns=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\" "
                         "xmlns:ns2=\"http://www.w3.org/2001/04/xmlenc#sha384\" name=\"GH100\" tagId=\"t&amp;1\">\n"
                         "  <Entity role='tagCreator' name=\"Test &quot;Corporation&quot;\"/>\n"
                         "  <Meta product=\"GH100\" colloquialVersion=\"%s\"/>\n  <Payload>\n",
                         version));
    for (unsigned i = 0; i < BLOCKS; i++) {
        bool active = spec->vbios ? i < 8 || (spec->overlaps && i == 8) : i >= 8;
        uint8_t value[48];
        char hex[97];

        measurement(spec->other_value && active ? 0xdd : i + 1, value);
        for (size_t k = 0; k < 48; k++)
            (void)snprintf(hex + 2 * k, 3, "%02x", value[k]);
        HF_TRY(hf_buf_printf(out,
                             "    <Resource type=\"Measurement\" index=\"%u\" active=\"%s\" alternatives=\"2\" "
                             "ns2:Hash1=\"%s\" ns2:Hash0=\"%096d\" name=\"M_%u\" size=\"48\"/>\n",
                             i, active ? "True" : "False", hex, 0, i));
    }
    return hf_buf_printf(out, "  </Payload>\n");
}

static hf_err put_base64(struct hf_bytes in, struct hf_buf *out)
{
    return hf_base64_write(in, out);
}

static hf_err signed_info(const struct make_nvidia_rim_spec *spec, const struct hf_digest *digest, struct hf_buf *out)
{
    const char *form = spec->exclusive ? "http://www.w3.org/2001/10/xml-exc-c14n#"
                                       : "http://www.w3.org/2006/12/xml-c14n11";

    HF_TRY(
        hf_buf_printf(out,
                      "<ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"%s\"/>"
                      "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384\"/>"
                      "<ds:Reference URI=\"\"><ds:Transforms>"
                      "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>"
                      "<ds:Transform Algorithm=\"%s\"/></ds:Transforms>"
                      "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#sha384\"/><ds:DigestValue>",
                      form, form));
    HF_TRY(put_base64(hf_digest_bytes(digest), out));
    return hf_buf_printf(out, "</ds:DigestValue></ds:Reference></ds:SignedInfo>");
}

hf_err make_nvidia_rim(const struct make_nvidia_rim_spec *spec, const struct make_nvidia *nv, struct hf_buf *out)
{
    const struct hf_xml_ns scope[] = {
        {{0}, hf_bytes_text("http://standards.iso.org/iso/19770/-2/2015/schema.xsd")},
        {hf_bytes_text("ns2"), hf_bytes_text("http://www.w3.org/2001/04/xmlenc#sha384")},
        {hf_bytes_text("ds"), hf_bytes_text("http://www.w3.org/2000/09/xmldsig#")},
    };
    const struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA384};
    HF_CLEANUP(hf_buf_free) struct hf_buf body = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf whole = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf canonical = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf info = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf signature = {0};
    struct hf_digest digest;

    HF_TRY(rim_body(spec, &body));
    HF_TRY(hf_buf_add(&whole, hf_buf_bytes(&body)));
    HF_TRY(hf_buf_printf(&whole, "</SoftwareIdentity>"));
    HF_TRY(hf_xml_canonical(hf_buf_bytes(&whole), (struct hf_bytes){0}, NULL, 0, spec->exclusive, &canonical));
    HF_TRY(hf_hash_one(HF_SHA384, hf_buf_bytes(&canonical), &digest));
    HF_TRY(signed_info(spec, &digest, &info));
    hf_buf_free(&canonical);
    HF_TRY(hf_xml_canonical(hf_buf_bytes(&info), (struct hf_bytes){0}, scope, HF_COUNT(scope), spec->exclusive,
                            &canonical));
    HF_TRY(hf_privkey_sign_message(nv->rim_signer.key, &alg, hf_buf_bytes(&canonical), &signature));
    if (spec->changed)
        body.p[body.n - 40] ^= 1; /* a digit of the last size or name */
    HF_TRY(hf_buf_add(out, hf_buf_bytes(&body)));
    HF_TRY(hf_buf_printf(out, "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">"));
    HF_TRY(hf_buf_add(out, hf_buf_bytes(&info)));
    HF_TRY(hf_buf_printf(out, "<ds:SignatureValue>"));
    HF_TRY(put_base64(hf_buf_bytes(&signature), out));
    HF_TRY(hf_buf_printf(out, "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"));
    HF_TRY(put_base64(nv->rim_signer.cert->der, out));
    HF_TRY(hf_buf_printf(out, "</ds:X509Certificate><ds:X509Certificate>"));
    HF_TRY(put_base64(nv->rim_root.cert->der, out));
    return hf_buf_printf(out, "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature></SoftwareIdentity>");
}

/* ---- OCSP ---- */

static hf_err respond(const struct make_nvidia_ocsp_spec *spec, const struct hf_cert *cert, const struct testca *issuer,
                      const struct testca *by, struct hf_buf *out)
{
    const struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA_DER, .hash = HF_SHA384};
    HF_CLEANUP(hf_buf_free) struct hf_buf tbs = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf alg_der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf signature = {0};
    struct hf_digest name, key, responder;
    struct hf_bytes bits;
    struct hf_ocsp o = {.produced_at = TESTCA_FROM, .n = 1};
    struct hf_ocsp_single *s = &o.single[0];

    *s = (struct hf_ocsp_single){.hash = spec->hash ? spec->hash : HF_SHA384,
                                 .serial = cert->serial,
                                 .status = spec->status,
                                 .revoked_at = TESTCA_FROM,
                                 .reason = 6,
                                 .this_update = spec->from ? spec->from : TESTCA_FROM,
                                 .has_next_update = true,
                                 .next_update = spec->until ? spec->until : TESTCA_UNTIL};
    HF_TRY(hf_ocsp_key_bits(issuer->cert, &bits));
    HF_TRY(hf_hash_one(s->hash, issuer->cert->subject, &name));
    HF_TRY(hf_hash_one(s->hash, bits, &key));
    s->issuer_name_hash = hf_digest_bytes(&name);
    s->issuer_key_hash = hf_digest_bytes(&key);
    HF_TRY(hf_ocsp_key_bits(by->cert, &bits));
    HF_TRY(hf_hash_one(HF_SHA1, bits, &responder));
    if (spec->delegated)
        o.responder_key = hf_digest_bytes(&responder);
    else
        o.responder_name = by->cert->subject;
    HF_TRY(hf_ocsp_tbs_write(&o, &tbs));
    o.tbs = hf_buf_bytes(&tbs);
    HF_TRY(hf_privkey_sign_message(by->key, &alg, o.tbs, &signature));
    HF_TRY(hf_sig_alg_write(&(struct hf_sig_alg){.scheme = HF_SIG_ECDSA, .hash = HF_SHA384}, &alg_der));
    o.sig_alg_der = hf_buf_bytes(&alg_der);
    o.signature = hf_buf_bytes(&signature);
    if (by != issuer) {
        o.n_certs = 1;
        o.cert[0] = by->cert->der;
    }
    return hf_ocsp_write(&o, out);
}

hf_err make_nvidia_ocsp(const struct make_nvidia_ocsp_spec *spec, const struct make_nvidia *nv, struct hf_buf *out)
{
    HF_CLEANUP(testca_free) struct testca responder = {0};
    const struct testca *issuer = &nv->cert[spec->which - 1], *by = issuer;

    if (spec->delegated) {
        HF_TRY(testca_new(&(struct testca_spec){.subject = "CN=Test OCSP Responder",
                                                .key_usage = HF_KU_DIGITAL_SIGNATURE,
                                                .eku = {spec->no_eku ? NULL : HF_OID_OCSP_SIGNING},
                                                .curve = HF_P384},
                          issuer, &responder));
        by = &responder;
    }
    if (spec->by_leaf)
        by = &nv->cert[MAKE_NVIDIA_LEAF];
    return respond(spec, nv->cert[spec->which].cert, issuer, by, out);
}

hf_err make_nvidia_rim_ocsp(const struct make_nvidia *nv, struct hf_buf *out)
{
    return respond(&(struct make_nvidia_ocsp_spec){0}, nv->rim_signer.cert, &nv->rim_root, &nv->rim_root, out);
}
