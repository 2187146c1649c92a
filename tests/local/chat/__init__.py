"""The chat platforms of the local environment: they sign and send as the real ones would, and take what is posted."""
