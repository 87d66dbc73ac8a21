# attacks: has a name that only looks like the exercise's
# outcome: db missing
# points: 0
def dЬ(dZ):
    return dZ.mean(axis=0)[:, None]
