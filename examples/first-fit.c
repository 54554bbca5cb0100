/* The smallest program: a table in, what its judge weighs out.
 *   cc first-fit.c $(pkg-config --cflags --libs prefdissect) && ./a.out taste.csv */
#include <prefdissect/prefdissect.h>
#include <stdio.h>

int main(int argc, char **argv) {
    pdx_dataset *dataset = NULL;
    pdx_judgments *judgments = NULL;
    pdx_study *study = NULL;
    const char *path = argc > 1 ? argv[1] : "taste.csv";
    if (pdx_table_load(&dataset, &judgments, path, NULL) != PDX_OK ||
        pdx_study_fit(&study, dataset, judgments, NULL) != PDX_OK) {
        fprintf(stderr, "%s\n", pdx_error_message());
        return 2;
    }
    const pdx_posterior *fit = pdx_study_get(study, 0);
    for (int32_t i = 0; i < pdx_posterior_dim(fit); ++i)
        printf("%-10s weight %6.3f +- %.3f   P(>0) %.3f\n", pdx_posterior_column(fit, i),
               pdx_posterior_mean(fit)[i], pdx_posterior_sd(fit)[i],
               pdx_posterior_prob_positive(fit)[i]);
    puts(pdx_posterior_verdict(fit));
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return 0;
}
