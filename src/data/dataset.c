/* The dataset handle: building one, from arrays, getters, hash and features.jsonl out. Reading
 * files is in load.c, texts are in texts.c. */
#include "dataset.h"

#include <string.h>

#include "core/file.h"
#include "core/sha256.h"
#include "data/texts.h"

void pdx_dataset_free(pdx_dataset *dataset) {
    if (!dataset) return;
    int32_t d = pdx_schema_count(dataset->schema);
    for (int32_t i = 0; dataset->column && i < d; ++i) {
        pdx__free(dataset->column[i].small);
        pdx__free(dataset->column[i].wide);
    }
    pdx__free(dataset->column);
    pdx__free(dataset->repeats);
    pdx_schema_free(dataset->schema);
    pdx__strmap_free(&dataset->ids);
    pdx__strmap_free(&dataset->groups);
    pdx__strmap_free(&dataset->absent);
    pdx__free(dataset->group_start);
    pdx__free(dataset->group_pair);
    pdx__free(dataset->record);
    for (int32_t i = 0; i < dataset->reasons; ++i) pdx__free(dataset->reason[i].text);
    pdx__free(dataset->reason);
    pdx__texts_free(dataset->texts);
    pdx__free(dataset->membership.pair);
    pdx__free(dataset->membership.group);
    pdx__free(dataset);
}

/* Building ------------------------------------------------------------------------------------- */

pdx_status pdx__dataset_begin(pdx_dataset **out, const pdx_schema *schema, int32_t values) {
    *out = NULL;
    pdx_dataset *dataset = pdx__alloc_zero(1, sizeof *dataset);
    if (!dataset) return PDX_ENOMEM;
    dataset->values = values;
    pdx_status status = pdx__schema_copy(&dataset->schema, schema);
    if (status == PDX_OK) {
        dataset->column = pdx__alloc_zero((size_t)schema->count, sizeof *dataset->column);
        if (!dataset->column) status = PDX_ENOMEM;
    }
    if (status != PDX_OK) pdx_dataset_free(dataset);
    else *out = dataset;
    return status;
}

pdx_status pdx__dataset_reserve(pdx_dataset *dataset, int64_t pairs) {
    size_t wanted = pairs > 0 ? (size_t)pairs : 1;
    for (int32_t i = 0; i < dataset->schema->count; ++i) {
        pdx__column *column = &dataset->column[i];
        size_t before = column->capacity;
        if (before >= wanted) continue;
        if (column->wide) {
            PDX__TRY(pdx__grow(&column->wide, &column->capacity, wanted, sizeof(double)));
            memset(column->wide + before, 0, (column->capacity - before) * sizeof(double));
        } else {
            PDX__TRY(pdx__grow(&column->small, &column->capacity, wanted, sizeof(int8_t)));
            memset(column->small + before, 0, column->capacity - before);
        }
    }
    return PDX_OK;
}

pdx_status pdx__dataset_append(pdx_dataset *dataset, const char *id, size_t length, int *added) {
    int64_t index;
    PDX__TRY(pdx__strmap_add(&dataset->ids, id, length, &index, added));
    dataset->n = dataset->ids.count;
    return PDX_OK;
}

static pdx_status widen(pdx__column *column, int64_t filled) {
    double *wide = pdx__alloc_zero(column->capacity, sizeof *wide);
    if (!wide) return PDX_ENOMEM;
    for (int64_t i = 0; i < filled; ++i) wide[i] = column->small[i];
    pdx__free(column->small);
    column->small = NULL;
    column->wide = wide;
    return PDX_OK;
}

pdx_status pdx__dataset_put(pdx_dataset *dataset, int64_t pair, int32_t property, double value) {
    pdx__column *column = &dataset->column[property];
    if (column->small) {
        if (value >= -127 && value <= 127 && value == (int8_t)value) {
            column->small[pair] = (int8_t)value;
            return PDX_OK;
        }
        PDX__TRY(widen(column, (int64_t)column->capacity));
    }
    column->wide[pair] = value + 0.0; /* one zero only: -0 would change the hash */
    return PDX_OK;
}

