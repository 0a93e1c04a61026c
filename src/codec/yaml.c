/* YAML as JSON, over libyaml's events. */
#include "codec/yaml.h"
#include "base/cleanup.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "codec/yaml_scalar.h"

#include <yaml.h>

struct mark {
    size_t offset; /* in the JSON */
    size_t line, column;
};

struct level {
    bool map;
    bool value; /* in a mapping: a key was read, its value comes */
    bool more;  /* something stands before on this level */
};

struct convert {
    yaml_parser_t parser;
    struct hf_buf *json;
    struct hf_buf *marks;
    unsigned depth;
    struct level level[HF_YAML_DEPTH + 1]; /* 0 is the document */
};

void hf_yaml_map_free(struct hf_yaml_map *map)
{
    hf_buf_free(&map->marks);
}

void hf_yaml_where(const struct hf_yaml_map *map, size_t offset, size_t *line, size_t *column)
{
    const struct mark *marks = (const struct mark *)(const void *)map->marks.p;
    size_t low = 0, high = map->marks.n / sizeof(struct mark);

    *line = 1;
    *column = 1;
    while (low < high) { /* marks ascend: the last one not behind the offset */
        size_t middle = low + (high - low) / 2;

        if (marks[middle].offset > offset) {
            high = middle;
        } else {
            *line = marks[middle].line;
            *column = marks[middle].column;
            low = middle + 1;
        }
    }
}

static hf_err fail_at(hf_err err, yaml_mark_t at, const char *what)
{
    return hf_fail(err, "YAML, line %zu, column %zu: %s", at.line + 1, at.column + 1, what);
}

static hf_err fail_parser(const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return hf_fail(HF_E_MEMORY, "no memory for reading YAML");
    if (parser->error == YAML_READER_ERROR)
        return hf_fail(HF_E_FORMAT, "YAML, offset %zu: %s", parser->problem_offset,
                       parser->problem ? parser->problem : "unreadable");
    return fail_at(HF_E_FORMAT, parser->problem_mark, parser->problem ? parser->problem : "not YAML");
}

static hf_err put(struct convert *c, const char *text)
{
    return hf_buf_add(c->json, hf_bytes_text(text));
}

static hf_err put_mark(struct convert *c, yaml_mark_t at)
{
    struct mark mark = {c->json->n, at.line + 1, at.column + 1};

    return hf_buf_add(c->marks, (struct hf_bytes){(const uint8_t *)&mark, sizeof(mark)});
}

static hf_err put_text(struct convert *c, struct hf_bytes text)
{
    struct hf_json j = hf_json(c->json, false);

    hf_json_text_n(&j, NULL, text);
    return hf_json_end(&j);
}

/* What goes before the next key or value of the level. */
static hf_err before(struct convert *c, yaml_mark_t at)
{
    struct level *level = &c->level[c->depth];
    bool comma = level->more && !level->value;

    HF_TRY(put(c, level->value ? ":" : comma ? "," : ""));
    level->more = true;
    return put_mark(c, at);
}

/* True where the next scalar is a key; after it comes a value, and the other way round. */
static bool turn(struct convert *c)
{
    struct level *level = &c->level[c->depth];
    bool key = level->map && !level->value;

    level->value = key;
    return key;
}

static hf_err open_level(struct convert *c, const yaml_event_t *e, bool map)
{
    const yaml_char_t *anchor = map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor;
    const yaml_char_t *tag = map ? e->data.mapping_start.tag : e->data.sequence_start.tag;

    if (anchor || tag)
        return fail_at(HF_E_UNSUPPORTED, e->start_mark, anchor ? "an anchor" : "a tag");
    if (c->depth == HF_YAML_DEPTH)
        return fail_at(HF_E_FORMAT, e->start_mark, "nested deeper than 64 levels");
    HF_TRY(before(c, e->start_mark));
    if (turn(c))
        return fail_at(HF_E_UNSUPPORTED, e->start_mark, "a mapping or sequence as a key");
    c->level[++c->depth] = (struct level){.map = map};
    return put(c, map ? "{" : "[");
}

static hf_err close_level(struct convert *c, bool map)
{
    c->depth--;
    return put(c, map ? "}" : "]");
}

static hf_err put_scalar(struct convert *c, const yaml_event_t *e)
{
    struct hf_bytes text = {e->data.scalar.value, e->data.scalar.length};
    bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (e->data.scalar.anchor || e->data.scalar.tag)
        return fail_at(HF_E_UNSUPPORTED, e->start_mark, e->data.scalar.anchor ? "an anchor" : "a tag");
    HF_TRY(before(c, e->start_mark));
    if (turn(c)) {
        if (plain && hf_bytes_equal(text, hf_bytes_text("<<")))
            return fail_at(HF_E_UNSUPPORTED, e->start_mark, "a merge key");
        return put_text(c, text);
    }
    if (plain) {
        bool is_text = false;
        hf_err err = hf_yaml_scalar(text, &is_text, c->json);

        if (err == HF_E_FORMAT)
            return fail_at(err, e->start_mark, hf_err_detail());
        if (err != HF_OK || !is_text)
            return err;
    }
    return put_text(c, text);
}

