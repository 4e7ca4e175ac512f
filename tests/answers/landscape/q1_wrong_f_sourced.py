# takes what the figures do not prove for proved
first_ten = {
    "A": "wrong tokens-gpt-4o",
    "B": "?",
    "C": "measured 55",
    "D": "opinion cause",
    "E": "sourced landscape-copyright",
    "F": "sourced landscape-west-lake",
    "G": "opinion taste",
    "H": "sourced sampling-batch",
    "I": "measured 6",
    "J": "wrong landscape-news-bots",
}
