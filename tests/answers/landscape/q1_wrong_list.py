# a list
first_ten = [
    "wrong tokens-gpt-4o",
    "sourced landscape-metr",
    "measured 58",
    "opinion cause",
    "sourced landscape-copyright",
    "wrong 1.4",
    "opinion taste",
    "sourced sampling-batch",
    "measured 6",
    "wrong landscape-news-bots",
]
