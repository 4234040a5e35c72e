-- Tables over HTTP: AWS's own command line as the client, checksums of answers, streams, a kill in between.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"

local TABLE = { "--table-name", "music" }

local function dynamodb(server, operation, ...)
  return server:aws("dynamodb", operation, TABLE[1], TABLE[2], ...)
end

local function create(server)
  return dynamodb(server, "create-table", "--attribute-definitions", "AttributeName=artist,AttributeType=S",
    "AttributeName=year,AttributeType=N", "--key-schema", "AttributeName=artist,KeyType=HASH",
    "AttributeName=year,KeyType=RANGE", "--billing-mode", "PAY_PER_REQUEST", "--stream-specification",
    "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES").TableDescription
end

local function years(answer)
  local out = {}
  for i, item in ipairs(answer.Items) do
    out[i] = item.year.N
  end
  return table.concat(out, " ")
end

local function read_stream(server, arn)
  local shard = server:aws("dynamodbstreams", "describe-stream", "--stream-arn", arn).StreamDescription.Shards[1]
  local iterator = server:aws("dynamodbstreams", "get-shard-iterator", "--stream-arn", arn, "--shard-id", shard.ShardId,
    "--shard-iterator-type", "TRIM_HORIZON").ShardIterator
  return server:aws("dynamodbstreams", "get-records", "--shard-iterator", iterator).Records
end

describe("dynamodb", function()
  it("keeps items and their changes for aws, through a kill", function()
    local dir = program.tmpdir()
    local server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local stream = create(server).LatestStreamArn
    server:aws("dynamodb", "wait", "table-exists", "--table-name", "music")
    for _, year in ipairs { "1999", "842", "-5", "2024.5" } do
      dynamodb(server, "put-item", "--item", ('{"artist":{"S":"a"},"year":{"N":"%s"}}'):format(year))
    end
    assert.is_true(server:stop("KILL"))
    server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local answer = dynamodb(server, "query", "--key-condition-expression", "artist = :a AND #y < :y",
      "--expression-attribute-names", '{"#y":"year"}', "--expression-attribute-values",
      '{":a":{"S":"a"},":y":{"N":"2e3"}}')
    assert.are.equal("-5 842 1999", years(answer))
    dynamodb(server, "update-item", "--key", '{"artist":{"S":"a"},"year":{"N":"842"}}', "--update-expression",
      "ADD plays :n", "--expression-attribute-values", '{":n":{"N":"3"}}')
    local records = read_stream(server, stream)
    assert.are.equal(5, #records)
    assert.are.equal("INSERT", records[1].eventName)
    assert.are.equal("MODIFY", records[5].eventName)
    assert.are.equal("3", records[5].dynamodb.NewImage.plays.N)
    assert.is_true(server:stop())
  end)

  it("says AWS's errors", function()
    local server = servers.new()
    create(server)
    local text, code = server:aws_run("dynamodb", "put-item", "--table-name", "music", "--item",
      '{"artist":{"S":"a"},"year":{"N":"1"}}', "--condition-expression", "attribute_exists(artist)")
    assert.are_not.equal(0, code)
    assert.is_truthy(text:find("An error occurred (ConditionalCheckFailedException) when calling the PutItem operation: "
      .. "The conditional request failed", 1, true), text)
    text = server:aws_run("dynamodb", "get-item", "--table-name", "none", "--key", '{"a":{"S":"a"}}')
    assert.is_truthy(text:find("(ResourceNotFoundException) when calling the GetItem operation: Requested resource not "
      .. "found", 1, true), text)
    assert.is_true(server:stop())
  end)
end)
