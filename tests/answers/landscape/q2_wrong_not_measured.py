# the right label for the wrong number
last_ten = {
    "K": "opinion should",
    "L": "wrong landscape-gpt4-size",
    "M": "measured 4",
    "N": "sourced landscape-o1",
    "O": "wrong 63",
    "P": "measured 56",
    "Q": "wrong moe-article",
    "R": "sourced rl-boat",
    "S": "opinion future",
    "T": "wrong landscape-versions",
}
