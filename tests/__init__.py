"""Tests, and the local environment they and people use."""
