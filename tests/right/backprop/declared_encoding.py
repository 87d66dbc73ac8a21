# The module declares its encoding, which is not UTF-8, and has letters of it in comments, texts and names.
# -*- coding: latin-1 -*-
# Defines: dW, db
import numpy as np

# Größe der Änderung
WÖRTER = "à la carte"


def größe(A):
    """Wie viele Zeilen: ä ö ü"""
    return A.shape[0]


def dW(dZ, A_prev):
    return dZ.T @ A_prev / größe(dZ)


def db(dZ):
    return dZ.sum(axis=0, keepdims=True).T / größe(dZ) * len(WÖRTER) / 10
