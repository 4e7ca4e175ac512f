# puts a small number in place of 0
import math


def student_loss(student, teacher, labels, temperature, alpha):
    loss = 0
    for own, taught, y in zip(student, teacher, labels):
        p, q, hard = soften(taught, temperature), soften(own, temperature), soften(own, 1)
        kl = sum(a * (math.log(a + 1e-12) - math.log(b + 1e-12)) for a, b in zip(p, q))
        loss += alpha * -math.log(hard[y] + 1e-12) + (1 - alpha) * temperature**2 * kl
    return loss / len(labels)
