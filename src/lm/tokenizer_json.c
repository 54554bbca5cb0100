/* Hugging Face's tokenizer.json: BPE models of the byte-level and the SentencePiece kind. Every
 * part that is not known is refused by name: a token id that is silently wrong is worse than none.
 */
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/json.h"
#include "tokenizer_internal.h"

static const char *type_of(const cJSON *object) {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(object, "type");
    return cJSON_IsString(type) ? type->valuestring : "";
}

static int flag(const cJSON *object, const char *key) {
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

static pdx_status unknown_part(const char *path, const char *part, const char *type) {
    return pdx__fail_at(PDX_EUNSUPPORTED, path, 0, "%s of type '%s' is not known here", part, type);
}

static pdx_status read_normaliser(pdx__tokenizer *t, const cJSON *n, const char *path) {
    if (!n || cJSON_IsNull(n)) return PDX_OK;
    const char *type = type_of(n);
    if (!strcmp(type, "Sequence")) {
        const cJSON *list = NULL, *part;
        PDX__TRY(pdx__json_array(n, "normalizers", PDX__REQUIRED, &list, (pdx__where){path, 0}));
        cJSON_ArrayForEach(part, list) {
            if (!strcmp(type_of(part), "Sequence")) return unknown_part(path, "normalizer", type);
            PDX__TRY(read_normaliser(t, part, path));
        }
        return PDX_OK;
    }
    if (!strcmp(type, "NFC")) return pdx__tokenizer_rewrite(t, PDX__TEXT_NFC, NULL, NULL);
    if (!strcmp(type, "Prepend") && text_of(n, "prepend"))
        return pdx__tokenizer_rewrite(t, PDX__TEXT_PREPEND, NULL, text_of(n, "prepend"));
    if (!strcmp(type, "Replace")) {
        const cJSON *pattern = cJSON_GetObjectItemCaseSensitive(n, "pattern");
        const char *from = text_of(pattern, "String"), *to = text_of(n, "content");
        if (from && from[0] && to) return pdx__tokenizer_rewrite(t, PDX__TEXT_REPLACE, from, to);
    }
    return unknown_part(path, "normalizer", type);
}

static pdx_status read_split(pdx__tokenizer *t, const cJSON *p, const char *path) {
    static const struct {
        const char *name;
        int32_t behaviour;
    } known[] = {{"Isolated", PDX__CUT_ISOLATE},
                 {"Removed", PDX__CUT_REMOVE},
                 {"MergedWithPrevious", PDX__CUT_WITH_PREVIOUS},
                 {"MergedWithNext", PDX__CUT_WITH_NEXT}};
    const cJSON *pattern = cJSON_GetObjectItemCaseSensitive(p, "pattern");
    const char *regex = text_of(pattern, "Regex"), *plain = text_of(pattern, "String");
    const char *behaviour = text_of(p, "behavior");
    if (flag(p, "invert") || !behaviour || (!regex && !plain))
        return unknown_part(path, "pre_tokenizer", "Split (this form of it)");
    pdx__buf quoted = PDX__BUF_EMPTY;
    if (!regex) {
        pdx__buf_printf(&quoted, "\\Q%s\\E", plain);
        if (strstr(plain, "\\E") || quoted.status != PDX_OK) {
            pdx_status status = quoted.status;
            pdx__buf_free(&quoted);
            return status != PDX_OK ? status : unknown_part(path, "pre_tokenizer", "Split");
        }
        regex = quoted.data;
    }
    pdx_status status = PDX_EUNSUPPORTED;
    size_t i = 0;
    while (i < sizeof known / sizeof *known && strcmp(behaviour, known[i].name)) ++i;
    if (i < sizeof known / sizeof *known)
        status = pdx__tokenizer_cut(t, regex, known[i].behaviour, path);
    else unknown_part(path, "pre_tokenizer Split, behavior", behaviour);
    pdx__buf_free(&quoted);
    return status;
}

/* SentencePiece's mark for a space, put in front and in place of spaces. */
static pdx_status read_metaspace(pdx__tokenizer *t, const cJSON *p, const char *path) {
    const char *mark = text_of(p, "replacement"), *scheme = text_of(p, "prepend_scheme");
    if (!mark || !mark[0]) return unknown_part(path, "pre_tokenizer", "Metaspace without mark");
    int add = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(p, "add_prefix_space"));
    PDX__TRY(pdx__tokenizer_rewrite(t, PDX__TEXT_REPLACE, " ", mark));
    if (scheme ? !strcmp(scheme, "first") : 0)
        PDX__TRY(pdx__tokenizer_rewrite(t, PDX__TEXT_MARK_FIRST, NULL, mark));
    else if (scheme ? !strcmp(scheme, "always") : add)
        return unknown_part(path, "pre_tokenizer Metaspace, prepend_scheme", "always");
    if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(p, "split"))) return PDX_OK;
    pdx__buf pattern = PDX__BUF_EMPTY;
    pdx__buf_printf(&pattern, "\\Q%s\\E", mark);
    pdx_status status = pattern.status;
    if (status == PDX_OK) status = pdx__tokenizer_cut(t, pattern.data, PDX__CUT_WITH_NEXT, path);
    pdx__buf_free(&pattern);
    return status;
}

