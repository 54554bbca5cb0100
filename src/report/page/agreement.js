/* How far judges give the same verdicts, and what the order of the responses does to each. */
const rates = (() => {
    const out = {}, a = doc.agreement;
    for (const name of a ? ['raw', 'kappa', 'first', 'consistent', 'flip', 'flip_to_first'] : []) {
        out[name] = { value: numbers(a[name].value), low: numbers(a[name].low), high: numbers(a[name].high), n: numbers(a[name].n) };
    }
    return out;
})();
const rateAt = (name, i) => ({ value: rates[name].value[i], low: rates[name].low[i], high: rates[name].high[i], n: rates[name].n ? rates[name].n[i] : NaN });
const block = (group) => (group === OVERALL ? groups.length : group);
const tellRate = (r) => `${pct(100 * r.value)} (${span(100 * r.low, 100 * r.high)})`;

function agreementView(state) {
    const v = view('agreement', 'How often judges agree',
        'Compares verdicts, not tastes: on how many pairs two judges choose the same response, and how far '
        + 'that goes beyond chance (kappa: 0 is chance, 1 is always the same).');
    let measure = 'kappa';
    function render() {
        const n = labellers.length;
        v.tools.replaceChildren(choice('Measure', [['kappa', 'beyond chance (Cohen’s kappa)'], ['raw', 'same verdict, share of pairs']],
            measure, (to) => { measure = to; render(); }));
        const at = (name, i, j) => rateAt(name, (block(state.group) * n * (n - 1)) / 2 + (Math.max(i, j) * (Math.max(i, j) - 1)) / 2 + Math.min(i, j));
        /* in the order in which the weights put similar judges side by side */
        const near = doc.similarity.judge.length > 1 ? clusters('pearson', doc.similarity.group.includes(state.group) ? state.group : OVERALL).order : [];
        const place = (i) => (near.includes(labellers[i]) ? near.indexOf(labellers[i]) : near.length + i);
        const list = labellers.map((_, i) => i).sort((a, b) => place(a) - place(b));
        if (n < 2) {
            v.chart.replaceChildren(el('p', { class: 'empty' }, 'One judge only: there is nobody to agree with.'));
            v.setData('agreement', 'One judge only', [{ name: 'judge', text: judgeName, value: judgeName }], labellers.slice());
            return;
        }
        const strengths = list.flatMap((i) => list.filter((j) => j < i).map((j) => Math.abs(at('kappa', i, j).value))).filter(Number.isFinite);
        matrix(v.chart, {
            names: list.map((i) => judgeName(labellers[i])), places: 2, label: `Agreement of judges, ${groupName(state.group)}`,
            value: (i, j) => (i === j ? 1 : at(measure, list[i], list[j]).value),
            scale: measure === 'kappa' ? { diverging: true, most: Math.max(0.25, ...strengths) } : { least: 0.5, most: 1 },
            tell: (row, column) => tell(list[row], list[column]),
        });
        function tell(i, j) {
            return i === j ? [judgeName(labellers[i])] : [`${judgeName(labellers[i])} and ${judgeName(labellers[j])}`,
                `same verdict: ${tellRate(at('raw', i, j))} of ${at('raw', i, j).n} pairs`,
                `kappa: ${bare(at('kappa', i, j).value, 3)} (${span(at('kappa', i, j).low, at('kappa', i, j).high, 3)})`];
        }
        v.setData('agreement', `Agreement of verdicts, ${groupName(state.group)}`, [
            { name: 'a', text: (r) => judgeName(labellers[r.a]), value: (r) => judges[labellers[r.a]].name },
            { name: 'b', text: (r) => judgeName(labellers[r.b]), value: (r) => judges[labellers[r.b]].name },
            { name: 'pairs', text: (r) => String(at('raw', r.a, r.b).n), value: (r) => at('raw', r.a, r.b).n },
            ...['raw', 'kappa'].flatMap((name) => ['value', 'low', 'high'].map((end) => ({
                name: name + (end === 'value' ? '' : ' ' + end), text: (r) => bare(at(name, r.a, r.b)[end], 3), value: (r) => at(name, r.a, r.b)[end] }))),
        ], list.flatMap((i, row) => list.slice(0, row).map((j) => ({ a: j, b: i }))));
    }
    return { render, view: v };
}

