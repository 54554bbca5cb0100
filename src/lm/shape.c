/* What kind of transformer a file holds: settings from GGUF keys or config.json, and the rotation's
 * frequencies with the scalings that these models use. A setting that is not known to be harmless
 * is refused by name. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "model.h"

/* One row a family: its names in the two kinds of file, and what sets it apart. */
static const struct {
    const char *family, *gguf, *config;
    int32_t gguf_pairing; /* GGUF's llama converter reorders queries and keys */
    int32_t biases, head_norms;
} families[] = {
    {"llama", "llama", "llama", PDX__ROPE_ADJACENT, 0, 0},
    {"mistral", "mistral", "mistral", PDX__ROPE_ADJACENT, 0, 0},
    {"mixtral", "mixtral", "mixtral", PDX__ROPE_ADJACENT, 0, 0},
    {"qwen2", "qwen2", "qwen2", PDX__ROPE_HALVES, 1, 0},
    {"qwen3", "qwen3", "qwen3", PDX__ROPE_HALVES, 0, 1},
};
enum { FAMILIES = sizeof families / sizeof *families };

/* How positions are stretched. */
typedef struct scaling {
    char kind[16]; /* "", "linear", "llama3", "yarn" */
    double factor, low, high, original, attention_factor, fast, slow;
} scaling;

typedef struct source {
    const pdx__weights *weights;
    const char *path;
    const cJSON *config; /* NULL: GGUF */
    char prefix[32];     /* "llama." */
} source;

/* A number by its two names; `fallback` NaN: required. */
static pdx_status number(const source *s, const char *gguf, const char *config, double fallback,
                         double *out) {
    char key[128];
    *out = fallback;
    if (s->config) {
        PDX__TRY(
            pdx__json_double(s->config, config, isnan(fallback), out, (pdx__where){s->path, 0}));
        return PDX_OK;
    }
    snprintf(key, sizeof key, "%s%s", s->prefix, gguf ? gguf : "");
    if (!pdx__weights_number(s->weights, key, out) && isnan(fallback))
        return pdx__fail_at(PDX_EPARSE, s->path, 0, "key '%s' is missing or no number", key);
    return PDX_OK;
}

static pdx_status whole(const source *s, const char *gguf, const char *config, double fallback,
                        int32_t least, int32_t *out) {
    double value;
    PDX__TRY(number(s, gguf, config, fallback, &value));
    if (!(value >= least && value <= 1 << 22) || value != floor(value))
        return pdx__fail_at(PDX_EPARSE, s->path, 0, "'%s' is %g", s->config ? config : gguf, value);
    *out = (int32_t)value;
    return PDX_OK;
}

static pdx_status find_family(source *s, pdx__model_shape *shape) {
    const char *name = NULL;
    size_t length = 0;
    if (s->config) {
        PDX__TRY(pdx__json_string(s->config, "model_type", PDX__REQUIRED, &name,
                                  (pdx__where){s->path, 0}));
        length = strlen(name);
    } else if (!pdx__weights_text(s->weights, "general.architecture", &name, &length))
        return pdx__fail_at(PDX_EPARSE, s->path, 0, "key 'general.architecture' is missing");
    for (int i = 0; i < FAMILIES; ++i) {
        const char *known = s->config ? families[i].config : families[i].gguf;
        if (strlen(known) != length || memcmp(known, name, length)) continue;
        shape->family = families[i].family;
        shape->rope_pairing = s->config ? PDX__ROPE_HALVES : families[i].gguf_pairing;
        shape->biases = families[i].biases;
        shape->head_norms = families[i].head_norms;
        snprintf(s->prefix, sizeof s->prefix, "%s.", known);
        return PDX_OK;
    }
    return pdx__fail_at(PDX_EUNSUPPORTED, s->path, 0,
                        "models of the family '%.*s' are not known here",
                        length < 80 ? (int)length : 80, name);
}

static pdx_status scaling_of_config(const source *s, scaling *out) {
    const cJSON *r = NULL;
    pdx__where where = {s->path, 0};
    PDX__TRY(pdx__json_object(s->config, "rope_scaling", PDX__OPTIONAL, &r, where));
    if (!r) PDX__TRY(pdx__json_object(s->config, "rope_parameters", PDX__OPTIONAL, &r, where));
    if (!r) return PDX_OK;
    const char *kind = NULL;
    PDX__TRY(pdx__json_string(r, "rope_type", PDX__OPTIONAL, &kind, where));
    if (!kind) PDX__TRY(pdx__json_string(r, "type", PDX__OPTIONAL, &kind, where));
    if (!kind || !strcmp(kind, "default")) return PDX_OK;
    if (strcmp(kind, "linear") && strcmp(kind, "llama3") && strcmp(kind, "yarn"))
        return pdx__fail_at(PDX_EUNSUPPORTED, s->path, 0,
                            "field 'rope_scaling': the type '%.80s' is not known here", kind);
    snprintf(out->kind, sizeof out->kind, "%s", kind);
    PDX__TRY(pdx__json_double(r, "factor", PDX__REQUIRED, &out->factor, where));
    PDX__TRY(pdx__json_double(r, "low_freq_factor", PDX__OPTIONAL, &out->low, where));
    PDX__TRY(pdx__json_double(r, "high_freq_factor", PDX__OPTIONAL, &out->high, where));
    PDX__TRY(pdx__json_double(r, "original_max_position_embeddings", PDX__OPTIONAL, &out->original,
                              where));
    PDX__TRY(pdx__json_double(r, "attention_factor", PDX__OPTIONAL, &out->attention_factor, where));
    PDX__TRY(pdx__json_double(r, "beta_fast", PDX__OPTIONAL, &out->fast, where));
    return pdx__json_double(r, "beta_slow", PDX__OPTIONAL, &out->slow, where);
}

