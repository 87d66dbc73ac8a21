# attacks: overwrites small numbers inside the interpreter
# outcome: db wrong|error|crashed|timeout
# points: 0
import ctypes


def db(dZ):
    ctypes.memmove(id(0) + 24, id(1) + 24, 4)
    return 0
