/* The operations of a pass: each checks its arguments, then starts kernels or a product on the
 * context's stream. */
#include "context.h"

#include <math.h>
#include <string.h>

#include "kernels_experts.cuh"
#include "kernels_rows.cuh"
#include "kernels_score.cuh"

static bf16 *rounded(const pdx__activation *x) { return (bf16 *)x->room.data; }
static float *exact(const pdx__activation *x) { return (float *)x->room.data; }

static unsigned blocks(int64_t count, int64_t a_block) {
    return (unsigned)((count + a_block - 1) / a_block);
}

static pdx_status launched(context *c, const char *what) {
    return check(c, cudaGetLastError(), what);
}

/* The order of layers keeps the kinds apart; a wrong one would read past a buffer's end. */
static pdx_status kinds(context *c, const pdx__activation *a, int32_t kind) {
    return !a || a->kind == kind ? PDX_OK
                                 : fail(c, PDX_EINVAL, "an activation is of the wrong kind");
}

pdx_status cuda_embed(void *self, pdx__activation *out, const pdx__matrix *table) {
    context *c = (context *)self;
    PDX__TRY(kinds(c, out, PDX__EXACT));
    for (int32_t t = 0; t < c->tokens; ++t)
        if (c->host_id[t] < 0 || c->host_id[t] >= table->rows)
            return fail(c, PDX_EINVAL, "a token id is outside the model's vocabulary");
    PDX_LAUNCH(embed_rows, blocks(c->tokens, WARPS), THREADS, 0, c->stream, exact(out), table->data,
               (const int32_t *)c->id.data, c->tokens, out->width);
    return launched(c, "embedding");
}

pdx_status cuda_norm(void *self, pdx__activation *out, pdx__activation *x,
                     const pdx__activation *add, const pdx__matrix *weight, float epsilon) {
    context *c = (context *)self;
    PDX__TRY(kinds(c, out, PDX__ROUNDED));
    PDX__TRY(kinds(c, x, PDX__EXACT));
    PDX__TRY(kinds(c, add, PDX__ROUNDED));
    const int32_t *all = NULL;
    const bf16 *more = add ? rounded(add) : NULL;
    PDX_LAUNCH(norm_rows, blocks(c->tokens, WARPS), THREADS, 0, c->stream, rounded(out), exact(x),
               more, weight->vector, all, c->tokens, x->width, epsilon);
    return launched(c, "norm");
}

pdx_status cuda_matmul(void *self, pdx__activation *out, const pdx__activation *x,
                       const pdx__matrix *w, const pdx__matrix *bias) {
    context *c = (context *)self;
    PDX__TRY(kinds(c, x, PDX__ROUNDED));
    if (bias) PDX__TRY(kinds(c, out, PDX__ROUNDED));
    int biased = 0;
    const char *wrong = multiply(c->multiplier, c->stream, out->room.data, out->kind == PDX__EXACT,
                                 rounded(x), w->data, bias ? bias->data : NULL, c->tokens,
                                 (int)w->rows, (int)w->columns, &biased);
    if (wrong) return fail(c, PDX_EIO, wrong);
    if (!bias || biased) return PDX_OK;
    int64_t count = (int64_t)c->tokens * out->width;
    PDX_LAUNCH(add_bias, blocks(count, THREADS), THREADS, 0, c->stream, rounded(out), bias->data,
               count, out->width);
    return launched(c, "bias");
}

pdx_status cuda_head_norm(void *self, pdx__activation *x, int32_t heads, int32_t head_width,
                          const pdx__matrix *weight, float epsilon) {
    context *c = (context *)self;
    PDX__TRY(kinds(c, x, PDX__ROUNDED));
    int64_t all = (int64_t)c->tokens * heads;
    PDX_LAUNCH(norm_heads, blocks(all, WARPS), THREADS, 0, c->stream, rounded(x), weight->vector,
               all, head_width, epsilon);
    return launched(c, "norm of heads");
}

