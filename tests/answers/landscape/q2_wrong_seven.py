# seven right, the rest blank
last_ten = {
    "K": "opinion should",
    "L": "wrong landscape-gpt4-size",
    "M": "measured 7",
    "N": "sourced landscape-o1",
    "O": "wrong 63",
    "P": "measured 2.3",
    "Q": "?",
    "R": "?",
    "S": "opinion future",
    "T": "?",
}
