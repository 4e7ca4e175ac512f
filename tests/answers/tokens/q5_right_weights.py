# each turn is read again in all the turns after it
def chat_cost(turns, price_in, price_out):
    n = len(turns)
    read = sum(q * (n - i) + a * (n - 1 - i) for i, (q, a) in enumerate(turns))
    return (read * price_in + sum(a for _, a in turns) * price_out) / 1e6
