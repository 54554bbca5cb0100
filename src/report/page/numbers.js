/* Arithmetic of the views: the same as the library's, so that what is shown equals what it says. */
const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const logit = (p) => Math.log(p / (1 - p));
const percent = (w) => 100 * sigmoid(w);

/* Abramowitz & Stegun 26.2.17, error below 1e-7: for probabilities that are shown with three places. */
function normalCdf(z) {
    const t = 1 / (1 + 0.2316419 * Math.abs(z));
    const tail = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * t
        * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return z > 0 ? 1 - tail : tail;
}

/* ---- similarity, as pdx_similarity_create has it ---- */

function pearson(a, b) {
    const n = a.length;
    let ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (let i = 0; i < n; ++i) { ma += a[i] / n; mb += b[i] / n; }
    for (let i = 0; i < n; ++i) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) ** 2;
        bb += (b[i] - mb) ** 2;
    }
    if (!(aa > 0) || !(bb > 0)) return NaN;
    return Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb)));
}

/* Average ranks. */
function ranks(a) {
    const order = Array.from(a.keys()).sort((i, j) => a[i] - a[j]), out = new Float64Array(a.length);
    for (let i = 0; i < order.length;) {
        let end = i + 1;
        while (end < order.length && a[order[end]] === a[order[i]]) ++end;
        for (let k = i; k < end; ++k) out[order[k]] = (i + end - 1) / 2 + 1;
        i = end;
    }
    return out;
}

const METRICS = {
    pearson: { name: 'Correlation (Pearson)', of: pearson },
    spearman: { name: 'Rank correlation (Spearman)', of: (a, b) => pearson(ranks(a), ranks(b)) },
    l1: { name: 'Mean distance (L1, negative)', of: (a, b) => -a.reduce((s, v, i) => s + Math.abs(v - b[i]), 0) / a.length },
    l2: { name: 'Euclidean distance (L2, negative)', of: (a, b) => -Math.sqrt(a.reduce((s, v, i) => s + (v - b[i]) ** 2, 0)) / a.length },
};

/* Of two judges in a group; overall: the mean over the scenarios where both have one. */
function similarity(metric, a, b, group) {
    const of = (g) => {
        const p = fits.get(fitKey(a, g)), q = fits.get(fitKey(b, g));
        return p && q ? METRICS[metric].of(p.mean, q.mean) : NaN;
    };
    if (group !== OVERALL) return of(group);
    const all = scenarios.map(of).filter((v) => !Number.isNaN(v));
    return all.length ? all.reduce((s, v) => s + v, 0) / all.length : NaN;
}

/* ---- exact Shapley values, as pdx_shapley has them ----
 * sigmoid(z) - 1/2 = int_0^inf sin(tz) / sinh(pi t) dt turns the game into products of complex
 * numbers; the share q of players present is integrated exactly by Gauss-Legendre with ceil(k/2)
 * nodes. Source: the head of src/analysis/shapley.c. */
function legendre(n) {
    const nodes = [];
    for (let i = 0; i < n; ++i) {
        let x = Math.cos(Math.PI * (i + 0.75) / (n + 0.5)), slope = 1;
        for (let round = 0; round < 50; ++round) {
            let below = 1, here = x;
            for (let k = 1; k < n; ++k) [below, here] = [here, ((2 * k + 1) * x * here - k * below) / (k + 1)];
            slope = n * (x * here - below) / (x * x - 1);
            const move = here / slope;
            x -= move;
            if (Math.abs(move) < 1e-15) break;
        }
        nodes.push({ q: (1 - x) / 2, weight: 1 / ((1 - x * x) * slope * slope) });
    }
    return nodes;
}

function shapley(parts, start) {
    const players = [], phi = new Float64Array(parts.length);
    let up = start, down = start, whole = start;
    parts.forEach((w, j) => {
        if (w === 0) return;
        players.push(j);
        if (w > 0) up += w; else down += w;
        whole += w;
    });
    const k = players.length;
    if (!k) return phi;
    const reach = Math.max(Math.abs(up), Math.abs(down)), epsilon = 1e-15;
    const h = 2 * Math.PI / (2 * reach + Math.log(1 / epsilon) + 2);
    const count = Math.floor(Math.log(4 / epsilon) / Math.PI / h) + 1;
    const nodes = legendre(Math.ceil(k / 2));
    const re = new Float64Array(k), im = new Float64Array(k), preRe = new Float64Array(k), preIm = new Float64Array(k);
    for (let m = 0; m < count; ++m) {
        const t = h * (m + 0.5), amount = h / Math.sinh(Math.PI * t);
        const cosStart = Math.cos(t * start) * amount, sinStart = Math.sin(t * start) * amount;
        for (let i = 0; i < k; ++i) {
            const w = parts[players[i]], half = Math.sin(t * w / 2);
            re[i] = -2 * half * half; /* of e^{itw} - 1 */
            im[i] = Math.sin(t * w);
        }
        for (const { q, weight } of nodes) {
            let pr = 1, pi = 0;
            for (let i = 0; i < k; ++i) {
                preRe[i] = pr;
                preIm[i] = pi;
                const fr = 1 + q * re[i], fi = q * im[i];
                [pr, pi] = [pr * fr - pi * fi, pr * fi + pi * fr];
            }
            pr = weight;
            pi = 0;
            for (let i = k - 1; i >= 0; --i) {
                const or = preRe[i] * pr - preIm[i] * pi, oi = preRe[i] * pi + preIm[i] * pr;
                const vr = re[i] * or - im[i] * oi, vi = re[i] * oi + im[i] * or;
                phi[players[i]] += cosStart * vi + sinStart * vr;
                const fr = 1 + q * re[i], fi = q * im[i];
                [pr, pi] = [pr * fr - pi * fi, pr * fi + pi * fr];
            }
        }
    }
    let rest = sigmoid(whole) - sigmoid(start), largest = players[0];
    for (const j of players) {
        rest -= phi[j];
        if (Math.abs(phi[j]) > Math.abs(phi[largest])) largest = j;
    }
    phi[largest] += rest;
    return phi;
}

/* A decision of a judge about a pair: order 'AB', 'BA' or ''. */
function explain(fit, x, order) {
    const start = fit.position ? (order === 'AB' ? 1 : order === 'BA' ? -1 : 0) * fit.position.mean : 0;
    const parts = Array.from(fit.mean, (w, k) => w * x[k]);
    const logOdds = parts.reduce((sum, part) => sum + part, start);
    return { start: sigmoid(start), logOdds, probability: sigmoid(logOdds), parts, shares: shapley(parts, start) };
}
