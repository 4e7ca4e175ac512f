# no library: goes down into the lists
def noised(x0, noise, betas, t):
    a = 1.0
    for beta in betas[: t + 1]:
        a *= 1 - beta
    
    def mix(x, e):
        if isinstance(x, list):
            return [mix(p, q) for p, q in zip(x, e)]
        return a**0.5 * x + (1 - a) ** 0.5 * e
    
    return mix(x0, noise)
