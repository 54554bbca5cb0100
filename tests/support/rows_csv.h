/* Tables of the tests: a header of columns, then numbers; "y" and "w" (or "margin") are labels and
 * row weights, the rest properties. No quoting, no checks beyond what a test needs. */
#ifndef PDX_TEST_ROWS_CSV_H
#define PDX_TEST_ROWS_CSV_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct rows_csv {
    int64_t n;
    int32_t d;
    double *x, *y, *weight; /* x [n][d]; y also holds a column "margin"; weight NULL without "w" */
} rows_csv;

static void rows_csv_free(rows_csv *rows) {
    free(rows->x);
    free(rows->y);
    free(rows->weight);
    memset(rows, 0, sizeof *rows);
}

/* 0: the file is not there, or memory is out. */
static int rows_csv_read(rows_csv *rows, const char *path) {
    enum { COLUMNS = 256, LINE = 1 << 16, ROWS = 4096 };
    static char line[LINE];
    char kind[COLUMNS];
    int columns = 0;
    memset(rows, 0, sizeof *rows);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, LINE, file)) {
        if (file) fclose(file);
        return 0;
    }
    line[strcspn(line, "\r\n")] = 0;
    for (char *name = strtok(line, ","); name && columns < COLUMNS; name = strtok(NULL, ",")) {
        int label = !strcmp(name, "y") || !strcmp(name, "margin");
        kind[columns++] = label ? 'y' : !strcmp(name, "w") ? 'w' : 'x';
    }
    for (int c = 0; c < columns; ++c) rows->d += kind[c] == 'x';
    int weighted = memchr(kind, 'w', (size_t)columns) != NULL;
    rows->x = malloc(ROWS * (size_t)rows->d * sizeof *rows->x);
    rows->y = calloc(ROWS, sizeof *rows->y);
    rows->weight = weighted ? calloc(ROWS, sizeof *rows->weight) : NULL;
    if (!rows->x || !rows->y || (weighted && !rows->weight)) {
        fclose(file);
        rows_csv_free(rows);
        return 0;
    }
    while (rows->n < ROWS && fgets(line, LINE, file)) {
        double *x = rows->x + rows->n * rows->d;
        char *text = line;
        for (int c = 0; c < columns; ++c, text += *text == ',') {
            double number = strtod(text, &text);
            if (kind[c] == 'x') *x++ = number;
            else if (kind[c] == 'y') rows->y[rows->n] = number;
            else rows->weight[rows->n] = number;
        }
        ++rows->n;
    }
    fclose(file);
    return 1;
}

#endif
