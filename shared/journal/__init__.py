"""The operation journal: one SLS Logstore with one shard, whose order of writing is the only lock there is."""
