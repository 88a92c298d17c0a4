"""Python's `ast.literal_eval`; there is no syntax tree."""


def literal_eval(node_or_string):
    return eval(node_or_string.strip())
