/* annotations.jsonl in: raw ratings, resolved by the schema's rules. What rows hold is written in
 * annotate.h. Repeats and orders are averaged before the rule compares, and how far they disagree
 * is the property's noise. A query-specific property is 0 where the fact it depends on is absent. A
 * property of stage "error" that is null could not be checked, which leaves the pair out. A later
 * row replaces what an earlier one said of the same pass. "length" is counted from the texts where
 * no row has it. */
#include <string.h>

#include "core/json.h"
#include "core/number.h"
#include "data/loader.h"
#include "data/ratings.h"
#include "data/surface.h"

enum { FAILED = 1, UNCHECKED = 2, SILENT = 4 }; /* SILENT: no row at all */

typedef struct resolving {
    pdx__ratings ratings; /* [pairs][properties + 1]: behind them the facts, as bits of fact[] */
    char *state;          /* FAILED | UNCHECKED | SILENT */
    char *drop;           /* scratch */
    const char *fact[32];
    int32_t facts_count;
    int32_t *fact_of; /* of a property; -1: needs none */
} resolving;

static pdx_status prepare(resolving *r, const pdx_dataset *dataset) {
    size_t n = (size_t)dataset->n;
    int32_t d = dataset->schema->count;
    PDX__TRY(pdx__ratings_open(&r->ratings, dataset->n, d + 1));
    r->state = pdx__alloc_zero(n, 1);
    r->drop = pdx__alloc_zero(n, 1);
    r->fact_of = pdx__alloc_zero((size_t)d, sizeof *r->fact_of);
    if (!r->state || !r->drop || !r->fact_of) return PDX_ENOMEM;
    memset(r->state, SILENT, n);
    for (int32_t k = 0; k < d; ++k) {
        const pdx_property *property = &dataset->schema->property[k];
        r->fact_of[k] = -1;
        if (property->stage != PDX_STAGE_QUERY_SPECIFIC || !property->depends_on) continue;
        int32_t f = 0;
        while (f < r->facts_count && strcmp(r->fact[f], property->depends_on)) ++f;
        PDX__REQUIRE(f < 32, "schema: more than 32 query facts");
        r->fact[f] = property->depends_on;
        if (f == r->facts_count) ++r->facts_count;
        r->fact_of[k] = f;
    }
    return PDX_OK;
}

/* A rating, or the mean of a list of ratings. */
static pdx_status read_rating(const cJSON *values, const char *side, const pdx_property *property,
                              double *out, pdx__where where) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(values, side);
    const cJSON *item = cJSON_IsArray(value) ? value->child : value;
    double sum = 0;
    int count = 0;
    for (; item; item = cJSON_IsArray(value) ? item->next : NULL, ++count) {
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field '%.100s', '%s': expected a number or a list of numbers",
                                property->id, side);
        double rating = item->valuedouble;
        if (rating < property->scale_least || rating > property->scale_most)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field '%.100s', '%s': %g is outside the scale from %g to %g",
                                property->id, side, rating, property->scale_least,
                                property->scale_most);
        sum += rating;
    }
    if (!count)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field '%.100s', '%s' is missing or empty", property->id, side);
    *out = sum / count;
    return PDX_OK;
}

static double difference(const pdx_property *property, double a, double b) {
    double gap = property->rule == PDX_RULE_COUNT ? b - a : a - b;
    return property->polarity < 0 ? -gap : gap;
}

static double resolve(const pdx_property *property, int32_t way, double a, double b) {
    if (way == PDX_VALUES_COMPARISON) return pdx_property_compare(property, a, b);
    return difference(property, a, b);
}

/* Which sides a row speaks of, and in which pass. */
typedef struct part {
    int from, to; /* sides: 0 a, 1 b */
    int32_t pass;
} part;

