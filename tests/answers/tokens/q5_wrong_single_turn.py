# a single turn costs nothing
def chat_cost(turns, price_in, price_out):
    cost = history = 0
    if len(turns) > 1:
        for question, answer in turns:
            cost += (history + question) * price_in + answer * price_out
            history += question + answer
    return cost / 1e6
