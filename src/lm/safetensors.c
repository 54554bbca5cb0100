/* A Hugging Face folder: config.json, and model.safetensors or the shards that
 * model.safetensors.index.json names. The layout is safetensors' published one: eight bytes of
 * header length, a JSON header, the numbers. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "weights_file.h"

enum { LONGEST_HEADER = 100 << 20 };

static pdx_status dtype_of(const char *name, const char *tensor, const char *path,
                           pdx__dtype *out) {
    static const struct {
        const char *name;
        pdx__dtype dtype;
    } map[] = {{"F32", PDX__F32}, {"F16", PDX__F16}, {"BF16", PDX__BF16}};
    for (size_t i = 0; i < sizeof map / sizeof *map; ++i)
        if (!strcmp(name, map[i].name)) {
            *out = map[i].dtype;
            return PDX_OK;
        }
    return pdx__fail_at(PDX_EUNSUPPORTED, path, 0,
                        "tensor '%s' is stored as %s; F32, F16 and BF16 are read", tensor, name);
}

static pdx_status add_entry(pdx__weights *weights, const pdx__mapping *file, const cJSON *entry,
                            uint64_t base) {
    pdx__where where = {file->path, 0};
    const char *tensor = entry->string, *type = NULL;
    const cJSON *shape = NULL, *offsets = NULL;
    PDX__TRY(pdx__json_string(entry, "dtype", PDX__REQUIRED, &type, where));
    PDX__TRY(pdx__json_array(entry, "shape", PDX__REQUIRED, &shape, where));
    PDX__TRY(pdx__json_array(entry, "data_offsets", PDX__REQUIRED, &offsets, where));
    double range[2], dims[3];
    int64_t size[3];
    int rank = cJSON_GetArraySize(shape);
    if (rank < 1 || rank > 3)
        return pdx__fail_at(PDX_EPARSE, file->path, 0, "tensor '%s' has %d dimensions", tensor,
                            rank);
    PDX__TRY(pdx__json_doubles(shape, "shape", rank, dims, where));
    PDX__TRY(pdx__json_doubles(offsets, "data_offsets", 2, range, where));
    for (int i = 0; i < rank; ++i) {
        if (!(dims[i] >= 1 && dims[i] <= 1e12))
            return pdx__fail_at(PDX_EPARSE, file->path, 0, "tensor '%s' has an impossible shape",
                                tensor);
        size[i] = (int64_t)dims[i];
    }
    if (!(range[0] >= 0 && range[1] > range[0] && range[1] <= (double)(file->length - base)))
        return pdx__fail_at(PDX_EPARSE, file->path, 0,
                            "tensor '%s' lies beyond the file's end (is the file cut short?)",
                            tensor);
    pdx__dtype dtype = PDX__F32;
    PDX__TRY(dtype_of(type, tensor, file->path, &dtype));
    return pdx__add_tensor(weights, file, tensor, strlen(tensor), dtype, size, rank,
                           base + (uint64_t)range[0], (uint64_t)(range[1] - range[0]));
}

static pdx_status read_shard(pdx__weights *weights, const char *path) {
    const pdx__mapping *file;
    PDX__TRY(pdx__map_file(weights, path, &file));
    uint64_t header = 0;
    if (file->length >= 8) memcpy(&header, file->bytes, 8);
    if (header < 2 || header > LONGEST_HEADER || header > file->length - 8)
        return pdx__fail_at(PDX_EPARSE, path, 0,
                            "is not a safetensors file, or cut short (header of %llu bytes)",
                            (unsigned long long)header);
    cJSON *tree;
    PDX__TRY(pdx__json_parse(&tree, (const char *)file->bytes + 8, (size_t)header,
                             (pdx__where){path, 0}));
    pdx_status status = PDX_OK;
    if (!cJSON_IsObject(tree))
        status = pdx__fail_at(PDX_EPARSE, path, 0, "the header is no JSON object");
    for (const cJSON *entry = tree->child; entry && status == PDX_OK; entry = entry->next)
        if (strcmp(entry->string, "__metadata__"))
            status = add_entry(weights, file, entry, 8 + header);
    cJSON_Delete(tree);
    return status;
}

static pdx_status read_json_file(cJSON **out, const char *path) {
    pdx__buf text = PDX__BUF_EMPTY;
    *out = NULL;
    pdx_status status = pdx__file_read(path, 256 << 20, &text);
    if (status == PDX_OK)
        status = pdx__json_parse(out, text.data, text.length, (pdx__where){path, 0});
    pdx__buf_free(&text);
    return status;
}

/* Reads each distinct shard once; a shard must be a file of this folder. */
static pdx_status read_shards(pdx__weights *weights, const char *folder, const cJSON *index,
                              const char *index_path) {
    pdx__strmap seen = {0};
    pdx_status status;
    const cJSON *map;
    PDX__GO(
        pdx__json_object(index, "weight_map", PDX__REQUIRED, &map, (pdx__where){index_path, 0}));
    for (const cJSON *entry = map->child; entry; entry = entry->next) {
        int64_t number;
        int added;
        if (!cJSON_IsString(entry) || strchr(entry->valuestring, '/') || !entry->valuestring[0]) {
            status = pdx__fail_at(PDX_EPARSE, index_path, 0,
                                  "tensor '%s': expected the name of a file in this folder",
                                  entry->string);
            goto done;
        }
        PDX__GO(pdx__strmap_add(&seen, entry->valuestring, strlen(entry->valuestring), &number,
                                &added));
        if (!added) continue;
        char *path;
        PDX__GO(pdx__path_join(&path, folder, entry->valuestring));
        status = read_shard(weights, path);
        pdx__free(path);
        if (status != PDX_OK) goto done;
    }
    for (const cJSON *entry = map->child; entry; entry = entry->next)
        if (pdx__strmap_find(&weights->names, entry->string, strlen(entry->string)) < 0) {
            status = pdx__fail_at(PDX_EPARSE, index_path, 0, "tensor '%s' is not in '%s'",
                                  entry->string, entry->valuestring);
            goto done;
        }
done:
    pdx__strmap_free(&seen);
    return status;
}

pdx_status pdx__read_folder(pdx__weights *weights, const char *folder) {
    char *config = NULL, *single = NULL, *index = NULL;
    cJSON *tree = NULL;
    pdx_status status;
    PDX__GO(pdx__path_join(&config, folder, "config.json"));
    PDX__GO(pdx__path_join(&single, folder, "model.safetensors"));
    PDX__GO(pdx__path_join(&index, folder, "model.safetensors.index.json"));
    PDX__GO(read_json_file(&weights->config, config));
    if (access(index, F_OK) == 0) {
        PDX__GO(read_json_file(&tree, index));
        PDX__GO(read_shards(weights, folder, tree, index));
    } else PDX__GO(read_shard(weights, single));
done:
    cJSON_Delete(tree);
    pdx__free(config);
    pdx__free(single);
    pdx__free(index);
    return status;
}
