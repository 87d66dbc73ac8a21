# attacks: adds the time to its answer
# outcome: db wrong
# points: 0
import time


def db(dZ):
    return dZ.mean(axis=0)[:, np.newaxis] + time.perf_counter_ns() % 1000 / 10
