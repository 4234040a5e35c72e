return function(event)
  print(("refunded %d cents for %s"):format(event.order.totalCents, event.orderId))
  return { refunded = event.payment.paymentId }
end
