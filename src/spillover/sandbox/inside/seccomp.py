"""A system call filter: what no solution of a coding problem needs and kernel exploits are made of.

A deny list, because an allow list that runs any Python program on any libc is as long as the table.
Network sockets are refused by family, new namespaces by the flags of clone.
"""

import ctypes
import errno
import platform
import struct

from .confine import CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS, check, libc

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCH_AT, FIRST_ARGUMENT_AT = 0, 4, 16
NAMESPACE_FLAGS = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | 0x10000000 | 0x02000000
X32_BIT = 0x40000000
AF_UNIX = 1

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SOCKET = {"x86_64": 41, "aarch64": 198}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
REFUSED = {
    "x86_64": (
        *(101, 310, 311, 312),  # ptrace, process_vm_readv, process_vm_writev, kcmp
        *(165, 166, 155, 161, 272, 308),  # mount, umount2, pivot_root, chroot, unshare, setns
        *(248, 249, 250),  # add_key, request_key, keyctl
        *(321, 298, 323, 319, 300),  # bpf, perf_event_open, userfaultfd, memfd_create, fanotify_init
        *(303, 304),  # name_to_handle_at, open_by_handle_at
        *(
            246,
            320,
            175,
            313,
            176,
            169,
        ),  # kexec_load, kexec_file_load, init_module, finit_module, delete_module, reboot
        *(167, 168, 103, 163, 179, 135),  # swapon, swapoff, syslog, acct, quotactl, personality
        *(164, 227, 159, 305, 170, 171, 172, 173),  # clocks, host name, domain name, iopl, ioperm
    ),
    "aarch64": (
        *(117, 270, 271, 272),
        *(40, 39, 41, 51, 97, 268),
        *(217, 218, 219),
        *(280, 241, 282, 279, 262),
        *(264, 265),
        *(104, 294, 105, 273, 106, 142),
        *(224, 225, 116, 89, 60, 92),
        *(170, 112, 171, 266, 161, 162),
    ),
}
REFUSED_EVERYWHERE = (
    *range(425, 434),  # io_uring_*, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick
    *(438, 440, 442, 447),  # pidfd_getfd, process_madvise, mount_setattr, memfd_secret
)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _refuse(number: int) -> bytes:
    return _step(RETURN, REFUSE | number)


def build(machine: str) -> bytes | None:
    """The filter as BPF instructions; None for a machine whose system call numbers are not known here."""
    if machine not in ARCHITECTURES:
        return None
    steps = [_step(LOAD, ARCH_AT), _step(EQUAL, ARCHITECTURES[machine], 1, 0), _refuse(errno.EPERM)]
    steps += [_step(LOAD, NUMBER_AT), _step(AT_LEAST, X32_BIT, 0, 1), _refuse(errno.EPERM)]
    for number in (*REFUSED[machine], *REFUSED_EVERYWHERE):
        steps += [_step(EQUAL, number, 0, 1), _refuse(errno.EPERM)]
    steps += [_step(EQUAL, CLONE3, 0, 1), _refuse(errno.ENOSYS)]
    for number, test in (
        (CLONE[machine], _step(ANY_BIT, NAMESPACE_FLAGS, 1, 0)),
        (SOCKET[machine], _step(EQUAL, AF_UNIX, 0, 1)),
    ):
        steps += [_step(EQUAL, number, 0, 4), _step(LOAD, FIRST_ARGUMENT_AT), test]
        steps += [_step(RETURN, ALLOW), _refuse(errno.EPERM)]
    return b"".join([*steps, _step(RETURN, ALLOW)])


_INSTRUCTIONS = build(platform.machine())
_BUFFER = ctypes.create_string_buffer(_INSTRUCTIONS) if _INSTRUCTIONS else None


def supported() -> bool:
    """Whether this kernel knows filters and this machine's numbers are known."""
    return _BUFFER is not None and libc.prctl(21, 0, 0, 0, 0) >= 0


def enforce() -> None:
    """Put the filter on this process and all that it starts. Needs no_new_privs."""
    if _BUFFER is None or _INSTRUCTIONS is None:
        return
    program = _Program(len(_INSTRUCTIONS) // 8, ctypes.addressof(_BUFFER))
    check(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0), "seccomp")
