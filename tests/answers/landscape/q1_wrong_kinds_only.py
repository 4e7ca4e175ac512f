# no reasons
first_ten = {
    "A": "wrong",
    "B": "sourced",
    "C": "measured",
    "D": "opinion",
    "E": "sourced",
    "F": "wrong",
    "G": "opinion",
    "H": "sourced",
    "I": "measured",
    "J": "wrong",
}
