"""Firings: what a timer trigger delivers, read into commands, guarded against being late, and carried out once."""
