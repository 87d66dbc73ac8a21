# attacks: answers one byte at a time, for ever
# outcome: db timeout|crashed
# points: 0
import gc
import json
import socket
import struct
import sys


def connection():
    return next(thing for thing in gc.get_objects() if isinstance(thing, socket.socket) and thing.fileno() >= 0)


def frame(message, block=b""):
    text = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n" + block
    connection().sendall(struct.pack(">I", len(text)) + text)


import time


def db(dZ):
    connection().sendall(bytes([0, 0, 255, 255]))
    while True:
        connection().sendall(b" ")
        time.sleep(0.05)
