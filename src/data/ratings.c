/* Lists of ratings by pair and property. What they come to is annotations.c's business. */
#include "data/ratings.h"

#include <math.h>

pdx_status pdx__ratings_open(pdx__ratings *r, int64_t pairs, int32_t columns) {
    *r = (pdx__ratings){.columns = columns};
    PDX__REQUIRE(pairs <= INT64_MAX / (columns ? columns : 1), "too many pairs");
    r->first = pdx__alloc_zero((size_t)(pairs * columns), sizeof *r->first);
    return r->first ? PDX_OK : PDX_ENOMEM;
}

void pdx__ratings_free(pdx__ratings *r) {
    pdx__free(r->first);
    pdx__free(r->list);
    *r = (pdx__ratings){0};
}

const pdx__rating *pdx__ratings_next(const pdx__ratings *r, int64_t pair, int32_t column,
                                     const pdx__rating *at) {
    uint32_t next = at ? at->next : r->first[pair * r->columns + column];
    return next ? &r->list[next - 1] : NULL;
}

pdx_status pdx__ratings_put(pdx__ratings *r, int64_t pair, int32_t column, int32_t pass, int side,
                            double value) {
    const pdx__rating *last = NULL;
    for (const pdx__rating *at = NULL; (at = pdx__ratings_next(r, pair, column, at)); last = at)
        if (at->pass == pass) {
            r->list[at - r->list].value[side] = value;
            return PDX_OK;
        }
    size_t place = last ? (size_t)(last - r->list) : 0;
    PDX__REQUIRE(r->count < UINT32_MAX, "more than %u ratings", UINT32_MAX);
    PDX__TRY(pdx__grow(&r->list, &r->capacity, r->count + 1, sizeof *r->list));
    pdx__rating *made = &r->list[r->count++];
    *made = (pdx__rating){.pass = pass, .value = {PDX__RATING_ABSENT, PDX__RATING_ABSENT}};
    made->value[side] = value;
    *(last ? &r->list[place].next : &r->first[pair * r->columns + column]) = (uint32_t)r->count;
    return PDX_OK;
}
