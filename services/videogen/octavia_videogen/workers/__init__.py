"""What videogen does by itself: order, look, fetch and clear up, each in a loop of its own."""
