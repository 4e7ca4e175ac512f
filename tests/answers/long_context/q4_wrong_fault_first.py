# the fault of the first is not named
tests = {
    "first": ["sinks", 2, 2, 2, 2],
    "second": ["window", 2, 2, 1, 0],
    "third": ["places", 1, 2, 2, 0],
}
