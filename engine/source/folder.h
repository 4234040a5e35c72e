/*
 * Watched folders: a file that lands in one, or leaves it, is told to functions and other targets as an event
 * notification of S3. What was told is known durably ("marks"), so a file that came while nobody ran is found at the
 * next start and told once. Loop thread only.
 *
 *   folder ──look──▶ candidate ──whole: nobody writes it──▶ mark and deliveries, one commit ──durable──▶ targets
 */
#ifndef MS_SOURCE_FOLDER_H
#define MS_SOURCE_FOLDER_H

#include "journal/driver.h"
#include "json/json.h"

struct ms_relay;
struct ms_folders; /* the driver */

extern const struct ms_driver_type ms_folders_driver;

#define MS_WATCHES_MAX 64

/* Relative folders lie below dir; NULL: below the process's. Copied. */
int ms_folders_set_up(struct ms_folders *folders, const char *dir);

/*
 * Takes the place of all watches, and looks. An array of {"Folder", "FunctionName" | "To": {"kind", "name"} | "Target":
 * ARN, "Bucket"?, "Prefix"?, "Suffix"?, "Events"?: ["ObjectCreated", "ObjectRemoved"], "Id"?}. MSTEP_EINVALID: the
 * detail says what is wrong with which.
 */
int ms_folders_put(struct ms_folders *folders, struct ms_json watches);
/* Looks at all folders now, as at a start. */
int ms_folders_look(struct ms_folders *folders);
/* Files that were seen and not yet told. */
struct ms_relay *ms_folders_relay(struct ms_folders *folders); /* what is under way to targets */
size_t ms_folders_pending(const struct ms_folders *folders);

#endif
