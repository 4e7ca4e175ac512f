# the names alone
tests = {"first": "ahead", "second": "window", "third": "places"}
