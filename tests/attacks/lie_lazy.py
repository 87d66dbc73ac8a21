# attacks: returns a generator that would compute later
# outcome: db error
# points: 0
def db(dZ):
    return (value for value in dZ)
