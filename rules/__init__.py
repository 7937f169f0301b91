"""The regulation and the draw as pure functions: the standard library, no clock, no database, no chance."""
