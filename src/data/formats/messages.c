/* Conversations, and the answer and question files of MT-bench and Arena-Hard. A response of
 * several turns is its turns joined by a blank line; a query of several turns is a list of user
 * messages. */
#include "import.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *pdx__message_text(const cJSON *content) {
    if (cJSON_IsString(content)) return content->valuestring;
    if (cJSON_IsArray(content)) return pdx__message_text(content->child);
    if (!cJSON_IsObject(content)) return NULL;
    static const char *const keys[] = {"answer", "content", "text"};
    for (int i = 0; i < 3; ++i) {
        const cJSON *text = cJSON_GetObjectItemCaseSensitive(content, keys[i]);
        if (cJSON_IsString(text)) return text->valuestring;
    }
    return NULL;
}

static void json_text(pdx__buf *out, const char *text) {
    pdx__buf_json_string(out, text, strlen(text));
}

static void add_message(pdx__buf *list, const char *role, const char *text) {
    pdx__buf_text(list, list->length ? ",{\"role\":" : "[{\"role\":");
    json_text(list, role);
    pdx__buf_text(list, ",\"content\":");
    json_text(list, text);
    pdx__buf_char(list, '}');
}

/* A query of one user message is that message's text, else the list of messages. */
static pdx_status end_query(pdx__buf *query_json, int64_t messages, const char *only) {
    if (messages == 1 && only) {
        pdx__buf_clear(query_json);
        json_text(query_json, only);
    } else pdx__buf_text(query_json, query_json->length ? "]" : "[]");
    return query_json->status;
}

static void add_turn(pdx__buf *answer, const char *text, int first) {
    if (!first) pdx__buf_text(answer, "\n\n");
    pdx__buf_text(answer, text);
}

pdx_status pdx__conversation(const cJSON *messages, const char *key, int64_t turns,
                             pdx__buf *query_json, pdx__buf *answer, pdx__where where) {
    pdx__buf_clear(query_json);
    pdx__buf_clear(answer);
    int64_t users = 0, asked = 0, answered = 0;
    const char *only = NULL;
    for (const cJSON *message = messages->child; message; message = message->next) {
        const char *role = NULL;
        PDX__TRY(pdx__json_string(message, "role", PDX__REQUIRED, &role, where));
        const char *text = pdx__message_text(cJSON_GetObjectItemCaseSensitive(message, "content"));
        if (!text)
            return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                                "field '%s': a message without text", key);
        if (!strcmp(role, "assistant")) add_turn(answer, text, answered++ == 0);
        else {
            int is_user = !strcmp(role, "user");
            if (is_user && turns && users == turns) break;
            add_message(query_json, role, text);
            only = is_user ? text : NULL;
            users += is_user;
            ++asked;
        }
    }
    if (!answered)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field '%s': the conversation has no answer", key);
    PDX__TRY(end_query(query_json, asked, only));
    return answer->status;
}

pdx_status pdx__turns_query(const cJSON *turns, int64_t count, pdx__buf *query_json) {
    pdx__buf_clear(query_json);
    int64_t asked = 0;
    const char *only = NULL;
    for (const cJSON *turn = turns->child; turn && asked < count; turn = turn->next, ++asked) {
        only = pdx__message_text(turn);
        add_message(query_json, "user", only ? only : "");
    }
    return end_query(query_json, asked, only);
}

pdx_status pdx__turns_answer(const cJSON *turns, int64_t count, pdx__buf *answer) {
    pdx__buf_clear(answer);
    pdx__buf_text(answer, "");
    int64_t given = 0;
    for (const cJSON *turn = turns->child; turn && given < count; turn = turn->next) {
        const char *text = pdx__message_text(turn);
        add_turn(answer, text ? text : "", given++ == 0);
    }
    return answer->status;
}

/* ---- Answer and question files ---- */

static pdx_status key_of(pdx__buf *key, const char *model, const char *question) {
    pdx__buf_clear(key);
    pdx__buf_text(key, model);
    pdx__buf_char(key, '\n');
    pdx__buf_text(key, question);
    return key->status;
}

