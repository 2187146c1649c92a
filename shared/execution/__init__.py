"""Carrying commands out: authorize, observe, judge, write, read back. One data path, for every caller."""
