"""Measurements, never part of the tests: figures in the docs come from here."""
