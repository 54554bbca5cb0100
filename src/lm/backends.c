/* Backends by name. The CUDA one is a module of its own, loaded when it is asked for, so that the
 * library itself never needs CUDA to load. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"

static pdx_status load_module(const pdx__backend **out, const char *file) {
    void *module =
        dlopen(file, RTLD_NOW | RTLD_LOCAL); /* never closed: its functions stay in use */
    if (!module)
        return pdx__fail(PDX_EUNSUPPORTED, "the backend 'cuda' cannot be loaded: %s", dlerror());
    pdx__backend_module_fn get;
    void *symbol = dlsym(module, "pdx__backend_module");
    memcpy(&get, &symbol, sizeof get);
    const pdx__backend *backend = get ? get() : NULL;
    if (!backend || backend->size != sizeof *backend)
        return pdx__fail(PDX_EUNSUPPORTED, "'%s' was built for another version of the library",
                         file);
    *out = backend;
    return PDX_OK;
}

/* The module lies beside this library, where PREFDISSECT_CUDA_MODULE says, or on the loader's
 * path. */
static pdx_status find_cuda(const pdx__backend **out) {
    const char *named = getenv("PREFDISSECT_CUDA_MODULE");
    if (named && named[0]) return load_module(out, named);
    Dl_info info;
    if (dladdr((void *)(uintptr_t)pdx__backend_find, &info) && info.dli_fname) {
        const char *slash = strrchr(info.dli_fname, '/');
        size_t folder = slash ? (size_t)(slash - info.dli_fname) + 1 : 0;
        static const char name[] = "libprefdissect_cuda.so";
        char *path = pdx__alloc(folder + sizeof name, 1);
        if (!path) return PDX_ENOMEM;
        memcpy(path, info.dli_fname, folder);
        memcpy(path + folder, name, sizeof name);
        pdx_status status = load_module(out, path);
        pdx__free(path);
        if (status == PDX_OK) return PDX_OK;
    }
    return load_module(out, "libprefdissect_cuda.so");
}

pdx_status pdx__backend_find(const pdx__backend **out, const char *name) {
    *out = NULL;
    if (!strcmp(name, "cpu")) {
        *out = pdx__backend_cpu();
        return PDX_OK;
    }
    if (!strcmp(name, "cuda")) return find_cuda(out);
    return pdx__fail(PDX_EINVAL, "there is no backend '%.40s' (cpu, cuda)", name);
}
