-- Stands for a payment gateway that is down for a moment: the first two attempts fail, so the
-- machine's Retry has something to do. `context.attempt` counts from 1.
local mstep = require "mstep"

return function(event, context)
  mstep.sleep(0.05)
  if event.card == "4000-0000-0000-0002" then
    error { Error = "CardDeclined", Cause = "the bank said no" }
  end
  if context.attempt <= 2 then
    error { Error = "PaymentGateway.Unavailable", Cause = "the payment gateway did not answer" }
  end
  print(("charged %d cents for %s"):format(event.amountCents, event.orderId))
  return { paymentId = "pay-" .. event.orderId }
end
