# attacks: recurses without end
# outcome: db error
# points: 0
def db(dZ):
    return db(dZ)
