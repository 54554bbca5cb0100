/* Labels that are there already, as a judge: people's, say. */
#ifndef PREFDISSECT_JUDGE_LABELS_H
#define PREFDISSECT_JUDGE_LABELS_H

#include <prefdissect/prefdissect.h>

/* Writes judgments.jsonl to `path`, one row a pair: the winner is A, B or tie as `field` of the
 * pairs says, or as `file` says: a JSON list or lines, one label for each pair in their order. No
 * label
 * ("", null): no verdict. Exits where a label is none of these, or their number is wrong. */
void judge_labels(const pdx_dataset *dataset, const char *field, const char *file, const char *name,
                  const char *path);

#endif
