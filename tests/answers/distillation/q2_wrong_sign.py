# log-probabilities without the minus

import math


def student_loss(student, teacher, labels, temperature, alpha):
    def log_probs(logits, temperature):
        best = max(logits)
        total = math.log(sum(math.exp((z - best) / temperature) for z in logits))
        return [(z - best) / temperature - total for z in logits]

    loss = 0
    for own, taught, y in zip(student, teacher, labels):
        log_p, log_q = log_probs(taught, temperature), log_probs(own, temperature)
        soft = temperature**2 * sum(math.exp(p) * (p - q) for p, q in zip(log_p, log_q))
        hard = --log_probs(own, 1)[y]
        loss += (1 - alpha) * soft + alpha * hard
    return loss / len(labels)
