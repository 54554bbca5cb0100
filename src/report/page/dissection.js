/* What each judge weighs: properties in rows, one mark a judge. */
const FEW = 12;
function dissectionView(state, change) {
    const v = view('dissection', 'What each judge prefers',
        'Each mark says how often a response that is ahead in this property alone wins. At 50% the property '
        + 'does not count; right of it more is better, left of it less is better. Lines are 95% intervals: '
        + 'where one crosses the middle, the taste is not sure.');
    let sort = 'strength', all = false;
    const more = el('button', { type: 'button', class: 'quiet' });
    more.addEventListener('click', () => { all = !all; render(); });
    v.section.insertBefore(more, v.note);

    function ordered(shown) {
        const size = (k) => Math.max(...shown.map((s) => Math.abs(s.fit.mean[k])));
        const spread = (k) => Math.max(...shown.map((s) => s.fit.mean[k])) - Math.min(...shown.map((s) => s.fit.mean[k]));
        const list = properties.map((_, k) => k);
        if (sort === 'strength') list.sort((a, b) => size(b) - size(a));
        else if (sort === 'spread') list.sort((a, b) => spread(b) - spread(a));
        else if (sort === 'name') list.sort((a, b) => propertyName(a).localeCompare(propertyName(b)));
        else if (sort.startsWith('by:')) {
            const by = shown.find((s) => String(s.judge) === sort.slice(3)) || shown[0];
            list.sort((a, b) => by.fit.mean[b] - by.fit.mean[a]);
        }
        return list;
    }

    function render() {
        const shown = shownJudges(state);
        v.tools.replaceChildren(choice('Sort properties', [['strength', 'strongest effect first'],
            ['spread', 'where these judges differ most'], ['schema', 'as they were given'], ['name', 'A to Z'],
            ...shown.map((s) => ['by:' + s.judge, `liked by ${judgeName(s.judge)}`])], sort,
        (value) => { sort = value; render(); }));
        if (!shown.length) {
            v.chart.replaceChildren(el('p', { class: 'empty' }, 'None of the chosen judges has a fit in this group: choose another group, or other judges.'));
            more.hidden = true;
            v.note.textContent = '';
            v.setData('dissection', 'No fits', [{ name: 'judge', text: String, value: String }], []);
            return;
        }
        const truth = shown.some((s) => s.fit.truth), order = ordered(shown);
        const rows = order.map((k) => ({
            label: propertyName(k),
            tell: [propertyName(k), ...shown.map((s) => tellWeight(s, k)), properties[k].about ? plain(properties[k].about) : '']
                .filter(Boolean),
            marks: shown.flatMap((s, lane) => [
                { slot: s.slot, lane, value: percent(s.fit.mean[k]), low: s.fit.low ? percent(s.fit.low[k]) : NaN, high: s.fit.high ? percent(s.fit.high[k]) : NaN },
                ...(s.fit.truth ? [{ slot: s.slot, lane, hollow: true, value: percent(s.fit.truth[k]) }] : [])]),
        }));
        const visible = all || rows.length <= FEW + 3 ? rows : rows.slice(0, FEW);
        const placed = shown.filter((s) => s.fit.position);
        if (placed.length) {
            visible.push({
                label: 'shown first', apart: true,
                tell: ['Shown first: between equal responses', ...placed.map((s) => `${judgeName(s.judge)}: the first wins ${pct(100 * s.fit.position.p)} (${span(100 * s.fit.position.low, 100 * s.fit.position.high)})`)],
                marks: shown.flatMap((s, lane) => (s.fit.position ? [
                    { slot: s.slot, lane, value: 100 * s.fit.position.p, low: 100 * s.fit.position.low, high: 100 * s.fit.position.high },
                    ...(s.fit.truth && Number.isFinite(s.fit.truth[D]) ? [{ slot: s.slot, lane, hollow: true, value: percent(s.fit.truth[D]) }] : [])] : [])),
            });
        }
        const plot = el('div', {});
        v.chart.replaceChildren(legend([...shown.map((s) => ({ slot: s.slot, name: judgeName(s.judge) })),
            ...(truth ? [{ slot: 0, hollow: true, name: 'hollow: planted truth' }] : [])]), plot);
        forest(plot, {
            rows: visible, label: `What each judge prefers, ${groupName(state.group)}`,
            ends: narrowPage() ? ['less is preferred', 'more is preferred'] : ['less of it is preferred', 'more of it is preferred'],
        });
        more.hidden = rows.length <= FEW + 3;
        more.textContent = all ? `Show only the first ${FEW}` : `Show all ${rows.length} properties`;
        const missing = state.judges.filter((j) => !fitOf(j, state.group)).map(judgeName);
        v.note.textContent = [shown.every((s) => s.fit.low) ? '' : 'Weights without uncertainty (published means) have no interval: small differences may be chance.',
            scattered(shown), pulled(shown), missing.length ? `Not judged in this group: ${missing.join(', ')}.` : ''].filter(Boolean).join(' ');
        v.setData('dissection', `How often a response ahead in one property alone wins, ${groupName(state.group)}`, [
            { name: 'judge', text: (r) => judgeName(r.s.judge), value: (r) => judges[r.s.judge].name },
            { name: 'property', text: (r) => propertyName(r.k), value: (r) => properties[r.k].id },
            { name: 'percent', text: (r) => pct(percent(r.s.fit.mean[r.k])), value: (r) => percent(r.s.fit.mean[r.k]) },
            { name: 'low', text: (r) => (r.s.fit.low ? pct(percent(r.s.fit.low[r.k])) : '–'), value: (r) => (r.s.fit.low ? percent(r.s.fit.low[r.k]) : NaN) },
            { name: 'high', text: (r) => (r.s.fit.high ? pct(percent(r.s.fit.high[r.k])) : '–'), value: (r) => (r.s.fit.high ? percent(r.s.fit.high[r.k]) : NaN) },
            { name: 'weight', text: (r) => bare(r.s.fit.mean[r.k], 3), value: (r) => r.s.fit.mean[r.k] },
            { name: 'P(weight > 0)', text: (r) => (r.s.fit.positive ? bare(r.s.fit.positive[r.k], 3) : '–'), value: (r) => (r.s.fit.positive ? r.s.fit.positive[r.k] : NaN) },
        ], order.flatMap((k) => shown.map((s) => ({ s, k }))));
    }
    return { render, view: v };
}

