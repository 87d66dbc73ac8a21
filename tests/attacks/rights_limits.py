# attacks: takes back the limits on memory and time
# outcome: db error|forbidden
# points: 0
import resource


def db(dZ):
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
        resource.setrlimit(kind, (1 << 40, 1 << 40))
