/* Who is like whom: a matrix of judges, by weights or by verdicts. */
const similarityLimits = new Map();
function similarityInterval(metric, a, b, group) {
    if (!similarityLimits.has(metric)) {
        const s = doc.similarity[metric];
        similarityLimits.set(metric, { low: numbers(s.low), high: numbers(s.high) });
    }
    const { low, high } = similarityLimits.get(metric), n = doc.similarity.judge.length;
    let i = doc.similarity.judge.indexOf(a), j = doc.similarity.judge.indexOf(b);
    if (!low || i < 0 || j < 0 || i === j) return [NaN, NaN];
    if (i < j) [i, j] = [j, i];
    const g = group === OVERALL ? doc.similarity.group.length : doc.similarity.group.indexOf(group);
    const at = g * n * (n - 1) / 2 + i * (i - 1) / 2 + j;
    return [low[at], high[at]];
}

/* The library's clusters: leaf order, and merges with leaves renumbered by their place in it. */
function clusters(metric, group) {
    const s = doc.similarity[metric], n = doc.similarity.judge.length;
    const tree = numbers(s.tree), heights = numbers(s.height);
    const g = group === OVERALL ? doc.similarity.group.length : doc.similarity.group.indexOf(group);
    const from = g * (3 * n - 2), order = Array.from(tree.subarray(from, from + n), Math.round);
    const place = new Map(order.map((judge, i) => [judge, i])), merges = [];
    for (let i = 0; i + 1 < n; ++i) {
        const end = (value) => (value < n ? place.get(value) : value);
        merges.push({ left: end(Math.round(tree[from + n + 2 * i])), right: end(Math.round(tree[from + n + 2 * i + 1])), height: heights[g * (n - 1) + i] });
    }
    return { order: order.map((i) => doc.similarity.judge[i]), merges };
}

function similarityView(state) {
    const v = view('similarity', 'Which judges are alike',
        'Judges whose weights go up and down together. 1: the same tastes; 0: unrelated; below 0: opposite. '
        + 'Similar judges stand side by side. A name can be dragged to another row (by keyboard: Alt and the arrows).');
    let metric = 'pearson', sort = 'clusters', own = null;

    /* Judges without a fit here stay out; one that was added stands beside its nearest. */
    function ordered(here, value) {
        let list = here.slice(), tree = null;
        if (sort === 'clusters') {
            const c = clusters(metric, state.group);
            list = c.order.filter((j) => here.includes(j));
            if (list.length === c.order.length) tree = c.merges;
            for (const j of here.filter((judge) => !list.includes(judge))) {
                let nearest = 0;
                list.forEach((other, i) => { if (value(j, other) > value(j, list[nearest])) nearest = i; });
                list.splice(nearest + 1, 0, j);
                tree = null;
            }
        } else if (sort === 'name') list.sort((a, b) => judgeName(a).localeCompare(judgeName(b)));
        else if (sort === 'own') list = [...own.filter((j) => here.includes(j)), ...here.filter((j) => !own.includes(j))];
        else if (sort.startsWith('near:')) {
            const to = Number(sort.slice(5));
            list.sort((a, b) => (a === to ? -1 : b === to ? 1 : (value(b, to) || 0) - (value(a, to) || 0)));
        }
        return { list, tree };
    }

    function render() {
        const here = judgesIn(state.group), cache = new Map();
        const value = (a, b) => {
            const key = a < b ? a + ':' + b : b + ':' + a;
            if (!cache.has(key)) cache.set(key, a === b ? (metric === 'l1' || metric === 'l2' ? 0 : similarity(metric, a, a, state.group)) : similarity(metric, a, b, state.group));
            return cache.get(key);
        };
        v.tools.replaceChildren(
            choice('Measure', Object.entries(METRICS).map(([key, m]) => [key, m.name]), metric, (to) => { metric = to; render(); }),
            choice('Order', [['clusters', 'similar judges together'], ['given', 'as in the data'], ['name', 'A to Z'],
                ...(own ? [['own', 'my own']] : []), ...here.map((j) => ['near:' + j, `nearest to ${judgeName(j)}`])], sort,
            (to) => { sort = to; render(); }));
        if (here.length < 2) {
            v.chart.replaceChildren(el('p', { class: 'empty' }, 'Only one judge has a fit here: there is nobody to compare it with.'));
            v.note.textContent = '';
            v.setData('similarity', 'One judge only', [{ name: 'judge', text: judgeName, value: judgeName }], here);
            return;
        }
        const { list, tree } = ordered(here, value), correlation = metric === 'pearson' || metric === 'spearman';
        const values = list.flatMap((a, i) => list.slice(0, i).map((b) => value(a, b))).filter(Number.isFinite);
        const places = correlation ? 2 : 3;
        matrix(v.chart, {
            names: list.map(judgeName), places, tree, label: `Similarity of judges, ${groupName(state.group)}`,
            value: (i, j) => value(list[i], list[j]),
            scale: correlation ? { diverging: true, most: 1 } : { least: Math.min(...values), most: 0 },
            tell: (i, j) => {
                const [low, high] = similarityInterval(metric, list[i], list[j], state.group);
                return [`${judgeName(list[i])} and ${judgeName(list[j])}`,
                    `${METRICS[metric].name}: ${bare(value(list[i], list[j]), 3)}`,
                    ...(Number.isFinite(low) ? [`95% interval ${span(low, high, 3)}`] : [])];
            },
            move(from, to) {
                own = list.slice();
                own.splice(to, 0, ...own.splice(from, 1));
                sort = 'own';
                render();
            },
        });
        v.note.textContent = plain(doc.similarity.note);
        v.setData('similarity', `${METRICS[metric].name}, ${groupName(state.group)}`, [
            { name: 'a', text: (r) => judgeName(r.a), value: (r) => judges[r.a].name },
            { name: 'b', text: (r) => judgeName(r.b), value: (r) => judges[r.b].name },
            { name: metric, text: (r) => bare(value(r.a, r.b), 3), value: (r) => value(r.a, r.b) },
            { name: 'low', text: (r) => bare(similarityInterval(metric, r.a, r.b, state.group)[0], 3), value: (r) => similarityInterval(metric, r.a, r.b, state.group)[0] },
            { name: 'high', text: (r) => bare(similarityInterval(metric, r.a, r.b, state.group)[1], 3), value: (r) => similarityInterval(metric, r.a, r.b, state.group)[1] },
        ], list.flatMap((a, i) => list.slice(0, i).map((b) => ({ a: b, b: a }))));
    }
    return { render, view: v };
}
