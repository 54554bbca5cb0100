/* What every program shares: option tables, help, errors with the right exit status, a progress bar
 * that Ctrl-C stops, and results that are written whole or not at all.
 *
 * Exit status: 0 done; 1 done, but something asked for with --strict did not hold; 2 bad usage or
 * bad input, nothing written; 3 something outside failed (disk, network); 130 interrupted. */
#ifndef PREFDISSECT_CLI_H
#define PREFDISSECT_CLI_H

#include <prefdissect/prefdissect.h>
#include <stdio.h>

enum { CLI_DONE = 0, CLI_NOT_HELD = 1, CLI_BAD_INPUT = 2, CLI_OUTSIDE = 3, CLI_INTERRUPTED = 130 };

/* Values of an option that may be given several times. */
typedef struct cli_list {
    const char *items[64];
    int32_t count;
} cli_list;

typedef enum cli_kind {
    CLI_END = 0, /* closes a table */
    CLI_HEADING, /* name: a line above the options that follow */
    CLI_SWITCH,  /* int32_t: set to 1 */
    CLI_TEXT,    /* const char * */
    CLI_LIST,    /* cli_list */
    CLI_INT32,   /* int32_t in [least, most] */
    CLI_INT64,   /* int64_t in [least, most] */
    CLI_REAL,    /* double in [least, most] */
    CLI_CHOICE, /* int32_t: which of the words of `argument`, "auto|ep|stis|nuts", counted from 0 */
    CLI_CALL    /* `call` reads the value */
} cli_kind;

/* One row of an option table. */
typedef struct cli_option {
    cli_kind kind;
    const char *name;     /* without dashes; one letter takes one dash */
    const char *argument; /* how help shows the value; NULL for switches */
    const char *help;
    void *target;
    double least, most;
    int advanced; /* shown by --help-all only */
    /* CLI_CALL: 1 where the value was understood. */
    int (*call)(void *target, const char *value);
} cli_option;

typedef struct cli_program {
    const char *name;            /* "pdx-fit" */
    const char *purpose;         /* one line */
    const char *usage;           /* lines after "usage: " */
    const cli_option *tables[4]; /* the program's own; NULL ends */
    const char *closing;         /* examples and hints under the options; may be NULL */
    cli_list *words;             /* arguments that are no options; NULL: none are taken */
    const char *output_argument; /* what -o names, "FILE" or "DIR" */
    const char *output_help;
    int formats; /* 1: takes --format; 2: and a table is the default everywhere */
} cli_program;

enum { CLI_FORMAT_TABLE = 0, CLI_FORMAT_JSON = 1, CLI_FORMAT_CSV = 2 };
/* What the common options said; filled by cli_parse. */
typedef struct cli_common {
    const char *output; /* NULL: not given */
    int32_t format;     /* CLI_FORMAT_* */
    int32_t threads;    /* 0: all cores */
    int64_t seed;       /* 1 */
    int32_t quiet;
} cli_common;
extern cli_common cli;

/* Reads the command line into the targets of the tables. Prints help or the version and exits where
 * those are asked for; exits with CLI_BAD_INPUT, naming the option, where it makes no sense. Also
 * makes Ctrl-C stop long calls. */
void cli_parse(const cli_program *program, int argc, char **argv);
/* The value of --name before parsing ("--name value" or "--name=value"), or NULL. */
const char *cli_peek(int argc, char **argv, const char *name);

/* Progress bar (on a terminal only) and messages on stderr. */
pdx_hooks cli_hooks(void);
/* One line on stderr, "pdx-fit: ..."; cli_note says nothing under --quiet. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The line, then exit. */
void cli_fail(int exit_status, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));
/* Continues after PDX_OK; else tells the library's reason and exits: a failed cli_read is bad
 * input, a file that cannot be written by cli_write is the outside's fault. */
void cli_read(pdx_status status);
void cli_write(pdx_status status);
/* For pictures: what cannot be drawn is bad input, what cannot be written the outside's fault. */
void cli_picture(pdx_status status);

/* Exits unless the file can be read: for calls that read and write, whose failures are then the
 * outside's. `folder_too`: a folder will do. */
void cli_need_file(const char *path, int folder_too);

/* Text that becomes a file, or stdout for a NULL path, once it is complete: print into *stream. */
typedef struct cli_sink {
    FILE *stream;
    char *text;
    size_t length;
} cli_sink;
void cli_sink_open(cli_sink *sink);
void cli_sink_finish(cli_sink *sink, const char *path);
/* Numbers as a NumPy file: shape[dims], row-major doubles. */
void cli_save_npy(const char *path, const double *values, const int64_t *shape, int dims);
/* Makes a folder unless it is there. */
void cli_make_folder(const char *folder);
enum { CLI_PATH = 4096 };
/* "folder/name" into out. */
void cli_join(char out[CLI_PATH], const char *folder, const char *name);

/* Text as one CSV field or one JSON string. */
void cli_print_csv(FILE *stream, const char *text);
void cli_print_json(FILE *stream, const char *text);
/* Text from `column` on (where the line is already), broken at spaces so that lines stay within 100
 * columns, and a newline. */
void cli_print_wrapped(FILE *stream, const char *text, int column);
/* `lead`, then the text, wrapped beside it. */
void cli_print_paragraph(FILE *stream, const char *lead, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Text in a column of `width` characters, cut with "..." where it is longer. */
void cli_print_column(FILE *stream, const char *text, int width);

#endif
