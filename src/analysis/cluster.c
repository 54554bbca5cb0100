/* Average linkage with an optimal leaf order. Merging is the plain cubic algorithm (hundreds of
 * judges at most). The order is Bar-Joseph, Gifford & Jaakkola 2001: best[u][w] is the smallest sum
 * of neighbour distances inside the smallest cluster that holds u and w, with u at its left end and
 * w at its right; since two leaves meet in exactly one cluster, one table serves the whole tree. */
#include <math.h>
#include <string.h>

#include "analysis.h"

typedef struct tree {
    int32_t n;
    const double *distance; /* [n][n] */
    pdx_merge *merge;       /* [n - 1] */
    double *linkage;        /* [n][n] distance of active clusters, in the row of their first leaf */
    int32_t *node, *size;   /* [n] of the cluster in this row; size 0: merged away */
    int32_t *leaf, *start;  /* leaves of node k: leaf[start[k]..+count); [2 n - 1] starts */
    double *best;           /* [n][n] */
    int32_t *left_end;      /* [n][n] best[u][w]: the right end of the left part, */
    int32_t *right_start;   /* and the left end of the right part */
} tree;

static size_t at(const tree *t, int32_t i, int32_t j) {
    return (size_t)i * (size_t)t->n + (size_t)j;
}

static void merge_step(tree *t, int32_t step) {
    int32_t a = -1, b = -1;
    for (int32_t i = 0; i < t->n; ++i)
        for (int32_t j = i + 1; t->size[i] && j < t->n; ++j)
            if (t->size[j] && (a < 0 || t->linkage[at(t, i, j)] < t->linkage[at(t, a, b)])) {
                a = i;
                b = j;
            }
    pdx_merge made = {t->node[a], t->node[b], t->size[a] + t->size[b], t->linkage[at(t, a, b)]};
    t->merge[step] = made;
    for (int32_t k = 0; k < t->n; ++k) {
        if (!t->size[k] || k == a || k == b) continue;
        double mean =
            (t->size[a] * t->linkage[at(t, a, k)] + t->size[b] * t->linkage[at(t, b, k)]) /
            made.count;
        t->linkage[at(t, a, k)] = t->linkage[at(t, k, a)] = mean;
    }
    t->node[a] = t->n + step;
    t->size[a] = made.count;
    t->size[b] = 0;
}

static int32_t count_of(const tree *t, int32_t node) {
    return node < t->n ? 1 : t->merge[node - t->n].count;
}

/* Lays the leaves of every node side by side, so that a node's are one stretch. */
static void lay_leaves(tree *t) {
    t->start[2 * t->n - 2] = 0;
    for (int32_t node = 2 * t->n - 2; node >= 0; --node) {
        if (node < t->n) {
            t->leaf[t->start[node]] = node;
            continue;
        }
        const pdx_merge *m = &t->merge[node - t->n];
        t->start[m->left] = t->start[node];
        t->start[m->right] = t->start[node] + count_of(t, m->left);
    }
}

static int holds(const tree *t, int32_t node, int32_t leaf) {
    const int32_t *of = t->leaf + t->start[node];
    for (int32_t i = 0; i < count_of(t, node); ++i)
        if (of[i] == leaf) return 1;
    return 0;
}

/* Leaves that may stand at the inner end of `node` when leaf u stands at its outer one: those of
 * the child without u; u itself where the node is a leaf. */
static const int32_t *opposite(const tree *t, int32_t node, int32_t u, int32_t *count) {
    if (node < t->n) {
        *count = 1;
        return t->leaf + t->start[node];
    }
    const pdx_merge *m = &t->merge[node - t->n];
    int32_t side = holds(t, m->left, u) ? m->right : m->left;
    *count = count_of(t, side);
    return t->leaf + t->start[side];
}

/* Fills best[u][w] and best[w][u] for u left, w right of one merge; half[m] is scratch. */
static void best_orders(tree *t, const pdx_merge *merge, double *half, int32_t *half_from) {
    const int32_t *left = t->leaf + t->start[merge->left];
    const int32_t *right = t->leaf + t->start[merge->right];
    int32_t lefts = count_of(t, merge->left), rights = count_of(t, merge->right);
    for (int32_t i = 0; i < lefts; ++i) {
        int32_t u = left[i], inner;
        const int32_t *end = opposite(t, merge->left, u, &inner);
        for (int32_t r = 0; r < rights; ++r) { /* the best way from u to right[r], just across */
            half[right[r]] = INFINITY;
            for (int32_t k = 0; k < inner; ++k) {
                double length = t->best[at(t, u, end[k])] + t->distance[at(t, end[k], right[r])];
                if (length < half[right[r]]) {
                    half[right[r]] = length;
                    half_from[right[r]] = end[k];
                }
            }
        }
        for (int32_t r = 0; r < rights; ++r) {
            int32_t w = right[r], starts;
            const int32_t *begin = opposite(t, merge->right, w, &starts);
            double best = INFINITY;
            for (int32_t k = 0; k < starts; ++k) {
                double length = half[begin[k]] + t->best[at(t, begin[k], w)];
                if (length >= best) continue;
                best = length;
                t->left_end[at(t, u, w)] = half_from[begin[k]];
                t->right_start[at(t, u, w)] = begin[k];
            }
            t->best[at(t, u, w)] = t->best[at(t, w, u)] = best;
            t->left_end[at(t, w, u)] = t->right_start[at(t, u, w)];
            t->right_start[at(t, w, u)] = t->left_end[at(t, u, w)];
        }
    }
}

