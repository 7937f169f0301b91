"""The tables, and the questions that are asked of them by name."""
