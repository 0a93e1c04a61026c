#!/bin/sh
# Launch digests of AMD SEV guests, from outside.
fd=$(cd "$(dirname "$0")/.." && pwd)/vectors/ovmf/all
. "$(dirname "$0")/lib.sh"

snp=48e5a7f574cd1c1f49fef402f73388183c75ee30c9fcea5deb3da49e58e8c65efb5f2603f3f644f12e335d7cc06fb27d

expect 64 holdfast evidence measure
expect 66 holdfast evidence measure --ovmf not-there
expect 0 holdfast evidence measure --ovmf "$fd"
match "$snp"
expect 0 holdfast evidence measure --ovmf "$fd" --vcpu-type EPYC-v4 --vcpus 1 --vmm qemu --features 0x1
match "$snp"
expect 0 holdfast evidence measure --ovmf "$fd" --vcpu-signature 0x800f12
match "$snp"
expect 0 holdfast evidence measure --ovmf "$fd" --vcpus 2
mismatch "$snp"
expect 0 holdfast evidence measure --ovmf "$fd" --vmm ec2 --vcpu-type EPYC-Milan
mismatch "$snp"
expect 0 holdfast evidence measure --ovmf "$fd" --mode sev
match "$(sha256sum "$fd" | cut -d' ' -f1)"

# With a kernel: all of it counts, and --json tells what it was.
printf kernel >vmlinuz
printf initrd >initrd.img
expect 0 holdfast evidence measure --ovmf "$fd" --kernel vmlinuz --initrd initrd.img --append "console=ttyS0" --json
answer '.launch_digest | test("^[0-9a-f]{96}$")'
check "the kernel's hash" [ "$(jq -r .kernel_sha256 .out)" = "$(sha256sum vmlinuz | cut -d' ' -f1)" ]
check "the command line's, with its NUL" \
    [ "$(jq -r .command_line_sha256 .out)" = "$(printf 'console=ttyS0\0' | sha256sum | cut -d' ' -f1)" ]
first=$(jq -r .launch_digest .out)
expect 0 holdfast evidence measure --ovmf "$fd" --kernel vmlinuz --initrd initrd.img --append "console=ttyS1"
mismatch "$first"

# The digest after the firmware takes the place of its pages.
expect 0 holdfast evidence measure --ovmf "$fd" --mode snp:svsm --svsm "$fd" --variables 0x1000
expect 64 holdfast evidence measure --ovmf "$fd" --ovmf-digest 0011
match_err "it takes 48"
expect 64 holdfast evidence measure --ovmf "$fd" --svsm "$fd"
expect 64 holdfast evidence measure --ovmf "$fd" --append quiet
expect 64 holdfast evidence measure --ovmf "$fd" --vmm xen
expect 64 holdfast evidence measure --ovmf "$fd" --vcpu-type Skylake
expect 64 holdfast evidence measure --ovmf "$fd" --vcpus 0
head -c 4000 "$fd" >odd.fd
expect 65 holdfast evidence measure --ovmf odd.fd
match_err "whole pages"
head -c 4096 /dev/zero >zero.fd
expect 65 holdfast evidence measure --ovmf zero.fd
match_err "no SEV metadata"
expect 65 holdfast evidence measure --ovmf zero.fd --mode seves --vcpus 2
expect 0 holdfast evidence measure --ovmf zero.fd --mode seves
expect 65 holdfast evidence measure --ovmf zero.fd --mode sev --kernel vmlinuz
