"""Appended to each program: prints the most memory that the process ever had, in KiB."""

try:
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 -- pathlib would be imported for nothing
        print(next(line.split()[1] for line in status if line.startswith("VmHWM")))  # noqa: T201 -- read by the bench
except OSError:
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # In bytes there, in KiB elsewhere.
    print(peak // 1024 if sys.platform == "darwin" else peak)  # noqa: T201 -- read by the bench