function positionView(state) {
    const v = view('position', 'Does the order matter?',
        'A fair judge gives the response shown first half of the wins. Circles: how often the first one did win. '
        + 'Squares: how often it would win if nothing else differed, by the model. Below: what happens when the '
        + 'same pair is shown the other way round.');
    const bars = el('div', { class: 'chart' });
    v.section.insertBefore(bars, v.note);
    function render() {
        const list = state.judges.filter((j) => judges[j].fitted || labellers.includes(j));
        const of = (name, j) => {
            const i = labellers.indexOf(j);
            return i < 0 ? { value: NaN, low: NaN, high: NaN, n: 0 } : rateAt(name, block(state.group) * labellers.length + i);
        };
        const rows = list.map((j) => {
            const fit = fitOf(j, state.group), e = fit && fit.position, raw = of('first', j);
            return {
                judge: j, label: judgeName(j), raw, e,
                tell: [judgeName(j), ...(raw.n ? [`the first won ${tellRate(raw)}`] : []),
                    ...(e ? [`with equal responses ${pct(100 * e.p)} (${span(100 * e.low, 100 * e.high)})`] : []),
                    ...(of('flip', j).value >= 0 ? [`changed its winner on ${tellRate(of('flip', j))} of ${of('consistent', j).n} swapped pairs`] : [])],
                marks: [{ slot: 0, lane: 0, value: 100 * raw.value, low: 100 * raw.low, high: 100 * raw.high },
                    ...(e ? [{ slot: 1, lane: 1, value: 100 * e.p, low: 100 * e.low, high: 100 * e.high }] : [])],
            };
        }).filter((r) => r.marks.some((m) => Number.isFinite(m.value)));
        v.setData('position', `Order effects, ${groupName(state.group)}`, [
            { name: 'judge', text: (r) => r.label, value: (r) => judges[r.judge].name },
            { name: 'first won, percent', text: (r) => pct(100 * r.raw.value), value: (r) => 100 * r.raw.value },
            { name: 'equal responses, percent', text: (r) => (r.e ? pct(100 * r.e.p) : '–'), value: (r) => (r.e ? 100 * r.e.p : NaN) },
            { name: 'low', text: (r) => (r.e ? pct(100 * r.e.low) : '–'), value: (r) => (r.e ? 100 * r.e.low : NaN) },
            { name: 'high', text: (r) => (r.e ? pct(100 * r.e.high) : '–'), value: (r) => (r.e ? 100 * r.e.high : NaN) },
            ...['consistent', 'flip', 'flip_to_first'].map((name) => ({ name: { consistent: 'same winner when swapped', flip: 'other winner when swapped', flip_to_first: 'both times the first' }[name], text: (r) => pct(100 * of(name, r.judge).value), value: (r) => 100 * of(name, r.judge).value })),
        ], rows);
        bars.replaceChildren();
        if (!rows.length) {
            v.chart.replaceChildren(el('p', { class: 'empty' }, 'The order in which responses were shown is not known for these judges.'));
            return;
        }
        const plot = el('div', {});
        v.chart.replaceChildren(legend([{ slot: 0, name: 'the first won' }, { slot: 1, name: 'if responses were equal (model)' }]), plot);
        forest(plot, { rows, label: 'Order effects', ends: ['the second wins more', 'the first wins more'] });
        const swapped = rows.filter((r) => of('consistent', r.judge).n > 0);
        if (swapped.length) drawSwaps(bars, swapped.map((r) => ({ name: r.label, same: of('consistent', r.judge).value, first: of('flip_to_first', r.judge).value, flip: of('flip', r.judge).value })));
    }
    return { render, view: v };
}

/* One bar a judge: the same winner; both times the first shown; both times the second; a tie once. */
function drawSwaps(holder, rows) {
    const parts = (r) => [['same', 'same winner', r.same], ['to-first', 'both times the one shown first', r.first],
        ['to-second', 'both times the one shown second', r.flip - r.first], ['once', 'a tie in one order', Math.max(0, 1 - r.same - r.flip)]];
    holder.replaceChildren(el('h3', {}, 'The same pair, shown both ways'),
        el('ul', { class: 'legend' }, parts(rows[0]).map(([kind, name]) => el('li', {}, el('span', { class: `swatch ${kind}` }), name))),
        el('div', { class: 'swaps' }, rows.map((r) => el('div', { class: 'swap' }, el('span', { class: 'who' }, r.name),
            el('span', { class: 'bar', role: 'img', 'aria-label': parts(r).map(([, name, share]) => `${name} ${pct(100 * share, 0)}`).join(', ') },
                parts(r).map(([kind, name, share]) => {
                    const piece = el('span', { class: kind, title: `${name}: ${pct(100 * share)}` }, share >= 0.08 ? pct(100 * share, 0) : '');
                    piece.style.flexGrow = String(Math.max(share, 0));
                    return piece;
                }))))));
}
