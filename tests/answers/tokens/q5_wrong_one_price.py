# everything at the price of input
def chat_cost(turns, price_in, price_out):
    tokens = history = 0
    for q, a in turns:
        tokens += history + q + a
        history += q + a
    return tokens * price_in / 1e6
