/* The document: base64 arrays back to numbers, and the study as judges, groups and fits. A judge that
 * is dropped onto the page joins the same lists. */
const doc = JSON.parse(document.getElementById('document').textContent);

function unpack(text) {
    const binary = atob(text), out = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; ++i) out[i] = binary.charCodeAt(i);
    return out;
}

/* {"u8"}, {"u32"}, {"f64"}, or {"scale","i16"}; null for what is absent. Little-endian, as every
 * browser's arrays are. */
function numbers(packed) {
    if (!packed) return null;
    if (packed.u8 !== undefined) return unpack(packed.u8);
    if (packed.u32 !== undefined) return new Uint32Array(unpack(packed.u32).buffer);
    if (packed.f64 !== undefined) return new Float64Array(unpack(packed.f64).buffer);
    const whole = new Int16Array(unpack(packed.i16).buffer), out = new Float64Array(whole.length);
    for (let i = 0; i < out.length; ++i) {
        out[i] = whole[i] === -32768 ? NaN : whole[i] * packed.scale / 32767;
    }
    return out;
}

const OVERALL = -1;
const properties = doc.properties;
const D = properties.length;
const judges = doc.judges.map((name, i) => ({ name, fitted: i < doc.fitted_judges, added: false }));
const groups = doc.groups.map((group, i) => ({ ...group, fitted: i < doc.fitted_groups }));
const fittedGroups = groups.map((g, i) => i).filter((i) => groups[i].fitted);
/* Groups whose mean is "overall". */
const scenarios = fittedGroups.filter((g) => doc.similarity.scenario[g]);
const fits = new Map();
const fitKey = (judge, group) => judge + ':' + group;
const fitOf = (judge, group) => (group === OVERALL ? overallFit(judge) : fits.get(fitKey(judge, group))) || null;

(function readFits() {
    const f = doc.fits, columns = {};
    for (const name of ['mean', 'sd', 'low', 'high', 'positive', 'position', 'first', 'prediction',
        'prior_scale', 'truth']) columns[name] = numbers(f[name]);
    f.judge.forEach((judge, i) => {
        const group = f.group[i];
        const row = (name) => columns[name] && columns[name].subarray(i * D, (i + 1) * D);
        const sd = row('sd'), known = sd && !Number.isNaN(sd[0]);
        const first = columns.first.subarray(3 * i, 3 * i + 3);
        const held = columns.prediction.subarray(5 * i, 5 * i + 5);
        const truth = columns.truth && columns.truth.subarray(i * (D + 1), (i + 1) * (D + 1));
        fits.set(fitKey(judge, group), {
            index: i, judge, group, rows: f.rows[i], ties: f.ties[i], noVerdict: f.no_verdict[i],
            certified: f.certified[i], label: f.label.of[f.label.which[i]],
            verdict: f.verdict.of[f.verdict.which[i]], mean: row('mean'),
            sd: known ? sd : null, low: known ? row('low') : null, high: known ? row('high') : null,
            positive: known ? row('positive') : null,
            position: Number.isNaN(columns.position[i]) ? null
                : { mean: columns.position[i], p: first[0], low: first[1], high: first[2] },
            prediction: Number.isNaN(held[0]) ? null
                : { accuracy: held[0], majority: held[1], length: held[2], logLoss: held[3], auc: held[4] },
            priorScale: columns.prior_scale[i], truth: truth && !truth.every(Number.isNaN) ? truth : null,
        });
    });
}());

/* The mean of a judge's scenario groups: as pooling has it, else with limits by their sds, the groups
 * taken as independent. Null where there are none, and the group itself where there is but one. */
const overallCache = new Map();
function overallFit(judge) {
    if (overallCache.has(judge)) return overallCache.get(judge);
    const all = scenarios.map((g) => fits.get(fitKey(judge, g))).filter(Boolean);
    let out = all.length ? all[0] : null;
    const shared = all.length > 1 ? sharedFit(judge, all) : null;
    if (shared) out = shared;
    else if (all.length > 1) {
        const mean = new Float64Array(D), sd = new Float64Array(D);
        for (const fit of all) {
            for (let k = 0; k < D; ++k) {
                mean[k] += fit.mean[k] / all.length;
                sd[k] += fit.sd ? fit.sd[k] ** 2 / all.length ** 2 : NaN;
            }
        }
        for (let k = 0; k < D; ++k) sd[k] = Math.sqrt(sd[k]);
        const known = !sd.some(Number.isNaN);
        const limit = (sign) => (known ? mean.map((m, k) => m + sign * 1.959963984540054 * sd[k]) : null);
        out = {
            judge, group: OVERALL, parts: all.length, mean, sd: known ? sd : null, low: limit(-1),
            high: limit(1), positive: known ? mean.map((m, k) => normalCdf(m / sd[k])) : null,
            rows: all.reduce((n, fit) => n + fit.rows, 0), position: meanPosition(all), truth: meanTruth(all),
        };
    }
    overallCache.set(judge, out);
    return out;
}

