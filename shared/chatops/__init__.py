"""Chat platforms: one file each; text to command, result to message; and the flow from one to the other."""
