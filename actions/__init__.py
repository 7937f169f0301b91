"""What can be done: one verb a function, one change each; whoever calls holds the transaction."""
