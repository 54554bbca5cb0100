/* SHA-256 (FIPS 180-4): names data and prompts in result files. */
#ifndef PDX_CORE_SHA256_H
#define PDX_CORE_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct pdx__sha256 {
    uint32_t state[8];
    uint64_t length;
    unsigned char block[64];
} pdx__sha256;

void pdx__sha256_init(pdx__sha256 *hash);
void pdx__sha256_add(pdx__sha256 *hash, const void *bytes, size_t length);
void pdx__sha256_hex(pdx__sha256 *hash, char out[65]); /* ends the hash */

#endif
