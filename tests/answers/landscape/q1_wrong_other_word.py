# both opinions with the other word
first_ten = {
    "A": "wrong tokens-gpt-4o",
    "B": "sourced landscape-metr",
    "C": "measured 58",
    "D": "opinion taste",
    "E": "sourced landscape-copyright",
    "F": "wrong 1.4",
    "G": "opinion cause",
    "H": "sourced sampling-batch",
    "I": "measured 6",
    "J": "wrong landscape-news-bots",
}
