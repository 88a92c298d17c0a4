"""Runs each snippet of python_snippets.txt in CPython 3.11 and writes python.json: what it prints, and the exception that ends it.

Snippets stand between lines of dashes. Our interpreter runs the same ones in src/python/oracle_tests.rs.
"""

import contextlib
import io
import json
import pathlib
import sys

assert sys.version_info[:2] == (3, 11)
here = pathlib.Path(__file__).parent
cases = []
for source in (here / "python_snippets.txt").read_text().split("\n---\n"):
    printed = io.StringIO()
    error = None
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(source, "model.py", "exec"), {"__name__": "__main__"})
        except Exception as e:
            error = f"{type(e).__name__}: {e}" if str(e) else type(e).__name__
    cases.append({"source": source, "printed": printed.getvalue(), "error": error})
(here / "python.json").write_text(json.dumps(cases, indent=1) + "\n")
print(len(cases), "snippets")
