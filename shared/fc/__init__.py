"""Function Compute at the edge: contexts, events, deadlines, responses and log lines. No rule of the domain in here."""
