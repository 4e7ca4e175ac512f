# by the lesson's own sensitivity
from aigc_course import tool_choice


def fragile(marks, weights, by):
    winner = tool_choice.winner(marks, weights)
    moved = tool_choice.sensitivity(marks, weights, by)
    return [need for need, ends in moved.items() if set(ends) != {winner}]
