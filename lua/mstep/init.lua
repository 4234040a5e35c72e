--- What scripts get from `require "mstep"`.
-- The functions in C are those of mstep.core (engine/luavm/lib_core.c); here is what is better said in Lua.
-- Rules and definitions have nothing that depends on when and where they run: no sleep, now and log, and nobody to
-- ask.
local core = require "mstep.core"
local errors = require "mstep.error"

local mstep = {
  --- JSON's null, the same value as cjson.null: `event.note == mstep.null`.
  null = core.null,
  --- array([t]): marks a table (or a new one) as an array, so that it is `[]` when it is empty.
  array = core.array,
  --- is_array(t): whether a table carries that mark, as arrays that came in as JSON do.
  is_array = core.is_array,
  --- number(text): a number of any size; what no Lua number holds is kept as text and printed unchanged.
  number = core.number,
  --- sleep(seconds): suspends this call, from inside of coroutines too; others go on meanwhile.
  sleep = core.sleep,
  --- now(): seconds since 1970 with fraction; the simulated time when the engine's time is simulated.
  now = core.now,
  --- uuid(): a random one, from the state's own seed.
  uuid = core.uuid,
  --- log([level,] message [, fields]): a line for the engine's log; see mstep.log.
  log = core.log and require "mstep.log",
  --- error(name, message), fail(name [, cause]): errors with a name; see mstep.error.
  error = errors.new,
  fail = errors.fail,
  json = {
    --- encode(value [, indent]): JSON text; keeps [] and {}, 1 and 1.0 apart; raises what cannot be JSON.
    encode = core.encode,
    --- decode(text): the value, or nil and what is wrong at which line and column.
    decode = core.decode,
  },
}

if not core.call then
  return mstep
end

-- What asks the engine is loaded when it is first used: most functions use little of it.
--   call, invoke, queue, topic, bus, table   functions: see the files of their names
--   execution, task, attribute               tables of functions, likewise
local lazy = {
  call = true, invoke = true, queue = true, topic = true, bus = true, table = true, execution = true, task = true,
  attribute = true,
}

return setmetatable(mstep, {
  __index = function(self, name)
    if lazy[name] then
      local module = require("mstep." .. name)
      rawset(self, name, module)
      return module
    end
  end,
})
