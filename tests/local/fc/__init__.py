"""Local Function Compute: runs the functions of template.yml as FC 3.0 does, each instance a process of its own.

Imitated: both loader styles and both context profiles of the Python runtimes, the environment of an instance, return
values and errors, timeouts, one request at a time per instance, HTTP triggers (event "v1"), asynchronous invocation,
timers by their cron expression (`up --timers`) or one firing at a time (`fire`).

Not imitated: memory and CPU limits, the freeze between two requests, layers, preStop, destinations, signature
and JWT verification of HTTP triggers, the 4 KB and 8 KB limits of paths and headers, response size limits, the
attachment header of the platform's domain, and the copy of a failed event in the platform's own log.
"""
