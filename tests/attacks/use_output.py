# attacks: prints half a gigabyte
# outcome: db wrong|memory|timeout
# points: 0
def db(dZ):
    for _ in range(50):
        print("x" * 10**7)
    return 1
