-- `mstep schedule`: the same against a server and a store.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

for _, kind in ipairs(places.kinds()) do
  describe("mstep schedule with a " .. kind, function()
    it("creates, lists, shows, deletes", function()
      local place = places.new(kind)
      finally(function()
        place:close()
      end)
      assert.is_truthy(place:ok("schedule", "create", "nightly", "cron(0 3 * * ? *)", "queue:jobs", "-i", '{"a":1}',
        "--timezone", "Europe/Berlin"):find(":schedule/default/nightly", 1, true))
      assert.is_truthy(place:ok("schedule", "ls"):match("\nnightly%s+default%s+ENABLED\n"))
      local shown = program.decode(place:ok("schedule", "get", "nightly"))
      assert.are.equal("arn:aws:sqs:us-east-1:000000000000:jobs", shown.Target.Arn)
      assert.are.equal('{"a":1}', shown.Target.Input)
      assert.are.equal("Europe/Berlin", shown.ScheduleExpressionTimezone)
      place:ok("schedule", "delete", "nightly")
      place:refused("nightly", "schedule", "get", "nightly")
    end)
  end)
end
