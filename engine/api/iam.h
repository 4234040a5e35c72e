/*
 * What roles and policies of IAM have in common. Nothing here decides who may do what: tools that set up a
 * workflow make its role first, and read back what they made.
 */
#ifndef MS_API_IAM_H
#define MS_API_IAM_H

#include "api/catalog_list.h"

#define MS_IAM_ROLE "iam-role"
#define MS_IAM_POLICY "iam-policy" /* by ARN */
#define MS_IAM_ARN_SIZE 1024
#define MS_IAM_DOCUMENT_MAX 131072

#define MS_MEMBER_IAM_PAGE                                                                         \
  {.name = "Marker", .kind = MS_API_STRING, .max = 320},                                           \
  {                                                                                                \
    .name = "MaxItems", .kind = MS_API_INTEGER, .min = 1, .max = 1000                              \
  }

extern const struct ms_api_member ms_iam_tag_members[];

/* What has that name, borrowed until the catalog changes. NONE: the call has been answered. */
struct ms_json ms_iam_role(struct ms_api_call *call);
struct ms_json ms_iam_policy(struct ms_api_call *call);

/* False: the call has been answered. */
bool ms_iam_check_name(struct ms_api_call *call, const char *member);
bool ms_iam_check_document(struct ms_api_call *call, const char *member);

/* arn:aws:iam::ACCOUNT:TYPE PATH NAME; the path is the member Path's, "/" when it is not given. */
void ms_iam_arn(char arn[MS_IAM_ARN_SIZE], struct ms_api_call *call, const char *type,
                struct ms_str name);
struct ms_json ms_iam_id(struct ms_api_call *call, const char *prefix);
struct ms_json ms_iam_now(const struct ms_api_call *call);
/* A document as IAM shows it: percent-encoded. */
struct ms_json ms_iam_encoded(struct ms_str document);
/* {member: a page of items, IsTruncated, Marker?}; takes items, NONE: out of memory. */
int ms_iam_page(struct ms_api_call *call, const char *member, struct ms_json items);
/* The tags without those of `keys` (texts, or tags when there are `added`), then `added`. NONE: out of memory. */
struct ms_json ms_iam_tags_change(struct ms_json tags, struct ms_json keys, struct ms_json added);

#endif
