/* prefdissect/report.h: what a person looks at. */
#ifndef PREFDISSECT_REPORT_H
#define PREFDISSECT_REPORT_H

#include <prefdissect/posterior.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The dissection plot as SVG: properties in rows, one mark per judge at the probability of being
 * preferred in percent (100 sigmoid(w)), 95 % interval, a line at 50 %. Judges of one group; at most
 * 8 judges. Properties sorted by the largest effect. The same input gives the same bytes. `truth`
 * (may be NULL): planted weights drawn as hollow marks. */
PDX_API pdx_status pdx_report_dissection_svg(const pdx_study *study, const char *group,
                                             const char *const *judges, int32_t judge_count,
                                             const pdx_study *truth, const char *path);

#ifdef __cplusplus
}
#endif
#endif