/* Takes `value`, also where it fails. A second answer to the same question replaces the first. */
static pdx_status keep(pdx__answers *answers, const char *model, const char *question,
                       cJSON *value) {
    if (!value) return pdx__nomem();
    pdx__buf key = PDX__BUF_EMPTY;
    int64_t index = 0;
    int fresh = 0;
    pdx_status status = pdx__grow(&answers->value, &answers->capacity,
                                  (size_t)answers->keys.count + 1, sizeof *answers->value);
    if (status == PDX_OK) status = key_of(&key, model, question);
    if (status == PDX_OK)
        status = pdx__strmap_add(&answers->keys, key.data, key.length, &index, &fresh);
    pdx__buf_free(&key);
    if (status != PDX_OK) {
        cJSON_Delete(value);
        return status;
    }
    if (!fresh) cJSON_Delete(answers->value[index]);
    answers->value[index] = value;
    return PDX_OK;
}

void pdx__answers_free(pdx__answers *answers) {
    for (int64_t i = 0; i < answers->keys.count; ++i) cJSON_Delete(answers->value[i]);
    pdx__free(answers->value);
    pdx__strmap_free(&answers->keys);
    memset(answers, 0, sizeof *answers);
}

static pdx_status question_id(const cJSON *record, pdx__buf *out, pdx__where where) {
    int has_uid = cJSON_GetObjectItemCaseSensitive(record, "uid") != NULL;
    return pdx__import_name(record, has_uid ? "uid" : "question_id", PDX__REQUIRED, out, where);
}

/* {"turns":[...],"prompt":...} of an answer in any of its three forms. */
static pdx_status answer_value(const cJSON *record, cJSON **out, pdx__where where) {
    const cJSON *choices = NULL, *messages = NULL, *turns = NULL;
    *out = NULL;
    PDX__TRY(pdx__json_array(record, "messages", PDX__OPTIONAL, &messages, where));
    if (!messages) {
        PDX__TRY(pdx__json_array(record, "choices", PDX__REQUIRED, &choices, where));
        PDX__TRY(pdx__json_array(choices->child, "turns", PDX__REQUIRED, &turns, where));
    }
    cJSON *value = cJSON_CreateObject();
    if (!value) return pdx__nomem();
    int ok = 1;
    if (turns) {
        cJSON *copy = cJSON_Duplicate(turns, 1);
        ok = copy && cJSON_AddItemToObject(value, "turns", copy);
        if (!ok) cJSON_Delete(copy);
    } else {
        cJSON *list = cJSON_AddArrayToObject(value, "turns");
        ok = list != NULL;
        for (const cJSON *message = messages->child; message && ok; message = message->next) {
            const cJSON *role = cJSON_GetObjectItemCaseSensitive(message, "role");
            const char *text =
                pdx__message_text(cJSON_GetObjectItemCaseSensitive(message, "content"));
            if (!cJSON_IsString(role) || !text) continue;
            if (!strcmp(role->valuestring, "assistant")) {
                cJSON *item = cJSON_CreateString(text);
                ok = item && cJSON_AddItemToArray(list, item);
            } else if (!strcmp(role->valuestring, "user") &&
                       !cJSON_GetObjectItemCaseSensitive(value, "prompt"))
                ok = cJSON_AddStringToObject(value, "prompt", text) != NULL;
        }
    }
    if (!ok) {
        cJSON_Delete(value);
        return pdx__nomem();
    }
    *out = value;
    return PDX_OK;
}

static pdx_status read_answer(pdx__import *import, void *context, const cJSON *record,
                              pdx__where where) {
    (void)import;
    pdx__buf question = PDX__BUF_EMPTY, stem = PDX__BUF_EMPTY;
    cJSON *value = NULL;
    pdx_status status;
    PDX__GO(question_id(record, &question, where));
    PDX__GO(pdx__import_path_part(where.file, 0, &stem));
    const char *model = stem.data;
    PDX__GO(pdx__json_string(record, "model", PDX__OPTIONAL, &model, where));
    PDX__GO(pdx__json_string(record, "model_id", PDX__OPTIONAL, &model, where));
    PDX__GO(answer_value(record, &value, where));
    status = keep(context, model, question.data, value);
done:
    pdx__buf_free(&question);
    pdx__buf_free(&stem);
    return status;
}

static pdx_status read_question(pdx__import *import, void *context, const cJSON *record,
                                pdx__where where) {
    (void)import;
    pdx__buf question = PDX__BUF_EMPTY;
    pdx_status status = question_id(record, &question, where);
    if (status == PDX_OK) status = keep(context, "", question.data, cJSON_Duplicate(record, 1));
    pdx__buf_free(&question);
    return status;
}

