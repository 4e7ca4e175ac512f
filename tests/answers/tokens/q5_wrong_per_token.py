# takes the price for the price of one token
def chat_cost(turns, price_in, price_out):
    money, history = 0, 0
    for q, a in turns:
        money += (history + q) * price_in + a * price_out
        history += q + a
    return money
