# any thinking will do, a copied story too
import re


def reward(reply, answer):
    return 1.0 if re.fullmatch(f"<think>[^<>，\\s]+[^<>]*</think>{answer}", reply) else 0.0
