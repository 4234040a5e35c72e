/* STS, IAM and log groups, through mstep_call: what tools make and read back beside a workflow. */
#include <string.h>

#include "calls.h"
#include "mt.h"

#define DOCUMENT "{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[]}"
#define ENCODED "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D"
#define POLICY "arn:aws:iam::000000000000:policy/flows/p"

static void done(struct host *host, const char *operation, const char *request)
{
  mt_eq_str(call(host, operation, request), "{}");
}

MT_TEST(the_caller_is_the_account)
{
  struct host host;
  open_in(&host, false);
  mt_eq_str(call(&host, "sts:GetCallerIdentity", "{}"),
            "{\"UserId\":\"000000000000\",\"Account\":\"000000000000\","
            "\"Arn\":\"arn:aws:iam::000000000000:root\"}");
  host_close(&host);
}

static void roles(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  call_has(&host, "iam:CreateRole",
           "{\"RoleName\":\"r\",\"AssumeRolePolicyDocument\":\"" DOCUMENT
           "\",\"Tags\":[{\"Key\":\"a\","
           "\"Value\":\"1\"}]}",
           "\"Arn\":\"arn:aws:iam::000000000000:role/r\"");
  again(&host);
  call_has(&host, "iam:CreateRole",
           "{\"RoleName\":\"r\",\"AssumeRolePolicyDocument\":\"" DOCUMENT "\"}",
           "EntityAlreadyExistsException");
  call_has(&host, "iam:GetRole", "{\"RoleName\":\"r\"}",
           "\"AssumeRolePolicyDocument\":\"" ENCODED "\"");
  done(&host, "iam:TagRole",
       "{\"RoleName\":\"r\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"2\"},{\"Key\":\"b\",\"Value\":"
       "\"3\"}]}");
  done(&host, "iam:UntagRole", "{\"RoleName\":\"r\",\"TagKeys\":[\"b\"]}");
  mt_eq_str(call(&host, "iam:ListRoleTags", "{\"RoleName\":\"r\"}"),
            "{\"Tags\":[{\"Key\":\"a\",\"Value\":\"2\"}],\"IsTruncated\":false}");
  done(&host, "iam:UpdateRole", "{\"RoleName\":\"r\",\"MaxSessionDuration\":7200}");
  done(&host, "iam:UpdateAssumeRolePolicy",
       "{\"RoleName\":\"r\",\"PolicyDocument\":\"{}\"}");
  call_has(&host, "iam:GetRole", "{\"RoleName\":\"r\"}", "\"AssumeRolePolicyDocument\":\"%7B%7D\"");
  mt_eq_str(call(&host, "iam:ListInstanceProfilesForRole", "{\"RoleName\":\"r\"}"),
            "{\"InstanceProfiles\":[],\"IsTruncated\":false}");
  done(&host, "iam:PutRolePolicy",
       "{\"RoleName\":\"r\",\"PolicyName\":\"own\",\"PolicyDocument\":\"" DOCUMENT "\"}");
  again(&host);
  call_has(&host, "iam:GetRole", "{\"RoleName\":\"r\"}", "\"MaxSessionDuration\":7200");
  call_has(&host, "iam:GetRolePolicy", "{\"RoleName\":\"r\",\"PolicyName\":\"own\"}", ENCODED);
  call_has(&host, "iam:ListRolePolicies", "{\"RoleName\":\"r\"}", "{\"PolicyNames\":[\"own\"]");
  call_has(&host, "iam:DeleteRole", "{\"RoleName\":\"r\"}", "DeleteConflictException");
  done(&host, "iam:DeleteRolePolicy", "{\"RoleName\":\"r\",\"PolicyName\":\"own\"}");
  call_has(&host, "iam:DeleteRolePolicy", "{\"RoleName\":\"r\",\"PolicyName\":\"own\"}",
           "NoSuchEntityException");
  done(&host, "iam:DeleteRole", "{\"RoleName\":\"r\"}");
  again(&host);
  call_has(&host, "iam:GetRole", "{\"RoleName\":\"r\"}", "The role with name r cannot be found.");
  host_close(&host);
}

MT_TEST(roles_are_kept)
{
  roles(false);
  roles(true);
}

