/* prefdissect/report.h: what a person looks at. */
#ifndef PREFDISSECT_REPORT_H
#define PREFDISSECT_REPORT_H

#include <prefdissect/posterior.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The dissection plot as SVG: properties in rows, one mark per judge at the probability of being
 * preferred in percent (100 sigmoid(w)), 95 % interval where the fit has one, a line at 50 %.
 * Properties are sorted by the largest effect; position effects, where fits have them, are a last
 * row of their own. `group` NULL: the group of the first fit. `judges` NULL: all of the group, in
 * the order of the study; at most 8. Their fits must have the same columns. `truth` (may be NULL):
 * planted weights of the same judges and group, drawn as hollow marks. The same input gives the
 * same bytes. Errors: PDX_ENOTFOUND (no such judge or group), PDX_EINVAL, PDX_EIO. */
PDX_API pdx_status pdx_report_dissection_svg(const pdx_study *study, const char *group,
                                             const char *const *judges, int32_t judge_count,
                                             const pdx_study *truth, const char *path);

#ifdef __cplusplus
}
#endif
#endif
