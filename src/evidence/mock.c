/* Mock evidence. */
#include "evidence/mock.h"
#include "base/cleanup.h"
#include "codec/jcs.h"
#include "codec/json_fields.h"
#include "evidence/json_mark.h"

#define TEXT_MAX 1024

static const struct hf_json_field fields[] = {
    HF_FIELD(TEXT, "holdfast", struct hf_mock, format, .required = true, .words = HF_MOCK_FORMAT),
    HF_FIELD(TEXT, "mock_measurement", struct hf_mock, measurement, .required = true, .max = TEXT_MAX),
    HF_FIELD(TEXT, "test_value", struct hf_mock, test_value, .max = TEXT_MAX),
    HF_FIELD(TEXT, "mock_id", struct hf_mock, mock_id, .max = TEXT_MAX),
    HF_FIELD(TEXT, "nonce", struct hf_mock, nonce, .max = TEXT_MAX),
    HF_FIELD(I64, "timestamp", struct hf_mock, timestamp, .required = true),
    HF_FIELDS_END,
};

void hf_mock_free(struct hf_mock *mock)
{
    hf_json_free(fields, mock);
}

hf_err hf_mock_parse(struct hf_bytes json, struct hf_mock *out)
{
    struct hf_mock mock = {0};
    hf_err err = hf_json_read(json, fields, &mock);

    if (err != HF_OK)
        return err == HF_E_ARG ? hf_fail(HF_E_FORMAT, "%.400s", hf_err_detail()) : err;
    *out = mock;
    return HF_OK;
}

hf_err hf_mock_write(const struct hf_mock *mock, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    const struct {
        const char *key, *value;
    } texts[] = {{"mock_measurement", mock->measurement},
                 {"test_value", mock->test_value},
                 {"mock_id", mock->mock_id},
                 {"nonce", mock->nonce}};
    struct hf_json j = hf_json(&text, false);

    hf_json_object(&j, NULL);
    hf_json_text(&j, "holdfast", HF_MOCK_FORMAT);
    for (size_t i = 0; i < HF_COUNT(texts); i++) {
        if (texts[i].value)
            hf_json_text(&j, texts[i].key, texts[i].value);
    }
    hf_json_i64(&j, "timestamp", mock->timestamp);
    hf_json_close(&j);
    HF_TRY(hf_json_end(&j));
    return hf_jcs_write(hf_buf_bytes(&text), out);
}

hf_err hf_mock_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    HF_CLEANUP(hf_mock_free) struct hf_mock mock = {0};
    struct hf_json_value top;

    HF_TRY(hf_json_parse(in, &top));
    for (size_t i = 0; fields[i].kind != HF_FIELD_END; i++) {
        struct hf_json_value v;

        if (hf_json_get(top, fields[i].key, &v) == HF_OK)
            hf_inspect_text(out, fields[i].key, v.raw, NULL);
    }
    return hf_mock_parse(in, &mock);
}

static bool detect(struct hf_bytes in)
{
    return hf_json_marked(in, "holdfast", HF_MOCK_FORMAT);
}

const struct hf_evidence_format hf_format_mock = {
    .name = "mock",
    .family = "mock",
    .about = "mock evidence for tests: signed by nobody",
    .detect = detect,
    .inspect = hf_mock_inspect,
};
