"""Balance, history and prices, as billing told them."""