pdx_status cuda_rope(void *self, pdx__activation *x, int32_t heads, int32_t head_width,
                     int32_t pairs, const float *frequency, float factor, int32_t pairing) {
    context *c = (context *)self;
    PDX__TRY(kinds(c, x, PDX__ROUNDED));
    int64_t turns = (int64_t)c->tokens * pairs;
    if (c->turn_frequency != frequency) {
        PDX__TRY(enlarge(c, &c->frequency, pairs * (int64_t)sizeof *frequency));
        PDX__TRY(enlarge(c, &c->turn, turns * 2 * (int64_t)sizeof(float)));
        PDX__TRY(copy_in(c, c->frequency.data, frequency, pairs * (int64_t)sizeof *frequency));
        PDX_LAUNCH(make_turns, blocks(turns, THREADS), THREADS, 0, c->stream, (float *)c->turn.data,
                   (const int32_t *)c->position.data, (const float *)c->frequency.data,
                   (int64_t)c->tokens, pairs);
        PDX__TRY(launched(c, "table of rotations"));
        c->turn_frequency = frequency;
    }
    int step = pairing == PDX__ROPE_HALVES ? 1 : 2, apart = pairing == PDX__ROPE_HALVES ? pairs : 1;
    PDX_LAUNCH(rotate_pairs, blocks(turns * heads, THREADS), THREADS, 0, c->stream, rounded(x),
               (const float *)c->turn.data, (int64_t)c->tokens, heads, head_width, pairs, step,
               apart, factor);
    return launched(c, "rotation");
}

/* The tiles of a batch depend on the heads of a group; made once. */
static pdx_status make_tiles(context *c, int32_t group) {
    if (c->tile_group == group) return PDX_OK;
    pdx__free(c->host_tile);
    c->tiles = c->tile_group = 0;
    int64_t most = (int64_t)c->segments + (int64_t)c->tokens * group / TILE;
    c->host_tile = (query_tile *)pdx__alloc((size_t)most, sizeof *c->host_tile);
    if (!c->host_tile) return fail(c, PDX_ENOMEM, "out of memory");
    for (int32_t s = 0; s < c->segments; ++s)
        for (int32_t row = 0; row < c->host_segment[s].length * group; row += TILE)
            c->host_tile[c->tiles++] = query_tile{s, row};
    PDX__TRY(enlarge(c, &c->tile, c->tiles * (int64_t)sizeof *c->host_tile));
    PDX__TRY(copy_in(c, c->tile.data, c->host_tile, c->tiles * (int64_t)sizeof *c->host_tile));
    c->tile_group = group;
    return PDX_OK;
}

template <int PADDED> static pdx_status attend_heads(context *c, const attention_job &job) {
    size_t room = 3 * TILE * (PADDED + TILE_GAP) * sizeof(bf16);
    PDX__TRY(check(c,
                   cudaFuncSetAttribute(attend<PADDED>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        (int)room),
                   "shared memory for attention"));
    dim3 grid((unsigned)c->tiles, (unsigned)job.shape.kv_heads);
    PDX_LAUNCH(attend<PADDED>, grid, THREADS, room, c->stream, job);
    return launched(c, "attention");
}

pdx_status cuda_attention(void *self, pdx__activation *out, const pdx__activation *q,
                          const pdx__activation *k, const pdx__activation *v,
                          const pdx__attention *shape) {
    context *c = (context *)self;
    const pdx__activation *all[] = {out, q, k, v};
    for (const pdx__activation *a : all) PDX__TRY(kinds(c, a, PDX__ROUNDED));
    PDX__TRY(make_tiles(c, shape->heads / shape->kv_heads));
    attention_job job = {rounded(out),
                         rounded(q),
                         rounded(k),
                         rounded(v),
                         (const pdx__segment *)c->segment.data,
                         (const query_tile *)c->tile.data,
                         *shape};
    int width = shape->head_width;
    if (width <= 16) return attend_heads<16>(c, job);
    if (width <= 32) return attend_heads<32>(c, job);
    if (width <= 64) return attend_heads<64>(c, job);
    if (width <= 80) return attend_heads<80>(c, job);
    if (width <= 96) return attend_heads<96>(c, job);
    if (width <= 128) return attend_heads<128>(c, job);
    if (width <= 256) return attend_heads<256>(c, job);
    return fail(c, PDX_EUNSUPPORTED, "heads wider than 256 are not supported on CUDA");
}