static int is_answer_file(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 6 && entry->d_name[0] != '.' && !strcmp(entry->d_name + length - 6, ".jsonl");
}

pdx_status pdx__answers_load(pdx__answers *answers, pdx__import *import, const char *path) {
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return pdx__import_records(import, path, read_answer, answers);
    struct dirent **entries;
    int count = scandir(path, &entries, is_answer_file, alphasort);
    if (count < 0) return pdx__fail_errno(path, 0, "");
    pdx_status status =
        count ? PDX_OK : pdx__fail_at(PDX_EPARSE, path, 0, "holds no .jsonl file of answers");
    for (int i = 0; i < count; ++i) {
        char *file = NULL;
        if (status == PDX_OK) status = pdx__path_join(&file, path, entries[i]->d_name);
        if (status == PDX_OK) status = pdx__import_records(import, file, read_answer, answers);
        pdx__free(file);
        free(entries[i]);
    }
    free(entries);
    return status;
}

pdx_status pdx__questions_load(pdx__answers *questions, pdx__import *import, const char *path) {
    return pdx__import_records(import, path, read_question, questions);
}

/* *out = NULL where there is none. */
static pdx_status find(const pdx__answers *answers, const char *model, const char *question,
                       const cJSON **out) {
    pdx__buf key = PDX__BUF_EMPTY;
    *out = NULL;
    pdx_status status = key_of(&key, model, question);
    int64_t index = status == PDX_OK ? pdx__strmap_find(&answers->keys, key.data, key.length) : -1;
    if (index >= 0) *out = answers->value[index];
    pdx__buf_free(&key);
    return status;
}

static const cJSON *turns_of(const cJSON *value) {
    const cJSON *turns = value ? cJSON_GetObjectItemCaseSensitive(value, "turns") : NULL;
    return cJSON_IsArray(turns) && turns->child ? turns : NULL;
}

pdx_status pdx__answers_fill(pdx__import *import, const pdx__answers *answers,
                             const pdx__answers *questions, const char *question, int64_t turn,
                             pdx__import_pair *pair, pdx__buf texts[3], int *found,
                             pdx__where where) {
    *found = 1;
    const cJSON *asked, *a, *b;
    PDX__TRY(find(questions, "", question, &asked));
    PDX__TRY(find(answers, pair->model_a, question, &a));
    PDX__TRY(find(answers, pair->model_b, question, &b));
    if (asked) {
        const cJSON *category = cJSON_GetObjectItemCaseSensitive(asked, "category");
        const cJSON *prompt = cJSON_GetObjectItemCaseSensitive(asked, "prompt");
        const cJSON *reference = cJSON_GetObjectItemCaseSensitive(asked, "reference");
        if (!pair->scenario && cJSON_IsString(category)) pair->scenario = category->valuestring;
        if (cJSON_IsArray(reference)) reference = cJSON_GetArrayItem(reference, (int)turn - 1);
        if (reference) pair->reference = pdx__message_text(reference);
        if (turns_of(asked)) {
            PDX__TRY(pdx__turns_query(turns_of(asked), turn, &texts[0]));
            pair->query_json = texts[0].data;
        } else if (cJSON_IsString(prompt)) pair->query = prompt->valuestring;
    } else if (questions->keys.count) {
        pdx__import_leave_out(import, where, "question '%s' is not in %s", question,
                              import->options.questions);
        *found = 0;
    }
    if (*found && answers->keys.count) {
        if (!turns_of(a) || !turns_of(b)) {
            pdx__import_leave_out(import, where, "no answer of '%s' to question '%s' in %s",
                                  turns_of(a) ? pair->model_b : pair->model_a, question,
                                  import->options.answers);
            *found = 0;
            return PDX_OK;
        }
        PDX__TRY(pdx__turns_answer(turns_of(a), turn, &texts[1]));
        PDX__TRY(pdx__turns_answer(turns_of(b), turn, &texts[2]));
        pair->response_a = texts[1].data;
        pair->response_b = texts[2].data;
        const cJSON *prompt = cJSON_GetObjectItemCaseSensitive(a, "prompt");
        if (!pair->query_json && !pair->query && cJSON_IsString(prompt))
            pair->query = prompt->valuestring;
    }
    return PDX_OK;
}