/* Writes the leaves of `node` from u to w into order, and turns merges the way they came out. */
static void write_order(tree *t, int32_t node, int32_t u, int32_t w, int32_t *order) {
    if (node < t->n) {
        order[0] = node;
        return;
    }
    pdx_merge *m = &t->merge[node - t->n];
    if (!holds(t, m->left, u)) {
        int32_t turned = m->left;
        m->left = m->right;
        m->right = turned;
    }
    write_order(t, m->left, u, t->left_end[at(t, u, w)], order);
    write_order(t, m->right, t->right_start[at(t, u, w)], w, order + count_of(t, m->left));
}

static void order_leaves(tree *t, double *half, int32_t *half_from, int32_t *order) {
    lay_leaves(t);
    for (int32_t i = 0; i < t->n; ++i) t->best[at(t, i, i)] = 0;
    for (int32_t k = 0; k + 1 < t->n; ++k) best_orders(t, &t->merge[k], half, half_from);
    const pdx_merge *root = &t->merge[t->n - 2];
    const int32_t *left = t->leaf + t->start[root->left];
    const int32_t *right = t->leaf + t->start[root->right];
    int32_t u = left[0], w = right[0];
    for (int32_t i = 0; i < count_of(t, root->left); ++i)
        for (int32_t r = 0; r < count_of(t, root->right); ++r)
            if (t->best[at(t, left[i], right[r])] < t->best[at(t, u, w)]) {
                u = left[i];
                w = right[r];
            }
    write_order(t, 2 * t->n - 2, u, w, order);
}

pdx_status pdx_cluster(int32_t n, const double *distance, pdx_merge *merge, int32_t *order) {
    PDX__REQUIRE(n >= 1 && distance && order && (merge || n == 1),
                 "pdx_cluster: an argument is NULL, or n is %d", n);
    PDX__REQUIRE(n <= 20000, "clustering of %d is too large, at most 20000", n);
    for (int32_t i = 0; i < n; ++i)
        for (int32_t j = 0; j < n; ++j) {
            double d = distance[(size_t)i * (size_t)n + (size_t)j];
            PDX__REQUIRE(isfinite(d) && d >= 0, "distance [%d][%d] is not a finite number >= 0", i,
                         j);
            PDX__REQUIRE(d == distance[(size_t)j * (size_t)n + (size_t)i],
                         "distance [%d][%d] is not that of [%d][%d]", i, j, j, i);
        }
    order[0] = 0;
    if (n == 1) return PDX_OK;
    size_t square = (size_t)n * (size_t)n, count = (size_t)n;
    tree t = {.n = n, .distance = distance, .merge = merge};
    double *half = NULL;
    pdx_status status = PDX_ENOMEM;
    t.linkage = pdx__alloc(2 * square, sizeof *t.linkage);
    t.left_end = pdx__alloc(2 * square, sizeof *t.left_end);
    t.node = pdx__alloc(6 * count, sizeof *t.node);
    half = pdx__alloc(count, sizeof *half);
    if (t.linkage && t.left_end && t.node && half) {
        t.best = t.linkage + square;
        t.right_start = t.left_end + square;
        t.size = t.node + count;
        t.leaf = t.size + count;
        t.start = t.leaf + count;
        memcpy(t.linkage, distance, square * sizeof *distance);
        for (int32_t i = 0; i < n; ++i) {
            t.node[i] = i;
            t.size[i] = 1;
        }
        for (int32_t step = 0; step + 1 < n; ++step) merge_step(&t, step);
        order_leaves(&t, half, t.node, order);
        status = PDX_OK;
    }
    pdx__free(t.linkage);
    pdx__free(t.left_end);
    pdx__free(t.node);
    pdx__free(half);
    return status;
}

pdx_status pdx_similarity_cluster(const pdx_similarity *similarity, int32_t group, int32_t metric,
                                  pdx_merge *merge, int32_t *order) {
    PDX__REQUIRE(similarity && order, "pdx_similarity_cluster: an argument is NULL");
    const double *value = pdx_similarity_matrix(similarity, group, metric);
    PDX__REQUIRE(value, "pdx_similarity_cluster: no group %d or no metric %d", group, metric);
    int32_t n = pdx_similarity_judge_count(similarity);
    size_t count = (size_t)n * (size_t)n;
    double *distance = pdx__alloc(count, sizeof *distance), largest = 0;
    if (!distance) return PDX_ENOMEM;
    int correlation = metric == PDX_METRIC_PEARSON || metric == PDX_METRIC_SPEARMAN;
    for (size_t i = 0; i < count; ++i) {
        distance[i] = fmax(0, (correlation ? 1 : 0) - value[i]);
        if (isnan(value[i])) distance[i] = NAN;
        else largest = fmax(largest, distance[i]);
    }
    for (size_t i = 0; i < count; ++i)
        if (isnan(distance[i])) distance[i] = largest;
    pdx_status status = pdx_cluster(n, distance, merge, order);
    pdx__free(distance);
    return status;
}
