# attacks: reads the command lines of all processes
# outcome: db forbidden|error
# points: 0
def db(dZ):
    raise RuntimeError([open(f"/proc/{pid}/cmdline").read() for pid in range(1, 50)])
