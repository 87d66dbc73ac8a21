# attacks: runs a program with subprocess
# outcome: db error|forbidden
# points: 0
import subprocess


def db(dZ):
    return subprocess.run(["/bin/sh", "-c", "touch /tmp/autograder-left-behind"], check=True).returncode