/* What the prior does to these numbers, where it does much. */
function pulled(shown) {
    const scales = shown.flatMap((s) => (s.fit.group === OVERALL ? scenarios.map((g) => fits.get(fitKey(s.judge, g))) : [s.fit]))
        .filter((fit) => fit && fit.sd && fit.priorScale > 0).map((fit) => fit.priorScale);
    return scales.length && Math.max(...scales) <= 0.15
        ? `The fits expect weak tastes (prior scale ${bare(Math.max(...scales), 2)}): with few pairs, strong ones are pulled towards 50%. pdx-fit --prior eb lets the data decide.` : '';
}

/* How far groups differ, where pooling says. */
function scattered(shown) {
    const known = shown.filter((s) => Number.isFinite(s.fit.tau));
    return known.length ? `Averages over the groups, which share what they know: a judge’s weight in one group differs from its average by about ${known.map((s) => `${bare(s.fit.tau, 2)} (${judgeName(s.judge)})`).join(', ')} in log-odds.` : '';
}

function tellWeight(s, k) {
    const at = `${judgeName(s.judge)}: ${pct(percent(s.fit.mean[k]))}`;
    const range = s.fit.low ? ` (${span(percent(s.fit.low[k]), percent(s.fit.high[k]))})` : '';
    return at + range + (s.fit.truth ? `, planted ${pct(percent(s.fit.truth[k]))}` : '');
}
const narrowPage = () => innerWidth < 600;
