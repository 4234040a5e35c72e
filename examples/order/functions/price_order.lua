-- Looks up prices and adds them up, in cents: money is no matter for floating point.
local catalogue = require "catalogue"

return function(event)
  local total, lines = 0, {}
  for i, item in ipairs(event.items) do
    local cents = catalogue.find(item.sku).price_cents * item.quantity
    lines[i] = { sku = item.sku, quantity = item.quantity, cents = cents }
    total = total + cents
  end
  return { lines = lines, totalCents = total }
end
