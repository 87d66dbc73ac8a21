# attacks: traces the worker and changes its local values
# outcome: db wrong|error|crashed|timeout
# points: 0
import sys


def trace(frame, event, argument):
    if "packer" in frame.f_locals:
        frame.f_locals["packer"] = None
    return trace


def db(dZ):
    sys.settrace(trace)
    sys.setprofile(trace)
    return 1.0
