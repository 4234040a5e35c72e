-- `mstep queue`: the same against a server and a store.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

for _, kind in ipairs(places.kinds()) do
  describe("mstep queue with a " .. kind, function()
    local place
    setup(function()
      place = places.new(kind)
    end)
    teardown(function()
      place:close()
    end)

    it("creates, sends, counts, receives, deletes", function()
      assert.is_truthy(place:ok("queue", "create", "jobs"):match("^https?://%S+/000000000000/jobs\n$"))
      assert.is_truthy(place:ok("queue", "send", "jobs", '{"id":7}'):match("^%x+%-%x+%-"))
      assert.is_truthy(place:ok("queue", "stats", "jobs"):match("\nApproximateNumberOfMessages%s+1\n"))
      assert.are.equal('{"id":7}\n', place:ok("queue", "receive", "jobs", "--delete"))
      assert.is_truthy(place:ok("queue", "stats", "jobs"):match("\nApproximateNumberOfMessages%s+0\n"))
      assert.are.equal("", place:ok("queue", "receive", "jobs"))
      assert.is_truthy(place:ok("queue", "ls"):find("/jobs\n", 1, true))
      place:ok("queue", "delete", "jobs")
      place:refused('there is no queue "jobs"', "queue", "send", "jobs", "x")
    end)

    it("acknowledges one message, purges all", function()
      place:ok("queue", "create", "two", "--attributes", '{"VisibilityTimeout":"0"}')
      place:ok("queue", "send", "two", "a")
      local message = place:json("queue", "receive", "two").Messages[1]
      assert.are.equal("a", message.Body)
      place:ok("queue", "ack", "two", message.ReceiptHandle)
      assert.are.equal("", place:ok("queue", "receive", "two"))
      place:ok("queue", "send", "two", "b")
      place:ok("queue", "purge", "two")
      assert.are.equal("", place:ok("queue", "receive", "two"))
    end)

    it("knows FIFO by the name, and a body from a file", function()
      program.write(place.dir .. "/body.txt", "from a file")
      place:ok("queue", "create", "line.fifo")
      place:ok("queue", "send", "line.fifo", "@body.txt", "--group", "g", "--deduplication", "1")
      place:ok("queue", "send", "line.fifo", "@body.txt", "--group", "g", "--deduplication", "1")
      assert.are.equal("from a file\n", place:ok("queue", "receive", "line.fifo", "--max", "10", "--delete"))
    end)

    it("says what is wrong", function()
      place:refused('"mstep queue" has no verb "fetch"', "queue", "fetch")
      place:refused("usage: mstep queue send NAME BODY", "queue", "send", "jobs")
      place:refused("could not read the MessageBody", "queue", "send", "line.fifo", "@none")
      place:refused('"mstep queue send" has no use for "b"', "queue", "send", "jobs", "a", "b")
      place:refused('"mstep queue ls" has no use for --delay', "queue", "ls", "--delay", "5")
      place:refused("the value of --attributes is not valid JSON: line 1", "queue", "create", "x", "--attributes", "no")
      place:refused("--max", "queue", "receive", "line.fifo", "--max", "many")
    end)
  end)
end
