/* The pairs themselves: search, read, see who decided what, and why. */
const ROW = 46;
function pairsView(state) {
    const v = view('pairs', 'Read the decisions',
        'Search the pairs, read both responses, see how each judge decided in both orders, and what each property '
        + 'added to the decision that the fit expects.');
    const search = el('input', { type: 'search', placeholder: 'words in the query or a response, or an id', 'aria-label': 'Search the pairs' });
    const found = el('p', { class: 'hint', 'aria-live': 'polite' });
    const list = el('div', { class: 'list', tabindex: '0', role: 'listbox', 'aria-label': 'Pairs' });
    const inner = el('div', { class: 'inner' });
    const detail = el('div', { class: 'detail' });
    list.append(inner);
    let filter = 'all', judge = null, order = '', hits = [], current = -1, words = null;
    v.chart.classList.add('browser');
    v.chart.append(el('div', { class: 'left' }, search, found, list), detail);

    const surprises = new Map(); /* pair -> {label, probability}, of the chosen judge and group */
    function readSurprises() {
        surprises.clear();
        for (const [f, number, shown, y, probability] of doc.surprises || []) {
            const at = pairs.at(number);
            if (at === undefined || doc.fits.judge[f] !== judge) continue;
            if (state.group !== OVERALL && doc.fits.group[f] !== state.group) continue;
            const before = surprises.get(at);
            if (!before || probability < before.probability) surprises.set(at, { order: ['', 'AB', 'BA'][shown], winner: y ? 'A' : 'B', probability });
        }
    }

    const haystack = (i) => {
        if (!words) words = new Array(pairs.n);
        if (words[i] === undefined) {
            const t = pairs.texts.get(i);
            words[i] = (pairs.ids[i] + '\n' + (t ? t.fields.filter(Boolean).join('\n') : '')).toLowerCase();
        }
        return words[i];
    };
    const winners = (i) => {
        const set = new Set();
        for (const j of state.judges) for (const w of Object.values(verdictOf(j, i))) if (w === 'A' || w === 'B') set.add(w);
        return set;
    };
    const FILTERS = {
        all: ['all pairs', () => true],
        text: ['with their texts', (i) => pairs.texts.has(i)],
        split: ['chosen judges disagree', (i) => winners(i).size > 1],
        flip: ['decided otherwise when swapped', (i) => { const d = verdictOf(judge, i); return (d.AB === 'A' && d.BA === 'B') || (d.AB === 'B' && d.BA === 'A'); }],
        surprise: ['the fit is surprised (check the labels)', (i) => surprises.has(i)],
    };

    function hunt() {
        const query = search.value.trim().toLowerCase(), keep = FILTERS[filter][1];
        hits = [];
        for (let i = 0; i < pairs.n; ++i) {
            if (pairs.inGroup(i, state.group) && keep(i) && (!query || haystack(i).includes(query))) hits.push(i);
        }
        if (filter === 'surprise') hits.sort((a, b) => surprises.get(a).probability - surprises.get(b).probability);
        found.textContent = `${hits.length} of ${pairs.total} pairs` + (pairs.n < pairs.total ? `; ${pairs.n} are in this file` : '')
            + (pairs.texts.size && pairs.texts.size < pairs.total ? `, ${pairs.texts.size} with their texts` : '');
        inner.style.height = hits.length * ROW + 'px';
        list.scrollTop = 0;
        if (!hits.includes(current)) current = hits.find((i) => pairs.texts.has(i)) ?? (hits.length ? hits[0] : -1);
        scroll();
        show();
    }

    /* Only the rows in sight exist. */
    function scroll() {
        const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 4), last = Math.min(hits.length, first + Math.ceil((list.clientHeight || 420) / ROW) + 8);
        inner.replaceChildren(...hits.slice(first, last).map((i, k) => {
            const t = pairs.texts.get(i);
            const row = el('div', { class: i === current ? 'row chosen' : 'row', role: 'option', id: 'pair-' + i, 'aria-selected': String(i === current), on: { click: () => pick(i) } },
                el('span', { class: 'id' }, plain(pairs.ids[i])), el('span', { class: 'query', dir: 'auto' }, t && t.fields[0] ? plain(t.fields[0]).slice(0, 120) : ''));
            row.style.top = (first + k) * ROW + 'px';
            return row;
        }));
        list.setAttribute('aria-activedescendant', 'pair-' + current);
    }
    function pick(i) {
        current = i;
        scroll();
        show();
    }
    list.addEventListener('scroll', scroll, { passive: true });
    list.addEventListener('keydown', (event) => {
        const at = hits.indexOf(current), step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
        if (!step || !hits.length) return;
        event.preventDefault();
        const next = Math.max(0, Math.min(hits.length - 1, at + step));
        if (next * ROW < list.scrollTop) list.scrollTop = next * ROW;
        if ((next + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (next + 1) * ROW - list.clientHeight;
        pick(hits[next]);
    });
    let waiting = 0;
    search.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(hunt, 80); });

    function block2(title, model, text, cut) {
        return el('section', { class: 'text' }, el('h4', {}, title, model ? el('span', { class: 'model' }, plain(model)) : null),
            el('div', { class: 'body', dir: 'auto', tabindex: '0' }, text === null || text === undefined ? el('em', {}, 'not known') : plain(text) || el('em', {}, 'empty')),
            cut ? el('p', { class: 'cut' }, `… cut here: ${cut.toLocaleString('en')} more characters (pdx-report --text-chars keeps more)`) : null);
    }

    /* The group whose fit speaks about a pair: the chosen one, or the first of the pair's own. */
    const groupOf = (i, j) => (state.group !== OVERALL ? state.group
        : fittedGroups.find((g) => pairs.member[g] !== 0 && pairs.inGroup(i, g) && fits.has(fitKey(j, g))));

    function show() {
        if (current < 0) {
            detail.replaceChildren(el('p', { class: 'empty' }, 'No pair fits. Try other words or another filter.'));
            return;
        }
        const t = pairs.texts.get(current), texts = el('div', { class: 'texts' });
        if (t) {
            const [query, a, b, modelA, modelB] = t.fields;
            texts.append(block2('Query', null, query, t.cut[0]), el('div', { class: 'two' }, block2('Response A', modelA, a, t.cut[1]), block2('Response B', modelB, b, t.cut[2])));
        } else {
            texts.append(el('p', { class: 'hint' }, doc.texts && doc.texts.length ? 'The texts of this pair are not in this file (pdx-report --max-bytes and --pairs-shown keep more).' : 'This report holds no texts.'));
        }
        const voters = [...new Set([...state.judges, judge].filter((j) => j !== null))].filter((j) => Object.values(verdictOf(j, current)).some(Boolean));
        const word = { '': '–', none: 'no verdict', A: 'A', B: 'B', tie: 'tie' };
        const verdicts = voters.length ? table([
            { name: 'judge', text: judgeName }, { name: 'A shown first', text: (j) => word[verdictOf(j, current).AB] },
            { name: 'B shown first', text: (j) => word[verdictOf(j, current).BA] },
            ...(voters.some((j) => verdictOf(j, current).any) ? [{ name: 'order not known', text: (j) => word[verdictOf(j, current).any] }] : []),
            { name: 'the fit expects A', text: (j) => { const fit = fits.get(fitKey(j, groupOf(current, j))); return fit ? pct(100 * explain(fit, pairs.row(current), '').probability) : '–'; } },
        ], voters, 'Verdicts on this pair') : el('p', { class: 'hint' }, 'None of the chosen judges saw this pair.');
        const surprise = surprises.get(current);
        detail.replaceChildren(el('h3', { class: 'pair-id' }, plain(pairs.ids[current])), texts, el('h3', {}, 'Who preferred which'), verdicts,
            surprise ? el('p', { class: 'warn' }, `${judgeName(judge)} chose ${surprise.winner}${surprise.order ? ` when ${surprise.order[0]} was shown first` : ''}; from all other judgments the fit gives that ${pct(100 * surprise.probability)}. Worth a second look.`) : '',
            why());
        drawWhy();
    }

    let drawWhy = () => {};
    function why() {
        const group = judge === null ? undefined : groupOf(current, judge), fit = group === undefined ? null : fits.get(fitKey(judge, group));
        drawWhy = () => {};
        const box = el('div', { class: 'why' }, el('h3', {}, 'What speaks for A or for B'));
        if (!fit) {
            box.append(el('p', { class: 'hint' }, 'The chosen judge has no fit for this pair’s group.'));
            return box;
        }
        const x = pairs.row(current), e = explain(fit, x, order);
        const parts = properties.map((_, k) => k).filter((k) => x[k] !== 0).sort((a, b) => Math.abs(e.shares[b]) - Math.abs(e.shares[a]));
        const rows = [{ name: order ? 'the order alone' : 'equal responses', from: 0, to: e.start, end: true }];
        let at = e.start;
        const shown = parts.slice(0, 12), rest = parts.slice(12).reduce((sum, k) => sum + e.shares[k], 0);
        for (const k of shown) {
            rows.push({ name: propertyName(k), from: at, to: at + e.shares[k], who: x[k] > 0 ? 'A' : 'B' });
            at += e.shares[k];
        }
        if (parts.length > 12) {
            rows.push({ name: `${parts.length - 12} smaller ones`, from: at, to: at + rest });
            at += rest;
        }
        rows.push({ name: 'P(A preferred)', from: 0, to: e.probability, end: true });
        const chart = el('div', {});
        box.append(el('p', { class: 'hint' }, `${judgeName(judge)}, ${groupName(group)}. Exact Shapley values: together they lead from ${pct(100 * e.start)} to ${pct(100 * e.probability)}.`), chart,
            el('details', { class: 'numbers' }, el('summary', {}, 'Numbers as a table'), table([
                { name: 'property', text: (k) => propertyName(k) }, { name: 'ahead', text: (k) => (x[k] > 0 ? 'A' : 'B') },
                { name: 'adds to P(A)', text: (k) => (100 * e.shares[k]).toFixed(2) + '%' }, { name: 'log-odds', text: (k) => e.parts[k].toFixed(4) },
            ], parts, 'What each property adds')));
        box.dataset.shares = JSON.stringify(Array.from(e.shares)); /* exact, for tests and the curious */
        box.dataset.probability = String(e.probability);
        drawWhy = () => waterfall(chart, rows); /* it needs the width that it gets */
        return box;
    }

    function render() {
        const can = judges.map((_, j) => j).filter((j) => judges[j].fitted);
        if (!can.includes(judge)) judge = can.find((j) => state.judges.includes(j)) ?? can[0] ?? null;
        readSurprises();
        v.tools.replaceChildren(
            choice('Show', Object.entries(FILTERS).map(([key, [name]]) => [key, name]), filter, (to) => { filter = to; hunt(); }),
            choice('Explain', can.map((j) => [j, judgeName(j)]), judge, (to) => { judge = Number(to); readSurprises(); hunt(); }),
            choice('Order', [['', 'both alike'], ['AB', 'A first'], ['BA', 'B first']], order, (to) => { order = to; show(); }));
        v.setData('pairs', 'Pairs', [
            { name: 'pair', text: (i) => plain(pairs.ids[i]), value: (i) => pairs.ids[i] },
            ...state.judges.flatMap((j) => ['AB', 'BA', 'any'].map((o) => ({ name: `${judges[j].name} ${o}`, text: (i) => verdictOf(j, i)[o], value: (i) => verdictOf(j, i)[o] }))),
            ...properties.map((p, k) => ({ name: p.id, text: (i) => String(pairs.row(i)[k]), value: (i) => pairs.row(i)[k] })),
        ], Array.from({ length: pairs.n }, (_, i) => i));
        hunt();
    }
    v.section.querySelector(':scope > .under details').remove(); /* the list is the table */
    addEventListener('resize', () => { if (current >= 0) show(); });
    return { render, view: v, pick, find(text) { search.value = text; hunt(); } };
}

