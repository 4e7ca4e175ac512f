# reads only the turn before again
def chat_cost(turns, price_in, price_out):
    cost, before = 0, 0
    for question, answer in turns:
        cost += (before + question) * price_in + answer * price_out
        before = question + answer
    return cost / 1e6
