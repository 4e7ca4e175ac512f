# one input for all, on which more than one is wrong
tests = {
    "first": ["ahead", 3, 4, 1, 3],
    "second": ["window", 3, 4, 1, 3],
    "third": ["places", 3, 4, 1, 3],
}