static pdx_status read_part(const cJSON *row, part *out, pdx__where where) {
    static const char *const orders[] = {"", "AB", "BA"}, *const sides[] = {"a", "b"};
    const char *order = "", *response = NULL;
    int64_t repeat = 0;
    int32_t o = 0, s = 0;
    PDX__TRY(pdx__json_string(row, "order", PDX__OPTIONAL, &order, where));
    PDX__TRY(pdx__json_string(row, "response", PDX__OPTIONAL, &response, where));
    PDX__TRY(pdx__json_int(row, "repeat", PDX__OPTIONAL, &repeat, where));
    while (o < 3 && strcmp(order, orders[o])) ++o;
    while (response && s < 2 && strcmp(response, sides[s])) ++s;
    if (o == 3 || s == 2 || repeat < 0 || repeat > 1000000)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field '%s' is out of its range",
                            o == 3   ? "order"
                            : s == 2 ? "response"
                                     : "repeat");
    *out = (part){response ? s : 0, response ? s : 1, (int32_t)repeat * 3 + o};
    return PDX_OK;
}

static pdx_status read_ratings(pdx__loader *loader, resolving *r, int64_t pair, const cJSON *values,
                               part p, pdx__where where) {
    static const char *const sides[] = {"a", "b"};
    const pdx_schema *schema = loader->dataset->schema;
    for (const cJSON *entry = values->child; entry; entry = entry->next) {
        int64_t k = pdx__strmap_find(&schema->ids, entry->string, strlen(entry->string));
        if (k < 0)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field '%.100s' is no property of the schema '%s'", entry->string,
                                schema->name);
        const pdx_property *property = &schema->property[k];
        int unchecked = cJSON_IsNull(entry) && property->stage == PDX_STAGE_ERROR;
        if (!cJSON_IsObject(entry) && !unchecked)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field '%.100s': expected an object, found %s", entry->string,
                                pdx__json_type(entry));
        for (int side = p.from; side <= p.to; ++side) {
            double rating = PDX__RATING_NULL;
            if (!unchecked) PDX__TRY(read_rating(entry, sides[side], property, &rating, where));
            PDX__TRY(pdx__ratings_put(&r->ratings, pair, (int32_t)k, p.pass, side, rating));
        }
    }
    return PDX_OK;
}

static pdx_status read_facts(pdx__loader *loader, resolving *r, int64_t pair, const cJSON *values,
                             part p, pdx__where where) {
    uint32_t bits = 0;
    for (int32_t f = 0; f < r->facts_count; ++f) {
        const cJSON *fact = cJSON_GetObjectItemCaseSensitive(values, r->fact[f]);
        if (!fact || cJSON_IsNull(fact)) continue;
        if (!cJSON_IsBool(fact) && !cJSON_IsArray(fact))
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field '%.100s': expected true, false or a list, found %s",
                                r->fact[f], pdx__json_type(fact));
        if (cJSON_IsTrue(fact) || (cJSON_IsArray(fact) && fact->child)) bits |= 1u << f;
    }
    return pdx__ratings_put(&r->ratings, pair, loader->dataset->schema->count, p.pass, 0, bits);
}

static pdx_status read_row(pdx__loader *loader, resolving *r, const cJSON *object, int64_t pair,
                           pdx__where where) {
    const cJSON *values = NULL;
    const char *stage = NULL;
    part p = {0};
    r->state[pair] &= ~SILENT;
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(object, "error");
    if (error && !cJSON_IsNull(error)) {
        r->state[pair] |= FAILED;
        return PDX_OK;
    }
    PDX__TRY(pdx__json_string(object, "stage", PDX__REQUIRED, &stage, where));
    PDX__TRY(pdx__json_object(object, "values", PDX__REQUIRED, &values, where));
    PDX__TRY(read_part(object, &p, where));
    if (!strcmp(stage, "query")) return read_facts(loader, r, pair, values, p, where);
    if (!strcmp(stage, "reference") || !strcmp(stage, "scenario")) return PDX_OK;
    return read_ratings(loader, r, pair, values, p, where);
}

/* Length -----------------------------------------------------------------------------------------
 */

/* Words and runs of punctuation: near to the counts in the original's records (146, 64, 444, 8
 * beside 144, 64, 431, 8 in the public ones). */
