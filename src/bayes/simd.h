/* Vectors of the kernels, on GCC's vector types: as wide as the file is compiled for (AVX-512, AVX2
 * with FMA, or 16 bytes on any machine), and the elementary functions over them. Private to the
 * kernels: included by files that are compiled once for each width. Accuracy (tested): exp, log,
 * log1p within 2 ulp, Mills ratio and normal quantile within 1e-14 relative, in double; 2e-7 in
 * float. Polynomials: Chebyshev interpolation at 50 digits. */
#ifndef PDX_BAYES_SIMD_H
#define PDX_BAYES_SIMD_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "mills.h"

#if defined(__AVX512F__)
#include <immintrin.h>
enum { LANES = 8 };
#elif defined(__AVX2__)
#include <immintrin.h>
enum { LANES = 4 };
#else
enum { LANES = 2 };
#endif
enum { FLOAT_LANES = 2 * LANES };

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
typedef double vd __attribute__((vector_size(VECTOR_BYTES)));
typedef int64_t vl __attribute__((vector_size(VECTOR_BYTES)));
typedef float vf __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t vi __attribute__((vector_size(VECTOR_BYTES)));

static inline vd load(const double *p) {
    vd v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void store(double *p, vd v) { memcpy(p, &v, sizeof v); }
static inline vf load_float(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline vd all(double x) { return x - (vd){0}; }
static inline vf all_float(float x) { return x - (vf){0}; }
static inline vl all_bits(int64_t x) { return x - (vl){0}; }

static inline vd pick(vl mask, vd yes, vd no) {
#if defined(__AVX512F__)
    return (vd)_mm512_mask_blend_pd(_mm512_movepi64_mask((__m512i)mask), (__m512d)no, (__m512d)yes);
#elif defined(__AVX2__)
    return (vd)_mm256_blendv_pd((__m256d)no, (__m256d)yes, (__m256d)mask);
#else
    return (vd)((mask & (vl)yes) | (~mask & (vl)no));
#endif
}

static inline vd greater_of(vd a, vd b) {
#if defined(__AVX512F__)
    return (vd)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif defined(__AVX2__)
    return (vd)_mm256_max_pd((__m256d)a, (__m256d)b);
#else
    return pick(a > b, a, b);
#endif
}

static inline vd lesser_of(vd a, vd b) {
#if defined(__AVX512F__)
    return (vd)_mm512_min_pd((__m512d)a, (__m512d)b);
#elif defined(__AVX2__)
    return (vd)_mm256_min_pd((__m256d)a, (__m256d)b);
#else
    return pick(a < b, a, b);
#endif
}

static inline vd square_root(vd x) {
#if defined(__AVX512F__)
    return (vd)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX2__)
    return (vd)_mm256_sqrt_pd((__m256d)x);
#else
    for (int i = 0; i < LANES; ++i) x[i] = sqrt(x[i]);
    return x;
#endif
}

static inline vd magnitude(vd x) { return (vd)((vl)x & INT64_MAX); }
static inline vf magnitude_float(vf x) { return (vf)((vi)x & INT32_MAX); }

static inline int any(vl mask) {
    int64_t seen = 0;
    for (int i = 0; i < LANES; ++i) seen |= mask[i];
    return seen != 0;
}

static inline double sum_lanes(vd x) {
    double sum = 0;
    for (int i = 0; i < LANES; ++i) sum += x[i];
    return sum;
}

/* e^x; arguments below -708 and above 709 count as these. */
static inline vd vector_exp(vd x) {
    x = lesser_of(greater_of(x, all(-708)), all(709));
    vd shifted =
        x * 0x1.71547652b82fep+0 + 0x1.8p52; /* the rounded power of two, in its low bits */
    vd k = shifted - 0x1.8p52;
    vd r = x - k * 0x1.62e42fefa0000p-1;
    r = r - k * 0x1.cf79abc9e3b3ap-40;
    vd p = all(2.5100375832561234e-08);
    p = p * r + 2.7620075879983367e-07;
    p = p * r + 2.7557268480310024e-06;
    p = p * r + 2.4801521322368692e-05;
    p = p * r + 0.00019841269863040545;
    p = p * r + 0.0013888888917196719;
    p = p * r + 0.008333333333330065;
    p = p * r + 0.041666666666624164;
    p = p * r + 0.16666666666666669;
    p = p * r + 0.5;
    p = (p * r) * r + r + 1.0;
    return (vd)((vl)p + ((vl)shifted << 52));
}

/* Natural logarithm of a positive, finite, normal x. */
static inline vd vector_log(vd x) {
    typedef uint64_t vu __attribute__((vector_size(VECTOR_BYTES)));
    const uint64_t root_half = 0x3fe6a09e667f3bcdu;
    vu biased = ((vu)x + (0x3ff0000000000000u - root_half)) >> 52;
    vd f = (vd)((vu)x - ((biased - 1023) << 52)); /* in [sqrt(1/2), sqrt(2)) */
    vd k = (vd)(biased | 0x4330000000000000u) - (0x1p52 + 1023);
    vd s = (f - 1.0) / (f + 1.0), u = s * s;
    vd p = all(0.065433130739200512);
    p = p * u + 0.066343865693284432;
    p = p * u + 0.07693119851407329;
    p = p * u + 0.090908978200664528;
    p = p * u + 0.11111111195856958;
    p = p * u + 0.14285714285401807;
    p = p * u + 0.2000000000000044;
    p = p * u + 0.33333333333333331;
    vd twice = s + s;
    return k * 0x1.62e42fefa0000p-1 + (twice + (twice * u * p + k * 0x1.cf79abc9e3b3ap-40));
}

/* log(1 + e) for e in [0, 1]: 2 atanh(e / (2 + e)). */
static inline vd vector_log1p(vd e) {
    vd s = e / (e + 2.0), u = s * s;
    vd p = all(0.08244142965694784);
    p = p * u + 0.034901952491662162;
    p = p * u + 0.054883083189737468;
    p = p * u + 0.058576373340552129;
    p = p * u + 0.066684384078719183;
    p = p * u + 0.076922235302299843;
    p = p * u + 0.090909117112476262;
    p = p * u + 0.11111111059551837;
    p = p * u + 0.14285714286311463;
    p = p * u + 0.19999999999996435;
    p = p * u + 0.33333333333333343;
    vd twice = s + s;
    return twice + twice * u * p;
}

/* 2 cosh(eta/2) + band = e^(size/2) (1 + beside), size = |eta|. */
static inline vd beside(vd size, vd band) {
    vd half = vector_exp(-0.5 * size);
    return half * (half + band);
}

/* Mills ratio Q(k)/phi(k), k >= 0. */
static inline vd vector_mills(vd k) {
    static const double c[] = {PDX__MILLS_POLYNOMIAL};
    vd u = 1.0 / (k + PDX__MILLS_CENTRE), t = (k - PDX__MILLS_CENTRE) * u;
    vd p = all(c[PDX__MILLS_DEGREE]);
    for (int i = PDX__MILLS_DEGREE - 1; i >= 0; --i) p = p * t + c[i];
    return u * p;
}

/* z with Q(z) = p (upper tail), p in (0, 1): Wichura 1988, algorithm AS 241. */
static inline vd vector_upper_quantile(vd p) {
    vd q = 0.5 - p, r = 0.180625 - q * q;
    vd top = all(2509.0809287301226727), low = all(5226.495278852545925);
    top = top * r + 33430.575583588128105;
    low = low * r + 28729.085735721942674;
    top = top * r + 67265.770927008700853;
    low = low * r + 39307.89580009271061;
    top = top * r + 45921.953931549871457;
    low = low * r + 21213.794301586595867;
    top = top * r + 13731.693765509461125;
    low = low * r + 5394.1960214247511077;
    top = top * r + 1971.5909503065514427;
    low = low * r + 687.1870074920579083;
    top = top * r + 133.14166789178437745;
    low = low * r + 42.313330701600911252;
    top = top * r + 3.387132872796366608;
    low = low * r + 1.0;
    vd z = q * (top / low);
    vl outer = magnitude(q) > 0.425;
    if (!any(outer)) return z;
    vd tail = lesser_of(p, 1.0 - p);
    r = square_root(-vector_log(greater_of(tail, all(1e-300))));
    vl far = r > 5.0;
    vd s = r - 1.6;
    top = all(7.7454501427834140764e-4);
    low = all(1.05075007164441684324e-9);
    top = top * s + 0.0227238449892691845833;
    low = low * s + 5.475938084995344946e-4;
    top = top * s + 0.24178072517745061177;
    low = low * s + 0.0151986665636164571966;
    top = top * s + 1.27045825245236838258;
    low = low * s + 0.14810397642748007459;
    top = top * s + 3.64784832476320460504;
    low = low * s + 0.68976733498510000455;
    top = top * s + 5.7694972214606914055;
    low = low * s + 1.6763848301838038494;
    top = top * s + 4.6303378461565452959;
    low = low * s + 2.05319162663775882187;
    top = top * s + 1.42343711074968357734;
    low = low * s + 1.0;
    vd outside = top / low;
    if (any(far)) {
        s = r - 5.0;
        top = all(2.01033439929228813265e-7);
        low = all(2.04426310338993978564e-15);
        top = top * s + 2.71155556874348757815e-5;
        low = low * s + 1.4215117583164458887e-7;
        top = top * s + 0.0012426609473880784386;
        low = low * s + 1.8463183175100546818e-5;
        top = top * s + 0.026532189526576123093;
        low = low * s + 7.868691311456132591e-4;
        top = top * s + 0.29656057182850489123;
        low = low * s + 0.0148753612908506148525;
        top = top * s + 1.7848265399172913358;
        low = low * s + 0.13692988092273580531;
        top = top * s + 5.4637849111641143699;
        low = low * s + 0.59983220655588793769;
        top = top * s + 6.6579046435011037772;
        low = low * s + 1.0;
        outside = pick(far, top / low, outside);
    }
    return pick(outer, pick(q < 0.0, -outside, outside), z);
}

static inline vf vector_exp_float(vf x) {
#if defined(__AVX512F__)
    x = (vf)_mm512_max_ps((__m512)x, (__m512)all_float(-87));
#elif defined(__AVX2__)
    x = (vf)_mm256_max_ps((__m256)x, (__m256)all_float(-87));
#else
    vi low = x < -87.0f;
    x = (vf)((low & (vi)all_float(-87)) | (~low & (vi)x));
#endif
    vf shifted = x * 0x1.715476p+0f + 0x1.8p23f;
    vf k = shifted - 0x1.8p23f;
    vf r = x - k * 0x1.62e4p-1f;
    r = r - k * 0x1.7f7d1cp-20f;
    vf p = all_float(0.0013926176119935579f);
    p = p * r + 0.008363173074513711f;
    p = p * r + 0.041666554662050534f;
    p = p * r + 0.16666577025597989f;
    p = p * r + 0.5f;
    p = (p * r) * r + r + 1.0f;
    return (vf)((vi)p + ((vi)shifted << 23));
}

/* log(1 + e), e in [0, 1]. */
static inline vf vector_log1p_float(vf e) {
    vf s = e / (e + 2.0f), u = s * s;
    vf p = all_float(0.14078889181554541f);
    p = p * u + 0.13982578872598633f;
    p = p * u + 0.20012297615351873f;
    p = p * u + 0.33333160820688884f;
    p = p * u + 1.0f;
    return (s + s) * p;
}

#endif
