# attacks: returns its input and changes it after the answer was given
# outcome: dZ_output wrong
# points: 0
KEPT = []


def dZ_output(A, Y):
    for kept in KEPT:
        kept[:] = 0
    A -= Y
    KEPT.append(A)
    return A
