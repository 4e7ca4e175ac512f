# an input on which the first is right
tests = {
    "first": ["ahead", 2, 2, 2, 1],
    "second": ["window", 2, 2, 1, 0],
    "third": ["places", 1, 2, 2, 0],
}
