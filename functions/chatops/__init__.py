"""The chatops function: what a chat platform sends, verified, handed over, answered at once."""