/* Bars from one probability to the next. */
function waterfall(holder, rows) {
    const width = Math.max(260, holder.clientWidth), narrow = width < 480, room = narrow ? 120 : 190, high = 25;
    const least = Math.min(...rows.map((r) => (r.end ? r.to : Math.min(r.from, r.to)))), most = Math.max(...rows.map((r) => (r.end ? r.to : Math.max(r.from, r.to))));
    const lo = Math.max(0, Math.min(least, 0.5) - 0.06), hi = Math.min(1, Math.max(most, 0.5) + 0.06);
    const x = (p) => room + (width - room - 58) * (p - lo) / (hi - lo), height = rows.length * high + 26;
    const root = svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': rows.map((r) => `${r.name}: ${r.end ? pct(100 * r.to) : (100 * (r.to - r.from)).toFixed(1)}`).join('; ') });
    root.append(svg('line', { class: 'centre', x1: x(0.5), x2: x(0.5), y1: 0, y2: rows.length * high }), svg('text', { class: 'tick', x: x(0.5), y: height - 8 }, '50%'));
    rows.forEach((r, i) => {
        const y = i * high, change = r.to - r.from;
        root.append(svg('text', { class: 'name', x: room - 10, y: y + 16.5 }, fitted(r.name + (r.who ? ` (${r.who})` : ''), room - 14)));
        if (r.end) {
            root.append(svg('circle', { class: 'stop', cx: x(r.to), cy: y + 12, r: 5 }), svg('text', { class: 'value', x: x(r.to) + 10, y: y + 16.5 }, pct(100 * r.to)));
        } else {
            root.append(svg('rect', { class: change > 0 ? 'fall for-a' : 'fall for-b', x: Math.min(x(r.from), x(r.to)), y: y + 4, width: Math.max(1, Math.abs(x(r.to) - x(r.from))), height: high - 9 }),
                svg('text', { class: 'value', x: Math.max(x(r.from), x(r.to)) + 6, y: y + 16.5 }, (change > 0 ? '+' : '−') + Math.abs(100 * change).toFixed(1)));
        }
        if (i + 1 < rows.length) root.append(svg('line', { class: 'join', x1: x(r.to), x2: x(r.to), y1: y + (r.end ? 17 : high - 5), y2: y + high + 4 }));
    });
    holder.replaceChildren(legend2(), root);
}
const legend2 = () => el('ul', { class: 'legend' }, el('li', {}, el('span', { class: 'swatch for-a' }), 'speaks for A'), el('li', {}, el('span', { class: 'swatch for-b' }), 'speaks for B'));
