"""One folder a function: wiring only, event in, shared code, response out."""
