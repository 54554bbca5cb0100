/* One GGUF file (versions 2 and 3, little-endian): settings and tensors, all checked against the
 * file's length before use. The layout is GGUF's published specification. */
#include <string.h>

#include "weights_file.h"

enum { TYPE_BOOL = 7, TYPE_STRING = 8, TYPE_ARRAY = 9, TYPE_LAST = 12 };
static const uint8_t type_bytes[TYPE_LAST + 1] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

size_t pdx__gguf_type_bytes(uint32_t type) { return type <= TYPE_LAST ? type_bytes[type] : 0; }

typedef struct reader {
    const pdx__mapping *file;
    uint64_t at;
} reader;

static pdx_status cut_short(const reader *r, const char *what) {
    return pdx__fail_at(PDX_EPARSE, r->file->path, 0,
                        "the file ends within %s, at byte %llu (is it cut short?)", what,
                        (unsigned long long)r->at);
}

static pdx_status take(reader *r, void *out, size_t bytes, const char *what) {
    if (bytes > r->file->length - r->at) return cut_short(r, what);
    memcpy(out, r->file->bytes + r->at, bytes);
    r->at += bytes;
    return PDX_OK;
}

static pdx_status take_text(reader *r, const char **out, size_t *length, const char *what) {
    uint64_t size = 0;
    PDX__TRY(take(r, &size, 8, what));
    if (size > r->file->length - r->at) return cut_short(r, what);
    *out = (const char *)r->file->bytes + r->at;
    *length = (size_t)size;
    r->at += size;
    return PDX_OK;
}

int pdx__gguf_number(const uint8_t *at, uint32_t type, double *out) {
    union {
        int8_t i8;
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        float f32;
        uint64_t u64;
        int64_t i64;
        double f64;
    } v = {0};
    if (type > TYPE_LAST || !type_bytes[type]) return 0;
    memcpy(&v, at, type_bytes[type]);
    switch (type) {
    case 0: *out = at[0]; break;
    case 1: *out = v.i8; break;
    case 2: *out = v.u16; break;
    case 3: *out = v.i16; break;
    case 4: *out = v.u32; break;
    case 5: *out = v.i32; break;
    case 6: *out = v.f32; break;
    case TYPE_BOOL: *out = at[0] != 0; break;
    case 10: *out = (double)v.u64; break;
    case 11: *out = (double)v.i64; break;
    default: *out = v.f64; break;
    }
    return 1;
}

static pdx_status take_list(reader *r, pdx__setting *s, const char *key) {
    uint32_t type = 0;
    uint64_t count = 0;
    PDX__TRY(take(r, &type, 4, key));
    PDX__TRY(take(r, &count, 8, key));
    uint64_t left = r->file->length - r->at;
    s->kind = PDX__SETTING_LIST;
    s->type = type;
    if (type == TYPE_STRING) {
        if (count > left / 8) return cut_short(r, key);
        s->of_text = 1;
        s->offset = pdx__alloc((size_t)count, sizeof *s->offset);
        if (!s->offset) return PDX_ENOMEM;
        for (uint64_t i = 0; i < count; ++i) {
            const char *text;
            size_t length;
            s->offset[i] = r->at;
            PDX__TRY(take_text(r, &text, &length, key));
        }
    } else {
        if (type > TYPE_LAST || !type_bytes[type])
            return pdx__fail_at(PDX_EPARSE, r->file->path, 0, "key '%s': unknown list type %u", key,
                                type);
        if (count > left / type_bytes[type]) return cut_short(r, key);
        s->numbers = r->file->bytes + r->at;
        r->at += count * type_bytes[type];
    }
    s->count = (int64_t)count;
    return PDX_OK;
}

static pdx_status take_setting(reader *r, pdx__weights *weights) {
    const char *key;
    size_t length;
    uint32_t type = 0;
    PDX__TRY(take_text(r, &key, &length, "the settings"));
    if (length == 0 || length > 1024 || memchr(key, 0, length))
        return pdx__fail_at(PDX_EPARSE, r->file->path, 0, "a key of %zu bytes, or with a NUL byte",
                            length);
    PDX__TRY(take(r, &type, 4, "the settings"));
    PDX__TRY(pdx__grow(&weights->setting, &weights->setting_capacity,
                       (size_t)weights->keys.count + 1, sizeof *weights->setting));
    int added;
    int64_t index;
    PDX__TRY(pdx__strmap_add(&weights->keys, key, length, &index, &added));
    const char *name = pdx__strmap_get(&weights->keys, index);
    if (!added) return pdx__fail_at(PDX_EPARSE, r->file->path, 0, "key '%s' stands twice", name);
    pdx__setting *s = &weights->setting[index];
    memset(s, 0, sizeof *s);
    if (type == TYPE_ARRAY) return take_list(r, s, name);
    if (type == TYPE_STRING) {
        s->kind = PDX__SETTING_TEXT;
        return take_text(r, &s->text, &s->length, name);
    }
    if (type > TYPE_LAST)
        return pdx__fail_at(PDX_EPARSE, r->file->path, 0, "key '%s': unknown type %u", name, type);
    uint8_t raw[8];
    PDX__TRY(take(r, raw, type_bytes[type], name));
    s->kind = type == TYPE_BOOL ? PDX__SETTING_BOOL : PDX__SETTING_NUMBER;
    pdx__gguf_number(raw, type, &s->number);
    return PDX_OK;
}

