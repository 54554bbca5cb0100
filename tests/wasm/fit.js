/* The fit in WebAssembly beside pdx-fit on the same files: every number within 1e-9, every sentence
 * and every message the same. usage: node fit.js prefdissect.wasm prefdissect.js pdx-fit */
'use strict';
const { execFileSync, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const zlib = require('zlib');

const [wasm, glue, pdxFit] = process.argv.slice(2).map((name) => path.resolve(name));
const Prefdissect = new Function(`${fs.readFileSync(glue, 'utf8')};return Prefdissect;`)();
const here = fs.mkdtempSync(path.join(os.tmpdir(), 'pdx-wasm-'));
let failures = 0;
const check = (condition, message) => {
    if (condition) return;
    ++failures;
    console.log(`FAILED: ${message}`);
};

/* Numbers from a stated start, so that every run tests the same data. */
let state = 20240229n;
const uniform = () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 11n) / 2 ** 53;
};

/* Comparisons with seven zeros in ten, verdicts by planted weights and a pull to the first. */
function invent(n, d) {
    const weights = Array.from({ length: d }, () => 0.4 * (uniform() - 0.5) * 3);
    const data = { columns: weights.map((_, k) => `p${k}`), ids: [], values: new Int8Array(n * d) };
    const rows = [], labels = [], list = [];
    for (let i = 0; i < n; ++i) {
        let eta = 0;
        for (let k = 0; k < d; ++k) {
            const x = uniform() < 0.7 ? 0 : uniform() < 0.5 ? -1 : 1;
            data.values[i * d + k] = x;
            eta += x * weights[k];
        }
        const id = `pair/${i} "é"`;
        data.ids.push(id);
        for (const order of ['AB', 'BA']) {
            const first = (order === 'AB' ? eta : -eta) + 0.5 + 2 * (uniform() - 0.5);
            const shown = uniform() < 1 / (1 + Math.exp(-first)) ? 'first' : 'second';
            const p = 1 / (1 + Math.exp(-first));
            labels.push({ pair: id, judge: 'verdicts', order, shown: i % 17 ? shown : 'tie' });
            rows.push({ pair: id, judge: 'logs', order, logp_first: Math.log(0.9 * p),
                logp_second: Math.log(0.9 * (1 - p)) });
        }
        list.push(uniform() < 1 / (1 + Math.exp(-eta)) ? 'A' : 'B');
    }
    data.groups = [{ name: 'all of them', pairs: data.ids.map((_, i) => i) },
        { name: 'odd', pairs: data.ids.map((_, i) => i).filter((i) => i % 2) }];
    const lines = (list) => list.map((row) => JSON.stringify(row)).join('\n');
    return { data, list, logs: lines(rows), jsonl: lines([...labels, ...rows]) };
}

function writePairs(data) {
    const d = data.columns.length;
    const features = path.join(here, 'features.jsonl'), names = path.join(here, 'names.json');
    fs.writeFileSync(names, JSON.stringify({ properties: data.columns }));
    fs.writeFileSync(features, data.ids.map((id, i) => JSON.stringify({ id,
        diff: Array.from(data.values.slice(i * d, i * d + d)),
        cmp: Array.from(data.values.slice(i * d, i * d + d)),
        kind: data.groups ? data.groups.filter((g) => g.pairs.includes(i)).map((g) => g.name) : '' }))
        .join('\n'));
    return ['--features', features, '--names', names, ...(data.groups ? ['--group-by', 'kind'] : [])];
}

/* The largest gap between two trees; everything but numbers must be equal. */
function gap(a, b, where, gaps) {
    if (typeof a === 'number' && typeof b === 'number') {
        const key = where.replace(/\d+/g, '#'), of = Math.abs(a - b) / Math.max(1, Math.abs(b));
        gaps[key] = Math.max(gaps[key] || 0, of);
    } else if (a && b && typeof a === 'object' && typeof b === 'object') {
        for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
            gap(a[key], b[key], `${where}.${key}`, gaps);
        }
    } else check(a === b, `${where}: ${JSON.stringify(a)} is not ${JSON.stringify(b)}`);
}

