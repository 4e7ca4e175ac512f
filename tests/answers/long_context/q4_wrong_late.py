# the example's fault
tests = {
    "first": ["ahead", 2, 2, 2, 2],
    "second": ["late", 2, 2, 1, 0],
    "third": ["places", 1, 2, 2, 0],
}
