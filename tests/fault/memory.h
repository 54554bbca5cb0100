/* Memory that runs out on request. The test program takes the place of malloc for itself and every
 * library it loads; while armed, allocation number `fail_at` (from 0) is refused, or all from there
 * on, and blocks are counted. */
#ifndef PDX_TEST_MEMORY_H
#define PDX_TEST_MEMORY_H

enum { MEMORY_ONE = 0, MEMORY_ALL = 1, MEMORY_NONE = 2 };
void memory_arm(long fail_at, int which);
/* Ends it. Allocations that were asked for, that were refused, and blocks that are left (negative:
 * a block from before was freed). */
void memory_disarm(long *asked, long *refused, long *live);
/* What the call asked for until now was preparation, which another test refuses; how much it was.
 */
void memory_prepared(void);
long memory_preparation(void);

#endif
