# attacks: reads around its own objects with ctypes
# outcome: db wrong|crashed|error
# points: 0
import ctypes


def db(dZ):
    start = id(dZ) & ~0xFFFF
    text = ctypes.string_at(start, 0x10000)
    at = text.find(b"canary")
    return text[at : at + 60].decode("latin-1") if at >= 0 else "nothing"
