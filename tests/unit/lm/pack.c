/* Packing prompts into a forest. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/rng.h"
#include "lm/pack.h"

/* The ids from the root to a token. */
static int32_t path_to(const pdx__pack *p, int32_t token, int32_t *out) {
    int32_t s = 0, n = p->position[token] + 1, at = n;
    while (!(token >= p->segment[s].start && token < p->segment[s].start + p->segment[s].length))
        ++s;
    for (int32_t t = token; s >= 0;) {
        for (; t >= p->segment[s].start; --t) {
            if (--at < 0 || p->position[t] != at) return -1;
            out[at] = p->id[t];
        }
        s = p->segment[s].parent;
        if (s >= 0) t = p->segment[s].start + p->segment[s].length - 1;
    }
    return at == 0 ? n : -1;
}

/* Distinct prefixes, counted the slow way. */
static int64_t distinct_prefixes(const pdx__ids *prompts, int32_t count) {
    int64_t total = 0;
    for (int32_t i = 0; i < count; ++i)
        for (size_t n = 1; n <= prompts[i].count; ++n) {
            int seen = 0;
            for (int32_t k = 0; k < i && !seen; ++k)
                seen = prompts[k].count >= n &&
                       !memcmp(prompts[k].id, prompts[i].id, n * sizeof *prompts[i].id);
            total += !seen;
        }
    return total;
}

static void every_prompt_is_in_the_forest(void) {
    pdx__rng rng;
    pdx__rng_init(&rng, 5, 0);
    for (int round = 0; round < 300; ++round) {
        enum { MOST = 14, LONGEST = 12 };
        int32_t ids[MOST][LONGEST], count = 1 + (int32_t)pdx__rng_below(&rng, MOST);
        pdx__ids prompts[MOST];
        for (int32_t i = 0; i < count; ++i) {
            prompts[i] = (pdx__ids){ids[i], 1 + pdx__rng_below(&rng, LONGEST), LONGEST};
            for (size_t k = 0; k < prompts[i].count; ++k)
                ids[i][k] = (int32_t)pdx__rng_below(&rng, 2);
        }
        pdx__pack pack;
        OK(pdx__pack_prompts(&pack, prompts, count));
        int64_t tokens;
        OK(pdx__packed_tokens(prompts, count, &tokens));
        CHECK_INT(pack.batch.tokens, distinct_prefixes(prompts, count));
        CHECK_INT(tokens, pack.batch.tokens);
        int32_t end = 0;
        for (int32_t s = 0; s < pack.batch.segments; ++s) {
            CHECK_INT(pack.segment[s].start, end);
            CHECK(pack.segment[s].length > 0 && pack.segment[s].parent < s);
            end += pack.segment[s].length;
        }
        CHECK_INT(end, pack.batch.tokens);
        for (int32_t i = 0; i < count; ++i) {
            int32_t path[LONGEST];
            CHECK_INT(path_to(&pack, pack.last[i], path), prompts[i].count);
            CHECK(!memcmp(path, ids[i], prompts[i].count * sizeof *path));
        }
        pdx__pack_free(&pack);
    }
}

int main(void) {
    RUN(every_prompt_is_in_the_forest);
    return check_result();
}
