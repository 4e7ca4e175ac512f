# eight right and two wrong make six
last_ten = {
    "K": "opinion should",
    "L": "wrong landscape-gpt4-size",
    "M": "measured 7",
    "N": "sourced landscape-o1",
    "O": "wrong 63",
    "P": "opinion should",
    "Q": "wrong moe-article",
    "R": "sourced rl-boat",
    "S": "sourced gartner",
    "T": "wrong landscape-versions",
}
