-- `mstep deadletters`: the same against a server and a store.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

for _, kind in ipairs(places.kinds()) do
  describe("mstep deadletters with a " .. kind, function()
    it("lists, replays, moves messages back", function()
      local place = places.new(kind)
      finally(function()
        place:close()
      end)
      assert.are.equal("ID  TARGET  WHY  FOR\n", place:ok("deadletters", "list"))
      assert.are.equal("0\n", place:ok("deadletters", "replay"))
      assert.are.equal("0\n", place:ok("deadletters", "purge"))
      place:refused('there is no undelivered "NOPE"', "deadletters", "purge", "NOPE")
      place:ok("queue", "create", "dead")
      place:ok("queue", "create", "work", "--attributes",
        [[{"RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:dead\",\"maxReceiveCount\":1}"}]])
      assert.is_truthy(place:ok("deadletters", "redrive", "dead"):match("^%S+\n$"))
      place:refused('there is no queue "none"', "deadletters", "redrive", "none")
      place:refused('there is no undelivered "NOPE"', "deadletters", "replay", "NOPE")
    end)
  end)
end
