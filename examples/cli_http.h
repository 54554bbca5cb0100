/* The options of programs that ask servers, but for the server itself and its model, of which each
 * program has something of its own to say. */
#ifndef PREFDISSECT_CLI_HTTP_H
#define PREFDISSECT_CLI_HTTP_H

#include "cli.h"

extern pdx_http_options cli_http;
extern const cli_option cli_http_table[]; /* fills cli_http */

#endif
