/* JSON as models write it, into JSON. */
#ifndef PDX_ANNOTATE_RELAX_H
#define PDX_ANNOTATE_RELAX_H

#include <cjson/cJSON.h>

#include "core/buf.h"

/* The last object in a text that is one, be it fenced, after thinking or among words: NULL where
 * there is none (*status PDX_OK), or for want of memory. Allowed beyond JSON: commas before a
 * closing bracket, comments, single quotes, keys without quotes, line ends and tabs within strings,
 * True, False, None, and a plus or a missing digit in numbers. Nested at most 64 deep. */
cJSON *pdx__relaxed_object(const char *text, pdx_status *status);

#endif
