# each turn by itself
def chat_cost(turns, price_in, price_out):
    return sum(q * price_in + a * price_out for q, a in turns) / 1e6
