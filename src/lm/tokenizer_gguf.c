/* The tokenizer in a GGUF file's metadata: "gpt2" (byte-level BPE, its pre-tokenizer named by a
 * key) and "llama" (SentencePiece BPE, merges by score). A name that is not known is refused. */
#include <string.h>

#include "tokenizer_internal.h"

/* Pre-tokenizers by the names that GGUF files use. The patterns are those that the models publish
 * in their tokenizer.json. `digits`: every digit character is first cut out. */
static const struct {
    const char *name, *pattern;
    int32_t digits, nfc;
} kinds[] = {
    {"default", pdx__gpt2_pattern, 0, 0},
    {"gpt-2", pdx__gpt2_pattern, 0, 0},
    {"smollm", pdx__gpt2_pattern, 1, 0},
    {"starcoder", pdx__gpt2_pattern, 1, 0},
    {"llama-bpe",
     "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
     "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     0, 0},
    {"qwen2",
     "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
     "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     0, 1},
};

enum { TYPE_UNKNOWN = 2, TYPE_CONTROL = 3, TYPE_USER = 4 };

static pdx_status read_tokens(pdx__tokenizer *t, const pdx__weights *w, const char *path) {
    int64_t count = pdx__weights_list(w, "tokenizer.ggml.tokens");
    int64_t types = pdx__weights_list(w, "tokenizer.ggml.token_type");
    int64_t scores = pdx__weights_list(w, "tokenizer.ggml.scores");
    if (count < 1 || count > 1 << 24)
        return pdx__fail_at(PDX_EPARSE, path, 0,
                            "key 'tokenizer.ggml.tokens' is missing or no list");
    if ((types >= 0 && types != count) || (scores >= 0 && scores != count))
        return pdx__fail_at(PDX_EPARSE, path, 0,
                            "keys 'tokenizer.ggml.token_type' and '.scores' do not fit '.tokens'");
    if (t->kind == PDX__BPE_CHARACTERS && scores < 0)
        return pdx__fail_at(PDX_EPARSE, path, 0, "key 'tokenizer.ggml.scores' is missing");
    for (int64_t i = 0; i < count; ++i) {
        const char *text;
        size_t length;
        double type = 1, score = 0;
        PDX__TRY(pdx__weights_list_text(w, "tokenizer.ggml.tokens", i, &text, &length));
        if (types >= 0)
            PDX__TRY(pdx__weights_list_number(w, "tokenizer.ggml.token_type", i, &type));
        if (scores >= 0) PDX__TRY(pdx__weights_list_number(w, "tokenizer.ggml.scores", i, &score));
        int added = type == TYPE_CONTROL || type == TYPE_USER;
        pdx__buf bytes = PDX__BUF_EMPTY;
        pdx_status status = PDX_OK;
        if (t->kind == PDX__BPE_BYTES && !added) {
            status = pdx__bytes_of_printable(&bytes, text, length);
            text = bytes.data ? bytes.data : "";
            length = bytes.length;
        }
        if (status == PDX_OK) status = pdx__tokenizer_add(t, (int32_t)i, text, length, added, path);
        pdx__buf_free(&bytes);
        PDX__TRY(status);
        t->token[i].special = type == TYPE_CONTROL;
        t->token[i].score = (float)score;
        if (type == TYPE_UNKNOWN) t->unknown = (int32_t)i;
    }
    return PDX_OK;
}

static pdx_status read_merges(pdx__tokenizer *t, const pdx__weights *w, const char *path) {
    int64_t count = pdx__weights_list(w, "tokenizer.ggml.merges");
    if (count < 0)
        return pdx__fail_at(PDX_EPARSE, path, 0,
                            "key 'tokenizer.ggml.merges' is missing or no list");
    PDX__TRY(pdx__tokenizer_merges(t, count));
    pdx__buf left = PDX__BUF_EMPTY, right = PDX__BUF_EMPTY;
    pdx_status status = PDX_OK;
    for (int64_t i = 0; i < count && status == PDX_OK; ++i) {
        const char *text;
        size_t length;
        PDX__GO(pdx__weights_list_text(w, "tokenizer.ggml.merges", i, &text, &length));
        const char *space = length > 1 ? memchr(text + 1, ' ', length - 1) : NULL;
        if (!space) {
            status = pdx__fail_at(PDX_EPARSE, path, 0, "key 'tokenizer.ggml.merges', entry %lld",
                                  (long long)i + 1);
            break;
        }
        size_t first = (size_t)(space - text);
        pdx__buf_clear(&left);
        pdx__buf_clear(&right);
        pdx__buf_append(&left, "", 0);
        pdx__buf_append(&right, "", 0);
        PDX__GO(pdx__bytes_of_printable(&left, text, first));
        PDX__GO(pdx__bytes_of_printable(&right, space + 1, length - first - 1));
        status = pdx__tokenizer_merge(t, left.data, left.length, right.data, right.length, i, path);
    }
done:
    pdx__buf_free(&left);
    pdx__buf_free(&right);
    return status;
}

static pdx_status read_pretokenizer(pdx__tokenizer *t, const pdx__weights *w, const char *path) {
    const char *name = "default";
    size_t length = 7;
    pdx__weights_text(w, "tokenizer.ggml.pre", &name, &length);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
        if (strlen(kinds[i].name) != length || memcmp(kinds[i].name, name, length)) continue;
        if (kinds[i].nfc) PDX__TRY(pdx__tokenizer_rewrite(t, PDX__TEXT_NFC, NULL, NULL));
        if (kinds[i].digits) PDX__TRY(pdx__tokenizer_cut(t, "\\p{N}", PDX__CUT_ISOLATE, path));
        t->ignore_merges = !strcmp(kinds[i].name, "llama-bpe");
        return pdx__tokenizer_cut(t, kinds[i].pattern, PDX__CUT_ISOLATE, path);
    }
    return pdx__fail_at(PDX_EUNSUPPORTED, path, 0,
                        "key 'tokenizer.ggml.pre': the pre-tokenizer '%.*s' is not known here",
                        length < 80 ? (int)length : 80, name);
}

static pdx_status read_rest(pdx__tokenizer *t, const pdx__weights *w) {
    int32_t add_bos = t->kind == PDX__BPE_CHARACTERS;
    double bos = -1;
    pdx__weights_bool(w, "tokenizer.ggml.add_bos_token", &add_bos);
    if (add_bos && pdx__weights_number(w, "tokenizer.ggml.bos_token_id", &bos) && bos >= 0 &&
        bos < t->size) {
        t->front = pdx__alloc(1, sizeof *t->front);
        if (!t->front) return PDX_ENOMEM;
        t->front[0] = (int32_t)bos;
        t->front_count = 1;
    }
    const char *text;
    size_t length;
    if (pdx__weights_text(w, "tokenizer.chat_template", &text, &length)) {
        t->chat_template = pdx__strndup(text, length);
        if (!t->chat_template) return PDX_ENOMEM;
    }
    return PDX_OK;
}

pdx_status pdx__tokenizer_read_gguf(pdx__tokenizer *t, const pdx__weights *w) {
    const char *path = pdx__weights_path(w), *model = "";
    size_t length = 0;
    pdx__weights_text(w, "tokenizer.ggml.model", &model, &length);
    if (length == 4 && !memcmp(model, "gpt2", 4)) {
        t->kind = PDX__BPE_BYTES;
        PDX__TRY(read_tokens(t, w, path));
        PDX__TRY(read_merges(t, w, path));
        PDX__TRY(read_pretokenizer(t, w, path));
    } else if (length == 5 && !memcmp(model, "llama", 5)) {
        int32_t prefix = 1;
        t->kind = PDX__BPE_CHARACTERS;
        pdx__weights_bool(w, "tokenizer.ggml.add_space_prefix", &prefix);
        PDX__TRY(read_tokens(t, w, path));
        if (prefix) PDX__TRY(pdx__tokenizer_rewrite(t, PDX__TEXT_PREPEND, NULL, " "));
        PDX__TRY(pdx__tokenizer_rewrite(t, PDX__TEXT_REPLACE, " ", "\xE2\x96\x81"));
    } else
        return pdx__fail_at(PDX_EUNSUPPORTED, path, 0,
                            "key 'tokenizer.ggml.model': '%.*s' is not known here",
                            length < 80 ? (int)length : 80, model);
    PDX__TRY(pdx__tokenizer_finish(t, path));
    return read_rest(t, w);
}
