# measured, and an id
first_ten = {
    "A": "wrong tokens-gpt-4o",
    "B": "sourced metr",
    "C": "measured 55",
    "D": "opinion cause",
    "E": "sourced landscape-copyright",
    "F": "wrong landscape-west-lake",
    "G": "opinion taste",
    "H": "sourced sampling-batch",
    "I": "measured tokens-bpe",
    "J": "wrong landscape-news-bots",
}
