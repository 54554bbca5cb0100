/* The original system's weight files (Li et al. 2024), in and out: a folder of
 * model_<group>_fitted_paras.jsonl, one {"model_name","parameters":[D]} a line; or one community
 * file of one judge, {"[Scenario] Advice":[D], "[Query-Specific Cases] ...":[D], ...}, named
 * <size>_<judge>.json. Means only: everything else of these fits is unknown. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/json.h"
#include "core/strmap.h"
#include "posterior.h"

static const char file_prefix[] = "model_", file_suffix[] = "_fitted_paras.jsonl";
static const char scenario_prefix[] = "[Scenario] ";

/* Names of the query-specific groups in index files and in community files. */
static const char *const specific_groups[][2] = {
    {"w_constraints", "[Query-Specific Cases] Contain Explicit Constraints"},
    {"w_stances", "[Query-Specific Cases] Show Explicit Subjective Stances"},
    {"w_mistakes", "[Query-Specific Cases] Contain Mistakes or Bias"},
    {"intent_unclear", "[Query-Specific Cases] Unclear User Intent"},
    {"express_feeling", "[Query-Specific Cases] Express Feelings of Emotions"},
};
enum { SPECIFIC_GROUPS = sizeof specific_groups / sizeof *specific_groups };

static int ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && memcmp(text + n - m, end, m) == 0;
}

/* Fits as they are met, in any order; study() puts them judge-major. */
typedef struct gathering {
    pdx__strmap judges, groups;
    struct {
        int64_t judge, group;
        pdx_posterior *fit;
    } * entry;
    size_t count, capacity;
    pdx_schema *schema; /* li2024 */
} gathering;

static void gathering_free(gathering *g) {
    for (size_t i = 0; i < g->count; ++i) pdx_posterior_free(g->entry[i].fit);
    pdx__free(g->entry);
    pdx__strmap_free(&g->judges);
    pdx__strmap_free(&g->groups);
    pdx_schema_free(g->schema);
}

/* Takes the weights of one judge in one group from a JSON array. */
static pdx_status gather(gathering *g, const char *judge, const char *group, const cJSON *weights,
                         const char *field, pdx__where where) {
    int32_t d = cJSON_GetArraySize(weights);
    if (d != pdx_schema_count(g->schema))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field '%s' has %d weights instead of %d", field, (int)d,
                            (int)pdx_schema_count(g->schema));
    int64_t j, k;
    PDX__TRY(pdx__strmap_add(&g->judges, judge, strlen(judge), &j, NULL));
    PDX__TRY(pdx__strmap_add(&g->groups, group, strlen(group), &k, NULL));
    for (size_t i = 0; i < g->count; ++i)
        if (g->entry[i].judge == j && g->entry[i].group == k)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "judge '%s' is there twice in group '%s'", judge, group);
    PDX__TRY(pdx__grow(&g->entry, &g->capacity, g->count + 1, sizeof *g->entry));
    const char **names = pdx__alloc((size_t)d, sizeof *names);
    if (!names) return PDX_ENOMEM;
    for (int32_t i = 0; i < d; ++i) names[i] = pdx_schema_property(g->schema, i)->id;
    pdx_posterior *fit = NULL;
    pdx_status status = pdx__posterior_create(&fit, judge, group, d, names);
    pdx__free(names);
    PDX__TRY(status);
    g->entry[g->count].judge = j;
    g->entry[g->count].group = k;
    g->entry[g->count++].fit = fit;
    return pdx__json_doubles(weights, field, d, fit->mean, where);
}

static pdx_status gather_group_file(gathering *g, const char *path, const char *group) {
    pdx__lines lines;
    int more;
    pdx_status status = pdx__lines_open(&lines, path);
    if (status != PDX_OK) return status;
    for (;;) {
        PDX__GO(pdx__lines_next(&lines, &more));
        if (!more) break;
        pdx__where where = {path, lines.number};
        cJSON *row = NULL;
        const char *judge = NULL;
        const cJSON *weights = NULL;
        PDX__GO(pdx__json_parse(&row, lines.line, lines.length, where));
        status = pdx__json_string(row, "model_name", PDX__REQUIRED, &judge, where);
        if (status == PDX_OK)
            status = pdx__json_array(row, "parameters", PDX__REQUIRED, &weights, where);
        if (status == PDX_OK) status = gather(g, judge, group, weights, "parameters", where);
        cJSON_Delete(row);
        if (status != PDX_OK) goto done;
    }
done:
    pdx__lines_close(&lines);
    return status;
}

