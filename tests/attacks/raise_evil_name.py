# attacks: raises an exception whose class has a script for a name
# outcome: db error
# points: 0
Evil = type("<img src=x onerror=alert(1)>\x1b[2J" + "E" * 10**5, (Exception,), {})


def db(dZ):
    raise Evil("=HYPERLINK(1)")
