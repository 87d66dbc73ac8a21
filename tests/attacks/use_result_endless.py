# attacks: returns a list that contains itself
# outcome: db error
# points: 0
def db(dZ):
    result = []
    result.append(result)
    return result
