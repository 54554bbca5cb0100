/* Column files, read: checked at both ends when opened, mapped, chunk by chunk when asked for. */
#include "columns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/json.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "column files are mapped as they are: little-endian machines only"
#endif

struct pdx_columns {
    char *path;
    const char *map;
    int64_t bytes, rows, chunks;
    int32_t d, kind, parts;
    pdx__chunk_layout layout;
    cJSON *names;
    const char **column, **judge, **group; /* borrowed from `names` */
    int32_t judges, groups;
};

pdx__chunk_layout pdx__chunk_layout_of(int32_t d, int32_t kind, int32_t parts) {
    const int64_t chunk = PDX_COLUMNS_CHUNK;
    int64_t at = chunk * d * (kind == PDX_COLUMNS_INT8 ? 1 : 4);
    pdx__chunk_layout l = {.y = at};
    at += 4 * chunk;
    const struct {
        int32_t part, size;
        int64_t *at;
    } behind[] = {{PDX_COLUMNS_WEIGHT, 4, &l.weight},
                  {PDX_COLUMNS_OFFSET, 4, &l.offset},
                  {PDX_COLUMNS_JUDGE, 2, &l.judge},
                  {PDX_COLUMNS_GROUP, 2, &l.group}};
    for (size_t i = 0; i < sizeof behind / sizeof *behind; ++i) {
        if (!(parts & behind[i].part)) continue;
        *behind[i].at = at;
        at += chunk * behind[i].size;
    }
    l.bytes = at;
    return l;
}

static pdx_status damaged(const pdx_columns *c, const char *what) {
    return pdx__fail_at(PDX_EPARSE, c->path, 0, "%s", what);
}