/* Room for the repeats of every pair that there is. */
static pdx_status reserve_repeats(pdx_dataset *dataset) {
    size_t before = dataset->repeats_capacity;
    PDX__TRY(pdx__grow(&dataset->repeats, &dataset->repeats_capacity,
                       (size_t)dataset->n * (size_t)dataset->schema->count,
                       sizeof *dataset->repeats));
    for (size_t i = before; i < dataset->repeats_capacity; ++i)
        dataset->repeats[i] = (pdx__repeats){0, NAN, NAN, NAN};
    return PDX_OK;
}

pdx_status pdx__dataset_put_repeats(pdx_dataset *dataset, int64_t pair, int32_t property,
                                    pdx__repeats repeats) {
    size_t d = (size_t)dataset->schema->count;
    if (isnan(repeats.noise) && !dataset->repeats) return PDX_OK;
    PDX__TRY(reserve_repeats(dataset));
    dataset->repeats[(size_t)pair * d + (size_t)property] = repeats;
    return PDX_OK;
}

pdx_status pdx__dataset_join_group(pdx_dataset *dataset, int64_t pair, const char *group,
                                   size_t length) {
    pdx__membership *m = &dataset->membership;
    int64_t index;
    PDX__TRY(pdx__strmap_add(&dataset->groups, group, length, &index, NULL));
    PDX__TRY(pdx__grow(&m->pair, &m->pair_capacity, m->count + 1, sizeof *m->pair));
    PDX__TRY(pdx__grow(&m->group, &m->group_capacity, m->count + 1, sizeof *m->group));
    m->pair[m->count] = pair;
    m->group[m->count++] = (int32_t)index;
    return PDX_OK;
}

pdx_status pdx__dataset_leave_out(pdx_dataset *dataset, const char *reason, int64_t number) {
    for (int32_t i = 0; i < dataset->reasons; ++i)
        if (!strcmp(dataset->reason[i].text, reason)) {
            dataset->reason[i].number += number;
            return PDX_OK;
        }
    size_t capacity = (size_t)dataset->reasons;
    PDX__TRY(pdx__grow(&dataset->reason, &capacity, capacity + 1, sizeof *dataset->reason));
    char *text = pdx__strdup(reason);
    if (!text) return PDX_ENOMEM;
    dataset->reason[dataset->reasons++] = (pdx__reason){text, number};
    return PDX_OK;
}

pdx_status pdx__dataset_set_record(pdx_dataset *dataset, int64_t record) {
    PDX__TRY(pdx__grow(&dataset->record, &dataset->record_capacity, (size_t)dataset->n,
                       sizeof *dataset->record));
    dataset->record[dataset->n - 1] = record;
    return PDX_OK;
}

pdx_status pdx__dataset_drop(pdx_dataset *dataset, const char *drop, const char *reason) {
    int64_t n = dataset->n, kept = 0;
    int64_t *now = pdx__alloc((size_t)n, sizeof *now); /* number of a pair afterwards, -1: gone */
    pdx__strmap ids = {0};
    pdx_status status = now ? PDX_OK : PDX_ENOMEM;
    for (int64_t i = 0; status == PDX_OK && i < n; ++i) {
        const char *id = pdx__strmap_get(&dataset->ids, i);
        int64_t index;
        now[i] = drop[i] ? -1 : kept++;
        status = pdx__strmap_add(drop[i] ? &dataset->absent : &ids, id, strlen(id), &index, NULL);
    }
    if (status == PDX_OK) status = pdx__dataset_leave_out(dataset, reason, n - kept);
    if (status != PDX_OK) {
        pdx__strmap_free(&ids);
        pdx__free(now);
        return status;
    }
    pdx__strmap_free(&dataset->ids);
    dataset->ids = ids;
    dataset->n = kept;
    for (int64_t i = 0; i < n; ++i) {
        if (now[i] < 0) continue;
        for (int32_t k = 0; k < dataset->schema->count; ++k) {
            pdx__column *column = &dataset->column[k];
            if (column->small) column->small[now[i]] = column->small[i];
            else if (column->wide) column->wide[now[i]] = column->wide[i];
        }
        size_t d = (size_t)dataset->schema->count;
        if (dataset->repeats)
            memmove(dataset->repeats + (size_t)now[i] * d, dataset->repeats + (size_t)i * d,
                    d * sizeof *dataset->repeats);
        if (dataset->record) dataset->record[now[i]] = dataset->record[i];
        pdx__texts_move(dataset->texts, i, now[i]);
    }
    pdx__membership *m = &dataset->membership;
    size_t members = 0;
    for (size_t i = 0; i < m->count; ++i) {
        if (now[m->pair[i]] < 0) continue;
        m->pair[members] = now[m->pair[i]];
        m->group[members++] = m->group[i];
    }
    m->count = members;
    pdx__free(now);
    return PDX_OK;
}

