# at least 1.3, as the lesson has it; nothing to spare
first_ten = {
    "A": "wrong tokens-gpt-4o",
    "B": "?",
    "C": "measured 55",
    "D": "opinion cause",
    "E": "sourced landscape-copyright",
    "F": "wrong 1.3",
    "G": "?",
    "H": "sourced sampling-batch",
    "I": "measured 6",
    "J": "wrong landscape-news-bots",
}
