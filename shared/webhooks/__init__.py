"""Who is calling: verification of raw bytes and headers, before anything is parsed."""
