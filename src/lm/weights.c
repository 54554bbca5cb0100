/* Opening, mapping and looking up. What the files say is read by gguf.c and safetensors.c. */
#include "weights.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weights_file.h"

pdx_status pdx__map_file(pdx__weights *weights, const char *path, const pdx__mapping **out) {
    *out = NULL;
    PDX__TRY(pdx__grow(&weights->mapping, &weights->mapping_capacity, weights->mappings + 1,
                       sizeof *weights->mapping));
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return pdx__fail_at(PDX_EIO, path, 0, "%s", strerror(errno));
    struct stat st;
    pdx_status status = PDX_OK;
    void *bytes = MAP_FAILED;
    if (fstat(file, &st) != 0) status = pdx__fail_at(PDX_EIO, path, 0, "%s", strerror(errno));
    else if (!S_ISREG(st.st_mode)) status = pdx__fail_at(PDX_EIO, path, 0, "is not a plain file");
    else if (st.st_size == 0) status = pdx__fail_at(PDX_EPARSE, path, 0, "is empty");
    else {
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (bytes == MAP_FAILED)
            status = pdx__fail_at(PDX_EIO, path, 0, "cannot be mapped: %s", strerror(errno));
    }
    close(file);
    char *copy = status == PDX_OK ? pdx__strdup(path) : NULL;
    if (status == PDX_OK && !copy) {
        munmap(bytes, (size_t)st.st_size);
        status = PDX_ENOMEM;
    }
    if (status != PDX_OK) return status;
    pdx__mapping *mapping = &weights->mapping[weights->mappings++];
    *mapping = (pdx__mapping){copy, bytes, (size_t)st.st_size};
    *out = mapping;
    return PDX_OK;
}

pdx_status pdx__add_tensor(pdx__weights *weights, const pdx__mapping *file, const char *name,
                           size_t name_length, pdx__dtype dtype, const int64_t *dims, int32_t rank,
                           uint64_t offset, uint64_t bytes) {
    int64_t shape[3] = {1, 1, 1}, numbers = 1;
    int shown = name_length < 200 ? (int)name_length : 200;
    if (name_length == 0 || memchr(name, 0, name_length))
        return pdx__fail_at(PDX_EPARSE, file->path, 0,
                            "a tensor's name is empty or holds a NUL byte");
    if (rank < 1 || rank > 3)
        return pdx__fail_at(PDX_EPARSE, file->path, 0, "tensor '%.*s' has %d dimensions", shown,
                            name, rank);
    for (int32_t i = 0; i < rank; ++i) {
        shape[3 - rank + i] = dims[i];
        if (dims[i] <= 0 || __builtin_mul_overflow(numbers, dims[i], &numbers))
            return pdx__fail_at(PDX_EPARSE, file->path, 0, "tensor '%.*s' has an impossible shape",
                                shown, name);
    }
    int32_t block = pdx__dtype_block(dtype);
    if (shape[2] % block)
        return pdx__fail_at(PDX_EPARSE, file->path, 0,
                            "tensor '%.*s': rows of %lld numbers are no whole blocks of %s", shown,
                            name, (long long)shape[2], pdx__dtype_name(dtype));
    int64_t wanted;
    if (__builtin_mul_overflow(numbers / block, (int64_t)pdx__dtype_block_bytes(dtype), &wanted))
        return pdx__fail_at(PDX_EPARSE, file->path, 0, "tensor '%.*s' has an impossible shape",
                            shown, name);
    if (bytes && bytes != (uint64_t)wanted)
        return pdx__fail_at(PDX_EPARSE, file->path, 0,
                            "tensor '%.*s' holds %llu bytes, its shape needs %lld", shown, name,
                            (unsigned long long)bytes, (long long)wanted);
    if (offset > file->length || (uint64_t)wanted > file->length - offset)
        return pdx__fail_at(PDX_EPARSE, file->path, 0,
                            "tensor '%.*s' ends beyond the file's end (is the file cut short?)",
                            shown, name);
    int added;
    int64_t index;
    PDX__TRY(pdx__grow(&weights->tensor, &weights->tensor_capacity,
                       (size_t)weights->names.count + 1, sizeof *weights->tensor));
    PDX__TRY(pdx__strmap_add(&weights->names, name, name_length, &index, &added));
    if (!added)
        return pdx__fail_at(PDX_EPARSE, file->path, 0, "tensor '%.*s' stands there twice", shown,
                            name);
    weights->tensor[index] = (pdx__tensor){
        NULL, dtype, shape[0], shape[1], shape[2], file->bytes + offset, (size_t)wanted};
    return PDX_OK;
}