static int is_group_file(const struct dirent *entry) {
    const char *name = entry->d_name;
    return strncmp(name, file_prefix, sizeof file_prefix - 1) == 0 &&
           ends_with(name, file_suffix) &&
           strlen(name) > sizeof file_prefix + sizeof file_suffix - 2;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the group files, sorted by byte so that the order is the same on every machine. */
static pdx_status list_group_files(char ***out, size_t *count, const char *folder) {
    DIR *stream = opendir(folder);
    if (!stream) return pdx__fail_at(PDX_EIO, folder, 0, "%s", strerror(errno));
    char **names = NULL;
    size_t n = 0, capacity = 0;
    pdx_status status = PDX_OK;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (!is_group_file(entry)) continue;
        PDX__GO(pdx__grow(&names, &capacity, n + 1, sizeof *names));
        if (!(names[n] = pdx__strdup(entry->d_name))) {
            status = PDX_ENOMEM;
            goto done;
        }
        ++n;
    }
    if (n == 0)
        status = pdx__fail_at(PDX_ENOTFOUND, folder, 0, "no file %s<group>%s in this folder",
                              file_prefix, file_suffix);
    else qsort(names, n, sizeof *names, by_name);
done:
    closedir(stream);
    *out = names; /* also after a failure: the caller frees */
    *count = n;
    return status;
}

static pdx_status gather_folder(gathering *g, const char *folder) {
    char **names = NULL;
    size_t count = 0;
    pdx_status status = list_group_files(&names, &count, folder);
    for (size_t i = 0; i < count && status == PDX_OK; ++i) {
        size_t length = strlen(names[i]) + 2 - sizeof file_prefix - sizeof file_suffix;
        char *path = NULL, *group = pdx__strndup(names[i] + sizeof file_prefix - 1, length);
        status = group ? pdx__path_join(&path, folder, names[i]) : PDX_ENOMEM;
        if (status == PDX_OK) status = gather_group_file(g, path, group);
        pdx__free(path);
        pdx__free(group);
    }
    for (size_t i = 0; i < count; ++i) pdx__free(names[i]);
    pdx__free(names);
    return status;
}

static const char *plain_group(const char *formal) {
    if (strncmp(formal, scenario_prefix, sizeof scenario_prefix - 1) == 0)
        return formal + sizeof scenario_prefix - 1;
    for (int i = 0; i < SPECIFIC_GROUPS; ++i)
        if (strcmp(formal, specific_groups[i][1]) == 0) return specific_groups[i][0];
    return formal;
}

/* ".../6.5_Name.json" -> "Name"; without a size in front the whole stem. The caller frees. */
static char *judge_of_path(const char *path) {
    const char *slash = strrchr(path, '/'), *stem = slash ? slash + 1 : path;
    const char *size_end = stem + strspn(stem, "0123456789.");
    if (size_end > stem && *size_end == '_') stem = size_end + 1;
    size_t length = strlen(stem);
    if (ends_with(stem, ".json")) length -= 5;
    return pdx__strndup(stem, length);
}

static pdx_status gather_community(gathering *g, const char *path) {
    pdx__buf text = PDX__BUF_EMPTY;
    pdx__where where = {path, 0};
    cJSON *root = NULL;
    char *judge = judge_of_path(path);
    pdx_status status = judge ? pdx__file_read(path, 0, &text) : PDX_ENOMEM;
    if (status == PDX_OK) status = pdx__json_parse(&root, text.data, text.length, where);
    if (status == PDX_OK && !cJSON_IsObject(root))
        status = pdx__fail_at(PDX_EPARSE, path, 0, "%s instead of an object", pdx__json_type(root));
    if (status == PDX_OK && !root->child)
        status = pdx__fail_at(PDX_EPARSE, path, 0, "no group in this file");
    for (const cJSON *group = root ? root->child : NULL; group && status == PDX_OK;
         group = group->next) {
        const cJSON *weights = NULL;
        status = pdx__json_array(root, group->string, PDX__REQUIRED, &weights, where);
        if (status == PDX_OK)
            status = gather(g, judge, plain_group(group->string), weights, group->string, where);
    }
    cJSON_Delete(root);
    pdx__buf_free(&text);
    pdx__free(judge);
    return status;
}

/* Moves the fits into a study, judge-major. */
static pdx_status study_of(pdx_study **out, gathering *g) {
    PDX__TRY(pdx__study_create(out, (int32_t)g->count));
    for (int64_t j = 0; j < g->judges.count; ++j)
        for (int64_t k = 0; k < g->groups.count; ++k)
            for (size_t i = 0; i < g->count; ++i) {
                if (g->entry[i].judge != j || g->entry[i].group != k) continue;
                (*out)->fit[(*out)->count++] = g->entry[i].fit;
                g->entry[i].fit = NULL;
            }
    return PDX_OK;
}

pdx_status pdx_study_load_weights(pdx_study **out, const char *path) {
    PDX__REQUIRE(out, "pdx_study_load_weights: NULL argument");
    *out = NULL;
    PDX__REQUIRE(path, "pdx_study_load_weights: NULL argument");
    gathering g = {0};
    struct stat info;
    if (stat(path, &info) != 0) return pdx__fail_at(PDX_EIO, path, 0, "%s", strerror(errno));
    pdx_status status = pdx_schema_builtin(&g.schema, "li2024");
    if (status == PDX_OK)
        status = S_ISDIR(info.st_mode) ? gather_folder(&g, path) : gather_community(&g, path);
    if (status == PDX_OK) status = study_of(out, &g);
    gathering_free(&g);
    return status;
}

