-- A quest of a game as a state machine, written as a Lua table: the journey is made from a list of
-- stages, so a new stage is a new line. Hours pass between them; run it with --virtual-time.
local HOUR = 3600
local FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"

local stages = {
  { name = "CrossTheMarsh", hours = 5 },
  { name = "ClimbThePass", hours = 9 },
  { name = "ReachTheLair", hours = 2 },
}

local states = {
  -- A rule in Lua decides: rules/quest.lua, function is_ready.
  IsHeroReady = {
    Type = "Choice",
    Choices = { { Rule = "quest.is_ready", Next = stages[1].name } },
    Default = "StayAtHome",
  },
  StayAtHome = { Type = "Fail", Error = "NotReady", Cause = "the hero has no sword, or no courage" },

  FightDragon = {
    Type = "Task",
    Resource = FUNCTION .. "fight",
    -- One blow may miss; a missed one is tried again after a breath.
    Retry = { { ErrorEquals = { "Missed" }, IntervalSeconds = 10, BackoffRate = 1.5, MaxAttempts = 4 } },
    ResultPath = "$.dragon",
    Next = "IsDragonDefeated",
  },
  IsDragonDefeated = {
    Type = "Choice",
    Choices = { { Variable = "$.dragon.health", NumericLessThanEquals = 0, Next = "TakeTreasure" } },
    Default = "RestUntilMorning",
  },
  RestUntilMorning = { Type = "Wait", Seconds = 8 * HOUR, Next = "FightDragon" },
  TakeTreasure = {
    Type = "Pass",
    Parameters = {
      ["hero.$"] = "$.hero.name",
      ["fights.$"] = "$.dragon.fights",
      ["startedAt.$"] = "$$.Execution.StartTime",
      ["endedAt.$"] = "$$.State.EnteredTime",
    },
    End = true,
  },
}

for i, stage in ipairs(stages) do
  local following = stages[i + 1]
  states[stage.name] = {
    Type = "Wait",
    Seconds = stage.hours * HOUR,
    Next = following and following.name or "FightDragon",
  }
end

return {
  Comment = "A quest: travel for hours, fight the dragon until it gives up, within three days.",
  TimeoutSeconds = 72 * HOUR,
  StartAt = "IsHeroReady",
  States = states,
}