pdx_status cuda_gate(void *self, pdx__activation *gate, const pdx__activation *up) {
    context *c = (context *)self;
    PDX__TRY(kinds(c, gate, PDX__ROUNDED));
    PDX__TRY(kinds(c, up, PDX__ROUNDED));
    int64_t count = (int64_t)c->tokens * gate->width;
    PDX_LAUNCH(gate_numbers, blocks(count, 8 * THREADS), THREADS, 0, c->stream, rounded(gate),
               rounded(up), count);
    return launched(c, "activation");
}

static pdx_status expert_products(context *c, expert_product job, pdx__matrix *const *w,
                                  int32_t experts) {
    for (int32_t e = 0; e < experts; ++e) job.weights.w[e] = w[e]->data;
    dim3 grid(blocks(job.columns, TILE), blocks(job.tokens, TILE), (unsigned)experts);
    PDX_LAUNCH(multiply_experts, grid, THREADS, 0, c->stream, job);
    return launched(c, "experts");
}

/* Rooms of an experts call, released together; the stream's order protects what is in use. */
struct expert_rooms {
    buffer best, weight, list, count, gate, up, down;
};

static pdx_status run_experts(context *c, pdx__activation *out, const pdx__activation *x,
                              const pdx__activation *scores, int32_t experts, int32_t used,
                              pdx__matrix *const *gate, pdx__matrix *const *up,
                              pdx__matrix *const *down, expert_rooms *r) {
    int64_t tokens = c->tokens, entries = tokens * used, hidden = gate[0]->rows;
    int width = x->width;
    PDX__TRY(take_room(c, entries * 4, &r->best));
    PDX__TRY(take_room(c, entries * 4, &r->weight));
    PDX__TRY(take_room(c, tokens * experts * 4, &r->list));
    PDX__TRY(take_room(c, experts * 4, &r->count));
    PDX__TRY(take_room(c, entries * hidden * 2, &r->gate));
    PDX__TRY(take_room(c, entries * hidden * 2, &r->up));
    PDX__TRY(take_room(c, entries * width * 2, &r->down));
    int32_t *best = (int32_t *)r->best.data, *list = (int32_t *)r->list.data;
    int32_t *count = (int32_t *)r->count.data;
    float *weight = (float *)r->weight.data;
    bf16 *g = (bf16 *)r->gate.data, *u = (bf16 *)r->up.data, *y = (bf16 *)r->down.data;
    PDX_LAUNCH(choose_experts, blocks(tokens, THREADS), THREADS, 0, c->stream, best, weight,
               exact(scores), c->tokens, experts, used);
    PDX_LAUNCH(list_entries, (unsigned)experts, THREADS, 0, c->stream, list, count, best, c->tokens,
               used);
    PDX__TRY(launched(c, "routing"));
    expert_product job = {};
    job.list = list;
    job.count = count;
    job.tokens = c->tokens;
    job.x = rounded(x);
    job.depth = width;
    job.columns = (int32_t)hidden;
    job.entries_a_row = used;
    job.out = g;
    PDX__TRY(expert_products(c, job, gate, experts));
    job.out = u;
    PDX__TRY(expert_products(c, job, up, experts));
    PDX_LAUNCH(gate_numbers, blocks(entries * hidden, 8 * THREADS), THREADS, 0, c->stream, g, u,
               entries * hidden);
    job.x = g;
    job.depth = (int32_t)hidden;
    job.columns = width;
    job.entries_a_row = 1;
    job.out = y;
    PDX__TRY(expert_products(c, job, down, experts));
    PDX_LAUNCH(add_entries, blocks(tokens * width, THREADS), THREADS, 0, c->stream, rounded(out), y,
               weight, tokens, used, width);
    return launched(c, "experts");
}

pdx_status cuda_experts(void *self, pdx__activation *out, const pdx__activation *x,
                        const pdx__activation *scores, int32_t experts, int32_t used,
                        pdx__matrix *const *gate, pdx__matrix *const *up,
                        pdx__matrix *const *down) {
    context *c = (context *)self;
    if (experts > MOST_EXPERTS || used > MOST_USED || used > experts)
        return fail(c, PDX_EUNSUPPORTED, "more than 64 experts, or 8 at once, on CUDA");
    PDX__TRY(kinds(c, out, PDX__ROUNDED));
    PDX__TRY(kinds(c, x, PDX__ROUNDED));
    PDX__TRY(kinds(c, scores, PDX__EXACT));
    expert_rooms rooms = {};
    pdx_status status = run_experts(c, out, x, scores, experts, used, gate, up, down, &rooms);
    buffer *all[] = {&rooms.best, &rooms.weight, &rooms.list, &rooms.count,
                     &rooms.gate, &rooms.up,     &rooms.down};
    for (buffer *room : all) release_room(c, room);
    return status;
}