static pdx_status map_file(pdx_columns *c) {
    struct stat info;
    int file = open(c->path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return pdx__fail_errno(c->path, 0, "cannot be opened: ");
    pdx_status status = PDX_OK;
    if (fstat(file, &info) != 0) status = pdx__fail_errno(c->path, 0, "cannot be read: ");
    else if (!S_ISREG(info.st_mode)) status = damaged(c, "is no regular file");
    else if (info.st_size < PDX__COLUMNS_HEAD + PDX__COLUMNS_END)
        status = damaged(c, "is no column file: too short");
    if (status == PDX_OK) {
        c->bytes = info.st_size;
        void *map = mmap(NULL, (size_t)c->bytes, PROT_READ, MAP_SHARED, file, 0);
        if (map == MAP_FAILED) status = pdx__fail_errno(c->path, 0, "cannot be mapped: ");
        else c->map = map;
    }
    close(file);
    return status;
}

static uint32_t u32(const char *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t u64(const char *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static pdx_status read_ends(pdx_columns *c, const char **json, size_t *json_length) {
    const char *end = c->map + c->bytes - PDX__COLUMNS_END;
    if (memcmp(c->map, PDX__COLUMNS_FIRST, 8) != 0)
        return damaged(c, "is no column file (pdx-import columns writes them)");
    if (u32(c->map + 8) != 1)
        return pdx__fail_at(PDX_EUNSUPPORTED, c->path, 0, "column file of version %u; this reads 1",
                            u32(c->map + 8));
    uint32_t d = u32(c->map + 12), kind = u32(c->map + 16), parts = u32(c->map + 20);
    if (d < 1 || d > 1 << 20 || kind > PDX_COLUMNS_FLOAT32 || parts > PDX__COLUMNS_PARTS ||
        u32(c->map + 24) != PDX_COLUMNS_CHUNK)
        return damaged(c, "the head of the file is damaged");
    if (memcmp(end + 24, PDX__COLUMNS_LAST, 8) != 0)
        return damaged(c, "has no end: it was cut short, or is still being written");
    c->d = (int32_t)d;
    c->kind = (int32_t)kind;
    c->parts = (int32_t)parts;
    c->layout = pdx__chunk_layout_of(c->d, c->kind, c->parts);
    uint64_t rows = u64(end), length = u64(end + 8), room = (uint64_t)c->bytes;
    uint64_t chunks = rows / PDX_COLUMNS_CHUNK + (rows % PDX_COLUMNS_CHUNK != 0);
    room -= PDX__COLUMNS_HEAD + PDX__COLUMNS_END;
    if (length > room || chunks > room / (uint64_t)c->layout.bytes ||
        chunks * (uint64_t)c->layout.bytes != room - length)
        return damaged(c, "its length is not that of the rows that it names");
    c->rows = (int64_t)rows;
    c->chunks = (int64_t)chunks;
    *json = end - length;
    *json_length = (size_t)length;
    return PDX_OK;
}

/* A list of names into out[*count]; a missing list is empty. */
static pdx_status read_names(pdx_columns *c, const char *key, const char ***out, int32_t *count) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(c->names, key), *item;
    if (!list) return PDX_OK;
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > 1 << 20)
        return damaged(c, "the names at its end are damaged");
    *out = pdx__alloc((size_t)cJSON_GetArraySize(list), sizeof **out);
    if (!*out) return PDX_ENOMEM;
    cJSON_ArrayForEach(item, list) {
        if (!cJSON_IsString(item)) return damaged(c, "the names at its end are damaged");
        (*out)[(*count)++] = item->valuestring;
    }
    return PDX_OK;
}

pdx_status pdx_columns_open(pdx_columns **out, const char *path) {
    PDX__REQUIRE(out, "pdx_columns_open: NULL argument");
    *out = NULL;
    PDX__REQUIRE(path, "pdx_columns_open: 'path' is NULL");
    pdx_columns *c = pdx__alloc_zero(1, sizeof *c);
    if (!c) return PDX_ENOMEM;
    const char *json = NULL;
    size_t length = 0;
    int32_t names = 0;
    pdx_status status = (c->path = pdx__strdup(path)) ? PDX_OK : PDX_ENOMEM;
    PDX__GO(status);
    PDX__GO(map_file(c));
    PDX__GO(read_ends(c, &json, &length));
    PDX__GO(pdx__json_parse(&c->names, json, length, (pdx__where){path, 0}));
    PDX__GO(read_names(c, "columns", &c->column, &names));
    PDX__GO(read_names(c, "judges", &c->judge, &c->judges));
    PDX__GO(read_names(c, "groups", &c->group, &c->groups));
    if (names != c->d || !c->judges != !(c->parts & PDX_COLUMNS_JUDGE) ||
        !c->groups != !(c->parts & PDX_COLUMNS_GROUP))
        status = damaged(c, "the names at its end are not those of its columns");
done:
    if (status == PDX_OK) *out = c;
    else pdx_columns_free(c);
    return status;
}

void pdx_columns_free(pdx_columns *columns) {
    if (!columns) return;
    if (columns->map) munmap((void *)(uintptr_t)columns->map, (size_t)columns->bytes);
    cJSON_Delete(columns->names);
    pdx__free(columns->column);
    pdx__free(columns->judge);
    pdx__free(columns->group);
    pdx__free(columns->path);
    pdx__free(columns);
}

pdx__chunk pdx__columns_chunk(const pdx_columns *c, int64_t chunk) {
    const char *at = c->map + PDX__COLUMNS_HEAD + chunk * c->layout.bytes;
    const int64_t left = c->rows - chunk * PDX_COLUMNS_CHUNK;
    const pdx__chunk_layout *l = &c->layout;
    return (pdx__chunk){.rows = (int32_t)(left < PDX_COLUMNS_CHUNK ? left : PDX_COLUMNS_CHUNK),
                        .x_int8 = c->kind == PDX_COLUMNS_INT8 ? (const int8_t *)at : NULL,
                        .x_float =
                            c->kind == PDX_COLUMNS_FLOAT32 ? (const float *)(const void *)at : NULL,
                        .y = (const float *)(const void *)(at + l->y),
                        .weight = l->weight ? (const float *)(const void *)(at + l->weight) : NULL,
                        .offset = l->offset ? (const float *)(const void *)(at + l->offset) : NULL,
                        .judge = l->judge ? (const uint16_t *)(const void *)(at + l->judge) : NULL,
                        .group = l->group ? (const uint16_t *)(const void *)(at + l->group) : NULL};
}

void pdx__columns_drop(const pdx_columns *c, int64_t first, int64_t count) {
    const uintptr_t page = 4096, start = (uintptr_t)c->map + PDX__COLUMNS_HEAD;
    uintptr_t from = start + (uintptr_t)(first * c->layout.bytes);
    uintptr_t to = from + (uintptr_t)(count * c->layout.bytes);
    from = (from + page - 1) / page * page;
    to = to / page * page;
    if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
}

int64_t pdx__columns_bytes(const pdx_columns *c) { return c->bytes; }
const char *pdx__columns_path(const pdx_columns *c) { return c->path; }
int64_t pdx_columns_rows(const pdx_columns *c) { return c ? c->rows : 0; }
int64_t pdx_columns_chunks(const pdx_columns *c) { return c ? c->chunks : 0; }
int32_t pdx_columns_kind(const pdx_columns *c) { return c ? c->kind : 0; }
int32_t pdx_columns_dim(const pdx_columns *c) { return c ? c->d : 0; }
int32_t pdx_columns_judge_count(const pdx_columns *c) { return c ? c->judges : 0; }
int32_t pdx_columns_group_count(const pdx_columns *c) { return c ? c->groups : 0; }
const char *pdx_columns_name(const pdx_columns *c, int32_t d) {
    return c && d >= 0 && d < c->d ? c->column[d] : NULL;
}
const char *pdx_columns_judge(const pdx_columns *c, int32_t i) {
    return c && i >= 0 && i < c->judges ? c->judge[i] : NULL;
}
const char *pdx_columns_group(const pdx_columns *c, int32_t i) {
    return c && i >= 0 && i < c->groups ? c->group[i] : NULL;
}
