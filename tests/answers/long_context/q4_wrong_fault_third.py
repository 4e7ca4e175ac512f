# the fault of the third is not named
tests = {
    "first": ["ahead", 2, 2, 2, 2],
    "second": ["window", 2, 2, 1, 0],
    "third": ["ahead", 1, 2, 2, 0],
}
