/* Who answers tasks besides functions: --mocks, --routes and --aws-endpoint. */
#ifndef MS_CLI_ANSWERING_H
#define MS_CLI_ANSWERING_H

#include "cli/client.h"

/* test_case: of mocks that say none; see mstep_mocks_load. False: told why not. */
bool ms_client_answering(struct ms_client *client, const struct ms_cli_args *args,
                         const char *test_case);

#endif
