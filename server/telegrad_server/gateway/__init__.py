"""A gateway: says who may come in, chooses a worker for a new session, and relays bytes that it does not
parse.

It keeps nothing: a session's id begins with its worker's name, so that any gateway finds the way.
"""
