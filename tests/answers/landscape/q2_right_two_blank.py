# eight right, two blank
last_ten = {
    "K": "opinion should",
    "L": "wrong landscape-gpt4-size",
    "M": "measured 7",
    "N": " ? ",
    "O": "wrong 63",
    "P": "measured 2.3",
    "Q": "?",
    "R": "sourced rl-boat",
    "S": "opinion future",
    "T": "wrong landscape-versions",
}
