local catalogue = require "catalogue"

return function(event)
  for _, item in ipairs(event.items) do
    if catalogue.find(item.sku).stock < item.quantity then
      error { Error = "OutOfStock", Cause = ("not enough of %q in stock"):format(item.sku) }
    end
  end
  return { reservationId = "res-" .. event.orderId }
end