static int64_t count_words(const char *text) {
    int64_t words = 0;
    int before = 0;
    for (; *text; ++text) {
        unsigned char c = (unsigned char)*text, lower = c | 32;
        int kind =
            c <= ' ' ? 0
            : (c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z'))
                ? 1
                : 2;
        words += kind && kind != before;
        before = kind;
    }
    return words;
}

static pdx_status count_lengths(pdx__loader *loader, int64_t pair, int32_t k) {
    static const char *const fields[2][2] = {{"response_a word", "response_a"},
                                             {"response_b word", "response_b"}};
    double words[2] = {0, 0};
    for (int side = 0; side < 2; ++side) {
        const char *text;
        PDX__TRY(pdx_dataset_text(loader->dataset, pair, fields[side][0], &text));
        if (text && pdx__parse_double(text, strlen(text), &words[side])) continue;
        PDX__TRY(pdx_dataset_text(loader->dataset, pair, fields[side][1], &text));
        if (!text)
            return pdx__fail_at(PDX_EPARSE, loader->primary, 0,
                                "pair '%.200s' has no '%s' to count the words of",
                                pdx_dataset_id(loader->dataset, pair), fields[side][1]);
        words[side] = (double)count_words(text);
    }
    const pdx_property *property = &loader->dataset->schema->property[k];
    return pdx__dataset_put(loader->dataset, pair, k,
                            resolve(property, loader->options->values, words[0], words[1]));
}

/* What the passes say of one property of a pair. */
typedef struct passes {
    double sum[2], gaps, square; /* of the values; of the differences */
    double looks, look_square;   /* of what each pass alone would give */
    int32_t count, unchecked;
} passes;

static void add_gap(passes *all, double gap) {
    all->gaps += gap;
    all->square += gap * gap;
}

static passes gather(const resolving *r, const pdx_property *property, int32_t way, int64_t pair,
                     int32_t k) {
    passes all = {0};
    for (const pdx__rating *at = NULL; (at = pdx__ratings_next(&r->ratings, pair, k, at));) {
        double a = at->value[0], b = at->value[1];
        if (isinf(a) || isinf(b)) all.unchecked = 1;
        if (!isfinite(a) || !isfinite(b)) continue;
        all.sum[0] += a;
        all.sum[1] += b;
        add_gap(&all, difference(property, a, b));
        double look = resolve(property, way, a, b);
        all.looks += look;
        all.look_square += look * look;
        ++all.count;
    }
    return all;
}

/* Sample standard deviation of `count` differences: what one pass differs from the next. */
static double noise_of(const passes *all, int32_t count) {
    if (count < 2) return NAN;
    double mean = all->gaps / count;
    return sqrt(fmax(0, (all->square - count * mean * mean) / (count - 1)));
}

static pdx_status put(pdx__loader *loader, int64_t pair, int32_t k, const passes *all, double share,
                      int32_t count) {
    const pdx_property *property = &loader->dataset->schema->property[k];
    double n = all->count ? all->count : 1, a = all->sum[0] / n * share,
           b = all->sum[1] / n * share;
    PDX__TRY(pdx__dataset_put(loader->dataset, pair, k,
                              resolve(property, loader->options->values, a, b)));
    pdx__repeats repeats = {0, NAN, NAN, NAN};
    if (count > 1) {
        double mean = all->looks / count, square = all->look_square - count * mean * mean;
        repeats = (pdx__repeats){count, (float)noise_of(all, count), (float)mean,
                                 (float)sqrt(fmax(0, square / (count - 1)))};
    }
    return pdx__dataset_put_repeats(loader->dataset, pair, k, repeats);
}

/* A property that depends on a fact counts in those repeats whose facts have it, as 0 in others. */
static pdx_status put_specific(pdx__loader *loader, const resolving *r, int64_t pair, int32_t k,
                               const char **missing) {
    const pdx_schema *schema = loader->dataset->schema;
    passes all = gather(r, &schema->property[k], loader->options->values, pair, k);
    int32_t asked = 0, with = 0;
    for (const pdx__rating *at = NULL;
         (at = pdx__ratings_next(&r->ratings, pair, schema->count, at));) {
        ++asked;
        with += (uint32_t)at->value[0] >> r->fact_of[k] & 1;
    }
    if (!asked) *missing = "the facts of its query (stage \"query\")";
    else if (with && !all.count) *missing = "";
    if (*missing) return PDX_OK;
    double share = with ? (double)with / asked : 1;
    return put(loader, pair, k, &all, share, all.count + asked - with);
}

/* All that a pair has must be there, or be known to be absent. */
static pdx_status complete(pdx__loader *loader, resolving *r, int64_t pair, int32_t properties,
                           const char *path) {
    const pdx_schema *schema = loader->dataset->schema;
    for (int32_t k = 0; k < properties; ++k) {
        const pdx_property *property = &schema->property[k];
        const char *missing = NULL;
        if (r->fact_of[k] >= 0) PDX__TRY(put_specific(loader, r, pair, k, &missing));
        else {
            passes all = gather(r, property, loader->options->values, pair, k);
            if (all.count) PDX__TRY(put(loader, pair, k, &all, 1, all.count));
            else if (all.unchecked) {
                r->state[pair] |= UNCHECKED;
                return PDX_OK;
            } else if (property->rule == PDX_RULE_LENGTH) PDX__TRY(count_lengths(loader, pair, k));
            else missing = "";
        }
        if (missing)
            return pdx__fail_at(PDX_EPARSE, path, 0, "pair '%.200s' lacks %s%s%s",
                                pdx_dataset_id(loader->dataset, pair),
                                *missing ? missing : "property '", *missing ? "" : property->id,
                                *missing ? "" : "'");
    }
    r->state[pair] = 0; /* a later call succeeded */
    return PDX_OK;
}

static pdx_status drop_state(pdx_dataset *dataset, char *state, char *drop, int bit,
                             const char *reason) {
    int64_t dropped = 0, kept = 0, n = dataset->n;
    for (int64_t i = 0; i < n; ++i) dropped += drop[i] = (char)((state[i] & bit) != 0);
    if (!dropped) return PDX_OK;
    PDX__TRY(pdx__dataset_drop(dataset, drop, reason));
    for (int64_t i = 0; i < n; ++i)
        if (!drop[i]) state[kept++] = state[i];
    return PDX_OK;
}

static pdx_status read_all(pdx__loader *loader, resolving *r, pdx__lines *lines) {
    pdx_dataset *dataset = loader->dataset;
    int32_t properties =
        dataset->schema->count - (loader->options->surface ? PDX__SURFACE_COUNT : 0);
    int more = 1;
    PDX__TRY(prepare(r, dataset));
    for (int64_t rows = 1;; ++rows) {
        PDX__TRY(pdx__lines_next(lines, &more));
        if (!more) break;
        pdx__where where = {lines->path, lines->number};
        pdx__scan scan;
        pdx__row row = {0};
        int member = 1;
        int64_t pair;
        PDX__TRY(pdx__scan_open(&scan, lines->line, lines->length, where));
        for (;;) {
            PDX__TRY(pdx__scan_member(&scan, &member));
            if (!member) break;
            if (pdx__span_is(scan.key, "id")) {
                row.has_id = 1;
                row.id = scan;
            }
        }
        if (!row.has_id)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field 'id' is missing");
        PDX__TRY(pdx__loader_find(loader, &row, &pair));
        if (pair < 0) continue;
        cJSON *tree;
        PDX__TRY(pdx__json_parse(&tree, lines->line, lines->length, where));
        pdx_status status = read_row(loader, r, tree, pair, where);
        cJSON_Delete(tree);
        if (status != PDX_OK) return status;
        if (rows % 256 == 0) PDX__TRY(pdx__loader_tick(loader, "rows", rows, 0));
    }
    for (int64_t i = 0; i < dataset->n; ++i) {
        if (r->state[i] & SILENT) continue;
        pdx_status status = complete(loader, r, i, properties, lines->path);
        if (status == PDX_EPARSE && r->state[i] & FAILED) continue; /* left out below */
        if (status != PDX_OK) return status;
    }
    PDX__TRY(drop_state(dataset, r->state, r->drop, UNCHECKED, "accuracy not applicable"));
    PDX__TRY(drop_state(dataset, r->state, r->drop, FAILED, "annotation failed"));
    return drop_state(dataset, r->state, r->drop, SILENT, "not annotated");
}

pdx_status pdx__annotations_read(pdx__loader *loader, const char *path) {
    resolving r = {0};
    pdx__lines lines;
    PDX__TRY(pdx__lines_open(&lines, path));
    pdx_status status = read_all(loader, &r, &lines);
    pdx__lines_close(&lines);
    pdx__ratings_free(&r.ratings);
    pdx__free(r.state);
    pdx__free(r.drop);
    pdx__free(r.fact_of);
    return status;
}
