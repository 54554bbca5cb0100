/* prefdissect/prefdissect.h: the whole library, and the tour.
 *
 * What does a judge of responses really prefer, and how sure are we?
 *
 *   schema     what is measured                       schema.h
 *   dataset    pairs, groups, property comparisons    dataset.h
 *   judgments  who preferred what, in which order     judgments.h
 *   http       how servers are asked                  http.h
 *   annotate   properties rated by a language model   annotate.h
 *   judge      a thing that makes judgments           judge.h
 *   posterior  what that judge weighs                 posterior.h
 *   analysis   who is like whom, and why               analysis.h
 *   probe      what the weights cause                 probe.h
 *   simulate   studies with planted truth             simulate.h
 *   report     what a person looks at                 report.h
 *
 * A whole program:
 *   pdx_dataset_load(&dataset, &files, NULL);
 *   pdx_judgments_load(&judgments, dataset, &path, 1, NULL);
 *   pdx_study_fit(&study, dataset, judgments, NULL);
 *   pdx_study_save(study, "fits.json");
 *
 * Rules of the whole API
 * - Calls return a pdx_status; the first argument is the result, NULL after a failure. The reason
 * is in pdx_error_message(), per thread. The library never prints, aborts, exits, installs signal
 *   handlers or changes the locale. How good a result is stands in the result, not in the code.
 * - Options: a struct whose first field is its size, filled by its init function; NULL: defaults.
 *   New fields come at the end, and calls take a shorter struct of an older program. The init
 *   functions are macros that hand over the size of the caller's struct and fill no more than that.
 * - Ownership: inputs are copied or counted, so handles are freed in any order, and NULL may be
 *   freed. Getters return borrowed pointers that live as long as the handle.
 * - Threads: a handle is used by one thread at a time; schemas, loaded datasets, judgments,
 *   posteriors and studies may be shared for reading. Threads inside are the library's own; results
 *   do not depend on their number.
 * - Files are written under a temporary name and renamed: whole or not at all. */
#ifndef PREFDISSECT_PREFDISSECT_H
#define PREFDISSECT_PREFDISSECT_H

#include <prefdissect/common.h>
#include <prefdissect/schema.h>
#include <prefdissect/dataset.h>
#include <prefdissect/judgments.h>
#include <prefdissect/http.h>
#include <prefdissect/annotate.h>
#include <prefdissect/judge.h>
#include <prefdissect/posterior.h>
#include <prefdissect/columns.h>
#include <prefdissect/analysis.h>
#include <prefdissect/probe.h>
#include <prefdissect/simulate.h>
#include <prefdissect/report.h>

#endif
