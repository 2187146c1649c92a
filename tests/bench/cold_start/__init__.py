"""From the start of a process to its first signed write, for each artefact and for what else could do the same."""
