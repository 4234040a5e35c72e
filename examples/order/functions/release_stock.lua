return function(event)
  print("released " .. event.reservation.reservationId)
  return { released = event.reservation.reservationId }
end