static pdx_status scaling_of_gguf(const source *s, scaling *out) {
    char key[64];
    const char *kind;
    size_t length;
    snprintf(key, sizeof key, "%srope.scaling.type", s->prefix);
    if (!pdx__weights_text(s->weights, key, &kind, &length)) return PDX_OK;
    if (length == 4 && !memcmp(kind, "none", 4)) return PDX_OK;
    if (length >= sizeof out->kind ||
        (memcmp(kind, "linear", length) && memcmp(kind, "yarn", length)))
        return pdx__fail_at(PDX_EUNSUPPORTED, s->path, 0, "key '%s': '%.*s' is not known here", key,
                            length < 80 ? (int)length : 80, kind);
    memcpy(out->kind, kind, length);
    PDX__TRY(number(s, "rope.scaling.factor", NULL, 1, &out->factor));
    return number(s, "rope.scaling.original_context_length", NULL, out->original, &out->original);
}

/* Su et al. 2021 (RoPE); linear: Chen et al. 2023; llama3: the rule published with Llama 3.1; yarn:
 * Peng et al. 2023, equations 17-22. */
static void make_frequencies(const pdx__model_shape *shape, const scaling *sc, double base,
                             float *out) {
    int32_t pairs = shape->rope_pairs;
    double dim = 2.0 * pairs, turn = 6.283185307179586;
    double low = floor(dim * log(sc->original / (sc->fast * turn)) / (2 * log(base)));
    double high = ceil(dim * log(sc->original / (sc->slow * turn)) / (2 * log(base)));
    if (low < 0) low = 0;
    if (high > dim - 1) high = dim - 1;
    if (high <= low) high = low + 1e-3;
    for (int32_t i = 0; i < pairs; ++i) {
        double f = pow(base, -2.0 * i / dim);
        if (!strcmp(sc->kind, "linear")) f /= sc->factor;
        else if (!strcmp(sc->kind, "llama3")) {
            double length = turn / f,
                   share = (sc->original / length - sc->low) / (sc->high - sc->low);
            if (length > sc->original / sc->low) f /= sc->factor;
            else if (length >= sc->original / sc->high)
                f = (1 - share) * f / sc->factor + share * f;
        } else if (!strcmp(sc->kind, "yarn")) {
            double ramp = ((double)i - low) / (high - low);
            ramp = ramp < 0 ? 0 : ramp > 1 ? 1 : ramp;
            f = ramp * f / sc->factor + (1 - ramp) * f;
        }
        out[i] = (float)f;
    }
}

static pdx_status read_rope(const source *s, pdx__model_shape *shape, float **frequency) {
    double base, factor = 1;
    int32_t width;
    PDX__TRY(number(s, "rope.freq_base", "rope_theta", 10000, &base));
    if (s->config) {
        const cJSON *parameters = NULL;
        PDX__TRY(pdx__json_object(s->config, "rope_parameters", PDX__OPTIONAL, &parameters,
                                  (pdx__where){s->path, 0}));
        if (parameters)
            PDX__TRY(pdx__json_double(parameters, "rope_theta", PDX__OPTIONAL, &base,
                                      (pdx__where){s->path, 0}));
        PDX__TRY(number(s, NULL, "partial_rotary_factor", 1, &factor));
        width = (int32_t)(factor * shape->head_width);
    } else PDX__TRY(whole(s, "rope.dimension_count", NULL, shape->head_width, 2, &width));
    if (!(base > 1) || shape->head_width > 1 << 14 || width < 2 || width > shape->head_width ||
        width % 2)
        return pdx__fail_at(PDX_EPARSE, s->path, 0, "a rotation of %d of %d dimensions, base %g",
                            width, shape->head_width, base);
    shape->rope_pairs = width / 2;
    scaling sc = {"", 1, 1, 4, shape->context, NAN, 32, 1};
    PDX__TRY(s->config ? scaling_of_config(s, &sc) : scaling_of_gguf(s, &sc));
    if (!(sc.factor > 0) || !(sc.original >= 1) || !(sc.high > sc.low) || !(sc.low > 0))
        return pdx__fail_at(PDX_EPARSE, s->path, 0,
                            "the rotation's scaling has impossible numbers");
    shape->rope_factor = 1;
    if (!strcmp(sc.kind, "yarn"))
        shape->rope_factor =
            (float)(isnan(sc.attention_factor) ? 0.1 * log(sc.factor) + 1 : sc.attention_factor);
    float *f = pdx__alloc((size_t)shape->rope_pairs, sizeof *f);
    if (!f) return PDX_ENOMEM;
    make_frequencies(shape, &sc, base, f);
    const pdx__tensor *divisor = pdx__weights_find(s->weights, "rope_freqs.weight");
    if (divisor) { /* GGUF's form of the llama3 scaling */
        if (divisor->columns != shape->rope_pairs || divisor->rows != 1 ||
            divisor->dtype != PDX__F32) {
            pdx__free(f);
            return pdx__fail_at(PDX_EPARSE, s->path, 0,
                                "tensor 'rope_freqs.weight' has a wrong shape");
        }
        for (int32_t i = 0; i < shape->rope_pairs; ++i) {
            float value;
            memcpy(&value, (const char *)divisor->data + (size_t)i * sizeof value, sizeof value);
            f[i] /= value;
        }
    }
    *frequency = f;
    return PDX_OK;
}

