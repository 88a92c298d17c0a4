"""Python's `re`, by trying one alternative after the other: what sources do to names and configuration texts."""

IGNORECASE = I = 2
MULTILINE = M = 8
DOTALL = S = 16
VERBOSE = X = 64
_CLASSES = {
    "d": lambda c: c.isdigit(),
    "w": lambda c: c.isalnum() or c == "_",
    "s": lambda c: c in " \t\n\r\f\v",
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_MOST = 1 << 30


class error(Exception):
    pass


class _Parser:
    """A pattern as nested tuples: what is matched first, and what with."""

    def __init__(self, text, flags):
        self.text, self.flags, self.at, self.groups, self.names = text, flags, 0, 0, {}

    def peek(self):
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self):
        c = self.peek()
        self.at += 1
        return c

    def alternatives(self):
        found = [self.sequence()]
        while self.peek() == "|":
            self.take()
            found.append(self.sequence())
        return found[0] if len(found) == 1 else ("or", found)

    def sequence(self):
        parts = []
        while self.peek() not in ("", "|", ")"):
            part = self.atom()
            if part is not None:
                parts.append(self.repeated(part))
        return ("all", parts)

    def repeated(self, part):
        while True:
            c = self.peek()
            if c == "*":
                low, high = 0, _MOST
            elif c == "+":
                low, high = 1, _MOST
            elif c == "?":
                low, high = 0, 1
            elif c == "{" and "}" in self.text[self.at :] and self.counts() is not None:
                low, high = self.counts()
                self.at = self.text.index("}", self.at)
            else:
                return part
            self.take()
            lazy = self.peek() == "?"
            if lazy:
                self.take()
            part = ("repeat", part, low, high, lazy)

    def counts(self):
        inside = self.text[self.at + 1 : self.text.index("}", self.at)]
        low, comma, high = inside.partition(",")
        if not (low or "0").isdigit() or not (high or "0").isdigit() or not (low or high):
            return None
        return int(low or 0), int(high) if high else _MOST if comma else int(low)

    def atom(self):
        c = self.take()
        if c == ".":
            every = self.flags & DOTALL
            return ("one", lambda x: every or x != "\n")
        if c == "^":
            return ("start", bool(self.flags & MULTILINE))
        if c == "$":
            return ("end", bool(self.flags & MULTILINE))
        if c == "[":
            return ("one", self.set())
        if c == "(":
            return self.group()
        if c == "\\":
            return self.escape()
        if c in "*+?":
            raise error(f"nothing to repeat at position {self.at - 1}")
        return ("one", self.same(c))

    def same(self, c):
        if self.flags & IGNORECASE:
            return lambda x: x.lower() == c.lower()
        return lambda x: x == c

    def escape(self):
        c = self.take()
        if c == "b" or c == "B":
            return ("border", c == "b")
        if c == "A":
            return ("start", False)
        if c == "Z":
            return ("final",)
        if c.isdigit() and c != "0":
            return ("again", int(c))
        return ("one", self.kind(c) or self.same(_ESCAPES.get(c, c)))

    def kind(self, c):
        if c.lower() not in _CLASSES:
            return None
        inside = _CLASSES[c.lower()]
        return inside if c.islower() else lambda x: not inside(x)

    def set(self):
        opposite = self.peek() == "^"
        if opposite:
            self.take()
        tests, first = [], True
        while first or self.peek() != "]":
            if self.at >= len(self.text):
                raise error("unterminated character set")
            first, c = False, self.take()
            if c == "\\":
                c = self.take()
                if self.kind(c):
                    tests.append(self.kind(c))
                    continue
                c = _ESCAPES.get(c, c)
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.take()
                last = self.take()
                tests.append(lambda x, c=c, last=last: c <= x <= last)
            else:
                tests.append(self.same(c))
        self.take()
        return lambda x: any(test(x) for test in tests) != opposite

    def group(self):
        number, ahead = None, None
        if self.peek() == "?":
            self.take()
            c = self.take()
            if c == "P" and self.peek() == "=":
                name = self.text[self.at + 1 : self.text.index(")", self.at)]
                self.at = self.text.index(")", self.at) + 1
                return ("again", self.names[name])
            if c == "P":
                end = self.text.index(">", self.at)
                self.groups += 1
                number = self.groups
                self.names[self.text[self.at + 1 : end]] = number
                self.at = end + 1
            elif c in "=!":
                ahead = c == "="
            elif c != ":":
                raise NotImplementedError(f"'(?{c}' in a regular expression")
        else:
            self.groups += 1
            number = self.groups
        inside = self.alternatives()
        if self.take() != ")":
            raise error("missing ), unterminated subpattern")
        if ahead is not None:
            return ("ahead", inside, ahead)
        return inside if number is None else ("group", inside, number)


