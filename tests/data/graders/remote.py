"""A submission in a process of its own, which gets arguments and gives back plain values."""

import builtins
import json
import subprocess
import sys
import tempfile

CHILD = """
import json, sys
first = json.loads(sys.stdin.readline())
held = {"__name__": "solution"}
try:
    exec(compile(first["source"], "solution.py", "exec"), held)
    function = held[first["name"]]
except BaseException as error:
    function = None
for line in sys.stdin:
    try:
        reply = json.dumps({"value": function(*json.loads(line))})
    except BaseException as error:
        reply = json.dumps({"error": type(error).__name__})
    print(reply, flush=True)
"""


class Remote:
    """Callable like the submission's function. Raises what it raised, by name, and RuntimeError where none is read."""

    def __init__(self, source, name):
        self.folder = tempfile.TemporaryDirectory()
        pipe = subprocess.PIPE
        command = [sys.executable, "-I", "-c", CHILD]
        self.child = subprocess.Popen(
            command, cwd=self.folder.name, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        self._send({"source": source, "name": name})

    def __call__(self, *args):
        self._send(args)
        try:
            reply = json.loads(self.child.stdout.readline())
            if "value" in reply:
                return reply["value"]
            kind = getattr(builtins, reply["error"], None)
        except (ValueError, TypeError, KeyError) as error:
            raise RuntimeError("no answer") from error
        raise kind() if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError("failed")

    def _send(self, message):
        try:
            self.child.stdin.write(json.dumps(message) + "\n")
            self.child.stdin.flush()
        except OSError:
            pass

    def close(self):
        """End the process."""
        self.child.kill()
        self.child.wait()


def passes(problem, source, helper):
    """Whether a submission passes a problem's tests, each test apart."""
    from shared import assertions

    results = []
    for line in assertions(problem):
        remote = Remote(source, problem["entry_point"])
        space = {problem["entry_point"]: remote}
        try:
            exec("\n".join([helper, problem["check"] or "", line]), space)
            results.append(True)
        except Exception:
            results.append(False)
        remote.close()
    return results
