"""What runs inside an instance; imports nothing but the standard library, so that a start is quick."""
