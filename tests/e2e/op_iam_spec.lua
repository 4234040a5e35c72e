-- What infrastructure tools ask for beside Step Functions and Lambda, with AWS's own command line: who calls, roles,
-- policies, log groups.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"

local TRUST = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": '
  .. '"states.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'

describe("iam", function()
  it("keeps a role with its policies as tools read them back", function()
    local server = servers.new()
    assert.are.equal("000000000000", server:aws("sts", "get-caller-identity").Account)
    local role = server:aws("iam", "create-role", "--role-name", "flow", "--assume-role-policy-document", TRUST,
      "--description", "a & <b>", "--tags", "Key=team,Value=moon").Role
    assert.are.equal("arn:aws:iam::000000000000:role/flow", role.Arn)
    server:aws_run("iam", "attach-role-policy", "--role-name", "flow", "--policy-arn",
      "arn:aws:iam::aws:policy/service-role/AWSLambdaRole")
    local read = server:aws("iam", "get-role", "--role-name", "flow").Role
    assert.are.equal("a & <b>", read.Description)
    assert.are.same({ { Key = "team", Value = "moon" } }, read.Tags)
    assert.are.equal("sts:AssumeRole", read.AssumeRolePolicyDocument.Statement[1].Action)
    assert.are.equal("AWSLambdaRole",
      server:aws("iam", "list-attached-role-policies", "--role-name", "flow").AttachedPolicies[1].PolicyName)
    local text = server:aws_run("iam", "delete-role", "--role-name", "flow")
    assert.is_truthy(text:find("(DeleteConflict) when calling the DeleteRole operation", 1, true), text)
    text = server:aws_run("iam", "get-role", "--role-name", "nobody")
    assert.is_truthy(text:find("(NoSuchEntity) when calling the GetRole operation: The role with name nobody cannot "
      .. "be found.", 1, true), text)
    server:aws_run("logs", "create-log-group", "--log-group-name", "/flow")
    assert.are.equal("/flow", server:aws("logs", "describe-log-groups").logGroups[1].logGroupName)
    assert.is_true(server:stop())
  end)
end)
