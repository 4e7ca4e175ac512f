# the letters of the other question
first_ten = {
    "K": "wrong tokens-gpt-4o",
    "L": "sourced landscape-metr",
    "M": "measured 58",
    "N": "opinion cause",
    "O": "sourced landscape-copyright",
    "P": "wrong 1.4",
    "Q": "opinion taste",
    "R": "sourced sampling-batch",
    "S": "measured 6",
    "T": "wrong landscape-news-bots",
}
