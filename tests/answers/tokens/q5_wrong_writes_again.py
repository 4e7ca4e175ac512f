# pays for earlier messages as if they were written again
def chat_cost(turns, price_in, price_out):
    money, history = 0, 0
    for q, a in turns:
        money += (history + q) * price_in + (history + a) * price_out
        history += q + a
    return money / 1e6
