# attacks: puts a program into memory and runs it from there (memfd_create)
# outcome: db error|forbidden
# points: 0
import os


def db(dZ):
    descriptor = os.memfd_create("program")
    os.write(descriptor, b"#!/bin/sh\nexit 0\n")
    os.execve(descriptor, ["program"], {})
