# reads the history without the question of this turn
def chat_cost(turns, price_in, price_out):
    cost = history = 0
    for question, answer in turns:
        cost += history * price_in + answer * price_out
        history += question + answer
    return cost / 1e6
