# attacks: swallows the exception and keeps the memory for the next calls
# outcome: db memory|wrong|timeout|crashed
# points: 0
KEPT = []


def db(dZ):
    try:
        while True:
            KEPT.append(bytearray(10**7))
    except MemoryError:
        return 1.0
