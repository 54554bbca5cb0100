/* Two charts that views share: marks with intervals in rows, and a matrix of judges. */
const SLOTS = 8; /* colours and shapes that a reader can tell apart */

/* A mark of about equal area; shapes double the colours. */
function markPath(slot, x, y, r) {
    const polygon = (points) => 'M' + points.map(([a, b]) => `${(x + a * r).toFixed(1)} ${(y + b * r).toFixed(1)}`).join('L') + 'Z';
    switch (slot % 4) {
    case 1: return polygon([[-0.89, -0.89], [0.89, -0.89], [0.89, 0.89], [-0.89, 0.89]]);
    case 2: return polygon([[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]]);
    case 3: return polygon([[0, -1.3], [1.15, 0.75], [-1.15, 0.75]]);
    default: return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
    }
}

function legend(entries) {
    return el('ul', { class: 'legend' }, entries.map(({ slot, name, hollow }) => el('li', {},
        svg('svg', { width: 14, height: 14, 'aria-hidden': 'true' },
            svg('path', { d: markPath(slot, 7, 7, 5), class: `mark slot-${slot}${hollow ? ' hollow' : ''}` })),
        name)));
}

function axisOf(marks, centre) {
    let least = centre, most = centre;
    for (const m of marks) {
        for (const v of [m.value, m.low, m.high]) {
            if (!Number.isFinite(v)) continue;
            least = Math.min(least, v);
            most = Math.max(most, v);
        }
    }
    const step = [1, 2, 5, 10, 20].find((s) => most - least <= 9 * s) || 20;
    least = step * Math.floor(Math.min(least, centre - 2 * step) / step + 1e-9);
    most = step * Math.ceil(Math.max(most, centre + 2 * step) / step - 1e-9);
    return { least: Math.max(least, 0), most: Math.min(most, 100), step, centre };
}

const textWidth = (() => {
    const context = document.createElement('canvas').getContext('2d');
    return (text, font) => {
        context.font = font || '13px system-ui, sans-serif';
        return context.measureText(text).width;
    };
})();
function fitted(text, width) {
    if (textWidth(text) <= width) return text;
    let kept = text.length;
    while (kept > 1 && textWidth(text.slice(0, kept) + '…') > width) --kept;
    return text.slice(0, kept) + '…';
}

/* rows: [{label, marks: [{slot, value, low, high, hollow}], tell: [lines], flag, apart}] in percent. */
function forest(holder, { rows, label, ends, act }) {
    const width = Math.max(280, holder.clientWidth), narrow = width < 560;
    const axis = axisOf(rows.flatMap((r) => r.marks), 50);
    const wanted = Math.max(60, ...rows.map((r) => textWidth(r.label) + (r.flag ? 18 : 0)));
    const room = narrow ? 0 : Math.min(wanted + 6, width * 0.34);
    const left = narrow ? 12 : room + 14, right = width - 18, top = 28;
    const x = (v) => left + (right - left) * (v - axis.least) / (axis.most - axis.least);
    let y = top;
    const places = rows.map((r) => {
        const lanes = Math.max(1, ...r.marks.map((m) => (m.lane ?? 0) + 1));
        const place = { y: y + (r.apart ? 8 : 0), head: narrow ? 19 : 0, lanes, lane: lanes > 4 ? 8.5 : 10 };
        place.height = place.head + Math.max(narrow ? 16 : 24, lanes * place.lane + 9);
        y = place.y + place.height;
        return place;
    });
    const root = svg('svg', { width, height: y + 44, viewBox: `0 0 ${width} ${y + 44}`, 'aria-label': label });
    rows.forEach((r, i) => {
        if (i % 2 === 0 || r.apart) {
            root.append(svg('rect', { class: r.apart ? 'band apart' : 'band', x: 0, y: places[i].y, width, height: places[i].height }));
        }
    });
    for (let v = axis.least; v <= axis.most + 1e-9; v += axis.step) {
        root.append(svg('line', { class: v === axis.centre ? 'centre' : 'grid', x1: x(v), x2: x(v), y1: top - 2, y2: y }),
            svg('text', { class: 'tick', x: x(v), y: top - 9 }, `${v}%`),
            svg('text', { class: 'tick', x: x(v), y: y + 17 }, `${v}%`));
    }
    if (ends) {
        root.append(svg('text', { class: 'end', x: left, y: y + 36 }, '← ' + ends[0]),
            svg('text', { class: 'end last', x: right, y: y + 36 }, ends[1] + ' →'));
    }
    rows.forEach((r, i) => {
        const place = places[i], middle = place.y + place.head + (place.height - place.head) / 2;
        root.append(svg('text', narrow ? { class: 'name start', x: left, y: place.y + 15 }
            : { class: 'name', x: room + 4, y: middle + 4.5 },
        (r.flag ? '⚠ ' : '') + fitted(r.label, narrow ? width - 24 : room - (r.flag ? 18 : 0))));
        for (const layer of ['range', 'hollow', 'mark']) {
            for (const m of r.marks) {
                if (!Number.isFinite(m.value)) continue;
                const at = middle + ((m.lane ?? 0) - (place.lanes - 1) / 2) * place.lane;
                if (layer === 'range') {
                    if (Number.isFinite(m.low)) root.append(svg('line', { class: `range slot-${m.slot}`, x1: x(m.low), x2: x(m.high), y1: at, y2: at }));
                } else if ((layer === 'hollow') === Boolean(m.hollow)) {
                    root.append(svg('path', { class: `mark slot-${m.slot}${m.hollow ? ' hollow' : ''}`, d: markPath(m.slot, x(m.value), at, m.hollow ? 6 : 4.3) }));
                }
            }
        }
    });
    holder.replaceChildren(root);
    explore(root, {
        count: rows.length, act,
        find: (px, py) => places.findIndex((p) => py >= p.y && py < p.y + p.height),
        where: (i) => ({ x: 1, y: places[i].y + 0.5, width: width - 2, height: places[i].height - 1 }),
        tell: (i) => rows[i].tell,
    });
}

