/* Codes, names and the message of the last failure of each thread. */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

static _Thread_local char message[1024];

const char *pdx_status_name(pdx_status status) {
    switch (status) {
    case PDX_OK: return "PDX_OK";
    case PDX_EINVAL: return "PDX_EINVAL";
    case PDX_ENOMEM: return "PDX_ENOMEM";
    case PDX_EIO: return "PDX_EIO";
    case PDX_EPARSE: return "PDX_EPARSE";
    case PDX_ENOTFOUND: return "PDX_ENOTFOUND";
    case PDX_ENUMERIC: return "PDX_ENUMERIC";
    case PDX_ECANCELED: return "PDX_ECANCELED";
    case PDX_EUNSUPPORTED: return "PDX_EUNSUPPORTED";
    case PDX_ENETWORK: return "PDX_ENETWORK";
    case PDX_EBUSY: return "PDX_EBUSY";
    case PDX_EBUDGET: return "PDX_EBUDGET";
    default: return "PDX_?";
    }
}

const char *pdx_error_message(void) { return message; }

#define TEXT(x)          #x
#define VERSION(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)
const char *pdx_version_string(void) {
    return VERSION(PDX_VERSION_MAJOR, PDX_VERSION_MINOR, PDX_VERSION_PATCH);
}

int32_t pdx_version_number(void) {
    return PDX_VERSION_MAJOR * 10000 + PDX_VERSION_MINOR * 100 + PDX_VERSION_PATCH;
}

/* A message is one line of UTF-8 that a terminal can show: every other byte becomes '?'. It is
 * composed apart, for an argument may be the message before it. */
static void keep(const char *text) {
    size_t length = strlen(text), used;
    memcpy(message, text, length + 1);
    for (size_t i = 0; i < length; i += used ? used : 1) {
        uint32_t rune = 0;
        used = pdx__utf8_decode(message + i, length - i, &rune);
        if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0)) memset(message + i, '?', used ? used : 1);
    }
}

static void compose(char *text, size_t used, const char *format, va_list args) {
    vsnprintf(text + used, sizeof message - used, format, args);
    keep(text);
}

pdx_status pdx__fail(pdx_status status, const char *format, ...) {
    char text[sizeof message];
    va_list args;
    va_start(args, format);
    compose(text, 0, format, args);
    va_end(args);
    return status;
}

pdx_status pdx__fail_at(pdx_status status, const char *file, int64_t line, const char *format,
                        ...) {
    char text[sizeof message];
    if (!strcmp(file, "-")) file = "standard input";
    int used = line > 0 ? snprintf(text, sizeof text, "%s:%lld: ", file, (long long)line)
                        : snprintf(text, sizeof text, "%s: ", file);
    if (used < 0 || (size_t)used >= sizeof text) used = sizeof text - 1;
    va_list args;
    va_start(args, format);
    compose(text, (size_t)used, format, args);
    va_end(args);
    return status;
}

pdx_status pdx__nomem(void) { return pdx__fail(PDX_ENOMEM, "out of memory"); }

void pdx__set_error_message(const char *text) {
    if (text != message) snprintf(message, sizeof message, "%s", text);
}
