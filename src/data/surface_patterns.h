/* The table of patterns behind the counted surface properties. */
#ifndef PDX_DATA_SURFACE_PATTERNS_H
#define PDX_DATA_SURFACE_PATTERNS_H

#include <stdint.h>

/* Which form of the response is searched. */
enum {
    PDX__SURFACE_WHOLE,  /* as it is */
    PDX__SURFACE_PROSE,  /* fenced code blocks replaced by a newline */
    PDX__SURFACE_FOLDED, /* the prose in lower case as far as ASCII goes, with ' for its twin */
    PDX__SURFACE_SOURCES
};

typedef struct pdx__surface_pattern {
    int32_t property; /* the number of matches is its value */
    int32_t source;
    const char *pattern;
} pdx__surface_pattern;

extern const pdx__surface_pattern pdx__surface_patterns[];
extern const int32_t pdx__surface_pattern_count;
extern const char pdx__surface_word[]; /* a word token */

#endif
