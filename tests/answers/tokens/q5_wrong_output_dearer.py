# takes the dearer price for what is written
def chat_cost(turns, price_in, price_out):
    price_in, price_out = sorted((price_in, price_out))
    cost = history = 0
    for question, answer in turns:
        cost += (history + question) * price_in + answer * price_out
        history += question + answer
    return cost / 1e6
