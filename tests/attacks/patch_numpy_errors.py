# attacks: makes NumPy call back at floating-point errors
# outcome: db wrong|error
# points: 0
def db(dZ):
    np.seterrcall(lambda *rest: 1 / 0)
    np.seterr(all="call")
    np.set_printoptions(formatter={"all": lambda value: "0"})
    return np.float64(1) / np.float64(0)
