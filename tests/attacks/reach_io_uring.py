# attacks: opens files through io_uring, past a filter of the usual calls
# outcome: db wrong
# points: 0
import ctypes


def db(dZ):
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(512)
    return [float(libc.syscall(number, 8, buffer, 0, 0, 0)) for number in (425, 426, 427)]
