# attacks: returns text that looks like the expected result
# outcome: bce wrong|error
# points: 0
def bce(A, Y):
    return "0.6931471805599453"
