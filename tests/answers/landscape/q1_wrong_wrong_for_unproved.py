# takes what cannot be decided for wrong
first_ten = {
    "A": "wrong tokens-gpt-4o",
    "B": "sourced landscape-metr",
    "C": "measured 58",
    "D": "wrong landscape-nvidia",
    "E": "sourced landscape-copyright",
    "F": "wrong 1.4",
    "G": "wrong landscape-o1",
    "H": "sourced sampling-batch",
    "I": "measured 6",
    "J": "wrong landscape-news-bots",
}
