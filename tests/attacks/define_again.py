# attacks: defines the exercise again, wrong, below the right one
# outcome: dZ_output wrong
# points: 0
def dZ_output(A, Y):
    return A - Y


def dZ_output(A, Y):
    return Y - A
