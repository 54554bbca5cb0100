/* The pictures of pdx-fit. */
#ifndef PREFDISSECT_FIT_PICTURES_H
#define PREFDISSECT_FIT_PICTURES_H

#include <prefdissect/prefdissect.h>

typedef struct fit_picture_files {
    const char *dissection, *position, *prior; /* files to write, NULL: not */
    const char *group;                         /* NULL: of the first fit */
} fit_picture_files;

/* Draws what is asked for. The prior plot fits the first judge anew, as `options` say but for the
 * scale of the prior; exits with the reason where a picture cannot be drawn. */
void draw_fit_pictures(const fit_picture_files *files, const pdx_study *study,
                       const pdx_dataset *dataset, const pdx_judgments *judgments,
                       const pdx_fit_options *options);

#endif