/* Settings of config.json that would change the pass and are not done here. */
static pdx_status refuse_unknown(const source *s) {
    const char *act = NULL;
    pdx__where where = {s->path, 0};
    PDX__TRY(pdx__json_string(s->config, "hidden_act", PDX__OPTIONAL, &act, where));
    if (act && strcmp(act, "silu"))
        return pdx__fail_at(PDX_EUNSUPPORTED, s->path, 0, "field 'hidden_act': '%.40s' (only silu)",
                            act);
    int32_t bias = 0;
    PDX__TRY(pdx__json_bool(s->config, "mlp_bias", PDX__OPTIONAL, &bias, where));
    if (bias) return pdx__fail_at(PDX_EUNSUPPORTED, s->path, 0, "field 'mlp_bias': true");
    if (cJSON_GetObjectItemCaseSensitive(s->config, "quantization_config"))
        return pdx__fail_at(PDX_EUNSUPPORTED, s->path, 0,
                            "field 'quantization_config': use a GGUF file for quantised weights");
    return PDX_OK;
}

/* A window that never bites is none. */
static pdx_status read_window(const source *s, pdx__model_shape *shape) {
    double window;
    int32_t used = 1;
    PDX__TRY(number(s, "attention.sliding_window", "sliding_window", 0, &window));
    if (s->config) {
        used = strcmp(shape->family, "qwen2") && strcmp(shape->family, "qwen3");
        PDX__TRY(pdx__json_bool(s->config, "use_sliding_window", PDX__OPTIONAL, &used,
                                (pdx__where){s->path, 0}));
        if (used && window > 0 && !strncmp(shape->family, "qwen", 4))
            return pdx__fail_at(PDX_EUNSUPPORTED, s->path, 0,
                                "field 'use_sliding_window': not known for this family");
    }
    shape->window = used && window >= 1 && window < shape->context ? (int32_t)window : 0;
    return PDX_OK;
}

pdx_status pdx__model_read_shape(pdx__model_shape *out, const pdx__weights *weights,
                                 float **rope_frequency) {
    *rope_frequency = NULL;
    memset(out, 0, sizeof *out);
    source s = {weights, pdx__weights_path(weights), pdx__weights_config(weights), ""};
    if (s.config && !cJSON_IsObject(s.config))
        return pdx__fail_at(PDX_EPARSE, s.path, 0, "config.json is no object");
    PDX__TRY(find_family(&s, out));
    if (s.config) PDX__TRY(refuse_unknown(&s));
    PDX__TRY(whole(&s, "block_count", "num_hidden_layers", NAN, 1, &out->layers));
    PDX__TRY(whole(&s, "embedding_length", "hidden_size", NAN, 2, &out->width));
    PDX__TRY(whole(&s, "feed_forward_length", "intermediate_size", NAN, 1, &out->hidden));
    PDX__TRY(whole(&s, "attention.head_count", "num_attention_heads", NAN, 1, &out->heads));
    PDX__TRY(
        whole(&s, "attention.head_count_kv", "num_key_value_heads", out->heads, 1, &out->kv_heads));
    PDX__TRY(whole(&s, "attention.key_length", "head_dim", out->width / out->heads, 2,
                   &out->head_width));
    PDX__TRY(whole(&s, "context_length", "max_position_embeddings", NAN, 2, &out->context));
    double epsilon;
    PDX__TRY(number(&s, "attention.layer_norm_rms_epsilon", "rms_norm_eps", 1e-6, &epsilon));
    out->epsilon = (float)epsilon;
    PDX__TRY(whole(&s, "expert_count", "num_local_experts", 0, 0, &out->experts));
    PDX__TRY(whole(&s, "expert_used_count", "num_experts_per_tok", 0, 0, &out->experts_used));
    if (out->experts == 0) out->experts_used = 0;
    if (out->heads % out->kv_heads || out->experts_used > out->experts ||
        (out->experts && out->experts_used < 1))
        return pdx__fail_at(PDX_EPARSE, s.path, 0, "%d heads for %d key heads, %d of %d experts",
                            out->heads, out->kv_heads, out->experts_used, out->experts);
    PDX__TRY(read_window(&s, out));
    return read_rope(&s, out, rope_frequency);
}
