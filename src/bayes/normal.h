/* The inverse of the normal distribution function. */
#ifndef PDX_BAYES_NORMAL_H
#define PDX_BAYES_NORMAL_H

/* z with P(Z <= z) = p, to about 1e-16 relative (Wichura 1988, algorithm AS 241). -INFINITY at 0,
 * INFINITY at 1, NaN outside [0, 1]. Tail beyond 1/2: pass 1 - p and negate, where 1 - p is known
 * more exactly. */
double pdx__normal_quantile(double p);

#endif
