# the second is wrong there as well
tests = {
    "first": ["ahead", 2, 2, 2, 2],
    "second": ["window", 2, 2, 1, 0],
    "third": ["places", 2, 4, 1, 0],
}
