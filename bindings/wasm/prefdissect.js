/* The library's fit in a page: loads prefdissect.wasm and calls it (bindings/wasm/README.md). A
 * classic script that defines one name, Prefdissect; it needs WebAssembly and TextEncoder, nothing
 * of a document, so it runs in a page, a worker or a test. No network, no storage. */
'use strict';

const Prefdissect = (() => {
    class PrefdissectError extends Error {
        constructor(code, message) {
            super(message);
            this.name = 'PrefdissectError';
            this.code = code;
        }
    }

    const CODES = ['PDX_OK', 'PDX_EINVAL', 'PDX_ENOMEM', 'PDX_EIO', 'PDX_EPARSE', 'PDX_ENOTFOUND',
        'PDX_ENUMERIC', 'PDX_ECANCELED', 'PDX_EUNSUPPORTED', 'PDX_ENETWORK', 'PDX_EBUSY',
        'PDX_EBUDGET'];
    const encoder = new TextEncoder();
    const decoder = new TextDecoder();

    /* What C's library asks of the system, answered for a page: one file that can be read, whatever
     * its name, in one folder; a clock; no way to write. Numbers are those of WASI preview 1. */
    const OK = 0, BADF = 8, ACCES = 2, NOSYS = 52, CHARACTERS = 2, FOLDER = 3, REGULAR = 4;
    const ROOT = 3, FILE = 4;
    function system(memory) {
        let file = new Uint8Array(0), at = 0;
        const view = () => new DataView(memory().buffer);
        const describe = (pointer, kind) => {
            const v = view();
            for (let i = 0; i < 24; i += 8) v.setBigUint64(pointer + i, 0n, true);
            v.setUint8(pointer, kind);
            v.setBigUint64(pointer + 8, ~0n, true); /* every right; there is nothing to do with it */
            v.setBigUint64(pointer + 16, ~0n, true);
            return OK;
        };
        const calls = {
            clock_time_get(id, precision, out) {
                const now = id === 1 && typeof performance === 'object' ? performance.now() : Date.now();
                view().setBigUint64(out, BigInt(Math.round(now * 1e6)), true);
                return OK;
            },
            fd_prestat_get(fd, out) {
                if (fd !== ROOT) return BADF;
                view().setUint32(out, 0, true);
                view().setUint32(out + 4, 1, true);
                return OK;
            },
            fd_prestat_dir_name(fd, out) {
                view().setUint8(out, 0x2f);
                return OK;
            },
            fd_fdstat_get(fd, out) {
                if (fd < 0 || fd > FILE) return BADF;
                return describe(out, fd === ROOT ? FOLDER : fd === FILE ? REGULAR : CHARACTERS);
            },
            path_filestat_get(fd, flags, path, length, out) {
                const v = view();
                for (let i = 0; i < 64; i += 8) v.setBigUint64(out + i, 0n, true);
                v.setUint8(out + 16, REGULAR);
                v.setBigUint64(out + 32, BigInt(file.length), true);
                return OK;
            },
            path_open(fd, flags, path, length, open, rights, inheriting, fdflags, out) {
                if (open) return ACCES; /* to create or to cut */
                at = 0;
                view().setUint32(out, FILE, true);
                return OK;
            },
            fd_read(fd, vectors, count, out) {
                const v = view(), bytes = new Uint8Array(memory().buffer);
                let total = 0;
                for (let i = 0; fd === FILE && i < count; ++i) {
                    const to = v.getUint32(vectors + 8 * i, true);
                    const part = file.subarray(at, at + v.getUint32(vectors + 8 * i + 4, true));
                    bytes.set(part, to);
                    at += part.length;
                    total += part.length;
                }
                v.setUint32(out, total, true);
                return OK;
            },
            fd_close() { return OK; },
            random_get(out, length) {
                new Uint8Array(memory().buffer, out, length).fill(4); /* results never hang on it */
                return OK;
            },
            proc_exit(code) { throw new PrefdissectError('PDX_ENOMEM', `the fit stopped with ${code}`); },
        };
        return {
            put(bytes) { file = bytes; },
            /* Whatever else the module names is not there. */
            imports: new Proxy(calls, { get: (all, name) => all[name] || (() => NOSYS) }),
        };
    }

    class Engine {
        constructor(instance, files) {
            this.wasm = instance.exports;
            this.files = files;
        }

        text(pointer) {
            const bytes = new Uint8Array(this.wasm.memory.buffer);
            return decoder.decode(bytes.subarray(pointer, bytes.indexOf(0, pointer)));
        }

        /* Calls body with pointers to copies of the arguments: bytes, or texts with a NUL behind. */
        call(name, body, ...blocks) {
            const pointers = [];
            try {
                for (const block of blocks) {
                    const bytes = typeof block === 'string' ? encoder.encode(block + '\0')
                        : new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
                    const pointer = this.wasm.malloc(bytes.length || 1);
                    if (!pointer) throw new PrefdissectError('PDX_ENOMEM', 'out of memory');
                    pointers.push(pointer);
                    new Uint8Array(this.wasm.memory.buffer).set(bytes, pointer);
                }
                const status = body(...pointers);
                if (status) {
                    throw new PrefdissectError(CODES[-status] || 'PDX_?',
                        this.text(this.wasm.pdxw_message()));
                }
            } finally {
                for (const pointer of pointers) this.wasm.free(pointer);
            }
        }

        get version() { return this.text(this.wasm.pdx_version_string()); }

        async open(data) {
            const { values, ...rest } = data;
            if (!(values instanceof Int8Array) && !(values instanceof Float64Array)) {
                throw new PrefdissectError('PDX_EINVAL', 'values must be an Int8Array or a Float64Array');
            }
            if (values.length !== data.ids.length * data.columns.length) {
                throw new PrefdissectError('PDX_EINVAL', `${values.length} values, but `
                    + `${data.ids.length} pairs of ${data.columns.length} columns`);
            }
            const about = encoder.encode(JSON.stringify(rest));
            this.call('open', (text, numbers) => this.wasm.pdxw_open(text, about.length, numbers,
                values.BYTES_PER_ELEMENT), about, values);
        }

        async fit({ name, bytes, judge, options }) {
            const given = encoder.encode(JSON.stringify(options || {}));
            this.files.put(bytes);
            try {
                this.call('fit', (path, who, text) => this.wasm.pdxw_fit(path, who, text, given.length),
                    name === '-' ? './-' : name || 'judgments', judge || (name || 'new judge').replace(/(.)\.[^.]*$/, '$1'), given);
                return JSON.parse(this.text(this.wasm.pdxw_fits()));
            } finally {
                this.files.put(new Uint8Array(0));
            }
        }

        close() { this.wasm.pdxw_close(); }
    }

    async function unpacked(bytes) {
        if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
        return new Response(stream).arrayBuffer();
    }

    async function load(bytes) {
        let instance = null;
        const files = system(() => instance.exports.memory);
        ({ instance } = await WebAssembly.instantiate(await unpacked(bytes),
            { wasi_snapshot_preview1: files.imports }));
        instance.exports._initialize();
        return new Engine(instance, files);
    }

    return { load, PrefdissectError };
})();
