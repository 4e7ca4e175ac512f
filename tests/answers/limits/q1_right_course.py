# with the course's own functions
from aigc_course import limits


def reliability(confidence, right, bins):
    curve = limits.calibration(confidence, right, bins)
    return [[b.n, b.confidence, b.accuracy] for b in curve], limits.expected_calibration_error(curve)
