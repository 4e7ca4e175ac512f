# a window as wide as the text
tests = {
    "first": ["ahead", 2, 2, 2, 2],
    "second": ["window", 4, 4, 4, 0],
    "third": ["places", 1, 2, 2, 0],
}
