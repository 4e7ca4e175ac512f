# eight right, one blank, one left out
first_ten = {
    "A": "wrong tokens-gpt-4o",
    "B": "sourced landscape-metr",
    "C": "measured 58",
    "D": "opinion cause",
    "E": "sourced landscape-copyright",
    "F": "wrong 1.4",
    "G": "？",
    "I": "measured 6",
    "J": "wrong landscape-news-bots",
}