def _border(text, at):
    word = _CLASSES["w"]
    return (at > 0 and word(text[at - 1])) != (at < len(text) and word(text[at]))


def _try(node, text, at, found, go):
    """Where a match ends that begins here and goes on with `go`; `None` where there is none."""
    kind = node[0]
    if kind == "one":
        return go(at + 1, found) if at < len(text) and node[1](text[at]) else None
    if kind == "all":
        return _parts(node[1], 0, text, at, found, go)
    if kind == "or":
        for option in node[1]:
            end = _try(option, text, at, found, go)
            if end is not None:
                return end
        return None
    if kind == "group":
        return _try(node[1], text, at, found, lambda end, inner: go(end, {**inner, node[2]: (at, end)}))
    if kind == "repeat":
        return _repeat(node, 0, text, at, found, go)
    if kind == "start":
        holds = at == 0 or node[1] and text[at - 1] == "\n"
    elif kind == "end":
        holds = at == len(text) or text[at:] == "\n" or node[1] and text[at] == "\n"
    elif kind == "final":
        holds = at == len(text)
    elif kind == "border":
        holds = _border(text, at) == node[1]
    elif kind == "ahead":
        holds = (_try(node[1], text, at, found, lambda end, inner: (end, inner)) is not None) == node[2]
    else:
        if node[1] not in found:
            return None
        first, last = found[node[1]]
        piece = text[first:last]
        return go(at + len(piece), found) if text[at : at + len(piece)] == piece else None
    return go(at, found) if holds else None


def _parts(parts, i, text, at, found, go):
    if i == len(parts):
        return go(at, found)
    return _try(parts[i], text, at, found, lambda end, inner: _parts(parts, i + 1, text, end, inner, go))


def _repeat(node, count, text, at, found, go):
    _, part, low, high, lazy = node
    if part[0] == "one":
        # one character after the other, without a call for each
        most = at
        while most - at < high and most < len(text) and part[1](text[most]):
            most += 1
        ends = range(at + low, most + 1) if lazy else range(most, at + low - 1, -1)
        for end in ends:
            result = go(end, found)
            if result is not None:
                return result
        return None
    if lazy and count >= low:
        result = go(at, found)
        if result is not None:
            return result
    if count < high:

        def more(end, inner):
            return None if end == at else _repeat(node, count + 1, text, end, inner, go)

        result = _try(part, text, at, found, more)
        if result is not None:
            return result
    return go(at, found) if not lazy and count >= low else None


class Match:
    def __init__(self, pattern, text, start, end, groups):
        self.re, self.string, self._groups = pattern, text, {**groups, 0: (start, end)}

    def _place(self, group):
        number = self.re.groupindex[group] if isinstance(group, str) else group
        if not 0 <= number <= self.re.groups:
            raise IndexError("no such group")
        return self._groups.get(number, (-1, -1))

    def _text(self, group, default=None):
        start, end = self._place(group)
        return default if start < 0 else self.string[start:end]

    def group(self, *groups):
        found = tuple(self._text(group) for group in groups or (0,))
        return found[0] if len(found) == 1 else found

    __getitem__ = group

    def groups(self, default=None):
        return tuple(self._text(i + 1, default) for i in range(self.re.groups))

    def groupdict(self, default=None):
        return {name: self._text(name, default) for name in self.re.groupindex}

    def start(self, group=0):
        return self._place(group)[0]

    def end(self, group=0):
        return self._place(group)[1]

    def span(self, group=0):
        return self._place(group)


