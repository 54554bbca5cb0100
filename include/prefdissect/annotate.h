/* prefdissect/annotate.h: properties of responses, rated by a language model behind HTTP.
 *
 * A pair goes through stages, each a request or several, each its own rows of annotations.jsonl:
 *   query           facts about the query: the `depends_on` of the schema's properties
 *   reference       an answer by the annotator itself, to check others against
 *   query-free      ratings of the responses alone
 *   query-aware     ratings of the responses to the query
 *   query-specific  ratings that the facts call for (after query)
 *   error           errors with their severity (after reference)
 *   scenario        what kind of request it is
 * A stage starts for a pair as soon as what it needs is there.
 *
 * annotations.jsonl: one row an answer,
 *   {"id":ID,"stage":STAGE,"order":"AB"|"BA","response":"a"|"b","repeat":R,
 *    "values":{...},"provenance":{...}}
 * - "order": which response was shown first; only in stages that show both. "response": which one
 * was rated, where they are shown one by one; its values have this side only. "repeat": 0, 1, ...;
 * every repeat is annotated anew, reference and scenario excepted. A row is one pass: rows of
 * several repeats or orders are annotations of the same thing, whose disagreement is the
 * annotator's noise.
 * - "values" by stage, always in terms of responses a and b, whatever was shown first:
 *   query: {<fact>: true | false | ["each constraint, stance or mistake", ...]}
 *   query-free, query-aware, query-specific: {<property>: {"a": rating, "b": rating}}; a property
 * whose fact is a list has a list of ratings, one for each entry. Query-specific properties whose
 * fact is absent are not there. error: {<property>: {"a": count, "b": count}}, or {<property>:
 * null} where they could not be checked; the errors themselves stand in "errors": {"a":
 * [{"severity","what"}], "b": [...]}. reference: {"text": str}. scenario: {"scenario": str}.
 * - "provenance": {"model" (as the server names it), "prompt_sha256" (model, prompt, properties and
 *   settings of the stage), "asked_sha256", "time", "attempts", "corrections" (times that an
 * unusable answer was sent back with the reason), "usage": {"input","output"} of all of that}.
 * - {"id","stage","order",...,"error": reason}: there is no usable answer; "refused": true where
 * the annotator will not say. Such rows are asked again by the next run. pdx_dataset_load reads
 * these rows (dataset.h): ratings are averaged over orders and repeats, then compared by the
 * property's rule; a query-specific property counts in the repeats whose facts have it, as 0 in the
 * others. */
#ifndef PREFDISSECT_ANNOTATE_H
#define PREFDISSECT_ANNOTATE_H

#include <prefdissect/http.h>
#include <prefdissect/dataset.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Stages, in the order of the summary. */
enum {
    PDX_ANNOTATE_QUERY = 0,
    PDX_ANNOTATE_REFERENCE = 1,
    PDX_ANNOTATE_QUERY_FREE = 2,
    PDX_ANNOTATE_QUERY_AWARE = 3,
    PDX_ANNOTATE_QUERY_SPECIFIC = 4,
    PDX_ANNOTATE_ERROR = 5,
    PDX_ANNOTATE_SCENARIO = 6
};

#ifdef __cplusplus
}
#endif
#endif
