# the lesson's function, which keeps one of two twins
from aigc_course import tool_choice


def frontier(points):
    return tool_choice.frontier(points)
