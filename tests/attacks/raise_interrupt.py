# attacks: pretends that someone pressed Ctrl-C
# outcome: db error
# points: 0
def db(dZ):
    raise KeyboardInterrupt
