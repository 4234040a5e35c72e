-- Choice rules: called with the state's input, without I/O, clock or randomness; the answer is a boolean.
local M = {}

function M.is_ready(input)
  for _, item in ipairs(input.hero.items) do
    if item == "sword" then
      return input.hero.courage >= 5
    end
  end
  return false
end

return M
