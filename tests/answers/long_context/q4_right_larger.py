# longer texts
tests = {
    "first": ["ahead", 4, 4, 4, 3],
    "second": ["window", 4, 4, 2, 1],
    "third": ["places", 2, 4, 3, 1],
}
