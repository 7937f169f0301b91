"""A made-up city and a story told on the simulator, so that anybody can try the product within a minute."""
