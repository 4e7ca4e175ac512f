# halves away from 0 on both sides
import math


def quantise(rows, bits):
    largest = 2 ** (bits - 1) - 1
    answer = [[], [], []]
    for row in rows:
        top = max(max(row), -min(row))
        size = [0 if top == 0 else math.floor(abs(x) * largest / top + 0.5) for x in row]
        whole = [-n if x < 0 else n for n, x in zip(size, row, strict=True)]
        answer[0].append(whole)
        answer[1].append(top / largest)
        answer[2].append([n * top / largest for n in whole])
    return answer
