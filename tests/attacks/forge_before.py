# attacks: sends replies before they are asked for
# outcome: db wrong|crashed
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


def db(dZ):
    for _ in range(50):
        frame({"id": "0", "layout": "", "numbers": ""})
    return 1.0
