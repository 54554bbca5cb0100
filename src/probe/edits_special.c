/* The edits that no pattern can do: a wrong number, sentences in another order, the other side's
 * text. */
#include <ctype.h>
#include <string.h>

#include "core/rng.h"
#include "edits.h"

static int word_byte(char c) { return isalnum((unsigned char)c) || c == '_' || (c & 0x80); }

/* 1 where the digits at `at` number an item of a list. */
static int is_list_mark(const char *text, const char *at, const char *end) {
    while (at > text && (at[-1] == ' ' || at[-1] == '\t')) --at;
    return (at == text || at[-1] == '\n') && (*end == '.' || *end == ')') &&
           (end[1] == ' ' || end[1] == '\t');
}

/* The last digit of the first number that stands alone and numbers no item of a list. */
void pdx__edit_number(pdx__buf *out, const char *response, const char *other, uint64_t seed) {
    (void)other;
    (void)seed;
    for (const char *at = response; *at;) {
        if (!isdigit((unsigned char)*at)) {
            ++at;
            continue;
        }
        const char *end = at;
        while (isdigit((unsigned char)*end)) ++end;
        int alone = (at == response || !word_byte(at[-1])) && !word_byte(*end);
        if (!alone || is_list_mark(response, at, end)) {
            at = end;
            continue;
        }
        int digit = (end[-1] - '0' + 3) % 10;
        if (end - at == 1 && digit == 0) digit = 2; /* 7 */
        pdx__buf_append(out, response, (size_t)(end - 1 - response));
        pdx__buf_char(out, (char)('0' + digit));
        pdx__buf_text(out, end);
        return;
    }
    pdx__buf_text(out, response);
}

/* A sentence, and what parts it from the next: spaces or line ends. Code between fences is one. */
typedef struct piece {
    const char *text;
    size_t length, gap;
} piece;

static size_t sentence_length(const char *at) {
    if (!strncmp(at, "```", 3)) {
        const char *close = strstr(at + 3, "```");
        return close ? (size_t)(close + 3 - at) : strlen(at);
    }
    size_t i = 0;
    while (at[i] && at[i] != '\n' && strncmp(at + i, "```", 3) != 0) {
        int ends = strchr(".!?", at[i]) && strspn(at, "0123456789") < i;
        ++i;
        if (ends && (at[i] == ' ' || at[i] == '\n')) break;
    }
    return i;
}

void pdx__edit_shuffle(pdx__buf *out, const char *response, const char *other, uint64_t seed) {
    (void)other;
    piece *list = NULL;
    size_t count = 0, capacity = 0, lead = strspn(response, " \t\n");
    for (const char *at = response + lead; *at;) {
        if (pdx__grow(&list, &capacity, count + 1, sizeof *list) != PDX_OK) {
            out->status = PDX_ENOMEM;
            goto done;
        }
        piece *p = &list[count++];
        p->text = at;
        p->length = sentence_length(at);
        p->gap = strspn(at + p->length, " \t\n");
        at += p->length + p->gap;
    }
    pdx__rng rng;
    pdx__rng_init(&rng, seed, 0);
    const piece *gaps = list;
    size_t *order = pdx__alloc(count, sizeof *order);
    if (!order) {
        out->status = PDX_ENOMEM;
        goto done;
    }
    for (size_t i = 0; i < count; ++i) order[i] = i;
    for (size_t i = count; i > 1; --i) {
        size_t j = (size_t)pdx__rng_below(&rng, i), swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    pdx__buf_append(out, response, lead);
    for (size_t i = 0; i < count; ++i) {
        pdx__buf_append(out, list[order[i]].text, list[order[i]].length);
        pdx__buf_append(out, gaps[i].text + gaps[i].length, gaps[i].gap);
    }
    pdx__free(order);
done:
    pdx__free(list);
}

void pdx__edit_same(pdx__buf *out, const char *response, const char *other, uint64_t seed) {
    (void)response;
    (void)seed;
    pdx__buf_text(out, other);
}
