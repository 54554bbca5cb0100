/* The options of programs that ask a server. A program's own table says with CLI_SHARED rows which
 * of them it takes, where its help shows them, and in other words where these do not fit. */
#ifndef PREFDISSECT_CLI_HTTP_H
#define PREFDISSECT_CLI_HTTP_H

#include "cli.h"

extern pdx_http_options cli_http;
extern const cli_option cli_http_table[]; /* fills cli_http; "journal" has no help of its own */

#endif
