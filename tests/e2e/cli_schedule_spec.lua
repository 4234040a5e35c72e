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
      place:ok("queue", "create", "jobs")
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

    it("refuses targets that are not there, which the operation would take", function()
      local place = places.new(kind)
      finally(function()
        place:close()
      end)
      local where = "arn:aws:sqs:us-east-1:000000000000"
      for target, why in pairs {
        ["queue:none"] = 'there is no queue "none"', [where .. ":none"] = 'there is no queue "none"',
        ["topic:none"] = 'there is no topic "none"', ["machine:none"] = 'there is no machine "none"',
        ["bus:none"] = 'there is no bus "none"', none = '"none" is no target',
        [where] = "not of this server", ["arn:aws:sqs:eu-west-1:000000000000:none"] = "not of this server",
        ["arn:none"] = "not of a supported target",
      } do
        place:refused(why, "schedule", "create", "lost", "rate(1 hour)", target)
      end
      if kind == "server" then -- a store alone does not know its project's functions
        place:refused('there is no function "none"', "schedule", "create", "lost", "rate(1 hour)", "function:none")
      end
      assert.are.equal("NAME  GROUP  STATE\n", place:ok("schedule", "ls"))
    end)

    it("says that a time which is past never comes", function()
      local place = places.new(kind)
      finally(function()
        place:close()
      end)
      place:ok("queue", "create", "jobs")
      for _, case in ipairs {
        { "at(2020-01-01T00:00:00)", "UTC", true }, { "at(2199-01-01T00:00:00)", "Asia/Tokyo", false },
        { os.date("!at(%Y-%m-%dT%H:%M:%S)", os.time() + 3600), "Asia/Tokyo", true },
        { os.date("!at(%Y-%m-%dT%H:%M:%S)", os.time() - 3600), "America/New_York", false },
      } do
        local when, zone, is_past = table.unpack(case)
        local made = place:run("schedule", "create", "once", when, "queue:jobs", "--timezone", zone)
        assert.are.equal(0, made.code)
        assert.are.equal(is_past, made.stderr:find("is past", 1, true) ~= nil, when .. " " .. zone)
        place:ok("schedule", "delete", "once")
      end
    end)
  end)
end
