# attacks: searches its own address space through /proc/self/mem
# outcome: db forbidden|error
# points: 0
def db(dZ):
    raise RuntimeError(open("/proc/self/maps").read()[:200])
