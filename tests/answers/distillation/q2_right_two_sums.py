# each part summed by itself; the KL as cross-entropy less entropy
def student_loss(student, teacher, labels, temperature, alpha):
    def log_probs(logits, t):
        top = max(logits)
        norm = math.log(math.fsum(math.exp((x - top) / t) for x in logits))
        return [(x - top) / t - norm for x in logits]

    hard = soft = 0.0
    for i, y in enumerate(labels):
        hard -= log_probs(student[i], 1)[y]
        lp, lq = log_probs(teacher[i], temperature), log_probs(student[i], temperature)
        soft += sum(math.exp(a) * a for a in lp) - sum(math.exp(a) * b for a, b in zip(lp, lq))
    return alpha * hard / len(labels) + (1 - alpha) * temperature * temperature * soft / len(labels)
