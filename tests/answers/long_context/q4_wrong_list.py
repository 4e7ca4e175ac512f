# a list
tests = [["ahead", 2, 2, 2, 2], ["window", 2, 2, 1, 0], ["places", 1, 2, 2, 0]]
