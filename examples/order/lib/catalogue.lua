-- What the shop sells. Shared by handlers: `require "catalogue"`.
local catalogue = {
  lamp = { price_cents = 2450, stock = 12 },
  desk = { price_cents = 19900, stock = 3 },
  chair = { price_cents = 7900, stock = 40 },
}

local M = {}

-- The article of a SKU, or an error that a state machine can match.
function M.find(sku)
  local article = catalogue[sku]
  if article == nil then
    error { Error = "UnknownArticle", Cause = ("there is no article %q"):format(tostring(sku)) }
  end
  return article
end

return M
