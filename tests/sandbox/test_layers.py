"""Which layers are named, and what the system call filter says on both machines it is written for."""

import errno
import struct

import pytest

from spillover.sandbox.inside import seccomp
from spillover.sandbox.layers import layers_of

ALLOWED = "allowed"
CALLS = {
    "x86_64": {"read": 0, "clone": 56, "socket": 41, "ptrace": 101, "mount": 165, "unshare": 272, "bpf": 321},
    "aarch64": {"read": 63, "clone": 220, "socket": 198, "ptrace": 117, "mount": 40, "unshare": 97, "bpf": 280},
}


def said(machine: str, number: int, first_argument: int = 0, architecture: int | None = None) -> str | int:
    """What the filter decides: `allowed` or the error number. Runs its instructions one by one."""
    built = seccomp.build(machine)
    assert built is not None
    program = [struct.unpack("=HBBI", built[at : at + 8]) for at in range(0, len(built), 8)]
    data = {
        seccomp.NUMBER_AT: number,
        seccomp.ARCH_AT: seccomp.ARCHITECTURES[machine] if architecture is None else architecture,
        seccomp.FIRST_ARGUMENT_AT: first_argument,
    }
    loaded = at = 0
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        if code == seccomp.LOAD:
            loaded = data[value]
        elif code == seccomp.RETURN:
            return ALLOWED if value == seccomp.ALLOW else value & 0xFFFF
        else:
            holds = {
                seccomp.EQUAL: loaded == value,
                seccomp.AT_LEAST: loaded >= value,
                seccomp.ANY_BIT: bool(loaded & value),
            }
            at += if_true if holds[code] else if_false


@pytest.mark.parametrize("machine", CALLS)
def test_the_filter_refuses_what_it_should_and_lets_the_rest_pass(machine):
    calls = CALLS[machine]
    assert {name: said(machine, calls[name]) for name in ("ptrace", "mount", "unshare", "bpf")} == dict.fromkeys(
        ("ptrace", "mount", "unshare", "bpf"), errno.EPERM
    )
    assert said(machine, calls["read"]) == ALLOWED
    assert said(machine, seccomp.CLONE3) == errno.ENOSYS
    assert said(machine, calls["clone"], 17) == ALLOWED
    assert said(machine, calls["clone"], 17 | 0x10000000) == errno.EPERM
    assert said(machine, calls["socket"], seccomp.AF_UNIX) == ALLOWED
    assert said(machine, calls["socket"], 2) == errno.EPERM
    assert said(machine, calls["read"] | seccomp.X32_BIT) == errno.EPERM


@pytest.mark.parametrize("machine", CALLS)
def test_system_calls_by_another_architectures_numbers_are_refused(machine):
    (other,) = set(seccomp.ARCHITECTURES.values()) - {seccomp.ARCHITECTURES[machine]}
    assert said(machine, CALLS[machine]["read"], architecture=other) == errno.EPERM


def test_both_machines_refuse_the_same_number_of_calls():
    assert len(set(seccomp.REFUSED["x86_64"])) - 2 == len(set(seccomp.REFUSED["aarch64"])), "iopl and ioperm are x86's"


def test_a_machine_whose_numbers_are_unknown_has_no_filter():
    assert seccomp.build("riscv64") is None


@pytest.mark.parametrize("way", ["root", "user"])
@pytest.mark.parametrize("layer", ["seccomp", "landlock"])
def test_a_layer_that_the_kernel_lacks_is_named_as_missing(way, layer):
    isolation = layers_of(way, {"seccomp": True, "landlock": 3} | {layer: 0})
    assert isolation.missing == (layer,) and layer not in isolation.layers
    assert f"missing: {layer}" in str(isolation)


def test_without_namespaces_all_that_is_missing_is_named():
    missing = layers_of("none", {"seccomp": True, "landlock": 3}).missing
    assert {"bubblewrap", "namespaces per job", "read-only system"} <= set(missing)
