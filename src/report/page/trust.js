/* How far each fit can be trusted, in words. */
function trustView(state) {
    const v = view('trust', 'Can these numbers be trusted?',
        'Every fit was made from so many judgments; “right” is how often it predicts judgments that it has not '
        + 'seen, beside two rules of thumb. A certificate is an independent check of the arithmetic, not of the data.');
    function render() {
        const group = ownGroup(state);
        const list = judges.map((_, j) => fits.get(fitKey(j, group))).filter(Boolean);
        const word = (fit) => (fit.certified === 1 ? '✓ passed' : fit.certified === 0 ? '✗ failed' : 'not checked');
        const share = (fit, name) => (fit.prediction ? 100 * fit.prediction[name] : NaN);
        const columns = [
            { name: 'judge', text: (f) => judgeName(f.judge), value: (f) => judges[f.judge].name },
            { name: 'judgments used', text: (f) => String(f.rows), value: (f) => f.rows },
            { name: 'ties', text: (f) => String(f.ties), value: (f) => f.ties },
            { name: 'no verdict', text: (f) => String(f.noVerdict), value: (f) => f.noVerdict },
            { name: 'labels by', text: (f) => f.label || '–', value: (f) => f.label },
            { name: 'right', text: (f) => pct(share(f, 'accuracy')), value: (f) => share(f, 'accuracy') },
            { name: 'always the commoner side', text: (f) => pct(share(f, 'majority')), value: (f) => share(f, 'majority') },
            { name: 'by length alone', text: (f) => pct(share(f, 'length')), value: (f) => share(f, 'length') },
            { name: 'AUC', text: (f) => bare(f.prediction ? f.prediction.auc : NaN, 3), value: (f) => (f.prediction ? f.prediction.auc : NaN) },
            { name: 'certificate', text: word, value: word },
            { name: 'in words', words: true, text: (f) => plain(f.verdict), value: (f) => f.verdict },
        ];
        v.setData('trust', `Fits, ${groupName(group)}`, columns, list);
        v.chart.replaceChildren(table(columns, list, `Fits, ${groupName(group)}`));
        const all = [...fits.values()], failed = all.filter((f) => f.certified === 0);
        const small = list.filter((f) => f.rows > 0 && f.rows < 2 * D);
        v.note.textContent = [failed.length ? `Failed certificates: ${failed.map((f) => `${judgeName(f.judge)} (${groupName(f.group)})`).join(', ')}.` : '',
            small.length ? `Few judgments for ${D} properties (intervals are wide): ${small.map((f) => judgeName(f.judge)).join(', ')}.` : '',
            state.group === OVERALL && fittedGroups.length > 1 ? `Shown for ${groupName(group)}; choose a group above for another.` : ''].filter(Boolean).join(' ');
    }
    v.section.querySelector('details').remove(); /* the table is the view */
    return { render, view: v };
}
