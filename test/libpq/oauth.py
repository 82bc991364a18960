"""Connects with libpq 18 over OAUTHBEARER and asks who it is. The token comes from the environment, by libpq's own hook.

usage: oauth.py <libpq.so> <connection string>; prints one JSON object.
"""
import ctypes
import json
import os
import sys

libpq = ctypes.CDLL(sys.argv[1])


class BearerRequest(ctypes.Structure):
    """PGoauthBearerRequest of libpq-fe.h"""

    _fields_ = [
        ("openid_configuration", ctypes.c_char_p),
        ("scope", ctypes.c_char_p),
        ("poll", ctypes.c_void_p),
        ("cleanup", ctypes.c_void_p),
        ("token", ctypes.c_char_p),
        ("user", ctypes.c_void_p),
    ]


BEARER_TOKEN = 1  # PQAUTHDATA_OAUTH_BEARER_TOKEN
asked = []
token = ctypes.create_string_buffer(os.environ["TOKEN"].encode())


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def hook(kind, _connection, data):
    if kind != BEARER_TOKEN:
        return 0
    request = ctypes.cast(data, ctypes.POINTER(BearerRequest)).contents
    asked.append([text and text.decode() for text in (request.openid_configuration, request.scope)])
    request.token = ctypes.cast(token, ctypes.c_char_p)
    return 1


libpq.PQsetAuthDataHook(hook)
for name in ("PQconnectdb", "PQexec"):
    getattr(libpq, name).restype = ctypes.c_void_p
for name in ("PQerrorMessage", "PQgetvalue"):
    getattr(libpq, name).restype = ctypes.c_char_p
connection = ctypes.c_void_p(libpq.PQconnectdb(sys.argv[2].encode()))
answer = {"asked": asked}
if libpq.PQstatus(connection) == 0:
    answer["user"] = libpq.PQgetvalue(ctypes.c_void_p(libpq.PQexec(connection, b"SELECT current_user")), 0, 0).decode()
else:
    answer["error"] = libpq.PQerrorMessage(connection).decode()
libpq.PQfinish(connection)
print(json.dumps(answer))
