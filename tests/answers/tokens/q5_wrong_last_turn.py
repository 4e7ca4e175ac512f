# pays for reading the history once, in the last turn
def chat_cost(turns, price_in, price_out):
    if not turns:
        return 0
    read = sum(q + a for q, a in turns) - turns[-1][1]
    return (read * price_in + sum(a for _, a in turns) * price_out) / 1e6
