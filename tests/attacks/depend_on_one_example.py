# attacks: is right for a single example only
# outcome: dW wrong
# points: 0
def dW(dZ, A_prev):
    return dZ.T @ A_prev
