/* Stored numbers to floats: plain types and GGUF's blocks (layouts as documented for GGML). Every
 * block is expanded by plain loops; the CPU backend calls this once a panel, so its speed shows
 * little beside the product that follows. */
#include <string.h>

#include "weights.h"

static const struct {
    const char *name;
    int32_t block, bytes;
} info[PDX__DTYPES] = {
    [PDX__F32] = {"F32", 1, 4},       [PDX__F16] = {"F16", 1, 2},
    [PDX__BF16] = {"BF16", 1, 2},     [PDX__Q8_0] = {"Q8_0", 32, 34},
    [PDX__Q4_0] = {"Q4_0", 32, 18},   [PDX__Q4_1] = {"Q4_1", 32, 20},
    [PDX__Q5_0] = {"Q5_0", 32, 22},   [PDX__Q5_1] = {"Q5_1", 32, 24},
    [PDX__Q4_K] = {"Q4_K", 256, 144}, [PDX__Q5_K] = {"Q5_K", 256, 176},
    [PDX__Q6_K] = {"Q6_K", 256, 210},
};

const char *pdx__dtype_name(pdx__dtype dtype) { return info[dtype].name; }
int32_t pdx__dtype_block(pdx__dtype dtype) { return info[dtype].block; }
int32_t pdx__dtype_block_bytes(pdx__dtype dtype) { return info[dtype].bytes; }

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float from_bf16(const uint8_t *p) { return from_bits((uint32_t)(p[0] | p[1] << 8) << 16); }

static float from_f16(const uint8_t *p) {
    uint32_t h = (uint32_t)p[0] | (uint32_t)p[1] << 8;
    uint32_t sign = (h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff;
    if (exponent == 31) return from_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) { /* subnormal: fraction * 2^-24 */
        float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

static void q4(const uint8_t *b, float *out, int with_minimum) {
    float d = from_f16(b), m = with_minimum ? from_f16(b + 2) : -8 * d;
    const uint8_t *q = b + (with_minimum ? 4 : 2);
    for (int j = 0; j < 16; ++j) {
        out[j] = (float)(q[j] & 15) * d + m;
        out[j + 16] = (float)(q[j] >> 4) * d + m;
    }
}

static void q5(const uint8_t *b, float *out, int with_minimum) {
    float d = from_f16(b), m = with_minimum ? from_f16(b + 2) : -16 * d;
    const uint8_t *h = b + (with_minimum ? 4 : 2), *q = h + 4;
    uint32_t high =
        (uint32_t)h[0] | (uint32_t)h[1] << 8 | (uint32_t)h[2] << 16 | (uint32_t)h[3] << 24;
    for (int j = 0; j < 16; ++j) {
        out[j] = (float)((q[j] & 15) | (high >> j & 1) << 4) * d + m;
        out[j + 16] = (float)(q[j] >> 4 | (high >> (j + 16) & 1) << 4) * d + m;
    }
}

static void q8(const uint8_t *b, float *out) {
    float d = from_f16(b);
    for (int j = 0; j < 32; ++j) out[j] = d * (float)(int8_t)b[2 + j];
}

/* Six-bit scale and minimum number j of the eight that twelve bytes hold. */
static void scale_and_minimum(const uint8_t *s, int j, float *scale, float *minimum) {
    if (j < 4) {
        *scale = (float)(s[j] & 63);
        *minimum = (float)(s[j + 4] & 63);
    } else {
        *scale = (float)((s[j + 4] & 15) | (s[j - 4] >> 6) << 4);
        *minimum = (float)(s[j + 4] >> 4 | (s[j] >> 6) << 4);
    }
}

/* Q4_K and Q5_K: `high` is NULL for the former, else holds each number's fifth bit. */
static void q45_k(const uint8_t *b, float *out, const uint8_t *high, const uint8_t *q) {
    float d = from_f16(b), dmin = from_f16(b + 2);
    for (int j = 0; j < 8; ++j) {
        float scale, minimum;
        scale_and_minimum(b + 4, j, &scale, &minimum);
        scale *= d;
        minimum *= dmin;
        const uint8_t *from = q + 32 * (j / 2);
        for (int l = 0; l < 32; ++l) {
            int low = j % 2 ? from[l] >> 4 : from[l] & 15;
            if (high && (high[l] >> j & 1)) low += 16;
            *out++ = scale * (float)low - minimum;
        }
    }
}

static void q6_k(const uint8_t *b, float *out) {
    const uint8_t *low = b, *high = b + 128;
    const int8_t *scale = (const int8_t *)(b + 192);
    float d = from_f16(b + 208);
    for (int half = 0; half < 2; ++half, low += 64, high += 32, scale += 8, out += 128)
        for (int part = 0; part < 4; ++part)
            for (int l = 0; l < 32; ++l) {
                int from = low[l + 32 * (part % 2)];
                int q = (part < 2 ? from & 15 : from >> 4) | (high[l] >> 2 * part & 3) << 4;
                out[32 * part + l] = d * (float)scale[l / 16 + 2 * part] * (float)(q - 32);
            }
}

void pdx__dequantise(pdx__dtype dtype, const void *blocks, int64_t count, float *out) {
    const uint8_t *b = blocks;
    const int32_t block = info[dtype].block, bytes = info[dtype].bytes;
    if (dtype == PDX__F32) {
        memcpy(out, blocks, (size_t)count * sizeof *out);
        return;
    }
    for (int64_t i = 0; i < count; i += block, b += bytes, out += block) switch (dtype) {
        case PDX__F16: *out = from_f16(b); break;
        case PDX__BF16: *out = from_bf16(b); break;
        case PDX__Q8_0: q8(b, out); break;
        case PDX__Q4_0: q4(b, out, 0); break;
        case PDX__Q4_1: q4(b, out, 1); break;
        case PDX__Q5_0: q5(b, out, 0); break;
        case PDX__Q5_1: q5(b, out, 1); break;
        case PDX__Q4_K: q45_k(b, out, NULL, b + 16); break;
        case PDX__Q5_K: q45_k(b, out, b + 16, b + 48); break;
        default: q6_k(b, out); break;
        }
}
