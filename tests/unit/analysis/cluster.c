/* Clusters against merges made by hand, leaf orders against all that the tree allows. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/rng.h"

static void by_hand(void) {
    /* 0 and 2 are near, 1 and 3 too; average linkage of the two: (5 + 6 + 7 + 4) / 4 */
    const double d[16] = {0, 5, 1, 6, 5, 0, 7, 2, 1, 7, 0, 4, 6, 2, 4, 0};
    pdx_merge merge[3];
    int32_t order[4];
    OK(pdx_cluster(4, d, merge, order));
    CHECK_NEAR(merge[0].height, 1, 0);
    CHECK_NEAR(merge[1].height, 2, 0);
    CHECK_NEAR(merge[2].height, 5.5, 1e-15);
    CHECK_INT(merge[2].count, 4);
    CHECK_INT(merge[2].left + merge[2].right, 4 + 5);
    /* the two inner neighbours are 2 and 3, the nearest across */
    CHECK((order[1] == 2 && order[2] == 3) || (order[1] == 3 && order[2] == 2));
    OK(pdx_cluster(1, d, NULL, order));
    CHECK_INT(order[0], 0);
    const double bad[4] = {0, NAN, NAN, 0}, lopsided[4] = {0, 1, 2, 0};
    CHECK_INT(pdx_cluster(2, bad, merge, order), PDX_EINVAL);
    CHECK_INT(pdx_cluster(2, lopsided, merge, order), PDX_EINVAL);
    CHECK_INT(pdx_cluster(0, d, merge, order), PDX_EINVAL);
    CHECK_INT(pdx_cluster(2, NULL, merge, order), PDX_EINVAL);
}

enum { N = 9 };

/* Leaves of a node, each merge turned as bit `turn` says. */
static int lay(const pdx_merge *merge, int node, int turn, int *out) {
    if (node < N) {
        *out = node;
        return 1;
    }
    const pdx_merge *m = &merge[node - N];
    int turned = turn >> (node - N) & 1;
    int count = lay(merge, turned ? m->right : m->left, turn, out);
    return count + lay(merge, turned ? m->left : m->right, turn, out + count);
}

static void best_order(void) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        double d[N * N];
        pdx_merge merge[N - 1];
        int32_t order[N];
        pdx__rng rng;
        pdx__rng_init(&rng, seed, 0);
        for (int i = 0; i < N; ++i) {
            d[i * N + i] = 0;
            for (int j = 0; j < i; ++j) d[i * N + j] = d[j * N + i] = pdx__rng_uniform(&rng);
        }
        OK(pdx_cluster(N, d, merge, order));
        double length = 0, least = INFINITY;
        for (int k = 0; k + 1 < N; ++k) length += d[order[k] * N + order[k + 1]];
        for (int turn = 0; turn < 1 << (N - 1); ++turn) {
            int leaf[N];
            double sum = 0;
            CHECK_INT(lay(merge, 2 * N - 2, turn, leaf), N);
            for (int k = 0; k + 1 < N; ++k) sum += d[leaf[k] * N + leaf[k + 1]];
            if (sum < least) least = sum;
            if (turn) continue; /* the merges as they stand give the order */
            for (int k = 0; k < N; ++k) CHECK_INT(leaf[k], order[k]);
        }
        CHECK_NEAR(length, least, 1e-12);
        /* heights: mean distance between the leaves of the two sides */
        for (int k = 0; k < N - 1; ++k) {
            int left[N], right[N];
            int a = lay(merge, merge[k].left, 0, left), b = lay(merge, merge[k].right, 0, right);
            double sum = 0;
            for (int i = 0; i < a; ++i)
                for (int j = 0; j < b; ++j) sum += d[left[i] * N + right[j]];
            CHECK_NEAR(merge[k].height, sum / (a * b), 1e-12);
            CHECK(k == 0 || merge[k].height >= merge[k - 1].height);
            CHECK_INT(merge[k].count, a + b);
        }
    }
}

int main(void) {
    RUN(by_hand);
    RUN(best_order);
    return check_result();
}
