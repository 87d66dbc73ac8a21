# attacks: returns its input
# outcome: dA_dZ wrong
# points: 0
def dA_dZ(A):
    return A