/* A stable counting sort of the memberships by group. */
static pdx_status lay_out_groups(pdx_dataset *dataset) {
    pdx__membership *m = &dataset->membership;
    int64_t groups = dataset->groups.count;
    int64_t *start = pdx__alloc_zero((size_t)groups + 2, sizeof *start);
    dataset->group_pair = pdx__alloc(m->count, sizeof *dataset->group_pair);
    dataset->group_start = start;
    if (!start || !dataset->group_pair) return PDX_ENOMEM;
    for (size_t i = 0; i < m->count; ++i) ++start[m->group[i] + 2];
    for (int64_t g = 0; g < groups; ++g) start[g + 2] += start[g + 1];
    for (size_t i = 0; i < m->count; ++i)
        dataset->group_pair[start[m->group[i] + 1]++] = m->pair[i];
    pdx__free(m->pair);
    pdx__free(m->group);
    *m = (pdx__membership){0};
    return PDX_OK;
}

/* Divides a column by its standard deviation; a constant one stays. */
static pdx_status standardise(pdx_dataset *dataset, int32_t property) {
    pdx__column *column = &dataset->column[property];
    double mean = 0, square = 0;
    for (int64_t i = 0; i < dataset->n; ++i) mean += pdx__column_get(column, i);
    mean /= (double)dataset->n;
    for (int64_t i = 0; i < dataset->n; ++i) {
        double gap = pdx__column_get(column, i) - mean;
        square += gap * gap;
    }
    double sd = sqrt(square / (double)dataset->n);
    if (!(sd > 0) || !isfinite(sd)) return PDX_OK;
    if (column->small) PDX__TRY(widen(column, dataset->n));
    for (int64_t i = 0; i < dataset->n; ++i) column->wide[i] = column->wide[i] / sd + 0.0;
    for (int64_t i = 0; dataset->repeats && i < dataset->n; ++i) {
        pdx__repeats *r = &dataset->repeats[i * dataset->schema->count + property];
        r->noise /= (float)sd;
        r->mean /= (float)sd;
        r->sd /= (float)sd;
    }
    return PDX_OK;
}

static void add_number(pdx__sha256 *hash, uint64_t number) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = (unsigned char)(number >> 8 * i);
    pdx__sha256_add(hash, bytes, sizeof bytes);
}

static void take_hash(pdx_dataset *dataset) {
    pdx__sha256 hash;
    pdx__sha256_init(&hash);
    add_number(&hash, (uint64_t)dataset->n);
    add_number(&hash, (uint64_t)dataset->schema->count);
    pdx__sha256_add(&hash, dataset->ids.text, dataset->ids.text_length);
    pdx__sha256_add(&hash, dataset->schema->ids.text, dataset->schema->ids.text_length);
    for (int32_t i = 0; i < dataset->schema->count; ++i) {
        const pdx__column *column = &dataset->column[i];
        pdx__sha256_add(&hash, column->small ? "i" : "d", 1);
        if (column->small) pdx__sha256_add(&hash, column->small, (size_t)dataset->n);
        else
            for (int64_t k = 0; k < dataset->n; ++k) {
                uint64_t bits;
                memcpy(&bits, &column->wide[k], sizeof bits);
                add_number(&hash, bits);
            }
    }
    pdx__sha256_hex(&hash, dataset->sha256);
}