MT_TEST(roles_come_in_pages)
{
  struct host host;
  open_in(&host, false);
  for (int i = 0; i < 3; i++)
    call_has(
        &host, "iam:CreateRole",
        mt_format("{\"RoleName\":\"r%d\",\"Path\":\"/%s/\",\"AssumeRolePolicyDocument\":\"" DOCUMENT
                  "\"}",
                  i, i == 1 ? "b" : "a"),
        "RoleId");
  call_has(&host, "iam:ListRoles", "{\"MaxItems\":2}", "\"IsTruncated\":true,\"Marker\":\"2\"");
  char *rest = call(&host, "iam:ListRoles", "{\"MaxItems\":2,\"Marker\":\"2\"}");
  mt_ok(strstr(rest, "\"r2\"") != NULL && strstr(rest, "\"r0\"") == NULL);
  mt_ok(strstr(rest, "\"IsTruncated\":false") != NULL);
  char *some = call(&host, "iam:ListRoles", "{\"PathPrefix\":\"/b/\"}");
  mt_ok(strstr(some, "\"r1\"") != NULL && strstr(some, "\"r0\"") == NULL);
  host_close(&host);
}

static void policies(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  call_has(&host, "iam:CreatePolicy",
           "{\"PolicyName\":\"p\",\"Path\":\"/flows/\",\"PolicyDocument\":\"" DOCUMENT "\"}",
           POLICY);
  call_has(&host, "iam:CreateRole",
           "{\"RoleName\":\"r\",\"AssumeRolePolicyDocument\":\"" DOCUMENT "\"}", "RoleId");
  done(&host, "iam:AttachRolePolicy", "{\"RoleName\":\"r\",\"PolicyArn\":\"" POLICY "\"}");
  done(&host, "iam:AttachRolePolicy",
       "{\"RoleName\":\"r\",\"PolicyArn\":\"arn:aws:iam::aws:policy/service-role/AWSLambdaRole\"}");
  call_has(&host, "iam:AttachRolePolicy",
           "{\"RoleName\":\"r\",\"PolicyArn\":\"arn:aws:iam::000000000000:policy/none\"}",
           "NoSuchEntityException");
  for (int i = 2; i <= 5; i++)
    call_has(&host, "iam:CreatePolicyVersion",
             "{\"PolicyArn\":\"" POLICY "\",\"PolicyDocument\":\"" DOCUMENT
             "\",\"SetAsDefault\":true}",
             mt_format("\"v%d\"", i));
  call_has(&host, "iam:CreatePolicyVersion",
           "{\"PolicyArn\":\"" POLICY "\",\"PolicyDocument\":\"" DOCUMENT "\"}",
           "LimitExceededException");
  again(&host);
  call_has(&host, "iam:ListPolicyVersions", "{\"PolicyArn\":\"" POLICY "\",\"MaxItems\":1}",
           "{\"Versions\":[{\"VersionId\":\"v5\",");
  call_has(&host, "iam:ListPolicies", "{}", "\"DefaultVersionId\":\"v5\"");
  call_has(&host, "iam:DeletePolicyVersion", "{\"PolicyArn\":\"" POLICY "\",\"VersionId\":\"v5\"}",
           "DeleteConflictException");
  done(&host, "iam:SetDefaultPolicyVersion", "{\"PolicyArn\":\"" POLICY "\",\"VersionId\":\"v2\"}");
  done(&host, "iam:DeletePolicyVersion", "{\"PolicyArn\":\"" POLICY "\",\"VersionId\":\"v5\"}");
  call_has(&host, "iam:GetPolicyVersion", "{\"PolicyArn\":\"" POLICY "\",\"VersionId\":\"v5\"}",
           "NoSuchEntityException");
  call_has(&host, "iam:GetPolicyVersion", "{\"PolicyArn\":\"" POLICY "\",\"VersionId\":\"v2\"}",
           "\"IsDefaultVersion\":true,\"Document\":\"" ENCODED "\"");
  mt_eq_str(call(&host, "iam:ListAttachedRolePolicies", "{\"RoleName\":\"r\"}"),
            "{\"AttachedPolicies\":[{\"PolicyName\":\"p\",\"PolicyArn\":\"" POLICY "\"},"
            "{\"PolicyName\":\"AWSLambdaRole\",\"PolicyArn\":"
            "\"arn:aws:iam::aws:policy/service-role/AWSLambdaRole\"}],\"IsTruncated\":false}");
  call_has(&host, "iam:DeletePolicy", "{\"PolicyArn\":\"" POLICY "\"}", "DeleteConflictException");
  done(&host, "iam:DetachRolePolicy", "{\"RoleName\":\"r\",\"PolicyArn\":\"" POLICY "\"}");
  done(&host, "iam:DeletePolicy", "{\"PolicyArn\":\"" POLICY "\"}");
  call_has(&host, "iam:GetPolicy", "{\"PolicyArn\":\"" POLICY "\"}", "NoSuchEntityException");
  host_close(&host);
}

