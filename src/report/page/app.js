/* The page: what is chosen, the views in their order, and the bar that chooses. */
const state = {
    group: scenarios.length > 1 ? OVERALL : fittedGroups[0],
    judges: [],
};

/* The first judges of the largest choice, at most six: more can be ticked. */
state.judges = judgesIn(state.group).slice(0, 6);
if (!state.judges.length) state.judges = judges.map((_, j) => j).filter((j) => judges[j].fitted).slice(0, 5);

/* Chosen judges with a fit in the group, each with its colour and shape. */
const shownJudges = (s) => s.judges.map((judge, slot) => ({ judge, slot, fit: fitOf(judge, s.group) })).filter((j) => j.fit);

/* A group that has fits of its own: the chosen one, else the one with most judgments. */
function ownGroup(s) {
    if (s.group !== OVERALL) return s.group;
    const size = (g) => [...fits.values()].filter((fit) => fit.group === g).reduce((n, fit) => n + fit.rows, 0);
    return fittedGroups.reduce((best, g) => (size(g) > size(best) ? g : best), fittedGroups[0]);
}

const views = [];
function renderAll() {
    for (const v of views) v.render();
    drawChosen();
}

function chooseJudges() {
    const box = byId('judges');
    const boxes = judges.map((_, j) => j).filter((j) => judges[j].fitted).map((j) => {
        const tick = el('input', { type: 'checkbox', value: j, on: { change: () => {
            if (!tick.checked) state.judges = state.judges.filter((other) => other !== j);
            else if (state.judges.length < SLOTS) state.judges = [...state.judges, j];
            else tick.checked = false;
            renderAll();
        } } });
        tick.checked = state.judges.includes(j);
        return el('label', {}, tick, judgeName(j));
    });
    box.replaceChildren(...boxes);
}

function drawChosen() {
    byId('chosen').textContent = state.judges.map(judgeName).join(', ') || 'none';
    const full = state.judges.length >= SLOTS;
    for (const tick of byId('judges').querySelectorAll('input')) {
        tick.checked = state.judges.includes(Number(tick.value));
        tick.disabled = full && !tick.checked;
    }
    byId('most').textContent = full ? `At most ${SLOTS} at a time: untick one to choose another.` : '';
}

function chooseGroup() {
    const list = [...(scenarios.length > 1 ? [OVERALL] : []), ...fittedGroups];
    byId('group').replaceChildren(choice('Group', list.map((g) => [g, groupName(g) + (g !== OVERALL && groups[g].pairs !== undefined ? ` (${groups[g].pairs} pairs)` : '')]), state.group, (to) => {
        state.group = Number(to);
        renderAll();
    }));
    byId('group').hidden = list.length < 2;
}

/* Pictures that were added: their numbers as a table, and as CSV. */
function readAdded() {
    for (const script of document.querySelectorAll('script.csv')) {
        const text = JSON.parse(script.textContent), rows = parseCsv(text), head = rows.shift() || [];
        const columns = head.map((name, i) => ({ name: plain(name), text: (row) => plain(row[i] ?? ''), value: (row) => row[i] }));
        const holder = el('div', {}), details = el('details', { class: 'numbers' }, el('summary', {}, 'Numbers as a table'), holder);
        details.addEventListener('toggle', () => details.open && holder.replaceChildren(table(columns, rows, script.parentNode.querySelector('h3').textContent)));
        script.after(el('div', { class: 'under' }, details, el('button', { type: 'button', class: 'quiet', on: { click: () => download(script.dataset.name, text) } }, 'Download CSV')));
    }
}

function parseCsv(text) {
    const rows = [];
    let row = [], field = '', quoted = false;
    for (let i = 0; i < text.length; ++i) {
        const c = text[i];
        if (quoted) {
            if (c === '"' && text[i + 1] === '"') { field += '"'; ++i; } else if (c === '"') quoted = false; else field += c;
        } else if (c === '"') quoted = true;
        else if (c === ',') { row.push(field); field = ''; } else if (c === '\n') { row.push(field); rows.push(row); row = []; field = ''; } else if (c !== '\r') field += c;
    }
    if (field || row.length) { row.push(field); rows.push(row); }
    return rows;
}

function navigation() {
    const links = [...document.querySelectorAll('section.view')].map((section) => {
        const title = section.querySelector('h2').textContent;
        return el('a', { href: '#' + section.id }, SHORT[section.id] || title);
    });
    byId('contents').replaceChildren(...links);
}
const SHORT = { dissection: 'Tastes', similarity: 'Alike', agreement: 'Agreement', position: 'Order', effects: 'All else equal', pairs: 'Decisions', trust: 'Trust', add: 'Add a judge' };

function start() {
    const count = (n, noun) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
    byId('about').textContent = [count(doc.fitted_judges, 'judge'), fittedGroups.length > 1 ? count(fittedGroups.length, 'group') : '',
        pairs ? count(pairs.total, 'pair') : '', count(D, 'property').replace(/ys$/, 'ies')].filter(Boolean).join(' · ');
    chooseGroup();
    chooseJudges();
    views.push(dissectionView(state));
    if (judges.filter((j) => j.fitted).length > 1) views.push(similarityView(state));
    if (labellers.length > 1) views.push(agreementView(state));
    if (labellers.length || [...fits.values()].some((fit) => fit.position)) views.push(positionView(state));
    if (effects) views.push(effectsView(state));
    if (pairs) views.push(pairsView(state));
    views.push(trustView(state));
    views.push(addedView(state, () => { chooseJudges(); renderAll(); }));
    readAdded();
    navigation();
    renderAll();
    document.documentElement.classList.add('ready');
    let width = innerWidth, waiting = 0;
    addEventListener('resize', () => {
        if (innerWidth === width) return;
        width = innerWidth;
        clearTimeout(waiting);
        waiting = setTimeout(renderAll, 120);
    });
    addEventListener('beforeprint', () => { for (const d of document.querySelectorAll('details.numbers')) d.open = false; });
    const missing = [pairs ? '' : 'the pairs', labellers.length ? '' : 'judgments'].filter(Boolean);
    byId('missing').textContent = missing.length ? `Made without ${missing.join(' and ')}: views that need them are left out.` : '';
}
setTimeout(start, 0); /* after the findings have been painted */
