# attacks: returns a list nested a hundred thousand deep
# outcome: db error|timeout
# points: 0
def db(dZ):
    result = []
    for _ in range(10**5):
        result = [result]
    return result
