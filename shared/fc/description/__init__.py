"""What the command function tells of itself: JSON Schema and OpenAPI, made of the models that read and answer.

Nothing imports this before somebody asks for it: no cold start pays for it.
"""
