# no test for the third
tests = {"first": ["ahead", 2, 2, 2, 2], "second": ["window", 2, 2, 1, 0]}
