# all one kind
first_ten = {
    "A": "opinion taste",
    "B": "opinion taste",
    "C": "opinion taste",
    "D": "opinion taste",
    "E": "opinion taste",
    "F": "opinion taste",
    "G": "opinion taste",
    "H": "opinion taste",
    "I": "opinion taste",
    "J": "opinion taste",
}
