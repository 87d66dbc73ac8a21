# attacks: reads from every descriptor that was left open
# outcome: db error|wrong|crashed|timeout
# points: 0
import os


def db(dZ):
    found = []
    for descriptor in range(3, 64):
        try:
            found.append(os.pread(descriptor, 200, 0))
        except OSError:
            pass
    raise RuntimeError(found)
