# attacks: loops for ever
# outcome: db timeout
# points: 0
def db(dZ):
    while True:
        pass
