/* The command line that all programs share; see cli.h. Holds the state of one program run, so this
 * is a file for programs, not for libraries. Leaves out abbreviated option names. */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

cli_common cli;

static const cli_program *program;
static volatile sig_atomic_t interrupted;
static int bar_is_drawn;

/* ---- messages ---- */

static void clear_bar(void) {
    if (!bar_is_drawn) return;
    fputs("\r\033[K", stderr);
    bar_is_drawn = 0;
}

static void say(const char *format, va_list arguments) {
    clear_bar();
    fprintf(stderr, "%s: ", program->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void cli_note(const char *format, ...) {
    if (cli.quiet) return;
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void cli_fail(int exit_status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    exit(exit_status);
}

static void stop_unless_ok(pdx_status status, int file_trouble) {
    clear_bar();
    if (status == PDX_OK && !interrupted) return;
    if (interrupted || status == PDX_ECANCELED) cli_fail(CLI_INTERRUPTED, "interrupted");
    int code = CLI_BAD_INPUT;
    if (status == PDX_EIO) code = file_trouble;
    if (status == PDX_ENOMEM || status == PDX_ENETWORK || status == PDX_EBUSY ||
        status == PDX_EBUDGET)
        code = CLI_OUTSIDE;
    const char *reason = pdx_error_message();
    cli_fail(code, "%s", *reason ? reason : pdx_status_name(status));
}

void cli_read(pdx_status status) { stop_unless_ok(status, CLI_BAD_INPUT); }
void cli_write(pdx_status status) { stop_unless_ok(status, CLI_OUTSIDE); }

void cli_picture(pdx_status status) {
    stop_unless_ok(status, status == PDX_EIO ? CLI_OUTSIDE : CLI_BAD_INPUT);
}

static void on_interrupt(int number) {
    (void)number;
    interrupted = 1;
}

static int32_t on_progress(void *user, const pdx_progress *progress) {
    (void)user;
    if (interrupted) return 1;
    if (cli.quiet || progress->seconds < 0.5 || !isatty(STDERR_FILENO)) return 0;
    char bar[31];
    fputs("\r\033[K", stderr);
    if (progress->total > 0) {
        int filled = (int)(30 * progress->done / progress->total);
        for (int i = 0; i < 30; ++i) bar[i] = i < filled ? '#' : '.';
        bar[30] = 0;
        fprintf(stderr, "[%s] %lld of %lld %s, %.0f s", bar, (long long)progress->done,
                (long long)progress->total, progress->what, progress->seconds);
    } else {
        fprintf(stderr, "%lld %s, %.0f s", (long long)progress->done, progress->what,
                progress->seconds);
    }
    bar_is_drawn = 1;
    return 0;
}

static void on_log(void *user, int32_t level, const char *text) {
    (void)user;
    cli_note("%s%s", level == PDX_LOG_WARNING ? "warning: " : "", text);
}

pdx_hooks cli_hooks(void) { return (pdx_hooks){.progress = on_progress, .log = on_log}; }

/* ---- options ---- */

static int32_t help_asked, help_all_asked, version_asked;
static cli_option output_table[] = {
    {.kind = CLI_HEADING, .name = "Output"},
    {.kind = CLI_TEXT, .name = "o", .target = &cli.output}, /* words come from the program */
    {.kind = CLI_END},
};
static cli_option format_table[] = {
    {.kind = CLI_CHOICE,
     .name = "format",
     .argument = "table|json|csv",
     .target = &cli.format,
     .help = "default: by the ending of -o; else a table on a terminal, json elsewhere"},
    {.kind = CLI_END},
};
static const cli_option common_table[] = {
    {.kind = CLI_INT64,
     .name = "seed",
     .argument = "N",
     .target = &cli.seed,
     .most = 9e15,
     .help = "decides every random number; default 1",
     .advanced = 1},
    {.kind = CLI_INT32,
     .name = "threads",
     .argument = "N",
     .target = &cli.threads,
     .most = 4096,
     .help = "default 0: all cores; the results do not depend on it",
     .advanced = 1},
    {.kind = CLI_SWITCH,
     .name = "quiet",
     .target = &cli.quiet,
     .advanced = 1,
     .help = "no notes, no progress bar; errors are still told"},
    {.kind = CLI_SWITCH,
     .name = "version",
     .target = &version_asked,
     .advanced = 1,
     .help = "print the version and leave"},
    {.kind = CLI_SWITCH,
     .name = "help",
     .target = &help_asked,
     .advanced = 1,
     .help = "the main options"},
    {.kind = CLI_SWITCH, .name = "help-all", .target = &help_all_asked, .help = "every option"},
    {.kind = CLI_END},
};
static const cli_option *tables[9];

static void collect_tables(void) {
    int count = 0;
    while (count < 4 && program->tables[count]) {
        tables[count] = program->tables[count];
        ++count;
    }
    output_table[1].argument = program->output_argument;
    output_table[1].help = program->output_help;
    tables[count++] = output_table;
    if (program->formats == 2) format_table[0].help = "of what stdout gets; default table";
    if (program->formats) tables[count++] = format_table;
    tables[count++] = common_table;
    tables[count] = NULL;
}

static void print_help(int everything) {
    enum { COLUMN = 28 };
    printf("%s: %s\n\nusage: %s\n", program->name, program->purpose, program->usage);
    for (int t = 0; tables[t]; ++t) {
        const char *heading = NULL;
        for (const cli_option *o = tables[t]; o->kind != CLI_END; ++o) {
            if (o->kind == CLI_HEADING) {
                heading = o->name;
                continue;
            }
            if (o->advanced && !everything) continue;
            if (heading) printf("\n%s\n", heading);
            heading = NULL;
            int used = printf("  %s%s %s", o->name[1] ? "--" : "-", o->name,
                              o->argument ? o->argument : "");
            if (used > COLUMN - 1) {
                putchar('\n');
                used = 0;
            }
            printf("%*s", COLUMN - used, "");
            cli_print_wrapped(stdout, o->help, COLUMN);
        }
    }
    if (program->closing) printf("\n%s\n", program->closing);
}

/* Number of single-letter changes between two words: for "did you mean". */
static int edits_between(const char *a, const char *b) {
    int row[64], length = (int)strlen(b);
    if (length > 62 || strlen(a) > 62) return 99;
    for (int j = 0; j <= length; ++j) row[j] = j;
    for (int i = 1; a[i - 1]; ++i) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= length; ++j) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[length];
}

static const cli_option *find_option(const char *name, size_t length) {
    for (int t = 0; tables[t]; ++t)
        for (const cli_option *o = tables[t]; o->kind != CLI_END; ++o)
            if (o->kind != CLI_HEADING && strlen(o->name) == length &&
                !memcmp(o->name, name, length))
                return o;
    return NULL;
}

static void refuse_unknown(const char *word) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    const char *bare = name + strspn(name, "-"), *nearest = NULL;
    int fewest = 3;
    for (int t = 0; tables[t]; ++t)
        for (const cli_option *o = tables[t]; o->kind != CLI_END; ++o) {
            if (o->kind == CLI_HEADING || !o->name[1]) continue;
            int edits = edits_between(bare, o->name);
            if (edits < fewest) {
                fewest = edits;
                nearest = o->name;
            }
        }
    if (nearest)
        cli_fail(CLI_BAD_INPUT, "there is no option %s; did you mean --%s?", name, nearest);
    cli_fail(CLI_BAD_INPUT, "there is no option %s; %s --help-all lists them", name, program->name);
}

static void refuse_value(const cli_option *o, const char *value) {
    char wanted[160];
    if (o->kind == CLI_INT32 || o->kind == CLI_INT64)
        snprintf(wanted, sizeof wanted, "a whole number from %.0f to %.0f", o->least, o->most);
    else if (o->kind == CLI_REAL)
        snprintf(wanted, sizeof wanted, "a number from %g to %g", o->least, o->most);
    else if (o->kind == CLI_CALL) snprintf(wanted, sizeof wanted, "%s (%s)", o->argument, o->help);
    else snprintf(wanted, sizeof wanted, "%s", o->argument);
    cli_fail(CLI_BAD_INPUT, "--%s: '%s' is not %s", o->name, value, wanted);
}

static int choice_index(const char *choices, const char *value) {
    size_t length = strlen(value);
    for (int index = 0;; ++index) {
        size_t word = strcspn(choices, "|");
        if (word == length && !memcmp(choices, value, length)) return index;
        if (!choices[word]) return -1;
        choices += word + 1;
    }
}

static void take_value(const cli_option *o, const char *value) {
    char *end = NULL;
    cli_list *list = o->target;
    errno = 0;
    switch (o->kind) {
    case CLI_SWITCH: *(int32_t *)o->target = 1; return;
    case CLI_TEXT:
        if (!*value) cli_fail(CLI_BAD_INPUT, "--%s: the value is empty", o->name);
        *(const char **)o->target = value;
        return;
    case CLI_LIST:
        if (list->count == (int32_t)(sizeof list->items / sizeof *list->items))
            cli_fail(CLI_BAD_INPUT, "--%s is given more than %d times", o->name, list->count);
        list->items[list->count++] = value;
        return;
    case CLI_INT32:
    case CLI_INT64: {
        long long number = strtoll(value, &end, 10);
        if (end == value || *end || errno || (double)number < o->least || (double)number > o->most)
            refuse_value(o, value);
        if (o->kind == CLI_INT32) *(int32_t *)o->target = (int32_t)number;
        else *(int64_t *)o->target = number;
        return;
    }
    case CLI_REAL: {
        double number = strtod(value, &end);
        if (end == value || *end || !(number >= o->least) || !(number <= o->most))
            refuse_value(o, value);
        *(double *)o->target = number;
        return;
    }
    case CLI_CHOICE: {
        int index = choice_index(o->argument, value);
        if (index < 0) refuse_value(o, value);
        *(int32_t *)o->target = index;
        return;
    }
    case CLI_CALL:
        if (!o->call(o->target, value)) refuse_value(o, value);
        return;
    case CLI_END:
    case CLI_HEADING: return;
    }
}

const char *cli_peek(int argc, char **argv, const char *name) {
    const char *found = NULL;
    size_t length = strlen(name);
    for (int i = 1; i < argc && strcmp(argv[i], "--"); ++i) {
        if (strncmp(argv[i], "--", 2) || strncmp(argv[i] + 2, name, length)) continue;
        const char *rest = argv[i] + 2 + length;
        if (*rest == '=') found = rest + 1;
        else if (!*rest && i + 1 < argc) found = argv[++i];
    }
    return found;
}

/* The format that was not asked for: by the ending of -o, else by what stdout is. */
static int32_t default_format(void) {
    if (program->formats == 2) return CLI_FORMAT_TABLE;
    const char *ending = cli.output ? strrchr(cli.output, '.') : NULL;
    if (ending && !strcmp(ending, ".csv")) return CLI_FORMAT_CSV;
    if (ending && (!strcmp(ending, ".txt") || !strcmp(ending, ".md"))) return CLI_FORMAT_TABLE;
    if (cli.output && strcmp(cli.output, "-")) return CLI_FORMAT_JSON;
    return isatty(STDOUT_FILENO) ? CLI_FORMAT_TABLE : CLI_FORMAT_JSON;
}

/* Told before the work, not after it. */
static void check_output(void) {
    struct stat info;
    if (!cli.output || !strcmp(cli.output, "-")) return;
    int exists = stat(cli.output, &info) == 0, is_folder = exists && S_ISDIR(info.st_mode);
    if (is_folder && !strcmp(program->output_argument, "FILE"))
        cli_fail(CLI_BAD_INPUT, "-o: '%s' is a folder, expected a file name", cli.output);
    if (exists && !is_folder && !strcmp(program->output_argument, "DIR"))
        cli_fail(CLI_BAD_INPUT, "-o: '%s' is a file, expected a folder", cli.output);
    char folder[CLI_PATH];
    snprintf(folder, sizeof folder, "%s", cli.output);
    for (size_t n = strlen(folder); n > 1 && folder[n - 1] == '/'; --n) folder[n - 1] = 0;
    char *slash = strrchr(folder, '/');
    if (exists || !slash || slash == folder) return;
    *slash = 0;
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        cli_fail(CLI_BAD_INPUT, "-o: there is no folder '%s'", folder);
}

void cli_parse(const cli_program *the_program, int argc, char **argv) {
    program = the_program;
    cli = (cli_common){.format = -1, .seed = 1};
    collect_tables();
    int words_only = 0;
    for (int i = 1; i < argc; ++i) {
        const char *word = argv[i];
        if (!words_only && !strcmp(word, "--")) {
            words_only = 1;
            continue;
        }
        if (words_only || word[0] != '-' || !word[1]) {
            if (!program->words)
                cli_fail(CLI_BAD_INPUT, "'%s' is not an option; see %s --help", word,
                         program->name);
            take_value(&(cli_option){.kind = CLI_LIST, .name = "word", .target = program->words},
                       word);
            continue;
        }
        if (!strcmp(word, "-h")) word = "--help";
        int is_long = word[1] == '-';
        const char *name = word + 1 + is_long;
        size_t length = is_long ? strcspn(name, "=") : 1;
        const cli_option *o = find_option(name, length);
        if (!o || is_long != (o->name[1] != 0)) refuse_unknown(word);
        const char *value =
            is_long ? (name[length] ? name + length + 1 : NULL) : (name[1] ? name + 1 : NULL);
        if (o->kind == CLI_SWITCH) {
            if (value) cli_fail(CLI_BAD_INPUT, "--%s takes no value", o->name);
        } else if (!value) {
            if (i + 1 == argc) cli_fail(CLI_BAD_INPUT, "%s needs a value: %s", word, o->argument);
            value = argv[++i];
        }
        take_value(o, value);
        if (help_asked || help_all_asked) {
            print_help(help_all_asked);
            exit(fflush(stdout) ? CLI_OUTSIDE : CLI_DONE);
        }
        if (version_asked) {
            printf("%s %s\n", program->name, pdx_version_string());
            exit(CLI_DONE);
        }
    }
    check_output();
    if (cli.format < 0) cli.format = default_format();
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
}