/* ---- matrix ---- */

/* names in the order shown; value(i, j), tell(i, j); scale: {least, most, diverging}; move(from, to)
 * where rows can be dragged; tree: merges of the shown order, [{left, right, height}] over leaves. */
function matrix(holder, { names, value, tell, scale, places, label, move, tree }) {
    const n = names.length, width = Math.max(280, holder.clientWidth);
    const wanted = Math.max(...names.map((name) => textWidth(name))) + 44;
    const room = Math.min(wanted, width * (width < 560 ? 0.36 : 0.28));
    const branch = tree && width > 560 ? 90 : 0;
    const cell = Math.max(7, Math.min(52, (width - room - branch - 4) / n)), high = Math.max(cell, n > 16 ? 17 : 24);
    const top = 22, height = top + n * high + 6;
    const root = svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-label': label });
    const cells = svg('g', {}), written = cell >= 34;
    for (let i = 0; i < n; ++i) {
        for (let j = 0; j < n; ++j) {
            const v = value(i, j), known = Number.isFinite(v);
            const strength = !known ? 0 : scale.diverging ? Math.max(-1, Math.min(1, v / scale.most))
                : (v - scale.least) / (scale.most - scale.least || 1);
            const box = svg('rect', { class: known ? (strength < 0 ? 'cell low' : 'cell') : 'cell unknown', x: room + j * cell, y: top + i * high, width: cell - 1, height: high - 1 });
            if (known) box.style.fillOpacity = Math.abs(strength).toFixed(3);
            cells.append(box);
            if (written && known) {
                cells.append(svg('text', { class: Math.abs(strength) > 0.55 ? 'inside strong' : 'inside', x: room + (j + 0.5) * cell - 0.5, y: top + (i + 0.5) * high + 3.5 }, v.toFixed(places)));
            }
        }
    }
    root.append(cells);
    const step = cell < 15 ? 5 : 1;
    names.forEach((name, i) => {
        if (i % step === 0) root.append(svg('text', { class: 'tick', x: room + (i + 0.5) * cell, y: top - 7 }, i + 1));
        const text = svg('text', { class: move ? 'name grip' : 'name', x: room - 8, y: top + (i + 0.5) * high + 4.5 }, fitted(name, room - 36) + ` ${i + 1}`);
        root.append(text);
        if (move) drag(text, root, i, n, (py) => Math.floor((py - top) / high), move);
    });
    if (branch) drawTree(root, tree, n, room + n * cell + 6, branch - 12, (i) => top + (i + 0.5) * high);
    holder.replaceChildren(root);
    explore(root, {
        count: n * n, columns: n,
        find: (px, py) => {
            const i = Math.floor((py - top) / high), j = Math.floor((px - room) / cell);
            return i >= 0 && j >= 0 && i < n && j < n ? i * n + j : -1;
        },
        where: (at) => ({ x: room + at % n * cell - 0.5, y: top + Math.floor(at / n) * high - 0.5, width: cell, height: high }),
        tell: (at) => tell(Math.floor(at / n), at % n),
    });
    if (move) {
        let row = 0;
        root.addEventListener('keydown', (event) => {
            const step2 = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
            if (!step2) return;
            event.preventDefault();
            const cursor = root.querySelector('.cursor');
            row = Math.max(0, Math.floor((Number(cursor.getAttribute('y') || 0) + 1 - top) / high));
            if (row + step2 >= 0 && row + step2 < n) move(row, row + step2);
        });
    }
}

function drag(text, root, from, n, rowAt, move) {
    text.addEventListener('pointerdown', (event) => {
        event.preventDefault();
        text.setPointerCapture(event.pointerId);
        text.classList.add('held');
        const done = (up) => {
            text.removeEventListener('pointerup', done);
            text.classList.remove('held');
            const point = root.createSVGPoint();
            point.x = up.clientX;
            point.y = up.clientY;
            const to = Math.max(0, Math.min(n - 1, rowAt(point.matrixTransform(root.getScreenCTM().inverse()).y)));
            if (to !== from) move(from, to);
        };
        text.addEventListener('pointerup', done);
    });
}

/* Clusters as brackets: leaves at the matrix, the last merge farthest right. */
function drawTree(root, tree, n, x0, width, yOf) {
    const highest = Math.max(...tree.map((m) => m.height), 1e-9), nodes = [];
    for (let i = 0; i < n; ++i) nodes.push({ x: x0, y: yOf(i) });
    for (const m of tree) {
        const a = nodes[m.left], b = nodes[m.right], x = x0 + width * m.height / highest;
        root.append(svg('path', { class: 'tree', d: `M${a.x} ${a.y}H${x}V${b.y}H${b.x}` }));
        nodes.push({ x, y: (a.y + b.y) / 2 });
    }
}
