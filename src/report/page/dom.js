/* What the views are made of: elements, tables, downloads, the tooltip, and moving through a chart by
 * keyboard. Texts only ever become text nodes. */
function el(tag, attributes = {}, ...children) {
    const svg = tag.startsWith('svg:');
    const node = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag.slice(4))
        : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (name === 'on') for (const [event, call] of Object.entries(value)) node.addEventListener(event, call);
        else if (name === 'style') Object.assign(node.style, value);
        else if (!svg && name in node && typeof value === 'boolean') node[name] = value;
        else node.setAttribute(name, value);
    }
    node.append(...children.flat().filter((c) => c !== null && c !== undefined));
    return node;
}
const svg = (tag, attributes, ...children) => el('svg:' + tag, attributes, ...children);
const byId = (id) => document.getElementById(id);
const bare = (value, places = 1) => (Number.isFinite(value) ? value.toFixed(places) : '–');
const pct = (value, places = 1) => (Number.isFinite(value) ? value.toFixed(places) + '%' : '–');
const span = (low, high, places = 1) => (Number.isFinite(low) && Number.isFinite(high)
    ? `${low.toFixed(places)} to ${high.toFixed(places)}` : '–');

/* ---- tables and CSV: one list of columns and rows makes both ---- */

/* columns: [{name, text(row) for people, value(row) for CSV}]. */
function table(columns, rows, caption) {
    return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
        el('table', {}, el('caption', {}, caption),
            el('thead', {}, el('tr', {}, columns.map((c) => el('th', { scope: 'col', class: c.words ? 'words' : null }, c.name)))),
            el('tbody', {}, rows.map((row) => el('tr', {}, columns.map((c, i) => (i
                ? el('td', { class: c.words ? 'words' : null }, c.text(row))
                : el('th', { scope: 'row' }, c.text(row)))))))));
}

function csvText(columns, rows) {
    const field = (value) => {
        if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
        let text = value === null || value === undefined ? '' : String(value);
        if (/^[=+\-@\t\r]/.test(text)) text = "'" + text; /* a spreadsheet would run it */
        return /[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
    };
    const line = (cells) => cells.map(field).join(',') + '\n';
    return line(columns.map((c) => c.name)) + rows.map((row) => line(columns.map((c) => c.value(row)))).join('');
}

function download(name, text) {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
    const link = el('a', { href: url, download: name + '.csv' });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/* A view: heading, a sentence that says how to read it, controls, the chart, and its numbers. */
function view(id, title, lead) {
    const section = el('section', { class: 'view', id, 'aria-labelledby': id + '-title' });
    const tools = el('div', { class: 'tools' }), chart = el('div', { class: 'chart' });
    const note = el('p', { class: 'note' }), holder = el('div', {});
    const summary = el('summary', {}, 'Numbers as a table');
    const details = el('details', { class: 'numbers' }, summary, holder);
    const button = el('button', { type: 'button', class: 'quiet' }, 'Download CSV');
    let data = null;
    const fill = () => { if (details.open && data) holder.replaceChildren(table(data.columns, data.rows, data.caption)); };
    details.addEventListener('toggle', fill);
    button.addEventListener('click', () => data && download(data.name, csvText(data.columns, data.rows)));
    section.append(el('h2', { id: id + '-title' }, title), el('p', { class: 'lead' }, lead), tools, chart, note,
        el('div', { class: 'under' }, details, button));
    byId('views').append(section);
    return {
        section, tools, chart, note,
        setData(name, caption, columns, rows) {
            data = { name, caption, columns, rows };
            fill();
        },
        data: () => data,
        csv: () => csvText(data.columns, data.rows),
    };
}

function choice(label, options, selected, change) {
    const select = el('select', { on: { change: () => change(select.value) } },
        options.map(([value, name]) => el('option', { value, selected: String(value) === String(selected) }, name)));
    return el('label', { class: 'choice' }, el('span', {}, label), select);
}

/* ---- the tooltip ---- */

const tip = el('div', { id: 'tip', role: 'tooltip', hidden: true });
const live = el('div', { class: 'unseen', 'aria-live': 'polite' });
document.body.append(tip, live);

function showTip(x, y, lines) {
    tip.replaceChildren(...lines.map((line, i) => el('div', { class: i ? '' : 'first' }, line)));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(6, Math.min(x + 14, innerWidth - box.width - 6)) + 'px';
    tip.style.top = (y + box.height + 24 > innerHeight ? Math.max(6, y - box.height - 12) : y + 16) + 'px';
}
function hideTip() { tip.hidden = true; }
addEventListener('scroll', hideTip, { passive: true });
addEventListener('keydown', (event) => { if (event.key === 'Escape') hideTip(); });

/* A chart whose items (a grid of `columns` columns) are found under the pointer and by the arrow
 * keys: find(x, y) -> index or -1; where(index) -> {x, y, width, height} in the chart's units;
 * tell(index) -> lines. */
function explore(node, { count, columns = 1, find, where, tell, act }) {
    let at = -1;
    const cursor = svg('rect', { class: 'cursor', rx: 3, visibility: 'hidden' });
    node.append(cursor);
    const mark = (index) => {
        at = index;
        const box = where(index);
        for (const key of ['x', 'y', 'width', 'height']) cursor.setAttribute(key, box[key]);
        cursor.setAttribute('visibility', 'visible');
    };
    const screen = (x, y) => {
        const point = node.createSVGPoint();
        point.x = x;
        point.y = y;
        return point.matrixTransform(node.getScreenCTM());
    };
    node.addEventListener('pointermove', (event) => {
        const point = node.createSVGPoint();
        point.x = event.clientX;
        point.y = event.clientY;
        const inside = point.matrixTransform(node.getScreenCTM().inverse());
        const index = find(inside.x, inside.y);
        if (index < 0) { hideTip(); cursor.setAttribute('visibility', 'hidden'); return; }
        mark(index);
        showTip(event.clientX, event.clientY, tell(index));
    });
    node.addEventListener('pointerleave', () => { hideTip(); cursor.setAttribute('visibility', 'hidden'); });
    node.addEventListener('blur', () => { hideTip(); cursor.setAttribute('visibility', 'hidden'); });
    node.addEventListener('keydown', (event) => {
        const step = { ArrowDown: columns, ArrowUp: -columns, ArrowRight: 1, ArrowLeft: -1 }[event.key];
        let next = at < 0 ? 0 : at + (step || 0);
        if (event.key === 'Home') next = 0;
        else if (event.key === 'End') next = count - 1;
        else if (event.key === 'Enter' && act && at >= 0) { act(at); return; }
        else if (!step) return;
        event.preventDefault();
        if (event.altKey || next < 0 || next >= count) return;
        mark(next);
        const box = where(next), point = screen(box.x + box.width / 2, box.y + box.height);
        const lines = tell(next);
        showTip(point.x, point.y, lines);
        live.textContent = lines.join('. ');
    });
    node.setAttribute('tabindex', '0');
    node.setAttribute('role', 'group');
    node.setAttribute('aria-roledescription', 'chart; arrow keys read its numbers');
}
