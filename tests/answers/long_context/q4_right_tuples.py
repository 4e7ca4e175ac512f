# tuples, and sinks beyond the end
tests = {
    "first": ("ahead", 3, 3, 3, 9),
    "second": ("window", 3, 3, 1, 1),
    "third": ("places", 3, 4, 9, 1),
}
