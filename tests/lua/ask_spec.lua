-- What lua/mstep asks of the engine: requests in AWS's spelling, answers as people use them.
local root = os.getenv("MSTEP_SOURCE") or "."
package.path = root .. "/lua/?.lua;" .. root .. "/lua/?/init.lua;" .. package.path

local asked, answers, place
local array = {}

package.loaded["mstep.core"] = {
  null = "null",
  array = function(t) return setmetatable(t or {}, array) end,
  is_array = function(t) return getmetatable(t) == array end,
  encode = function(value)
    if type(value) == "table" then return value end
    if type(value) ~= "number" then error("cannot be JSON") end
    return tostring(value)
  end,
  decode = function(value) return value end,
  number = tonumber,
  arn = function() return place end,
  call = function(operation, request)
    asked[#asked + 1] = { operation = operation, request = request }
    local answer = table.remove(answers, 1) or {}
    if answer.fail then return false, answer.fail, answer.message end
    return true, answer
  end,
}

for name in pairs(package.loaded) do
  if name:find("^mstep%.") and name ~= "mstep.core" then package.loaded[name] = nil end
end

local function load(name) return require("mstep." .. name) end

before_each(function()
  asked, answers, place = {}, {}, "arn:aws:lambda:eu-west-1:123456789012:function:f"
end)

describe("names", function()
  it("become ARNs where the function is", function()
    assert.are.equal("arn:aws:sns:eu-west-1:123456789012:news", load("names").arn("sns", "news"))
    place = nil
    assert.are.equal("arn:aws:sns:us-east-1:000000000000:news", load("names").arn("sns", "news"))
  end)

  it("that are ARNs stay", function()
    assert.are.equal("arn:x", load("names").arn("sns", "arn:x"))
  end)

  it("that are none are the caller's mistake", function()
    local ok, message = pcall(load "queue", 5)
    assert.is_false(ok)
    assert.is_truthy(message:find("the queue's name must be a string, not number", 1, true))
  end)
end)

describe("a failure", function()
  it("is nil and an error with a name", function()
    answers = { { fail = "QueueDoesNotExist", message = "no such queue" } }
    local id, err = load("queue")("q"):send("x")
    assert.is_nil(id)
    assert.are.equal("QueueDoesNotExist", err.errorType)
    assert.are.equal("QueueDoesNotExist: no such queue", tostring(err))
  end)

  it("of a function keeps its trace", function()
    answers = { { FunctionError = "Unhandled", Payload = { errorType = "E", errorMessage = "m", stackTrace = { "l" } } } }
    local _, err = load("invoke")("f", 1)
    assert.are.same({ "l" }, err.stackTrace)
  end)
end)

describe("a queue", function()
  it("asks for its URL once", function()
    answers = { { QueueUrl = "u" }, { MessageId = "1" }, { MessageId = "2" } }
    local queue = load("queue")("q")
    assert.are.equal("1", queue:send("a"))
    assert.are.equal("2", queue:send("b"))
    assert.are.equal(3, #asked)
    assert.are.same({ QueueUrl = "u", MessageBody = "b" }, asked[3].request)
  end)
end)

describe("a bus", function()
  it("has the function as the source of its events", function()
    answers = { { Entries = { { EventId = "e" } } } }
    assert.are.equal("e", load("bus")():put("T", { a = 1 }))
    assert.are.equal("f", asked[1].request.Entries[1].Source)
    assert.are.equal("default", asked[1].request.Entries[1].EventBusName)
  end)
end)

describe("attributes", function()
  local attribute = load "attribute"

  it("go there and back", function()
    local item = { s = "x", n = 2, b = true, l = setmetatable({ 1, "y" }, array), m = { k = "v" }, z = "null" }
    local written = attribute.write_item(item)
    assert.are.same({ N = "2" }, written.n)
    assert.are.same({ L = { { N = "1" }, { S = "y" } } }, written.l)
    local read = attribute.read_item(written)
    assert.are.equal("y", read.l[2])
    assert.are.equal("v", read.m.k)
    assert.are.equal(2, read.n)
  end)

  it("that Lua has no form for stay as they are", function()
    local read = attribute.read { SS = { "a" } }
    assert.are.same({ SS = { "a" } }, attribute.write(read))
  end)
end)

describe("a table's items, page by page", function()
  it("come from scan with the key to go on from", function()
    answers = { { Items = { { id = { S = "a" } } }, LastEvaluatedKey = { id = { S = "a" } } } }
    local items, more = load("table")("t"):scan { Limit = 1 }
    assert.are.equal("a", items[1].id)
    assert.are.same({ id = { S = "a" } }, more)
    assert.are.same({ operation = "Scan", request = { TableName = "t", Limit = 1 } }, asked[1])
  end)

  it("come one after the other from each", function()
    answers = {
      { Items = { { id = { S = "a" } } }, LastEvaluatedKey = { id = { S = "a" } } },
      { Items = {}, LastEvaluatedKey = { id = { S = "b" } } },
      { Items = { { id = { S = "c" } } } },
    }
    local seen = {}
    for item in load("table")("t"):each { KeyConditionExpression = "id > :a", values = { [":a"] = "0" } } do
      seen[#seen + 1] = item.id
    end
    assert.are.same({ "a", "c" }, seen)
    assert.are.equal("Query", asked[3].operation)
    assert.are.same({ id = { S = "b" } }, asked[3].request.ExclusiveStartKey)
    assert.are.same({ [":a"] = { S = "0" } }, asked[3].request.ExpressionAttributeValues)
  end)

  it("raise what has failed", function()
    answers = { { fail = "ResourceNotFoundException", message = "no such table" } }
    local ok, err = pcall(load("table")("t"):each())
    assert.is_false(ok)
    assert.are.equal("ResourceNotFoundException", err.errorType)
  end)
end)