static hf_err put_event(struct convert *c, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return put_scalar(c, e);
    case YAML_MAPPING_START_EVENT:
        return open_level(c, e, true);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(c, e, false);
    case YAML_MAPPING_END_EVENT:
        return close_level(c, true);
    case YAML_SEQUENCE_END_EVENT:
        return close_level(c, false);
    case YAML_ALIAS_EVENT:
        return fail_at(HF_E_UNSUPPORTED, e->start_mark, "an alias");
    case YAML_DOCUMENT_START_EVENT:
        if (c->level[0].more)
            return fail_at(HF_E_FORMAT, e->start_mark, "a second document");
        if (e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end)
            return fail_at(HF_E_UNSUPPORTED, e->start_mark, "a tag directive");
        return HF_OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return HF_OK;
}

static hf_err convert(struct convert *c)
{
    bool end = false;

    while (!end) {
        yaml_event_t event;
        hf_err err;

        if (!yaml_parser_parse(&c->parser, &event))
            return fail_parser(&c->parser);
        end = event.type == YAML_STREAM_END_EVENT;
        err = put_event(c, &event);
        yaml_event_delete(&event);
        HF_TRY(err);
    }
    return c->level[0].more ? HF_OK : hf_fail(HF_E_FORMAT, "YAML: the text holds no document");
}

static bool begins_as_json(struct hf_bytes text)
{
    size_t i = 0;

    while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\n' || text.p[i] == '\r' || text.p[i] == '\t'))
        i++;
    return i < text.n && text.p[i] == '{';
}

/* All that our own JSON can still have against it is a key twice: told with the YAML's line. */
static hf_err check_keys(struct hf_bytes json, const struct hf_yaml_map *map)
{
    size_t failed, line, column, n;
    hf_err err = hf_json_check_at(json, &failed);

    if (err != HF_E_FORMAT)
        return err;
    hf_yaml_where(map, failed, &line, &column);
    n = json.n - failed < 80 ? json.n - failed : 80;
    for (size_t i = 1; i < n; i++) {
        if (json.p[failed + i] == ':') /* enough of it for a message */
            n = i;
    }
    return hf_fail(err, "YAML, line %zu, column %zu: the key %.*s stands twice in its mapping", line, column, (int)n,
                   (const char *)json.p + failed);
}

static hf_err convert_text(struct hf_bytes text, struct hf_buf *json, struct hf_yaml_map *map)
{
    struct convert c = {.json = json, .marks = &map->marks};
    hf_err err;

    if (!yaml_parser_initialize(&c.parser))
        return hf_fail(HF_E_MEMORY, "no memory for reading YAML");
    yaml_parser_set_encoding(&c.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&c.parser, text.p ? text.p : (const unsigned char *)"", text.n);
    err = convert(&c);
    yaml_parser_delete(&c.parser);
    HF_TRY(err);
    return check_keys(hf_buf_bytes(json), map);
}

hf_err hf_yaml_to_json(struct hf_bytes text, size_t max, struct hf_buf *json, struct hf_yaml_map *map)
{
    HF_CLEANUP(hf_yaml_map_free) struct hf_yaml_map marks = {{0}};
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};

    if (text.n > max)
        return hf_fail(HF_E_LIMIT, "YAML of %zu bytes, where %zu is the limit", text.n, max);
    if (begins_as_json(text)) {
        HF_TRY(hf_json_check(text));
        HF_TRY(hf_buf_set(json, text));
    } else {
        HF_TRY(hf_utf8_check(text));
        HF_TRY(convert_text(text, &made, &marks));
        HF_TRY(hf_buf_set(json, hf_buf_bytes(&made)));
    }
    hf_yaml_map_free(map);
    *map = marks;
    marks = (struct hf_yaml_map){{0}};
    return HF_OK;
}

hf_err hf_yaml_read(struct hf_bytes text, size_t max, const struct hf_json_field *fields, void *out,
                    struct hf_buf *json, struct hf_json_problems *problems)
{
    HF_CLEANUP(hf_yaml_map_free) struct hf_yaml_map map = {{0}};
    hf_err err;

    *problems = (struct hf_json_problems){0};
    HF_TRY(hf_yaml_to_json(text, max, json, &map));
    err = hf_json_read_all(hf_buf_bytes(json), fields, out, problems);
    if (err != HF_E_ARG || map.marks.n == 0)
        return err;
    for (size_t i = 0; i < problems->n && i < HF_JSON_PROBLEMS_MAX; i++) {
        struct hf_json_problem *p = &problems->item[i];

        hf_yaml_where(&map, p->column - 1, &p->line, &p->column); /* the JSON is one line */
    }
    return hf_json_problems_err(problems);
}