/* The vocabulary's logits of so many rows at a time. */
enum { SCORED_ROWS = 64 };

struct score_rooms {
    buffer rows, candidate, normed, logits, logp;
};

static pdx_status run_score(context *c, pdx__activation *x, const pdx__activation *add,
                            const pdx__matrix *norm_weight, float epsilon, const pdx__matrix *head,
                            const int32_t *rows, int32_t row_count, const int32_t *candidate,
                            int32_t candidates, double *logp, float *logits, score_rooms *r) {
    int64_t vocabulary = head->rows, width = x->width;
    PDX__TRY(take_room(c, row_count * (int64_t)sizeof *rows, &r->rows));
    PDX__TRY(take_room(c, candidates * (int64_t)sizeof *candidate, &r->candidate));
    PDX__TRY(take_room(c, row_count * width * (int64_t)sizeof(bf16), &r->normed));
    PDX__TRY(take_room(c, row_count * (int64_t)candidates * (int64_t)sizeof *logp, &r->logp));
    int32_t most = row_count < SCORED_ROWS ? row_count : SCORED_ROWS;
    PDX__TRY(take_room(c, most * vocabulary * (int64_t)sizeof(float), &r->logits));
    PDX__TRY(copy_in(c, r->rows.data, rows, row_count * (int64_t)sizeof *rows));
    PDX__TRY(copy_in(c, r->candidate.data, candidate, candidates * (int64_t)sizeof *candidate));
    bf16 *normed = (bf16 *)r->normed.data;
    const bf16 *more = add ? rounded(add) : NULL;
    PDX_LAUNCH(norm_rows, blocks(row_count, WARPS), THREADS, 0, c->stream, normed, exact(x), more,
               norm_weight->vector, (const int32_t *)r->rows.data, row_count, x->width, epsilon);
    PDX__TRY(launched(c, "final norm"));
    for (int32_t from = 0; from < row_count; from += SCORED_ROWS) {
        int32_t n = row_count - from < SCORED_ROWS ? row_count - from : SCORED_ROWS;
        int biased;
        const char *wrong =
            multiply(c->multiplier, c->stream, r->logits.data, 1, normed + from * width, head->data,
                     NULL, n, (int)vocabulary, (int)width, &biased);
        if (wrong) return fail(c, PDX_EIO, wrong);
        PDX_LAUNCH(score_candidates, (unsigned)n, THREADS, 0, c->stream,
                   (double *)r->logp.data + (int64_t)from * candidates,
                   (const float *)r->logits.data, (int)vocabulary,
                   (const int32_t *)r->candidate.data, candidates);
        PDX__TRY(launched(c, "scores"));
        if (logits)
            PDX__TRY(copy_out(c, logits + from * vocabulary, r->logits.data,
                              n * vocabulary * (int64_t)sizeof *logits));
    }
    return copy_out(c, logp, r->logp.data, row_count * (int64_t)candidates * (int64_t)sizeof *logp);
}

pdx_status cuda_score(void *self, pdx__activation *x, const pdx__activation *add,
                      const pdx__matrix *norm_weight, float epsilon, const pdx__matrix *head,
                      const int32_t *rows, int32_t row_count, const int32_t *candidate,
                      int32_t candidates, double *logp, float *logits) {
    context *c = (context *)self;
    PDX__TRY(kinds(c, x, PDX__EXACT));
    PDX__TRY(kinds(c, add, PDX__ROUNDED));
    for (int32_t i = 0; i < candidates; ++i)
        if (candidate[i] < 0 || candidate[i] >= head->rows)
            return fail(c, PDX_EINVAL, "a label's token is outside the model's vocabulary");
    score_rooms rooms = {};
    pdx_status status = run_score(c, x, add, norm_weight, epsilon, head, rows, row_count, candidate,
                                  candidates, logp, logits, &rooms);
    buffer *all[] = {&rooms.rows, &rooms.candidate, &rooms.normed, &rooms.logits, &rooms.logp};
    for (buffer *room : all) release_room(c, room);
    return status;
}