/* Of the certificate, whose draws are weighed in single precision, and of the tail index of nearly
 * equal weights. */
const coarse = /\.(ess_fraction|sd_log_weight|delta|delta_se|khat|mean_se)$/;

async function compare(engine, what, data, text, name, options, flags) {
    const file = path.join(here, name), out = path.join(here, 'fits.json');
    const labels = text[0] === '[';
    fs.writeFileSync(file, text);
    execFileSync(pdxFit, [...writePairs(data), labels ? '--labels' : '--judgments',
        file, ...flags, '-o', out, '--quiet'], { stdio: 'pipe' });
    const native = JSON.parse(fs.readFileSync(out, 'utf8'));
    await engine.open(data);
    const ours = await engine.fit({ name, bytes: fs.readFileSync(file),
        options: options || native.options });
    const gaps = {};
    check(ours.fits.length > 0, `${what}: no fits`);
    check(Array.isArray(ours.warnings) && !ours.warnings.length, `${what}: warnings`);
    delete ours.warnings;
    gap(ours, native, what, gaps);
    let most = 0;
    for (const [key, size] of Object.entries(gaps)) {
        const limit = coarse.test(key) ? 1e-3 : 1e-9;
        check(size <= limit, `${key} differs by ${size}`);
        if (!coarse.test(key)) most = Math.max(most, size);
    }
    console.log(`${what}: ${ours.fits.length} fits, largest difference ${most.toExponential(1)}`);
    return ours;
}

async function sameMessage(engine, data, text, name, about) {
    const file = path.join(here, name);
    fs.writeFileSync(file, text);
    const run = spawnSync(pdxFit, [...writePairs(data), about, file, '--quiet'], { encoding: 'utf8' });
    const native = run.stderr.trim().split(`${here}/`).join('');
    await engine.open(data);
    try {
        await engine.fit({ name, bytes: Buffer.from(text) });
        check(false, `${name}: read without an error`);
    } catch (error) {
        check(error instanceof Prefdissect.PrefdissectError && /^PDX_E/.test(error.code),
            `${name}: ${error}`);
        check(native.includes(error.message), `"${error.message}" is not in "${native}"`);
        check(error.message.startsWith(`${name}:`), `no file in "${error.message}"`);
    }
}

async function throws(promise, code, part) {
    try {
        await promise;
        check(false, `no error: ${part}`);
    } catch (error) {
        check(error.code === code && error.message.includes(part), `${error.code} ${error.message}`);
    }
}

async function autoj(engine) {
    const folder = path.resolve(__dirname, '../../../shared/data/autoj');
    if (!fs.existsSync(folder)) {
        console.log('SKIP autoj: no ../shared/data');
        return;
    }
    const lines = (name) => fs.readFileSync(path.join(folder, name), 'utf8').trim().split('\n')
        .map((line) => JSON.parse(line));
    const features = lines('features.jsonl');
    const data = { columns: JSON.parse(fs.readFileSync(path.join(folder, '../feature_names.json'),
        'utf8')).features.map((feature) => feature.name), ids: features.map((row) => row.id) };
    data.values = new Int8Array(features.flatMap((row) => row.cmp));
    await compare(engine, 'autoj', data, fs.readFileSync(path.join(folder, 'judgments.jsonl'), 'utf8'),
        'judgments.jsonl', null, []);
}

