-- What holds for every command and verb: they come from `mstep help -o json`, so that a new one that is not tried
-- here, has no -o json or differs between a server and its store fails.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"
local server = require "server"

local commands = program.decode(program.run({ "help", "-o", "json" }).stdout).commands

local FILES = {
  ["nothing.asl.json"] = '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}',
  ["fail.asl.json"] = '{"StartAt":"F","States":{"F":{"Type":"Fail"}}}',
  ["long.asl.json"] = '{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1000,"End":true}}}',
  ["functions/echo.lua"] = "return function(event) return event end",
  ["event.json"] = '{"id":"1","account":"1","time":"2024-01-01T00:00:00Z","region":"r","resources":[],'
    .. '"source":"a","detail-type":"x","detail":{}}',
}

-- What only looks: asked of the server and of the store that it has open.
local LOOKS = {
  ["queue ls"] = {}, ["queue stats"] = { "till" }, ["topic ls"] = {}, ["topic subscriptions"] = { "news" },
  ["bus ls"] = {}, ["bus rules"] = {}, ["bus test"] = { '{"source":["a"]}', "@event.json" },
  ["schedule ls"] = {}, ["schedule get"] = { "tick" }, ["table ls"] = {}, ["table get"] = { "carts", '{"id":"c7"}' },
  ["table scan"] = { "carts" }, ["table query"] = { "carts", '{"id":"c7"}' }, ["deadletters list"] = {},
  list = {}, describe = { "one" }, history = { "one" }, machines = {}, trace = { "one" }, wait = { "one" },
  ["machines NAME"] = { "nothing" },
}
-- What changes something, in an order that works: on the server done, beside it refused. `dead` is the dead-letter
-- queue of `till`, HANDLE a message that was received.
local CHANGES = {
  { "queue send", "till", "a" }, { "queue receive", "till" }, { "queue ack", "till", "HANDLE" },
  { "queue create", "second" }, { "queue purge", "second" }, { "queue delete", "second" },
  { "topic create", "second" }, { "topic subscribe", "second", "queue:till" }, { "topic publish", "second", "hello" },
  { "topic delete", "second" }, { "bus put", "shop", "Placed", "{}" }, { "bus create", "second" }, { "bus delete", "second" },
  { "schedule create", "second", "rate(1 hour)", "queue:till" }, { "schedule delete", "second" },
  { "table put", "carts", '{"id":"c8"}' }, { "table delete", "carts", '{"id":"c8"}' },
  { "table create", "second", "id" }, { "table drop", "second" },
  { "deadletters replay" }, { "deadletters purge" }, { "deadletters redrive", "dead" },
  { "start", "nothing.asl.json", "--name", "two" }, { "start", "long.asl.json", "--name", "endless" },
  { "stop", "endless" }, { "redrive", "failed" }, { "purge", "two" }, { "invoke", "echo" },
}
-- What needs no store, only one of the two, or has a spec of its own for both (their operands for -o json).
local OTHERS = {
  run = { "nothing.asl.json" }, validate = { "nothing.asl.json" }, graph = { "nothing.asl.json" },
  eval = { "1 + 1" }, version = {}, help = { "run" }, completion = { "bash" },
  top = { "--once", "--endpoint", "URL" }, logs = { "echo", "--endpoint", "URL" },
  replay = { "one.json", "--machine", "nothing.asl.json" }, backup = { "copy.db", "--endpoint", "URL" },
  serve = false, -- goes on; below
}

-- Every command, or every verb of one that has verbs: its full name.
local function each_name(visit)
  for _, command in ipairs(commands) do
    if #command.verbs == 0 then
      visit(command.name, command)
    end
    for _, verb in ipairs(command.verbs) do
      visit(command.name .. " " .. verb.name, command, verb)
    end
  end
end

local function is_change(name)
  for _, change in ipairs(CHANGES) do
    if change[1] == name then
      return true
    end
  end
  return false