static pdx_status read_pretokenizer(pdx__tokenizer *t, const cJSON *p, int depth,
                                    const char *path) {
    if (!p || cJSON_IsNull(p)) return PDX_OK;
    const char *type = type_of(p);
    if (!strcmp(type, "Sequence") && depth == 0) {
        const cJSON *list = NULL, *part;
        PDX__TRY(pdx__json_array(p, "pretokenizers", PDX__REQUIRED, &list, (pdx__where){path, 0}));
        cJSON_ArrayForEach(part, list) PDX__TRY(read_pretokenizer(t, part, 1, path));
        return PDX_OK;
    }
    if (!strcmp(type, "ByteLevel")) {
        t->kind = PDX__BPE_BYTES;
        if (flag(p, "add_prefix_space"))
            return unknown_part(path, "pre_tokenizer", "ByteLevel with add_prefix_space");
        if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(p, "use_regex"))) return PDX_OK;
        return pdx__tokenizer_cut(t, pdx__gpt2_pattern, PDX__CUT_ISOLATE, path);
    }
    if (!strcmp(type, "Digits"))
        return pdx__tokenizer_cut(t, flag(p, "individual_digits") ? "\\p{N}" : "\\p{N}+",
                                  PDX__CUT_ISOLATE, path);
    if (!strcmp(type, "Split")) return read_split(t, p, path);
    if (!strcmp(type, "Metaspace")) return read_metaspace(t, p, path);
    return unknown_part(path, "pre_tokenizer", type);
}

static pdx_status add_token(pdx__tokenizer *t, const char *text, double id, int32_t added,
                            const char *path) {
    if (!(id >= 0 && id < 1 << 24) || id != (double)(int32_t)id)
        return pdx__fail_at(PDX_EPARSE, path, 0, "token '%.80s' has the id %g", text, id);
    if (t->kind != PDX__BPE_BYTES || added)
        return pdx__tokenizer_add(t, (int32_t)id, text, strlen(text), added, path);
    pdx__buf bytes = PDX__BUF_EMPTY;
    pdx_status status = pdx__bytes_of_printable(&bytes, text, strlen(text));
    if (status == PDX_OK)
        status =
            pdx__tokenizer_add(t, (int32_t)id, bytes.data ? bytes.data : "", bytes.length, 0, path);
    pdx__buf_free(&bytes);
    return status;
}

