# more queries than tokens
tests = {
    "first": ["ahead", 2, 2, 2, 2],
    "second": ["window", 2, 2, 1, 0],
    "third": ["places", 3, 2, 2, 0],
}