MT_TEST(policies_have_versions_and_roles)
{
  policies(false);
  policies(true);
}

MT_TEST(what_is_no_document_or_name_is_refused)
{
  struct host host;
  open_in(&host, false);
  call_has(&host, "iam:CreateRole", "{\"RoleName\":\"r\",\"AssumeRolePolicyDocument\":\"{\"}",
           "MalformedPolicyDocumentException");
  call_has(&host, "iam:CreateRole", "{\"RoleName\":\"r\",\"AssumeRolePolicyDocument\":\"[]\"}",
           "Syntax errors in policy.");
  call_has(&host, "iam:CreateRole",
           "{\"RoleName\":\"a b\",\"AssumeRolePolicyDocument\":\"" DOCUMENT "\"}",
           "ValidationError");
  call_has(&host, "logs:CreateLogGroup", "{\"logGroupName\":\"a b\"}", "InvalidParameterException");
  host_close(&host);
}

static void groups(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  done(&host, "logs:CreateLogGroup", "{\"logGroupName\":\"/b\",\"tags\":{\"k\":\"v\"}}");
  done(&host, "logs:CreateLogGroup", "{\"logGroupName\":\"/a\"}");
  call_has(&host, "logs:CreateLogGroup", "{\"logGroupName\":\"/a\"}",
           "ResourceAlreadyExistsException");
  done(&host, "logs:PutRetentionPolicy", "{\"logGroupName\":\"/a\",\"retentionInDays\":30}");
  call_has(&host, "logs:PutRetentionPolicy", "{\"logGroupName\":\"/a\",\"retentionInDays\":31}",
           "InvalidParameterException");
  again(&host);
  call_has(&host, "logs:DescribeLogGroups", "{\"limit\":1}", "\"retentionInDays\":30");
  call_has(&host, "logs:DescribeLogGroups", "{\"limit\":1}", "\"nextToken\":\"/a\"");
  char *rest = call(&host, "logs:DescribeLogGroups", "{\"limit\":1,\"nextToken\":\"/a\"}");
  mt_ok(strstr(rest, "\"logGroupName\":\"/b\"") != NULL && strstr(rest, "nextToken") == NULL);
#define GROUP_B "\"arn:aws:logs:us-east-1:000000000000:log-group:/b"
  done(&host, "logs:TagResource", "{\"resourceArn\":" GROUP_B ":*\",\"tags\":{\"x\":\"y\"}}");
  done(&host, "logs:UntagResource", "{\"resourceArn\":" GROUP_B "\",\"tagKeys\":[\"k\"]}");
  mt_eq_str(call(&host, "logs:ListTagsLogGroup", "{\"logGroupName\":\"/b\"}"),
            "{\"tags\":{\"x\":\"y\"}}");
  mt_eq_str(call(&host, "logs:ListTagsForResource", "{\"resourceArn\":" GROUP_B "\"}"),
            "{\"tags\":{\"x\":\"y\"}}");
  done(&host, "logs:DeleteRetentionPolicy", "{\"logGroupName\":\"/a\"}");
  mt_ok(strstr(call(&host, "logs:DescribeLogGroups", "{}"), "retentionInDays") == NULL);
  done(&host, "logs:DeleteLogGroup", "{\"logGroupName\":\"/a\"}");
  again(&host);
  call_has(&host, "logs:DeleteLogGroup", "{\"logGroupName\":\"/a\"}", "ResourceNotFoundException");
  host_close(&host);
}

MT_TEST(log_groups_are_kept)
{
  groups(false);
  groups(true);
}