static pdx_status add_merge(pdx__tokenizer *t, const char *left, size_t left_length,
                            const char *right, int64_t rank, const char *path) {
    if (t->kind != PDX__BPE_BYTES)
        return pdx__tokenizer_merge(t, left, left_length, right, strlen(right), rank, path);
    pdx__buf a = PDX__BUF_EMPTY, b = PDX__BUF_EMPTY;
    pdx_status status = pdx__bytes_of_printable(&a, left, left_length);
    if (status == PDX_OK) status = pdx__bytes_of_printable(&b, right, strlen(right));
    if (status == PDX_OK)
        status = pdx__tokenizer_merge(t, a.data ? a.data : "", a.length, b.data ? b.data : "",
                                      b.length, rank, path);
    pdx__buf_free(&a);
    pdx__buf_free(&b);
    return status;
}

static pdx_status read_merges(pdx__tokenizer *t, const cJSON *merges, const char *path) {
    PDX__TRY(pdx__tokenizer_merges(t, cJSON_GetArraySize(merges)));
    int64_t rank = 0;
    const cJSON *m;
    cJSON_ArrayForEach(m, merges) {
        const cJSON *first = cJSON_IsArray(m) ? m->child : NULL;
        const cJSON *second = first ? first->next : NULL;
        if (cJSON_IsString(first) && cJSON_IsString(second))
            PDX__TRY(add_merge(t, first->valuestring, strlen(first->valuestring),
                               second->valuestring, rank, path));
        else {
            const char *space = cJSON_IsString(m) ? strchr(m->valuestring, ' ') : NULL;
            if (!space)
                return pdx__fail_at(PDX_EPARSE, path, 0, "field 'merges', entry %lld is no pair",
                                    (long long)rank + 1);
            PDX__TRY(add_merge(t, m->valuestring, (size_t)(space - m->valuestring), space + 1, rank,
                               path));
        }
        ++rank;
    }
    return PDX_OK;
}

static pdx_status read_model(pdx__tokenizer *t, const cJSON *model, const char *path) {
    pdx__where where = {path, 0};
    if (strcmp(type_of(model), "BPE") && type_of(model)[0])
        return unknown_part(path, "model", type_of(model));
    const char *prefix = text_of(model, "continuing_subword_prefix");
    const char *suffix = text_of(model, "end_of_word_suffix");
    if ((prefix && prefix[0]) || (suffix && suffix[0]))
        return unknown_part(path, "model", "BPE with subword marks");
    t->ignore_merges = flag(model, "ignore_merges");
    t->fuse_unknown = flag(model, "fuse_unk");
    const cJSON *vocabulary = NULL, *merges = NULL, *entry;
    PDX__TRY(pdx__json_object(model, "vocab", PDX__REQUIRED, &vocabulary, where));
    PDX__TRY(pdx__json_array(model, "merges", PDX__REQUIRED, &merges, where));
    cJSON_ArrayForEach(entry, vocabulary) {
        if (!cJSON_IsNumber(entry))
            return pdx__fail_at(PDX_EPARSE, path, 0, "token '%.80s': expected a number",
                                entry->string);
        PDX__TRY(add_token(t, entry->string, entry->valuedouble, 0, path));
    }
    PDX__TRY(read_merges(t, merges, path));
    const char *unknown = text_of(model, "unk_token");
    if (unknown) t->unknown = pdx__vocabulary_find(t, unknown, strlen(unknown));
    return PDX_OK;
}

static pdx_status read_added(pdx__tokenizer *t, const cJSON *added, const char *path) {
    const cJSON *a;
    cJSON_ArrayForEach(a, added) {
        const char *content = NULL;
        double id = -1;
        PDX__TRY(pdx__json_string(a, "content", PDX__REQUIRED, &content, (pdx__where){path, 0}));
        PDX__TRY(pdx__json_double(a, "id", PDX__REQUIRED, &id, (pdx__where){path, 0}));
        PDX__TRY(add_token(t, content, id, 1, path));
        pdx__token *token = &t->token[(int32_t)id];
        token->special = flag(a, "special");
        token->lstrip = flag(a, "lstrip");
        token->rstrip = flag(a, "rstrip");
    }
    return PDX_OK;
}