function meanTruth(all) {
    const truths = all.map((fit) => fit.truth);
    return truths.every(Boolean) ? truths[0].map((_, k) => truths.reduce((sum, t) => sum + t[k], 0) / truths.length) : null;
}

/* What a judge's groups share, where their fits were pooled: the library's own average. */
const pooled = doc.pooled ? Object.fromEntries(['mean', 'sd', 'low', 'high', 'positive'].map((name) => [name, numbers(doc.pooled[name])])) : null;
function sharedFit(judge, all) {
    const i = pooled ? doc.pooled.judge.indexOf(judge) : -1;
    if (i < 0) return null;
    const row = (name) => pooled[name] && pooled[name].subarray(i * D, (i + 1) * D);
    return {
        judge, group: OVERALL, parts: all.length, tau: doc.pooled.tau[i], mean: row('mean'), sd: row('sd'), low: row('low'),
        high: row('high'), positive: row('positive'), rows: all.reduce((n, fit) => n + fit.rows, 0),
        position: meanPosition(all), truth: meanTruth(all),
    };
}

function meanPosition(all) {
    const known = all.map((fit) => fit.position).filter(Boolean);
    if (!known.length || known.length < all.length) return null;
    const mean = known.reduce((sum, e) => sum + e.mean, 0) / known.length;
    let variance = 0;
    for (const e of known) variance += ((logit(e.high) - logit(e.low)) / 3.92) ** 2;
    const sd = Math.sqrt(variance) / known.length;
    return { mean, p: sigmoid(mean), low: sigmoid(mean - 1.96 * sd), high: sigmoid(mean + 1.96 * sd) };
}

const groupName = (group) => (group === OVERALL ? `All (mean of ${scenarios.length} groups)`
    : plain(groups[group].name));
const judgeName = (judge) => plain(judges[judge].name);
const propertyName = (k) => plain(properties[k].name);
/* Judges that have a fit in the group. */
const judgesIn = (group) => judges.map((_, j) => j).filter((j) => judges[j].fitted && fitOf(j, group));

/* ---- the pairs ---- */

const pairs = doc.pairs ? (() => {
    const p = doc.pairs, n = p.id.length, packed = numbers(p.x);
    const x = p.ternary ? new Int8Array(n * D) : packed;
    for (let i = 0; p.ternary && i < n * D; ++i) x[i] = (packed[i >> 2] >> 2 * (i & 3) & 3) - 1;
    const kept = numbers(p.kept), place = new Map();
    if (kept) kept.forEach((number, i) => place.set(number, i));
    const texts = new Map();
    for (const [at, fields, cut] of doc.texts || []) texts.set(at, { fields, cut });
    const member = (p.groups || []).map((g) => (typeof g === 'number' ? g : new Set(numbers(g))));
    return {
        n, total: p.total, x, texts, member,
        ids: p.id.map((id) => p.prefix + id),
        at: (number) => (kept ? place.get(number) : number), /* of a pair's number in the data */
        inGroup: (i, g) => g === OVERALL || member[g] === 1 || (member[g] !== 0 && member[g].has(i)),
        row: (i) => x.subarray(i * D, (i + 1) * D),
        verdicts: numbers(p.verdicts),
    };
})() : null;

const labellers = doc.agreement ? doc.agreement.judges : [];
const VERDICT = ['', 'none', 'A', 'B', 'tie'];
/* {AB, BA, any}: '', 'none', 'A', 'B' or 'tie' for each order, and for none that is known. */
function verdictOf(judge, i) {
    const added = judges[judge].verdicts;
    if (added) return added.get(i) || { AB: '', BA: '', any: '' };
    const row = labellers.indexOf(judge);
    const code = row < 0 || !pairs.verdicts ? 0 : pairs.verdicts[row * pairs.n + i];
    return { AB: VERDICT[code % 5], BA: VERDICT[Math.floor(code / 5) % 5], any: VERDICT[Math.floor(code / 25)] };
}

/* ---- texts of others ---- */

/* Characters that turn text round or cannot be seen, made visible. */
function plain(text) {
    return String(text).replace(
        /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]/g,
        (c) => `[U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
}