/* GGML's number of a stored type. */
static int dtype_of(uint32_t ggml, pdx__dtype *out) {
    static const int8_t map[] = {PDX__F32, PDX__F16,  PDX__Q4_0, PDX__Q4_1, -1,
                                 -1,       PDX__Q5_0, PDX__Q5_1, PDX__Q8_0, -1,
                                 -1,       -1,        PDX__Q4_K, PDX__Q5_K, PDX__Q6_K};
    int type = ggml < sizeof map ? map[ggml] : ggml == 30 ? PDX__BF16 : -1;
    if (type < 0) return 0;
    *out = (pdx__dtype)type;
    return 1;
}

typedef struct entry {
    const char *name;
    size_t length;
    pdx__dtype dtype;
    int64_t dims[3]; /* slowest first */
    uint32_t rank;
    uint64_t offset;
} entry;

static pdx_status take_entry(reader *r, entry *e) {
    uint32_t type = 0;
    const char *what = "the list of tensors";
    PDX__TRY(take_text(r, &e->name, &e->length, what));
    int shown = e->length < 200 ? (int)e->length : 200;
    PDX__TRY(take(r, &e->rank, 4, what));
    if (e->rank < 1 || e->rank > 3)
        return pdx__fail_at(PDX_EPARSE, r->file->path, 0, "tensor '%.*s' has %u dimensions", shown,
                            e->name, e->rank);
    for (uint32_t i = 0; i < e->rank; ++i) {
        uint64_t size = 0;
        PDX__TRY(take(r, &size, 8, what));
        e->dims[e->rank - 1 - i] = size > INT64_MAX ? -1 : (int64_t)size;
    }
    PDX__TRY(take(r, &type, 4, what));
    PDX__TRY(take(r, &e->offset, 8, what));
    if (!dtype_of(type, &e->dtype))
        return pdx__fail_at(PDX_EUNSUPPORTED, r->file->path, 0,
                            "tensor '%.*s' is stored as GGML type %u, which is not known here",
                            shown, e->name, type);
    return PDX_OK;
}

pdx_status pdx__read_gguf(pdx__weights *weights, const char *path) {
    reader r = {0};
    PDX__TRY(pdx__map_file(weights, path, &r.file));
    weights->is_gguf = 1;
    if (r.file->length < 24 || memcmp(r.file->bytes, "GGUF", 4))
        return pdx__fail_at(PDX_EPARSE, path, 0, "is not a GGUF file");
    uint32_t version = 0;
    uint64_t tensors = 0, settings = 0;
    r.at = 4;
    PDX__TRY(take(&r, &version, 4, "its head"));
    if (version < 2 || version > 3)
        return pdx__fail_at(PDX_EUNSUPPORTED, path, 0, "GGUF version %u; 2 and 3 are read",
                            version);
    PDX__TRY(take(&r, &tensors, 8, "its head"));
    PDX__TRY(take(&r, &settings, 8, "its head"));
    for (uint64_t i = 0; i < settings; ++i) PDX__TRY(take_setting(&r, weights));
    double alignment = 32;
    pdx__weights_number(weights, "general.alignment", &alignment);
    if (!(alignment >= 1 && alignment <= 65536) || alignment != (double)(uint32_t)alignment)
        return pdx__fail_at(PDX_EPARSE, path, 0, "key 'general.alignment' is %g", alignment);
    uint64_t align = (uint64_t)alignment;

    uint64_t first = r.at;
    for (uint64_t i = 0; i < tensors; ++i) { /* to find where the numbers start */
        entry e;
        PDX__TRY(take_entry(&r, &e));
    }
    uint64_t base = (r.at + align - 1) / align * align;
    if (base > r.file->length) return cut_short(&r, "its padding");
    r.at = first;
    for (uint64_t i = 0; i < tensors; ++i) {
        entry e;
        PDX__TRY(take_entry(&r, &e));
        if (e.offset % align || e.offset > r.file->length - base)
            return pdx__fail_at(PDX_EPARSE, path, 0, "tensor '%.*s' has a wrong offset",
                                e.length < 200 ? (int)e.length : 200, e.name);
        PDX__TRY(pdx__add_tensor(weights, r.file, e.name, e.length, e.dtype, e.dims,
                                 (int32_t)e.rank, base + e.offset, 0));
    }
    return PDX_OK;
}
