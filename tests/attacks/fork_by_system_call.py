# attacks: forks through clone and clone3 by number
# outcome: db wrong
# points: 0
import ctypes


def db(dZ):
    libc = ctypes.CDLL(None)
    return [float(libc.syscall(number, 17, 0, 0, 0, 0)) for number in (56, 57, 58, 435)]