end

-- The words of a call: its name, taken apart, and its operands.
local function words_of(name, operands, more)
  local words = {}
  for word in name:gmatch("%S+") do
    words[#words + 1] = word
  end
  for _, list in ipairs { operands, more or {} } do
    for _, word in ipairs(list) do
      words[#words + 1] = word
    end
  end
  return words
end

-- Each line is a JSON value.
local function assert_json(text, name)
  local count = 0
  for line in text:gmatch("[^\n]+") do
    local is_fine = pcall(program.decode, line)
    assert.is_true(is_fine, name .. ": " .. line)
    count = count + 1
  end
  assert.is_true(count > 0, name .. " printed nothing")
end

describe("every command and verb", function()
  it("is tried here", function()
    each_name(function(name)
      assert.is_true(LOOKS[name] ~= nil or OTHERS[name] ~= nil or is_change(name), name)
    end)
  end)

  it("has -o json, an example and exit codes in its help", function()
    each_name(function(name, command)
      local has_output = false
      for _, option in ipairs(command.options) do
        has_output = has_output or (option.name == "output" and option.value:find("json", 1, true) ~= nil)
      end
      assert.is_true(has_output, name)
      assert.is_truthy(command.more:find("examples:\n  %S"), name)
      assert.is_truthy(command.more:find("  mstep " .. command.name, 1, true)
        or command.more:find("mstep " .. command.name, 1, true), name)
      assert.is_truthy(command.more:find("exit codes:\n", 1, true), name)
    end)
  end)

  it("stands in the help of its noun with the operands that it takes", function()
    each_name(function(name, command, verb)
      if verb then
        local wanted = "  " .. verb.name .. (verb.operands == "" and " " or " " .. verb.operands)
        assert.is_truthy(("\n" .. command.more):find("\n" .. wanted, 1, true), name)
      end
    end)
  end)

  it("fits into 100 columns of help", function()
    for _, command in ipairs(commands) do
      for line in program.run({ "help", command.name }).stdout:gmatch("[^\n]+") do
        assert.is_true(utf8.len(line) <= 100, command.name .. ": " .. line)
      end
    end
  end)
end)

-- A word with two letters swapped, that is not a word of ours.
local function misspelt(word)
  return word:sub(1, -3) .. word:sub(-1) .. word:sub(-2, -2)
end

-- The operands that a usage line asks for: how many at least, at most.
local function operand_counts(usage)
  local min, max = 0, 0
  for word in usage:gsub("%b[]", function(optional)
    max = max + (optional:find("...", 1, true) and 1000 or 1)
    return ""
  end):gmatch("%S+") do
    min, max = min + 1, max + (word:find("...", 1, true) and 1000 or 1)
  end
  return min, max
end

describe("a mistake on the command line", function()
  local function refused(wanted, name, operands)
    local result = program.run(words_of(name, operands), { env = "MSTEP_STORE=none.db" })
    local line = name .. " " .. table.concat(operands, " ")
    assert.are.equal(2, result.code, line)
    assert.are.equal("", result.stdout, line)
    assert.is_truthy(result.stderr:find("mstep: error: ", 1, true), line)
    assert.is_truthy(result.stderr:find("mstep: hint: ", 1, true), line .. ": " .. result.stderr)
    assert.is_truthy(result.stderr:find(wanted, 1, true), line .. ": " .. result.stderr)
  end
  local function of(count)
    local operands = {}
    for i = 1, count < 1000 and count or 1 do
      operands[i] = "word" .. i
    end
    return operands
  end

  it("in a command's name or a verb's is: did you mean", function()
    each_name(function(_, command, verb)
      if verb and #verb.name > 2 then
        refused(('Did you mean "mstep %s %s"?'):format(command.name, verb.name), command.name, { misspelt(verb.name) })
      end
      refused(('Did you mean "mstep %s"?'):format(command.name), misspelt(command.name), {})
    end)
  end)

  it("as a word that is no verb, or none at all, says which verbs there are", function()
    for _, command in ipairs(commands) do
      if #command.verbs > 0 then
        refused("It has " .. command.verbs[1].name .. ", ", command.name, { "xyzzyxyzzy" })
        refused("It has " .. command.verbs[1].name .. ", ", command.name, {})
      end
    end
  end)

  it("in an option is: did you mean", function()
    each_name(function(name, command, verb)
      refused("Did you mean --output?", name, { "--outptu", "json" })
      local operands = name == "eval" and { "1" } or of((operand_counts(verb and verb.operands or command.operands)))
      refused("Did you mean json?", name, { "-o", "jsno", table.unpack(operands) })
    end)
  end)

  it("as one operand too few, or too many, says which", function()
    each_name(function(name, command, verb)
      local min, max = operand_counts(verb and verb.operands or command.operands)
      if min > 0 then
        refused(('"mstep %s" needs %s'):format(name, verb and verb.operands or command.operands), name, of(min - 1))
      end
      if max < 7 and name ~= "help" then -- whose operands are words that there are
        refused(('"mstep %s" has no use for "word%d"'):format(name, max + 1), name, of(max + 1))
      end
    end)
  end)

  it("as an option of another verb says so", function()
    for _, case in ipairs { { "queue ls", "delay" }, { "topic ls", "subject" }, { "bus ls", "bus" },
      { "schedule get", "timezone" }, { "queue purge", "attributes" }, { "topic delete", "group" } } do
      refused(('"mstep %s" has no use for --%s'):format(case[1], case[2]), case[1], { "--" .. case[2], "1" })
    end
  end)

  it("as an option before the command says where options stand", function()
    refused("Options stand behind the command", "--store", { "x.db", "list" })
  end)
end)

describe("a store that a server has open", function()
  local dir, place, url, handle
  local function run(name, operands, more)
    local words = words_of(name, operands, more)
    for i, word in ipairs(words) do
      words[i] = word == "HANDLE" and handle or word == "URL" and url or word
    end
    return program.run(words, { cwd = dir, limit = 20 })
  end
  local function there(name, operands, form)
    return run(name, operands, { "--endpoint", url, "-o", form or "text" })
  end
  local function beside(name, operands, form)
    return run(name, operands, { "--store", "held.db", "-o", form or "text" })
  end

  setup(function()
    dir = program.project(FILES)
    place = server.new { dir = dir, args = { "--store", "held.db" } }
    url = place.url
    local function ok(name, ...)
      local result = there(name, { ... })
      assert(result.code == 0, name .. ": " .. result.stderr)
    end
    ok("start", "nothing.asl.json", "--name", "one")
    ok("start", "fail.asl.json", "--name", "failed")
    ok("queue create", "dead")
    ok("queue create", "till", "--attributes",
      '{"RedrivePolicy":"{\\"deadLetterTargetArn\\":\\"arn:aws:sqs:us-east-1:000000000000:dead\\",\\"maxReceiveCount\\":9}"}')
    ok("queue create", "weak", "--attributes", '{"VisibilityTimeout":"0","RedrivePolicy":'
      .. '"{\\"deadLetterTargetArn\\":\\"arn:aws:sqs:us-east-1:000000000000:dead\\",\\"maxReceiveCount\\":1}"}')
    ok("queue send", "weak", "to be moved back")
    ok("queue receive", "weak")
    ok("queue receive", "weak") -- it has been received once: now it is in `dead`
    ok("topic create", "news")
    ok("topic subscribe", "news", "queue:till")
    ok("schedule create", "tick", "rate(1 hour)", "queue:till")
    local request = program.write(dir .. "/table.json", '{"TableName":"carts","BillingMode":"PAY_PER_REQUEST",'
      .. '"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],'
      .. '"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}')
    assert(program.shell(("curl -sf -d @%s %s/mstep/CreateTable"):format(request, url)).code == 0)
    ok("table put", "carts", '{"id":"c7","total":12.5}')
  end)
  teardown(function()
    place:stop()
  end)

  -- Queues' addresses have the server's in them, the standing bus is as old as who is asked.
  local function same(text)
    text = text:gsub(url:gsub("%p", "%%%0"), "https://sqs.us-east-1.amazonaws.com")
    return (text:gsub('"CreationTime":[%d.]+', ""):gsub('"LastModifiedTime":[%d.]+', ""))
  end

  it("is read by what only looks, with the server's answers", function()
    each_name(function(name, _, verb)
      assert.are.equal(verb and verb.onlyReads or LOOKS[name] ~= nil, LOOKS[name] ~= nil, name)
    end)
    for name, operands in pairs(LOOKS) do
      for _, form in ipairs { "text", "json" } do
        local called = name:gsub(" NAME$", "")
        local asked, read = there(called, operands, form), beside(called, operands, form)
        assert.are.equal(0, asked.code, name .. ": " .. asked.stderr)
        assert.are.equal(0, read.code, name .. ": " .. read.stderr)
        assert.are.equal(same(asked.stdout), same(read.stdout), name)
        if form == "json" then
          assert_json(read.stdout, name)
        end
      end
    end
  end)

  it("is changed by nothing else, which says at once who has it", function()
    for _, change in ipairs(CHANGES) do
      local result = beside(change[1], { table.unpack(change, 2) })
      assert.are.equal(2, result.code, change[1])
      assert.are.equal("", result.stdout, change[1])
      assert.is_truthy(result.stderr:find("is in use by process " .. place.pid, 1, true), change[1] .. ": " .. result.stderr)
      assert.is_truthy(result.stderr:find("--endpoint", 1, true), change[1] .. ": " .. result.stderr)
      assert.is_true(result.seconds < 5 * program.slowness, change[1])
    end
  end)

  it("is changed through the server, with answers in JSON", function()
    for _, change in ipairs(CHANGES) do
      local result = there(change[1], { table.unpack(change, 2) }, "json")
      assert.are.equal(0, result.code, change[1] .. ": " .. result.stderr)
      assert_json(result.stdout, change[1])
      handle = result.stdout:match('"ReceiptHandle":"([^"]+)"') or handle
    end
    local back = there("queue receive", { "weak", "--wait-time", "5" })
    assert.are.equal("to be moved back\n", back.stdout)
  end)

  it("is not needed by other commands, whose -o json is JSON, too", function()
    assert.are.equal(0, there("invoke", { "echo" }).code) -- logs has a line to show then
    program.write(dir .. "/one.json", there("history", { "one" }, "json").stdout)
    for name, operands in pairs(OTHERS) do
      if operands then
        local result = run(name, operands, { "-o", "json" })
        assert.are.equal(0, result.code, name .. ": " .. result.stderr)
        assert_json(result.stdout, name)
      end
    end
  end)
end)

describe("mstep serve -o json", function()
  it("writes its lines as JSON", function()
    local dir = program.tmpdir()
    local result = program.shell(("cd %s && timeout -s INT 2 %s serve --listen 127.0.0.1:0 -o json 2>&1"):format(
      dir, program.quote(program.bin)))
    assert_json(result.stdout, "serve")
  end)
end)

describe("MSTEP_ENDPOINT", function()
  it("names the server, unless --store names a store", function()
    local place = places.new "server"
    place:ok("queue", "create", "here")
    local asked = program.run({ "queue", "ls" }, { env = "MSTEP_ENDPOINT=" .. place.server.url })
    local read = program.run({ "queue", "ls", "--store", "none.db" }, { env = "MSTEP_ENDPOINT=" .. place.server.url })
    place:close()
    assert.are.equal(0, asked.code)
    assert.is_truthy(asked.stdout:find("/here\n", 1, true))
    assert.are.equal(2, read.code)
  end)
end)
