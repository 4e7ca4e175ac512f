# a text of a hundred tokens
tests = {
    "first": ["ahead", 2, 2, 2, 2],
    "second": ["window", 100, 100, 1, 0],
    "third": ["places", 1, 2, 2, 0],
}
