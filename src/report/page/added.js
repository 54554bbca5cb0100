/* A judge dropped onto the page: fitted here, by the library itself compiled to WebAssembly. */
function addedView(state, change) {
    const v = view('add', 'Add a judge',
        'Drop a file of preferences here and see that judge beside the others: the original’s list of "A" and "B", '
        + 'one a record, or judgments.jsonl. It is read and fitted in this page. Nothing leaves this machine.');
    const code = byId('fitter').textContent.trim();
    const status = el('p', { class: 'note', role: 'status', 'aria-live': 'polite' });
    const input = el('input', { type: 'file', id: 'file', class: 'unseen', accept: '.json,.jsonl,.txt' });
    const zone = el('label', { class: 'drop', for: 'file' }, el('strong', {}, 'Drop a file here'), ' or press to choose one', input);
    v.section.querySelector('.under').remove();
    v.note.remove();
    v.chart.append(zone, status);

    const why = !pairs ? 'This report holds no pairs (it was made of fits alone), so nothing can be fitted here.'
        : pairs.n < pairs.total ? `This report holds ${pairs.n} of ${pairs.total} pairs; a judge can be added where all are in the file.`
            : !code ? 'This report was made by a build without the fit for pages: it lacked clang, lld, wasi-libc and libclang-rt-dev-wasm32 (Debian’s names). Run pdx-fit on the file instead.'
                : typeof WebAssembly === 'undefined' ? 'This browser has no WebAssembly.' : '';
    if (why) {
        status.textContent = why;
        zone.remove();
        return { render() {}, view: v };
    }

    let engine = null;
    async function open() {
        if (engine) return engine;
        engine = await Prefdissect.load(unpack(code));
        const p = doc.pairs;
        await engine.open({
            columns: properties.map((property) => property.id), ids: pairs.ids, values: pairs.x, records: p.records,
            ...(p.record ? { record: p.record } : {}),
            groups: fittedGroups.map((g) => ({ name: groups[g].name, pairs: members(g) })).filter((g) => g.pairs.length),
        });
        return engine;
    }
    const members = (g) => Array.from({ length: pairs.n }, (_, i) => i).filter((i) => pairs.member[g] !== 0 && pairs.inGroup(i, g));

    async function take(file) {
        status.className = 'note busy';
        status.textContent = `Fitting ${plain(file.name)} …`;
        await new Promise((done) => { setTimeout(done, 30); }); /* let the words be seen */
        try {
            const bytes = new Uint8Array(await file.arrayBuffer());
            const study = await (await open()).fit({
                name: file.name, bytes, judge: file.name.replace(/(.)\.[^.]*$/, '$1'),
                /* one judge alone: its groups are fitted apart, however those of the others were */
                options: { ...doc.options, pool: doc.options.pool === 'complete' ? 'complete' : 'none', quantile_probs: [0.025, 0.975], covariance: 0, predict: bytes.length < 400000 ? 1 : 0 },
            });
            const names = adopt(study, bytes);
            status.className = 'note done';
            const apart = /auto|partial/.test(doc.options.pool) && fittedGroups.length > 1 ? 'Its groups were fitted apart, without pooling. ' : '';
            status.textContent = `Added: ${names.map(plain).join(', ')}. ${apart}${(study.warnings || []).map(plain).join(' ')}`;
            change();
        } catch (error) {
            status.className = 'note failed';
            status.textContent = `Not added: ${plain(error.message)}`;
        }
    }

    /* Fits of a study into those of the page; a name that is taken gets a number. */
    function adopt(study, bytes) {
        const known = new Map();
        for (const fit of study.fits) {
            if (!known.has(fit.judge)) {
                let name = fit.judge;
                for (let i = 2; judges.some((j) => j.name === name); ++i) name = `${fit.judge} (${i})`;
                judges.push({ name, fitted: true, added: true, verdicts: verdictsOf(bytes, fit.judge) });
                known.set(fit.judge, judges.length - 1);
            }
            const judge = known.get(fit.judge), group = groups.findIndex((g) => g.name === fit.group);
            if (group < 0) continue;
            const end = (i) => Float64Array.from(fit.quantiles, (q) => q[i]);
            const held = fit.predict, e = fit.position, number = (value) => (value === null || value === undefined ? NaN : value);
            fits.set(fitKey(judge, group), {
                index: -1, judge, group, rows: fit.n, ties: fit.ties || 0, noVerdict: fit.no_verdict || 0,
                certified: fit.certificate ? Number(Boolean(fit.certificate.ok)) : -1, label: fit.label,
                verdict: (fit.certificate || fit.run || {}).why || '', mean: Float64Array.from(fit.mean),
                sd: Float64Array.from(fit.sd), low: end(0), high: end(1), positive: Float64Array.from(fit.prob_positive),
                position: e ? { mean: e.mean, p: e.p_first, low: e.p_first_low, high: e.p_first_high } : null,
                prediction: held && held.folds ? { accuracy: number(held.accuracy), majority: number(held.baseline_majority), length: number(held.baseline_length), logLoss: number(held.log_loss), auc: number(held.auc) } : null,
                priorScale: number(fit.prior_scale), truth: null,
            });
        }
        overallCache.clear();
        const added = [...known.values()];
        state.judges = [...state.judges.filter((j) => !added.includes(j)).slice(0, SLOTS - added.length), ...added].slice(0, SLOTS);
        return added.map((j) => judges[j].name);
    }

    /* What the file says of each pair, for reading; the library has checked it already. */
    function verdictsOf(bytes, judge) {
        const out = new Map(), text = new TextDecoder().decode(bytes), at = new Map(pairs.ids.map((id, i) => [id, i]));
        const put = (i, order, winner) => {
            if (i === undefined) return;
            if (!out.has(i)) out.set(i, { AB: '', BA: '', any: '' });
            out.get(i)[order] = winner;
        };
        try {
            if (text.trimStart().startsWith('[')) {
                const record = doc.pairs.record, list = JSON.parse(text);
                for (let i = 0; i < pairs.n; ++i) put(i, 'any', list[record ? record[i] : i]);
            } else {
                for (const line of text.split('\n')) {
                    if (!line.trim()) continue;
                    const row = JSON.parse(line);
                    if (row.judge === judge) put(at.get(row.pair), row.order || 'any', row.winner || 'none');
                }
            }
        } catch { /* shown without verdicts */ }
        return out;
    }

    input.addEventListener('change', () => { if (input.files[0]) take(input.files[0]); input.value = ''; });
    /* Anywhere on the page will do. */
    addEventListener('dragover', (event) => { event.preventDefault(); zone.classList.add('over'); });
    addEventListener('dragleave', () => zone.classList.remove('over'));
    addEventListener('drop', (event) => {
        event.preventDefault();
        zone.classList.remove('over');
        const file = event.dataTransfer && event.dataTransfer.files[0];
        if (file) {
            v.section.scrollIntoView({ block: 'center' });
            take(file);
        }
    });
    return { render() {}, view: v, take };
}
