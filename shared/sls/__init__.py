"""Simple Log Service: who signs, what is called, what comes back, what goes wrong."""
