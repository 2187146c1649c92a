"""The worker function: what outlives a chat platform's deadline, by asynchronous invocation."""
