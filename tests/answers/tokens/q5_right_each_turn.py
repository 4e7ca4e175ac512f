# the history of each turn added up anew
def chat_cost(turns, price_in, price_out):
    money = 0.0
    for i, (question, answer) in enumerate(turns):
        read = sum(q + a for q, a in turns[:i]) + question
        money += read * price_in / 1e6 + answer * price_out / 1e6
    return money
