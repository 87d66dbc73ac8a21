# attacks: has a constant that the compiler would fold to a gigabyte
# outcome: db error|memory|timeout|crashed|wrong|missing
# points: 0
def db(dZ):
    return ((("x" * 4096) * 4096) * 64) * 64
