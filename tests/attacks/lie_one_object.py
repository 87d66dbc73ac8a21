# attacks: returns the same array each time, filled anew
# outcome: dZ_output wrong|partial|correct
# points: 10
BUFFER = np.zeros(10**5)


def dZ_output(A, Y):
    result = BUFFER[: A.size].reshape(A.shape)
    result[:] = A - Y
    return result
