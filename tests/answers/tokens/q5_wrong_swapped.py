# the two prices swapped
def chat_cost(turns, price_in, price_out):
    money, history = 0, 0
    for q, a in turns:
        money += (history + q) * price_out + a * price_in
        history += q + a
    return money / 1e6