pdx_status pdx__weights_open(pdx__weights **out, const char *path) {
    *out = NULL;
    struct stat st;
    if (stat(path, &st) != 0) return pdx__fail_at(PDX_EIO, path, 0, "%s", strerror(errno));
    pdx__weights *weights = pdx__alloc_zero(1, sizeof *weights);
    if (!weights) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    if (!(weights->path = pdx__strdup(path))) status = PDX_ENOMEM;
    else if (S_ISDIR(st.st_mode)) status = pdx__read_folder(weights, path);
    else status = pdx__read_gguf(weights, path);
    if (status != PDX_OK) {
        pdx__weights_close(weights);
        return status;
    }
    for (int64_t i = 0; i < weights->names.count; ++i)
        weights->tensor[i].name = pdx__strmap_get(&weights->names, i);
    *out = weights;
    return PDX_OK;
}

void pdx__weights_close(pdx__weights *weights) {
    if (!weights) return;
    for (size_t i = 0; i < weights->mappings; ++i) {
        munmap((void *)(uintptr_t)weights->mapping[i].bytes, weights->mapping[i].length);
        pdx__free(weights->mapping[i].path);
    }
    for (int64_t i = 0; i < weights->keys.count; ++i) pdx__free(weights->setting[i].offset);
    pdx__free(weights->mapping);
    pdx__free(weights->tensor);
    pdx__free(weights->setting);
    pdx__strmap_free(&weights->names);
    pdx__strmap_free(&weights->keys);
    cJSON_Delete(weights->config);
    pdx__free(weights->path);
    pdx__free(weights);
}

const char *pdx__weights_path(const pdx__weights *weights) { return weights->path; }
int pdx__weights_is_gguf(const pdx__weights *weights) { return weights->is_gguf; }
const void *pdx__weights_config(const pdx__weights *weights) { return weights->config; }
int64_t pdx__weights_tensor_count(const pdx__weights *weights) { return weights->names.count; }

const pdx__tensor *pdx__weights_tensor(const pdx__weights *weights, int64_t i) {
    return i >= 0 && i < weights->names.count ? &weights->tensor[i] : NULL;
}

const pdx__tensor *pdx__weights_find(const pdx__weights *weights, const char *name) {
    return pdx__weights_tensor(weights, pdx__strmap_find(&weights->names, name, strlen(name)));
}

static const pdx__setting *setting(const pdx__weights *weights, const char *key, int32_t kind) {
    int64_t i = pdx__strmap_find(&weights->keys, key, strlen(key));
    return i >= 0 && weights->setting[i].kind == kind ? &weights->setting[i] : NULL;
}

int pdx__weights_number(const pdx__weights *weights, const char *key, double *out) {
    const pdx__setting *s = setting(weights, key, PDX__SETTING_NUMBER);
    if (s) *out = s->number;
    return s != NULL;
}

int pdx__weights_bool(const pdx__weights *weights, const char *key, int32_t *out) {
    const pdx__setting *s = setting(weights, key, PDX__SETTING_BOOL);
    if (s) *out = s->number != 0;
    return s != NULL;
}

int pdx__weights_text(const pdx__weights *weights, const char *key, const char **out,
                      size_t *length) {
    const pdx__setting *s = setting(weights, key, PDX__SETTING_TEXT);
    if (s) {
        *out = s->text;
        *length = s->length;
    }
    return s != NULL;
}

int64_t pdx__weights_list(const pdx__weights *weights, const char *key) {
    const pdx__setting *s = setting(weights, key, PDX__SETTING_LIST);
    return s ? s->count : -1;
}

pdx_status pdx__weights_list_text(const pdx__weights *weights, const char *key, int64_t i,
                                  const char **out, size_t *length) {
    const pdx__setting *s = setting(weights, key, PDX__SETTING_LIST);
    if (!s || !s->of_text || i < 0 || i >= s->count)
        return pdx__fail_at(PDX_EPARSE, weights->path, 0, "key '%s' is no list of texts", key);
    const uint8_t *at = weights->mapping[0].bytes + s->offset[i];
    uint64_t size;
    memcpy(&size, at, sizeof size);
    *out = (const char *)at + 8;
    *length = (size_t)size;
    return PDX_OK;
}

pdx_status pdx__weights_list_number(const pdx__weights *weights, const char *key, int64_t i,
                                    double *out) {
    const pdx__setting *s = setting(weights, key, PDX__SETTING_LIST);
    if (!s || s->of_text || i < 0 || i >= s->count ||
        !pdx__gguf_number(s->numbers + (size_t)i * pdx__gguf_type_bytes(s->type), s->type, out))
        return pdx__fail_at(PDX_EPARSE, weights->path, 0, "key '%s' is no list of numbers", key);
    return PDX_OK;
}
