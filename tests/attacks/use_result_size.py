# attacks: returns an array of eight gigabytes that takes no memory
# outcome: db error
# points: 0
def db(dZ):
    return np.broadcast_to(0.0, (10**3, 10**6))
