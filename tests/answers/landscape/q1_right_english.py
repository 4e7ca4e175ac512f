# the English numbers, the other reasons that hold
first_ten = {
    "A": "wrong tokens-gpt-4o",
    "B": "sourced metr",
    "C": "measured 55",
    "D": "opinion cause",
    "E": "sourced landscape-copyright",
    "F": "wrong landscape-west-lake",
    "G": "opinion taste",
    "H": "sourced sampling-batch",
    "I": "measured 6",
    "J": "wrong landscape-news-bots",
}
