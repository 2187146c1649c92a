"""The development environment: the SLS stand-in (`sls`) and the local Function Compute (`fc`)."""
