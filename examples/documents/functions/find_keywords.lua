-- The two longest words that occur more than once, the longer first.
local mstep = require "mstep"
local words = require "words"

local function repeated(list)
  local counts, found = {}, {}
  for _, word in ipairs(list) do
    counts[word] = (counts[word] or 0) + 1
    if counts[word] == 2 then
      found[#found + 1] = word
    end
  end
  return found
end

return function(event)
  mstep.sleep(0.02)
  local found = repeated(words.each(event.lines))
  table.sort(found, function(a, b)
    return #a > #b or (#a == #b and a < b)
  end)
  return { found[1], found[2] }
end
