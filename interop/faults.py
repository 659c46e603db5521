"""What a checker raises when an output is wrong."""


class Fault(Exception):
    pass


def need(condition, message):
    if not condition:
        raise Fault(message)
