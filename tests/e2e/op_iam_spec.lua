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

  it("keeps what tools say about topics, buses and functions", function()
    local server = servers.new()
    local tag, other = { Key = "team", Value = "moon" }, { Key = "more", Value = "1" }
    local topic = server:aws("sns", "create-topic", "--name", "t", "--tags", "Key=team,Value=moon").TopicArn
    server:aws_run("sns", "tag-resource", "--resource-arn", topic, "--tags", "Key=more,Value=1")
    assert.are.same({ tag, other }, server:aws("sns", "list-tags-for-resource", "--resource-arn", topic).Tags)
    local text = server:aws_run("sns", "list-tags-for-resource", "--resource-arn", topic .. "no")
    assert.is_truthy(text:find("(ResourceNotFound) when calling the ListTagsForResource operation: Resource does not "
      .. "exist", 1, true), text)
    local bus = server:aws("events", "create-event-bus", "--name", "b", "--tags", "Key=team,Value=moon").EventBusArn
    assert.are.same({ tag }, server:aws("events", "list-tags-for-resource", "--resource-arn", bus).Tags)
    text = server:aws_run("ssm", "get-parameter", "--name", "x")
    assert.is_truthy(text:find("This service is not here", 1, true), text)
    assert.is_true(server:stop())
  end)
end)
