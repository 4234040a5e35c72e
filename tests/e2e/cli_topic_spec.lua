-- `mstep topic`: the same against a server and a store.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

for _, kind in ipairs(places.kinds()) do
  describe("mstep topic with a " .. kind, function()
    local place
    setup(function()
      place = places.new(kind)
      place:ok("queue", "create", "inbox")
    end)
    teardown(function()
      place:close()
    end)

    it("creates, subscribes, publishes", function()
      assert.are.equal("arn:aws:sns:us-east-1:000000000000:news\n", place:ok("topic", "create", "news"))
      assert.is_truthy(place:ok("topic", "subscribe", "news", "queue:inbox"):find(":news:", 1, true))
      assert.is_truthy(place:ok("topic", "subscriptions", "news"):match("\nsqs%s+arn:aws:sqs:us%-east%-1:000000000000:inbox\n"))
      assert.is_truthy(place:ok("topic", "publish", "news", "hello", "--subject", "Moon"):match("^%x+%-"))
      assert.is_truthy(place:ok("topic", "ls"):find(":news\n", 1, true))
    end)

    it("delivers what was published", function()
      if kind == "store" then
        return -- a store alone delivers nothing
      end
      local body = program.decode(place:json("queue", "receive", "inbox", "--wait-time", "5").Messages[1].Body)
      assert.are.equal("hello", body.Message)
      assert.are.equal("Moon", body.Subject)
    end)

    it("says what is wrong, and deletes", function()
      place:refused('there is no topic "nobody"', "topic", "publish", "nobody", "x")
      place:ok("topic", "delete", "news")
      place:refused('there is no topic "news"', "topic", "subscriptions", "news")
    end)
  end)
end
