/* Links to the code of functions, as GetFunction gives them, and what a request for one is answered. */
#ifndef MS_API_CODE_LINK_H
#define MS_API_CODE_LINK_H

#include "api/internal.h"

#define MS_API_CODE_PATH "/_aws/lambda-code/"

/*
 * Where the archive of that version is for ten minutes; owned. Without a server to fetch it from, the archive itself
 * as a data URL. NONE: it could not be made.
 */
struct ms_json ms_api_code_link(struct ms_api_call *call, struct ms_str name, const char *version);
/* A plain request below that path: the archive, or S3's words for why not. */
int ms_api_code_fetch(struct ms_api_call *call);

#endif
