# attacks: makes a wrong answer right by changing what it was given
# outcome: dA_dZ wrong
# points: 0
def dA_dZ(A):
    A[:] = 0.5
    return A * (1 - A)
