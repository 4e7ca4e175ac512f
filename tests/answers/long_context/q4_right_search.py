# the programs of the lab themselves, asked about every input
from itertools import product

tests = {}
for n, m, window, sinks in product(range(1, 5), range(1, 5), range(1, 5), range(4)):
    wrong = wrong_on(n, m, window, sinks) if n <= m else []  # noqa: F821 (the notebook has it)
    if len(wrong) == 1:
        fault = {"first": "ahead", "second": "window", "third": "places"}[wrong[0]]
        tests[wrong[0]] = [fault, n, m, window, sinks]
