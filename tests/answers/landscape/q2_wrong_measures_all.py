# a measurement for a statement about somebody else's model
last_ten = {
    "K": "opinion should",
    "L": "wrong landscape-gpt4-size",
    "M": "measured 7",
    "N": "measured 30",
    "O": "wrong 63",
    "P": "measured 2.3",
    "Q": "measured 37",
    "R": "sourced rl-boat",
    "S": "opinion future",
    "T": "wrong landscape-versions",
}
