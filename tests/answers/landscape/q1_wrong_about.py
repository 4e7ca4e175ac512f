# about so much
first_ten = {
    "A": "wrong tokens-gpt-4o",
    "B": "sourced metr",
    "C": "measured 55",
    "D": "opinion cause",
    "E": "sourced landscape-copyright",
    "F": "wrong ~1.4",
    "G": "opinion taste",
    "H": "sourced sampling-batch",
    "I": "measured 6",
    "J": "wrong landscape-news-bots",
}