async function main() {
    const bytes = fs.readFileSync(wasm);
    check(bytes.length < 340000, `prefdissect.wasm has ${bytes.length} bytes`);
    const engine = await Prefdissect.load(zlib.gzipSync(bytes));
    check((await Prefdissect.load(bytes)).version === engine.version, 'plain and gzipped differ');
    await throws(engine.fit({ name: 'x', bytes: Buffer.from('[]') }), 'PDX_EINVAL', 'no data');

    const small = invent(120, 29);
    const plain = { ...small.data, groups: undefined };
    const list = JSON.stringify(small.list);
    await compare(engine, 'a label list', plain, list, 'labels.json', null, []);
    await compare(engine, 'real values', { ...plain, values: Float64Array.from(plain.values) }, list,
        'labels.json', null, []);
    await compare(engine, 'judgments', small.data, small.jsonl, 'judgments.jsonl', null, []);
    for (const ties of ['half', 'ordinal', 'davidson']) {
        await compare(engine, `ties ${ties}`, small.data, small.jsonl, 'judgments.jsonl', null,
            ['--ties', ties]);
    }
    await compare(engine, 'all groups in one', small.data, small.jsonl, 'judgments.jsonl', null,
        ['--pool', 'complete']);
    await compare(engine, 'by draws', plain, list, 'labels.json', null, ['--method', 'stis']);
    await compare(engine, 'margins', small.data, small.logs, 'judgments.jsonl', null,
        ['--label', 'margin', '--prior', 'eb']);
    await compare(engine, 'the original\'s folds', plain, list, 'labels.json', null,
        ['--preset', 'paper']);
    await compare(engine, 'another prior', plain, list, 'labels.json',
        { prior: 'gaussian', prior_scale: 0.5, quantile_probs: [0.1, 0.5], draws: 50, seed: 7 },
        ['--prior', 'gaussian:0.5', '--quantiles', '0.1,0.5', '--seed', '7', '--draws', '50']);
    await autoj(engine);

    for (const [text, name, about] of [
        [list.replace('"B"', '"tie"'), 'labels.json', '--labels'],
        ['["A"]', 'labels.json', '--labels'],
        [list.slice(0, -1), 'labels.json', '--labels'],
        [`${small.jsonl}\n{"pair":"pair/1","judge":"j"}`, 'judgments.jsonl', '--judgments'],
        [small.jsonl.replace('"AB"', '"ab"'), 'judgments.jsonl', '--judgments'],
        ['\n', 'judgments.jsonl', '--judgments'],
    ]) await sameMessage(engine, plain, text, name, about);

    const known = small.jsonl.split('\n').slice(0, 200).join('\n');
    await engine.open(plain);
    const partly = await engine.fit({ name: 'more.jsonl', judge: 'j', options: { skip_unknown: true },
        bytes: Buffer.from(`${known}\n{"pair":"no such","judge":"verdicts","winner":"A"}`) });
    check(partly.warnings.length === 1 && /1 judgments of unknown pairs/.test(partly.warnings[0]),
        JSON.stringify(partly.warnings));
    const fit = (options) => engine.fit({ name: 'l.json', bytes: Buffer.from(list), options });
    await throws(fit({ prior: 'flat' }), 'PDX_EPARSE', 'options: field \'prior\': \'flat\' is no choice');
    await throws(fit({ folds: 1 }), 'PDX_EINVAL', '\'folds\' is 1');
    await throws(fit({ flods: 2 }), 'PDX_EPARSE', 'field \'flods\': there is no such option');
    await throws(fit({ draws: 1.5 }), 'PDX_EPARSE', '1.5 is no whole number');
    await throws(fit({ prior_scales: [1] }), 'PDX_EPARSE', 'expected 29 numbers, found 1');
    await throws(engine.open({ ...plain, ids: plain.ids.slice(1) }), 'PDX_EINVAL', 'values');
    await throws(engine.open({ ...plain, ids: [...plain.ids.slice(1), plain.ids[1]] }), 'PDX_EINVAL',
        'occurs twice');
    await throws(engine.open({ ...plain, groups: [{ name: 'g', pairs: [120] }] }), 'PDX_EPARSE',
        '120 is no number from 0 to 119');
    const left = { ...plain, records: 122, record: plain.ids.map((_, i) => i + 2) };
    await engine.open(left);
    const shifted = await engine.fit({ name: 'l.json', judge: 'l',
        bytes: Buffer.from(JSON.stringify(['A', 'B', ...small.list])) });
    await engine.open(plain);
    const same = await engine.fit({ name: 'l.json', bytes: Buffer.from(list) });
    check(JSON.stringify(shifted) === JSON.stringify(same), 'records that are no pairs count');
    await throws(engine.open({ ...left, record: left.record.map(() => 2) }), 'PDX_EPARSE', 'ascend');
    engine.close();
}

main().catch((error) => check(false, error.stack)).finally(() => {
    fs.rmSync(here, { recursive: true });
    process.exit(failures ? 1 : 0);
});
