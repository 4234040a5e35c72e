return function(event)
  if event.city == "Atlantis" then
    error { Error = "NoRoute", Cause = "no courier goes to " .. event.city }
  end
  return { trackingNumber = "track-" .. event.orderId }
end