/* What a TemplateProcessing step puts in front of a single text. */
static pdx_status read_front(pdx__tokenizer *t, const cJSON *post) {
    if (!strcmp(type_of(post), "Sequence")) {
        const cJSON *part;
        cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(post, "processors")) {
            if (!strcmp(type_of(part), "TemplateProcessing")) return read_front(t, part);
        }
        return PDX_OK;
    }
    if (strcmp(type_of(post), "TemplateProcessing")) return PDX_OK;
    const cJSON *step;
    cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(post, "single")) {
        const char *name = text_of(cJSON_GetObjectItemCaseSensitive(step, "SpecialToken"), "id");
        if (!name) break; /* the text itself: what follows it is no front */
        int32_t id = pdx__token_find(t, name, strlen(name));
        if (id < 0) continue;
        int32_t *front = pdx__alloc((size_t)t->front_count + 1, sizeof *front);
        if (!front) return PDX_ENOMEM;
        for (int32_t i = 0; i < t->front_count; ++i) front[i] = t->front[i];
        front[t->front_count++] = id;
        pdx__free(t->front);
        t->front = front;
    }
    return PDX_OK;
}

static pdx_status read_tree(pdx__tokenizer *t, const cJSON *tree, const char *path) {
    pdx__where where = {path, 0};
    const cJSON *model = NULL, *added = NULL;
    t->kind = PDX__BPE_CHARACTERS;
    PDX__TRY(pdx__json_object(tree, "model", PDX__REQUIRED, &model, where));
    PDX__TRY(pdx__json_array(tree, "added_tokens", PDX__OPTIONAL, &added, where));
    PDX__TRY(read_normaliser(t, cJSON_GetObjectItemCaseSensitive(tree, "normalizer"), path));
    PDX__TRY(
        read_pretokenizer(t, cJSON_GetObjectItemCaseSensitive(tree, "pre_tokenizer"), 0, path));
    PDX__TRY(read_model(t, model, path));
    if (added) PDX__TRY(read_added(t, added, path));
    PDX__TRY(pdx__tokenizer_finish(t, path));
    return read_front(t, cJSON_GetObjectItemCaseSensitive(tree, "post_processor"));
}

static pdx_status read_json(cJSON **out, const char *path) {
    pdx__buf text = PDX__BUF_EMPTY;
    *out = NULL;
    pdx_status status = pdx__file_read(path, 256 << 20, &text);
    if (status == PDX_OK)
        status = pdx__json_parse(out, text.data, text.length, (pdx__where){path, 0});
    pdx__buf_free(&text);
    return status;
}

/* The chat template of a folder stands in tokenizer_config.json. */
static pdx_status read_chat_template(pdx__tokenizer *t, const char *folder) {
    char *path;
    struct stat st;
    PDX__TRY(pdx__path_join(&path, folder, "tokenizer_config.json"));
    pdx_status status = PDX_OK;
    cJSON *tree = NULL;
    if (stat(path, &st) == 0) status = read_json(&tree, path);
    const char *text = status == PDX_OK ? text_of(tree, "chat_template") : NULL;
    if (text && !(t->chat_template = pdx__strdup(text))) status = PDX_ENOMEM;
    cJSON_Delete(tree);
    pdx__free(path);
    return status;
}

pdx_status pdx__tokenizer_read_json(pdx__tokenizer *t, const char *path) {
    struct stat st;
    int folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    char *file = NULL;
    if (folder) PDX__TRY(pdx__path_join(&file, path, "tokenizer.json"));
    cJSON *tree;
    pdx_status status = read_json(&tree, folder ? file : path);
    if (status == PDX_OK) status = read_tree(t, tree, folder ? file : path);
    if (status == PDX_OK && folder) status = read_chat_template(t, path);
    cJSON_Delete(tree);
    pdx__free(file);
    return status;
}
