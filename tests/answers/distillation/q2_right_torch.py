# torch's own losses, in float32
import torch
from torch.nn.functional import cross_entropy, kl_div


def student_loss(student, teacher, labels, temperature, alpha):
    s, z, y = torch.tensor(student), torch.tensor(teacher), torch.tensor(labels)
    soft = kl_div(
        (s / temperature).log_softmax(-1),
        (z / temperature).log_softmax(-1),
        reduction="batchmean",
        log_target=True,
    )
    return alpha * cross_entropy(s, y) + (1 - alpha) * temperature**2 * soft
