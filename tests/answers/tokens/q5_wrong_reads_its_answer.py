# reads the answer in the turn that writes it
def chat_cost(turns, price_in, price_out):
    money, history = 0, 0
    for q, a in turns:
        history += q + a
        money += history * price_in + a * price_out
    return money / 1e6