pdx_status pdx__dataset_finish(pdx_dataset *dataset, int grouped) {
    PDX__TRY(pdx__dataset_reserve(dataset, dataset->n));
    if (dataset->repeats) PDX__TRY(reserve_repeats(dataset));
    if (dataset->values == PDX_VALUES_DIFFERENCE && dataset->n > 0)
        for (int32_t i = 0; i < dataset->schema->count; ++i) PDX__TRY(standardise(dataset, i));
    if (grouped) PDX__TRY(lay_out_groups(dataset));
    if (!dataset->record) dataset->records = dataset->n;
    take_hash(dataset);
    return PDX_OK;
}

/* From one of the two kinds of values; the other is NULL. */
static pdx_status from_arrays(pdx_dataset **out, const pdx_schema *schema, int64_t n,
                              const double *values, const int8_t *whole, const char *const *ids,
                              const char *const *groups) {
    PDX__REQUIRE(out, "pdx_dataset_from_arrays: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(schema && (values || whole), "pdx_dataset_from_arrays: an argument is NULL");
    PDX__REQUIRE(n > 0, "pdx_dataset_from_arrays: no pairs");
    pdx_dataset *dataset;
    PDX__TRY(pdx__dataset_begin(&dataset, schema, PDX_VALUES_COMPARISON));
    pdx_status status = pdx__dataset_reserve(dataset, n);
    int32_t d = schema->count;
    for (int64_t i = 0; status == PDX_OK && i < n; ++i) {
        pdx__buf number = PDX__BUF_EMPTY;
        const char *id = ids ? ids[i] : NULL;
        if (!ids) {
            pdx__buf_printf(&number, "%lld", (long long)i);
            id = number.data;
            status = number.status;
        }
        int added = 0;
        if (status == PDX_OK && !id)
            status =
                pdx__fail(PDX_EINVAL, "pdx_dataset_from_arrays: id %lld is NULL", (long long)i);
        if (status == PDX_OK) status = pdx__dataset_append(dataset, id, strlen(id), &added);
        if (status == PDX_OK && !added)
            status = pdx__fail(PDX_EINVAL, "pdx_dataset_from_arrays: the id '%s' occurs twice", id);
        pdx__buf_free(&number);
        for (int32_t k = 0; status == PDX_OK && k < d; ++k) {
            double value = whole ? whole[i * d + k] : values[i * d + k];
            if (!isfinite(value))
                status = pdx__fail(PDX_EINVAL,
                                   "pdx_dataset_from_arrays: row %lld, property '%s' is not finite",
                                   (long long)i, schema->property[k].id);
            else status = pdx__dataset_put(dataset, i, k, value);
        }
        if (status == PDX_OK && groups && groups[i])
            status = pdx__dataset_join_group(dataset, i, groups[i], strlen(groups[i]));
    }
    if (status == PDX_OK) status = pdx__dataset_finish(dataset, groups != NULL);
    if (status != PDX_OK) pdx_dataset_free(dataset);
    else *out = dataset;
    return status;
}

pdx_status pdx_dataset_from_arrays(pdx_dataset **out, const pdx_schema *schema, int64_t n,
                                   const double *values, const char *const *ids,
                                   const char *const *groups) {
    return from_arrays(out, schema, n, values, NULL, ids, groups);
}

pdx_status pdx_dataset_from_int8(pdx_dataset **out, const pdx_schema *schema, int64_t n,
                                 const int8_t *values, const char *const *ids,
                                 const char *const *groups) {
    return from_arrays(out, schema, n, NULL, values, ids, groups);
}

/* Getters -------------------------------------------------------------------------------------- */

int64_t pdx_dataset_count(const pdx_dataset *dataset) { return dataset ? dataset->n : 0; }

const pdx_schema *pdx_dataset_schema(const pdx_dataset *dataset) {
    return dataset ? dataset->schema : NULL;
}

const char *pdx_dataset_id(const pdx_dataset *dataset, int64_t pair) {
    return dataset && pair >= 0 && pair < dataset->n ? pdx__strmap_get(&dataset->ids, pair) : NULL;
}

int64_t pdx_dataset_find(const pdx_dataset *dataset, const char *id) {
    return dataset && id ? pdx__strmap_find(&dataset->ids, id, strlen(id)) : -1;
}

pdx_status pdx_dataset_row(const pdx_dataset *dataset, int64_t pair, double *out) {
    PDX__REQUIRE(dataset && out, "pdx_dataset_row: an argument is NULL");
    PDX__REQUIRE(pair >= 0 && pair < dataset->n, "pdx_dataset_row: pair %lld of %lld",
                 (long long)pair, (long long)dataset->n);
    for (int32_t k = 0; k < dataset->schema->count; ++k)
        out[k] = pdx__column_get(&dataset->column[k], pair);
    return PDX_OK;
}

pdx_status pdx_dataset_column(const pdx_dataset *dataset, int32_t property, double *out) {
    PDX__REQUIRE(dataset && out, "pdx_dataset_column: an argument is NULL");
    PDX__REQUIRE(property >= 0 && property < dataset->schema->count,
                 "pdx_dataset_column: property %d of %d", property, dataset->schema->count);
    for (int64_t i = 0; i < dataset->n; ++i)
        out[i] = pdx__column_get(&dataset->column[property], i);
    return PDX_OK;
}

pdx_status pdx_dataset_view(const pdx_dataset *dataset, int32_t property, const int8_t **whole,
                            const double **real) {
    PDX__REQUIRE(dataset && whole && real, "pdx_dataset_view: an argument is NULL");
    PDX__REQUIRE(property >= 0 && property < dataset->schema->count,
                 "pdx_dataset_view: property %d of %d", property, dataset->schema->count);
    *whole = dataset->column[property].small;
    *real = dataset->column[property].wide;
    return PDX_OK;
}

int pdx__dataset_is_small(const pdx_dataset *dataset) {
    for (int32_t k = 0; k < dataset->schema->count; ++k)
        if (!dataset->column[k].small) return 0;
    return 1;
}

pdx_status pdx_dataset_add_group(pdx_dataset *dataset, const char *name, const int64_t *pairs,
                                 int64_t count) {
    PDX__REQUIRE(dataset && name && (pairs || !count) && count >= 0,
                 "pdx_dataset_add_group: an argument is NULL");
    for (int64_t i = 0; i < count; ++i)
        PDX__REQUIRE(
            pairs[i] >= 0 && pairs[i] < dataset->n && (!i || pairs[i] > pairs[i - 1]),
            "pdx_dataset_add_group: entry %lld is pair %lld; pairs must ascend, below %lld",
            (long long)i, (long long)pairs[i], (long long)dataset->n);
    size_t length = strlen(name);
    PDX__REQUIRE(pdx__strmap_find(&dataset->groups, name, length) < 0,
                 "pdx_dataset_add_group: there is a group '%s' already", name);
    int32_t groups = pdx_dataset_group_count(dataset);
    int64_t before = groups ? dataset->group_start[groups] : 0, number;
    int64_t *start = pdx__alloc_zero((size_t)groups + 2, sizeof *start);
    int64_t *pair = pdx__alloc((size_t)(before + count), sizeof *pair);
    pdx_status status =
        start && pair ? pdx__strmap_add(&dataset->groups, name, length, &number, NULL) : PDX_ENOMEM;
    if (status != PDX_OK) {
        pdx__free(start);
        pdx__free(pair);
        return status;
    }
    if (groups) memcpy(start, dataset->group_start, (size_t)(groups + 1) * sizeof *start);
    if (before) memcpy(pair, dataset->group_pair, (size_t)before * sizeof *pair);
    if (count) memcpy(pair + before, pairs, (size_t)count * sizeof *pair);
    start[groups + 1] = before + count;
    pdx__free(dataset->group_start);
    pdx__free(dataset->group_pair);
    dataset->group_start = start;
    dataset->group_pair = pair;
    return PDX_OK;
}

int32_t pdx_dataset_group_count(const pdx_dataset *dataset) {
    return dataset && dataset->group_start ? (int32_t)dataset->groups.count : 0;
}

const char *pdx_dataset_group_name(const pdx_dataset *dataset, int32_t group) {
    return group >= 0 && group < pdx_dataset_group_count(dataset)
               ? pdx__strmap_get(&dataset->groups, group)
               : NULL;
}

int64_t pdx_dataset_group_size(const pdx_dataset *dataset, int32_t group) {
    if (group < 0 || group >= pdx_dataset_group_count(dataset)) return 0;
    return dataset->group_start[group + 1] - dataset->group_start[group];
}

pdx_status pdx_dataset_group_pairs(const pdx_dataset *dataset, int32_t group, int64_t *out) {
    PDX__REQUIRE(dataset && out, "pdx_dataset_group_pairs: an argument is NULL");
    PDX__REQUIRE(group >= 0 && group < pdx_dataset_group_count(dataset),
                 "pdx_dataset_group_pairs: group %d of %d", group,
                 pdx_dataset_group_count(dataset));
    memcpy(out, dataset->group_pair + dataset->group_start[group],
           (size_t)pdx_dataset_group_size(dataset, group) * sizeof *out);
    return PDX_OK;
}

pdx_status pdx_dataset_noise(const pdx_dataset *dataset, int32_t property, double *out) {
    PDX__REQUIRE(dataset && out, "pdx_dataset_noise: an argument is NULL");
    int32_t d = dataset->schema->count;
    PDX__REQUIRE(property >= 0 && property < d, "pdx_dataset_noise: property %d of %d", property,
                 d);
    for (int64_t i = 0; i < dataset->n; ++i)
        out[i] = dataset->repeats ? (double)dataset->repeats[i * d + property].noise : NAN;
    return PDX_OK;
}

pdx_status pdx_dataset_repeats(const pdx_dataset *dataset, int64_t pair, int32_t property,
                               pdx_repeats *out) {
    PDX__REQUIRE(out, "pdx_dataset_repeats: an argument is NULL");
    *out = (pdx_repeats){0, NAN, NAN};
    PDX__REQUIRE(dataset, "pdx_dataset_repeats: an argument is NULL");
    PDX__REQUIRE(pair >= 0 && pair < dataset->n, "pdx_dataset_repeats: pair %lld of %lld",
                 (long long)pair, (long long)dataset->n);
    PDX__REQUIRE(property >= 0 && property < dataset->schema->count,
                 "pdx_dataset_repeats: property %d of %d", property, dataset->schema->count);
    if (!dataset->repeats) return PDX_OK;
    const pdx__repeats *r = &dataset->repeats[pair * dataset->schema->count + property];
    if (r->looks > 1) *out = (pdx_repeats){r->looks, (double)r->mean, (double)r->sd};
    return PDX_OK;
}

int32_t pdx_dataset_left_out(const pdx_dataset *dataset) { return dataset ? dataset->reasons : 0; }

const char *pdx_dataset_left_out_reason(const pdx_dataset *dataset, int32_t i, int64_t *number) {
    if (number) *number = 0;
    if (i < 0 || i >= pdx_dataset_left_out(dataset)) return NULL;
    if (number) *number = dataset->reason[i].number;
    return dataset->reason[i].text;
}

const char *pdx_dataset_sha256(const pdx_dataset *dataset) {
    return dataset ? dataset->sha256 : NULL;
}
