"""A stateful stand-in for Simple Log Service (SLS) on loopback, for the parts that consumer groups need.

One module, one duty:

    messages         the request and the response, free of any server
    routes, calls    which operation a request means, and its parts
    signatures       V1, V4 and the OpenAPI SDK's V1, as pure functions that sign
    authentication   the checks on who calls and when, in SLS's order
    operations, positions, logs
                     what each operation reads and answers
    store, logstores, shards, consumer_groups, assignment
                     the state and its rules; no HTTP in them
    cursors, loggroups
                     the two encodings: base64 positions, protobuf log groups
    errors           one class per SLS error
    clock, switches  what a test turns: time, and what the references leave open
    faults, control, fields
                     the routes under /_local/ and the reading of their input
    app              all of it as `handle(Request) -> Response`
    server, mock     its two fronts: a fast server of its own, and pytest-httpserver
    signing, caller  signed calls of one's own

It is written from the documentation alone and shares no code with the product: a stand-in that checked signatures with
the code under test would prove nothing. README.md in this folder lists the switches and what is not imitated.
"""
