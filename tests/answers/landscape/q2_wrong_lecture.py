# the lecture said so
last_ten = {
    "K": "opinion should",
    "L": "sourced landscape-gpt4-size",
    "M": "measured 7",
    "N": "sourced landscape-o1",
    "O": "wrong 63",
    "P": "measured 2.3",
    "Q": "wrong moe-article",
    "R": "sourced rl-boat",
    "S": "opinion future",
    "T": "sourced landscape-versions",
}
