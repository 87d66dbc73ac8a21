# attacks: leaves a message in System V and POSIX shared memory
# outcome: db error|forbidden
# points: 0
import ctypes
from multiprocessing import shared_memory


def db(dZ):
    if ctypes.CDLL(None).shmget(4711, 4096, 0o1666) >= 0:
        return "made"
    shared_memory.SharedMemory("autograder-left-behind", create=True, size=4096)
