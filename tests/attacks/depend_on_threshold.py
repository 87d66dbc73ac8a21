# attacks: rounds its answer to three digits
# outcome: dZ_output wrong
# points: 0
def dZ_output(A, Y):
    return np.round(A - Y, 3)
