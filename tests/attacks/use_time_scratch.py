# attacks: has a scratch cell that never ends, beside a right solution
# outcome: dZ_output correct
# points: 10
def dZ_output(A, Y):
    return A - Y


while True:
    demo = dZ_output(1, 0)
