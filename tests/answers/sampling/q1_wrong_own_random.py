# draws its own random number instead of the one it was given
import random


def pick(probs, u):
    return random.choices(range(len(probs)), probs)[0]
