# attacks: returns a small graph that unfolds to 2 to the 60 leaves
# outcome: db error
# points: 0
def db(dZ):
    result = [1.0, 1.0]
    for _ in range(60):
        result = [result, result]
    return result
