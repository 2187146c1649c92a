"""Pure judgement on what was observed: where shards stand, who may be consuming, what a write would move.

No calls and no clocks in here: the same observation always gives the same answer.
"""
