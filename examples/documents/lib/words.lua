-- Words of a text, in lower case.
local M = {}

function M.each(lines)
  local list = {}
  for _, line in ipairs(lines) do
    for word in line:lower():gmatch("%a+") do
      list[#list + 1] = word
    end
  end
  return list
end

return M
