# A full disk, for real: state and files on a file system of 1 MiB, in a mount namespace of their own.
. "$(dirname "$0")/lib.sh"

small=$PWD/small
mkdir small
if [ "${HOLDFAST_SMALL:-}" = "" ]; then
    if unshare -rm mount -t tmpfs -o size=1m,mode=700 none small 2>/dev/null; then
        HOLDFAST_SMALL=1 unshare -rm sh "$0"
        code=$?; trap - EXIT; exit "$code"
    fi
    skip "a full disk" "no mount namespace may be made here"
    exit 0
fi
mount -t tmpfs -o size=1m,mode=700 none small || exit 1
mkdir -m 700 small/state small/out
HOLDFAST_STATE=$small/state
export HOLDFAST_STATE

fill() { dd if=/dev/zero of=small/ballast bs=1k count=2000 2>/dev/null; }
make_room() { rm -f small/ballast; }
sign() { holdfast tpm sign --key small/out/k.pem --in m --out "$1"; }

printf 'the message' >m
expect 0 holdfast tpm create --alg ecc-p256 --out small/out/k.pem
cp small/out/k.pem before.pem

# Output that does not fit: the error says so, and no half of a file is left.
fill
expect 69 holdfast tpm show --key small/out/k.pem --out small/out/pub.pem
match_err "No space left on device"
check "no part of the file is left" test ! -e small/out/pub.pem
check "no temporary file is left" sh -c '[ "$(ls -A small/out)" = k.pem ]'

# A key that cannot be stored is not said to be made, and an older file stays as it was.
expect 69 holdfast tpm create --alg ecc-p256 --out small/out/k.pem
check "the key file is the old one" cmp small/out/k.pem before.pem

# The TPM's own state does not fit: it says so, and keeps what it had.
expect 69 holdfast tpm nv define 0x01500001 --size 64
make_room
expect 0 sign s.der
expect 0 holdfast tpm verify --key small/out/k.pem --in m --signature s.der
expect 0 holdfast tpm nv define 0x01500001 --size 64
expect 0 holdfast audit verify
