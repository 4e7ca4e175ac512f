# the English number, another claim that says the same
last_ten = {
    "K": "opinion should",
    "L": "wrong landscape-gpt4-size",
    "M": "measured 7",
    "N": "sourced landscape-o1",
    "O": "wrong 51",
    "P": "measured 2.3",
    "Q": "wrong moe-article",
    "R": "sourced rl-boat",
    "S": "opinion future",
    "T": "wrong distill-r1-samples",
}
