# attacks: forks for ever
# outcome: db error|forbidden
# points: 0
import os


def db(dZ):
    while True:
        os.fork()
