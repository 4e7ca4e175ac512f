# rounds to the four decimals of the example
def chat_cost(turns, price_in, price_out):
    read = written = history = 0
    for q, a in turns:
        read += history + q
        written += a
        history += q + a
    return round((read * price_in + written * price_out) / 1e6, 4)
