# attacks: fills the memory piece by piece
# outcome: db memory|timeout
# points: 0
def db(dZ):
    pieces = []
    while True:
        pieces.append(bytearray(10**7))
