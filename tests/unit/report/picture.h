/* What the tests of pictures share: fits to draw, and what holds for every picture. */
#ifndef PDX_TEST_PICTURE_H
#define PDX_TEST_PICTURE_H

#include <prefdissect/prefdissect.h>

#include "bayes/posterior.h"
#include "check.h"
#include "core/file.h"
#include "report/svg.h"

/* One fit of `d` columns: means -0.5 to 0.5, sd 0.1. */
static inline void add_fit(pdx_study *study, const char *judge, const char *group, int32_t d,
                           const char *const *names, int with_sd) {
    pdx_posterior *p;
    OK(pdx__posterior_create(&p, judge, group, d, names));
    for (int32_t k = 0; k < d; ++k) p->mean[k] = d > 1 ? (double)k / (d - 1) - 0.5 : 0.3;
    if (with_sd) {
        REQUIRE((p->sd = pdx__alloc((size_t)d, sizeof *p->sd)));
        for (int32_t k = 0; k < d; ++k) p->sd[k] = 0.1;
    }
    study->fit[study->count++] = p;
}

static const char *const three[] = {"alpha", "beta", "gamma"};

/* Tags nest and close, attributes are quoted, entities are known, bytes are legal: what any XML
 * reader insists on. Returns the offset of the first fault, -1 where there is none. */
static inline long first_fault(const char *xml) {
    char open[64][16];
    int depth = 0, roots = 0;
    const char *c = xml;
    while (*c) {
        if ((unsigned char)*c < 0x20 && !strchr("\t\n\r", *c)) return c - xml;
        if (*c == '&') {
            static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
            size_t i = 0;
            while (i < 5 && strncmp(c, known[i], strlen(known[i]))) ++i;
            if (i == 5) return c - xml;
        }
        if (*c != '<') {
            if (!depth && !strchr(" \n", *c)) return c - xml;
            ++c;
            continue;
        }
        const char *start = c++;
        int closing = *c == '/';
        c += closing;
        size_t length = strspn(c, "abcdefghijklmnopqrstuvwxyz");
        if (!length || length > 15) return start - xml;
        const char *name = c;
        c += length;
        int alone = 0;
        while (*c != '>') {
            if (*c == '/' && c[1] == '>') {
                alone = 1;
                ++c;
                continue;
            }
            if (closing || *c++ != ' ') return c - xml;
            size_t key = strspn(c, "abcdefghijklmnopqrstuvwxyzBM-0123456789");
            if (!key || c[key] != '=' || c[key + 1] != '"') return c - xml;
            c += key + 2;
            while (*c && *c != '"' && *c != '<') ++c;
            if (*c++ != '"') return c - xml;
        }
        ++c;
        if (closing) {
            if (!depth || strncmp(open[--depth], name, length) || open[depth][length])
                return start - xml;
        } else if (!alone) {
            if (depth == 64 || (depth == 0 && roots++)) return start - xml;
            memcpy(open[depth], name, length);
            open[depth++][length] = 0;
        }
    }
    return depth ? c - xml : -1;
}

static inline int count(const char *text, const char *part) {
    int number = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part)) ++number;
    return number;
}

/* The picture at `path`, checked and removed. */
static inline char *take_picture(const char *path) {
    pdx__buf text = PDX__BUF_EMPTY;
    CHECK_INT(pdx__file_read(path, 0, &text), PDX_OK);
    remove(path);
    if (!text.data) return pdx__strdup("");
    long fault = first_fault(text.data);
    if (fault >= 0) CHECK_FAIL("not XML at byte %ld: %.60s", fault, text.data + fault);
    CHECK(!strstr(text.data, "nan") && !strstr(text.data, "inf"));
    CHECK_INT(strncmp(text.data, "<svg ", 5), 0);
    CHECK(strstr(text.data, "<title>") && strstr(text.data, "<desc>"));
    return pdx__buf_take(&text);
}

#endif
