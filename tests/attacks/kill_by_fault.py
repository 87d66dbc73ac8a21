# attacks: follows a null pointer
# outcome: db crashed
# points: 0
import ctypes


def db(dZ):
    ctypes.string_at(0)
