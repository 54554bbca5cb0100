/* OpenAI batch files: requests as JSON lines to be answered elsewhere, results in any order.
 *   {"custom_id":KEY,"method":"POST","url":PATH,"body":{...}}
 *   {"custom_id":KEY,"response":{"status_code":200,"body":{...}},"error":null} */
#ifndef PDX_NET_BATCH_H
#define PDX_NET_BATCH_H

#include "net/ask.h"
#include "net/journal.h"

void pdx__batch_line(pdx__buf *out, const pdx__ask *ask);

typedef struct pdx__batch_counts {
    int64_t answered, failed;
} pdx__batch_counts;
/* Results into the journal: answers as answers, failures as failures. A line that is no result is
 * PDX_EPARSE with its number. */
pdx_status pdx__batch_read(pdx__batch_counts *out, pdx__journal *journal, const char *path);

#endif