/* ---- writing ---- */

static void write_weights(pdx__buf *out, const pdx_posterior *p) {
    const double *weights =
        p->fold_mean ? p->fold_mean : p->mean; /* the published ones are folds' */
    pdx__buf_char(out, '[');
    for (int32_t c = 0; c < p->d; ++c) {
        if (c) pdx__buf_text(out, ", ");
        pdx__buf_json_double(out, weights[c]);
    }
    pdx__buf_char(out, ']');
}

/* The fits from `from` on that share its group, one a line. */
static pdx_status save_group(const pdx_study *study, int32_t from, const char *folder) {
    const char *group = study->fit[from]->group;
    if (!*group || strchr(group, '/'))
        return pdx__fail(PDX_EINVAL, "group '%s' cannot be part of a file name", group);
    pdx__buf name = PDX__BUF_EMPTY, out = PDX__BUF_EMPTY;
    char *path = NULL;
    pdx_status status;
    pdx__buf_printf(&name, "%s%s%s", file_prefix, group, file_suffix);
    PDX__GO(name.status);
    PDX__GO(pdx__path_join(&path, folder, name.data));
    for (int32_t i = from; i < study->count; ++i) {
        const pdx_posterior *p = study->fit[i];
        if (strcmp(p->group, group)) continue;
        pdx__buf_text(&out, "{\"model_name\": ");
        pdx__buf_json_string(&out, p->judge, strlen(p->judge));
        pdx__buf_text(&out, ", \"parameters\": ");
        write_weights(&out, p);
        pdx__buf_text(&out, "}\n");
    }
    PDX__GO(out.status);
    PDX__GO(pdx__file_write(path, out.data, out.length));
done:
    pdx__free(path);
    pdx__buf_free(&name);
    pdx__buf_free(&out);
    return status;
}

static void write_formal_group(pdx__buf *out, const char *group) {
    pdx__buf name = PDX__BUF_EMPTY;
    int upper = group[0] >= 'A' && group[0] <= 'Z';
    if (upper) pdx__buf_text(&name, scenario_prefix);
    pdx__buf_text(&name, group);
    const char *formal = name.data;
    for (int i = 0; i < SPECIFIC_GROUPS; ++i)
        if (strcmp(group, specific_groups[i][0]) == 0) formal = specific_groups[i][1];
    if (name.status == PDX_OK) pdx__buf_json_string(out, formal, strlen(formal));
    else out->status = name.status;
    pdx__buf_free(&name);
}

static pdx_status save_community(const pdx_study *study, const char *path) {
    pdx__buf out = PDX__BUF_EMPTY;
    pdx__buf_char(&out, '{');
    for (int32_t i = 0; i < study->count; ++i) {
        if (strcmp(study->fit[i]->judge, study->fit[0]->judge)) {
            pdx__buf_free(&out);
            return pdx__fail(PDX_EINVAL,
                             "'%s': a community file holds one judge; there are '%s' and '%s'",
                             path, study->fit[0]->judge, study->fit[i]->judge);
        }
        if (i) pdx__buf_text(&out, ", ");
        write_formal_group(&out, study->fit[i]->group);
        pdx__buf_text(&out, ": ");
        write_weights(&out, study->fit[i]);
    }
    pdx__buf_text(&out, "}\n");
    pdx_status status = out.status;
    if (status == PDX_OK) status = pdx__file_write(path, out.data, out.length);
    pdx__buf_free(&out);
    return status;
}

/* Readers of these files know the columns by their place only. */
static pdx_status check_columns(const pdx_study *study) {
    pdx_schema *schema;
    PDX__TRY(pdx_schema_builtin(&schema, "li2024"));
    int32_t d = pdx_schema_count(schema);
    pdx_schema_free(schema);
    for (int32_t i = 0; i < study->count; ++i)
        PDX__REQUIRE(study->fit[i]->d == d,
                     "weight files hold the %d properties of li2024; judge '%s' has %d", (int)d,
                     study->fit[i]->judge, (int)study->fit[i]->d);
    return PDX_OK;
}

pdx_status pdx_study_save_weights(const pdx_study *study, const char *folder) {
    PDX__REQUIRE(study && folder, "pdx_study_save_weights: NULL argument");
    PDX__TRY(check_columns(study));
    if (ends_with(folder, ".json")) return save_community(study, folder);
    PDX__TRY(pdx__make_folder(folder));
    for (int32_t i = 0; i < study->count; ++i) {
        int first = 1;
        for (int32_t k = 0; k < i && first; ++k)
            first = strcmp(study->fit[k]->group, study->fit[i]->group) != 0;
        if (first) PDX__TRY(save_group(study, i, folder));
    }
    return PDX_OK;
}
