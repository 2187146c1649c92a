"""Whether an installation can do its work: settings, policy, clock, rights and journal, each with what to do."""
