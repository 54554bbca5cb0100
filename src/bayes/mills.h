/* The Mills ratio M(k) = Q(k)/phi(k) = sqrt(pi/2) erfcx(k/sqrt(2)) for k >= 0 as one polynomial:
 * (k + c) M(k) in t = (k - c)/(k + c), the transformation of Shepherd & Laframboise 1981 (Math.
 * Comp. 36:249), interpolated at Chebyshev points at 50 digits; relative error of the polynomial
 * 5e-17. Shared by the scalar and the vector version. */
#ifndef PDX_BAYES_MILLS_H
#define PDX_BAYES_MILLS_H

#define PDX__MILLS_CENTRE 5.0
#define PDX__MILLS_DEGREE 22
#define PDX__MILLS_POLYNOMIAL                                                                      \
    1.9280810471531578, -1.667866595188962, 1.241547061573868, -0.78591107554637574,               \
        0.41364471573254236, -0.17325473409151876, 0.052125502416080681, -0.0075032827686530423,   \
        -0.001999962021267729, 0.0013658588163496476, -0.00014883274148516504,                     \
        -0.00012473426266005141, 4.1813314695745551e-05, 9.9711482989230853e-06,                   \
        -6.9417006095649447e-06, -8.2986893948555589e-07, 1.0879424939523628e-06,                  \
        8.9783415484040036e-08, -1.7001344922544334e-07, -1.2572369954898982e-08,                  \
        2.367968496638553e-08, 1.2626643937842609e-09, -2.0469609328476833e-09

#endif
