/*
 * Requests of the web that reach functions: function URLs and the routes of a project. A request becomes the event
 * that AWS makes of it, the function is called and waited for, and what it returned becomes the answer. Knows
 * HTTP's meaning and no wire: a request comes as the JSON of the operation http:Request and the answer goes
 * likewise (http/protocol_plain.c). Loop thread only.
 */
#ifndef MS_SOURCE_WEB_H
#define MS_SOURCE_WEB_H

#include "invoke/invoke.h"
#include "journal/driver.h"

struct ms_web; /* the driver */

extern const struct ms_driver_type ms_web_driver;

void ms_web_set_up(struct ms_web *web, struct ms_invoke *invoke); /* borrowed, longer-lived */

/* reply: {"statusCode", "headers", "cookies", "body", "isBase64Encoded"}; borrowed. NONE: out of memory. */
typedef void (*ms_web_reply_cb)(struct ms_json reply, void *arg);

/*
 * *reply NONE: cb is called later, once; else it is the answer, the caller's. MSTEP_ENOMEM: neither. A route to a state
 * machine has no answer yet: {"operation": "StartExecution" | "StartSyncExecution", "request": {...}} is to be carried
 * out by who has asked, and ms_web_started makes the answer of what came of it.
 */
int ms_web_request(struct ms_json *reply, struct ms_web *web, struct ms_json request,
                   ms_web_reply_cb cb, void *arg);

/* Whether the name is one of a function's URL or of the routes: everything below it is theirs. */
bool ms_web_is_host(struct ms_str host);

/* What an operation of a route answered: code 0, or its error; NONE: out of memory. */
struct ms_json ms_web_started(int code, int http_status, struct ms_str text);

/* ---- routes ---- */

#define MS_WEB_ROUTES_MAX 1000

/*
 * Takes the place of all routes; they are as long as the engine is open. An array of {"RouteKey": "GET /a/{id}",
 * "FunctionName" | "StateMachineArn", "Sync"?: true (of a machine), "PayloadFormatVersion"?: "1.0" | "2.0", "Stage"?, "TimeoutInMillis"?}. MSTEP_EINVALID: the detail
 * says what is wrong with which; nothing has changed. api_id: "" for "local".
 */
int ms_web_put_routes(struct ms_web *web, struct ms_str api_id, struct ms_json routes);

/* ---- function URLs ---- */

/*
 * Configurations are in the function's row: "UrlConfigs", by qualifier ($LATEST when there is none), each {"UrlId",
 * "AuthType", "InvokeMode", "CreationTime", "LastModifiedTime", "Cors"?}.
 */
#define MS_WEB_URLS "UrlConfigs"
#define MS_WEB_URL_ID_SIZE 33
void ms_web_url_id(struct ms_web *web, char out[MS_WEB_URL_ID_SIZE]);
/* The address of such an id. NONE: out of memory. */
struct ms_json ms_web_url(const struct ms_web *web, struct ms_str id);

#endif
