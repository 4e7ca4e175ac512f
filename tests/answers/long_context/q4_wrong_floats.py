# numbers with a point
tests = {
    "first": ["ahead", 2, 2, 2, 2],
    "second": ["window", 2.0, 2.0, 1.0, 0.0],
    "third": ["places", 1, 2, 2, 0],
}