class Pattern:
    def __init__(self, pattern, flags=0):
        parser = _Parser(pattern, flags)
        self.pattern, self.flags, self._node = pattern, flags, parser.alternatives()
        if parser.at < len(pattern):
            raise error(f"unbalanced parenthesis at position {parser.at}")
        self.groups, self.groupindex = parser.groups, parser.names

    def _at(self, text, at, whole=False):
        def done(end, groups):
            return (end, groups) if not whole or end == len(text) else None

        found = _try(self._node, text, at, {}, done)
        return None if found is None else Match(self, text, at, *found)

    def match(self, string):
        return self._at(string, 0)

    def fullmatch(self, string):
        return self._at(string, 0, True)

    def search(self, string, pos=0):
        for at in range(pos, len(string) + 1):
            found = self._at(string, at)
            if found:
                return found
        return None

    def finditer(self, string):
        at = 0
        while at <= len(string):
            found = self.search(string, at)
            if found is None:
                return
            yield found
            at = found.end() if found.end() > found.start() else found.end() + 1

    def findall(self, string):
        return [found.groups("")[0] if self.groups == 1 else found.groups("") or found.group() for found in self.finditer(string)]

    def split(self, string, maxsplit=0):
        pieces, last = [], 0
        for found in self.finditer(string):
            if maxsplit and len(pieces) >= maxsplit * (1 + self.groups):
                break
            pieces += [string[last : found.start()], *found.groups()]
            last = found.end()
        return pieces + [string[last:]]

    def subn(self, repl, string, count=0):
        pieces, last, done = [], 0, 0
        for found in self.finditer(string):
            if count and done == count:
                break
            pieces += [string[last : found.start()], repl(found) if callable(repl) else _expanded(repl, found)]
            last, done = found.end(), done + 1
        return "".join(pieces) + string[last:], done

    def sub(self, repl, string, count=0):
        return self.subn(repl, string, count)[0]


def _expanded(text, found):
    y, at = "", 0
    while at < len(text):
        c = text[at]
        at += 1
        if c != "\\":
            y += c
            continue
        c = text[at]
        at += 1
        if c == "g":
            end = text.index(">", at)
            name = text[at + 1 : end]
            y += found._text(int(name) if name.isdigit() else name, "")
            at = end + 1
        elif c.isdigit():
            y += found._text(int(c), "")
        else:
            y += _ESCAPES.get(c, c)
    return y


def compile(pattern, flags=0):
    return pattern if isinstance(pattern, Pattern) else Pattern(pattern, flags)


def match(pattern, string, flags=0):
    return compile(pattern, flags).match(string)


def fullmatch(pattern, string, flags=0):
    return compile(pattern, flags).fullmatch(string)


def search(pattern, string, flags=0):
    return compile(pattern, flags).search(string)


def finditer(pattern, string, flags=0):
    return compile(pattern, flags).finditer(string)


def findall(pattern, string, flags=0):
    return compile(pattern, flags).findall(string)


def split(pattern, string, maxsplit=0, flags=0):
    return compile(pattern, flags).split(string, maxsplit)


def sub(pattern, repl, string, count=0, flags=0):
    return compile(pattern, flags).sub(repl, string, count)


def subn(pattern, repl, string, count=0, flags=0):
    return compile(pattern, flags).subn(repl, string, count)


def escape(pattern):
    return "".join(c if c.isalnum() or c == "_" else "\\" + c for c in pattern)
