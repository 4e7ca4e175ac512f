# nine right and one wrong make eight
first_ten = {
    "A": "wrong tokens-gpt-4o",
    "B": "sourced landscape-metr",
    "C": "measured 58",
    "D": "sourced landscape-nvidia",
    "E": "sourced landscape-copyright",
    "F": "wrong 1.4",
    "G": "opinion taste",
    "H": "sourced sampling-batch",
    "I": "measured 6",
    "J": "wrong landscape-news-bots",
}
