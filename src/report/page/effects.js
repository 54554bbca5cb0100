/* Each property alone beside the same property with all others held equal. */
const effects = doc.effects ? (() => {
    const out = {};
    for (const name of ['alone', 'alone_low', 'alone_high', 'differs', 'shared', 'correlation', 'partner']) out[name] = numbers(doc.effects[name]);
    out.wins = numbers(doc.effects.wins.value);
    return out;
})() : null;

function effectsView(state) {
    const v = view('effects', 'Alone, or with all else equal?',
        'Properties go together: longer answers also hold more information. Circles: the effect of a property '
        + 'looked at alone. Squares: its effect with all others held equal. Where the two part (⚠), the win rate '
        + 'of a property is not its effect.');
    let judge = null, all = false;
    const more = el('button', { type: 'button', class: 'quiet' });
    more.addEventListener('click', () => { all = !all; render(); });
    v.section.insertBefore(more, v.note);
    function render() {
        const group = ownGroup(state), has = judges.map((_, j) => j).filter((j) => {
            const fit = fits.get(fitKey(j, group));
            return fit && !judges[j].added && effects && Number.isFinite(effects.alone[fit.index * D]);
        });
        const parts = (j) => properties.some((_, k) => Math.round(effects.partner[fits.get(fitKey(j, group)).index * D + k]) & 1);
        const chosen = has.filter((j) => state.judges.includes(j));
        if (!has.includes(judge)) judge = chosen.find(parts) ?? chosen[0] ?? has[0] ?? null;
        if (judge === null) {
            v.tools.replaceChildren();
            v.chart.replaceChildren(el('p', { class: 'empty' }, 'No judge has both a fit and judgments in this group.'));
            more.hidden = true;
            return;
        }
        v.tools.replaceChildren(choice('Judge', has.map((j) => [j, judgeName(j)]), judge, (to) => { judge = Number(to); render(); }),
            state.group === OVERALL && fittedGroups.length > 1 ? el('span', { class: 'hint' }, `shown for: ${groupName(group)} (choose a group above)`) : '');
        const fit = fits.get(fitKey(judge, group));
        const rows = properties.map((_, k) => {
            const i = fit.index * D + k, code = Math.round(effects.partner[i]), partner = (code >> 1) - 1;
            return {
                k, label: propertyName(k), flag: Boolean(code & 1), partner, wins: effects.wins[i], differs: effects.differs[i],
                shared: effects.shared[i], correlation: effects.correlation[i], alone: effects.alone[i], joint: fit.mean[k],
                marks: [{ slot: 0, lane: 0, value: percent(effects.alone[i]), low: percent(effects.alone_low[i]), high: percent(effects.alone_high[i]) },
                    { slot: 1, lane: 1, value: percent(fit.mean[k]), low: fit.low ? percent(fit.low[k]) : NaN, high: fit.high ? percent(fit.high[k]) : NaN }],
            };
        }).sort((a, b) => Number(b.flag) - Number(a.flag) || Math.abs(b.joint) - Math.abs(a.joint));
        for (const r of rows) {
            r.tell = [r.label, `alone ${pct(percent(r.alone))}, all else equal ${pct(percent(r.joint))}`,
                `won ${pct(100 * r.wins)} of the pairs in which it was ahead; differs in ${pct(100 * r.differs, 0)} of pairs`,
                ...(r.partner >= 0 ? [`goes most along with ${propertyName(r.partner)} (correlation ${bare(r.correlation, 2)})`] : [])];
        }
        const plot = el('div', {});
        v.chart.replaceChildren(legend([{ slot: 0, name: 'alone' }, { slot: 1, name: 'all else equal' }]), plot);
        forest(plot, { rows: all || rows.length <= FEW + 3 ? rows : rows.slice(0, FEW), label: 'Effects alone and with all else equal', ends: ['less is preferred', 'more is preferred'] });
        more.hidden = rows.length <= FEW + 3;
        more.textContent = all ? `Show only the first ${FEW}` : `Show all ${rows.length} properties`;
        const parted = rows.filter((r) => r.flag);
        v.note.textContent = parted.length ? parted.slice(0, 2).map((r) => `${r.label}: ${pct(percent(r.alone), 0)} alone, but ${pct(percent(r.joint), 0)} with all else equal${r.partner >= 0 ? `; it goes along with ${propertyName(r.partner)}` : ''}.`).join(' ')
            : 'For this judge no property’s effect alone parts clearly from its effect with all else equal.';
        v.setData('effects', `Effects of ${judgeName(judge)}, ${groupName(group)}`, [
            { name: 'property', text: (r) => r.label, value: (r) => properties[r.k].id },
            { name: 'wins, percent', text: (r) => pct(100 * r.wins), value: (r) => 100 * r.wins },
            { name: 'differs, percent', text: (r) => pct(100 * r.differs), value: (r) => 100 * r.differs },
            { name: 'alone', text: (r) => bare(r.alone, 3), value: (r) => r.alone },
            { name: 'all else equal', text: (r) => bare(r.joint, 3), value: (r) => r.joint },
            { name: 'shared with others, percent', text: (r) => pct(100 * r.shared, 0), value: (r) => 100 * r.shared },
            { name: 'goes along with', text: (r) => (r.partner >= 0 ? propertyName(r.partner) : ''), value: (r) => (r.partner >= 0 ? properties[r.partner].id : '') },
            { name: 'correlation', text: (r) => bare(r.correlation, 2), value: (r) => r.correlation },
            { name: 'parted', text: (r) => (r.flag ? 'yes' : ''), value: (r) => Number(r.flag) },
        ], rows);
    }
    return { render, view: v };
}
