"""Everything the functions share; `import shared.…` from the root of every artefact, absolute imports only."""
