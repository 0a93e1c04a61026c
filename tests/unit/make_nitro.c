/* Nitro documents for tests. */
#include "make_nitro.h"
#include "base/cleanup.h"
#include "codec/cose.h"

static const uint8_t es384[] = {0xa1, 0x01, 0x38, 0x22};
static const uint8_t registers[3][48] = {{1}, {2}, {3}};
static const uint8_t zero[48];

void make_nitro_start(struct make_nitro *n)
{
    static const char *const names[NITRO_CERTS] = {
        "C=US,O=Amazon,OU=AWS,CN=test.nitro-enclaves", "C=US,O=Amazon,OU=AWS,CN=regional",
        "CN=zonal,OU=AWS,O=Amazon,C=US", "C=US,O=Amazon,OU=AWS,CN=i-0123", "C=US,O=Amazon,OU=AWS,CN=i-0123-enc4567"};

    *n = (struct make_nitro){0};
    for (size_t i = 0; i < NITRO_CERTS; i++)
        n->spec[i] = (struct testca_spec){.subject = names[i],
                                          .curve = HF_P384,
                                          .ca = i != NITRO_LEAF,
                                          .key_usage = i == NITRO_LEAF ? HF_KU_DIGITAL_SIGNATURE
                                                                     : HF_KU_CERT_SIGN | HF_KU_CRL_SIGN};
    n->spec[NITRO_LEAF].from = NITRO_FROM;
    n->spec[NITRO_LEAF].until = NITRO_UNTIL;
    n->doc = (struct hf_nitro_doc){.indefinite = true,
                                   .module_id = hf_bytes_text("i-0123-enc4567"),
                                   .digest = hf_bytes_text("SHA384"),
                                   .timestamp_ms = (uint64_t)NITRO_MADE * 1000 + 7,
                                   .pcr_mask = 0x0f};
    for (size_t i = 0; i < HF_COUNT(registers); i++)
        n->doc.pcr[i] = HF_BYTES_OF(registers[i]);
    n->doc.pcr[3] = HF_BYTES_OF(zero);
}

hf_err make_nitro_certs(struct make_nitro *n)
{
    for (size_t i = 0; i < NITRO_CERTS; i++)
        HF_TRY(testca_new(&n->spec[i], i ? &n->ca[i - 1] : NULL, &n->ca[i]));
    return HF_OK;
}

hf_err make_nitro_around(struct make_nitro *n, struct hf_bytes payload, struct hf_buf *out)
{
    const struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA384};
    HF_CLEANUP(hf_buf_free) struct hf_buf tbs = {0};
    struct hf_cose_sign1 msg = {
        .tagged = n->doc.tagged,
        .protected_bytes = n->protected_bytes.n ? n->protected_bytes : HF_BYTES_OF(es384),
        .payload = payload,
    };

    HF_TRY(hf_cose_to_be_signed(msg.protected_bytes, (struct hf_bytes){0}, payload, &tbs));
    hf_buf_free(&n->signature);
    HF_TRY(hf_privkey_sign_message(n->ca[NITRO_LEAF].key, &alg, hf_buf_bytes(&tbs), &n->signature));
    msg.signature = hf_buf_bytes(&n->signature);
    hf_buf_free(out);
    return hf_cose_sign1_write(&msg, out);
}

hf_err make_nitro_sign(struct make_nitro *n, struct hf_buf *out)
{
    struct hf_nitro_doc doc = n->doc;

    if (doc.n_bundle == 0) {
        doc.certificate = n->ca[NITRO_LEAF].cert->der;
        for (size_t i = 0; i < NITRO_LEAF; i++)
            doc.bundle[doc.n_bundle++] = n->ca[i].cert->der;
    }
    hf_buf_free(&n->payload);
    HF_TRY(hf_nitro_payload_write(&doc, &n->payload));
    return make_nitro_around(n, hf_buf_bytes(&n->payload), out);
}

void make_nitro_free(struct make_nitro *n)
{
    for (size_t i = 0; i < NITRO_CERTS; i++)
        testca_free(&n->ca[i]);
    hf_buf_free(&n->payload);
    hf_buf_free(&n->signature);
}
