# A swtpm's state becomes an embedded TPM and goes back: the same keys on both sides.
. "$(dirname "$0")/../cli/lib.sh"

command -v swtpm >/dev/null || { skip "swtpm" "the package swtpm is not installed"; exit 0; }
printf 'the message' >m
mkdir -m 700 sw
port=$((22000 + $$ % 20000))

begin() { # a swtpm on sw
    swtpm socket --tpm2 --tpmstate dir="$PWD/sw" --server type=tcp,port=$port,bindaddr=127.0.0.1 \
        --ctrl type=tcp,port=$((port + 1)),bindaddr=127.0.0.1 --flags not-need-init,startup-clear --pid file="$PWD/sw.pid" --daemon
}
end() {
    pid=$(cat sw.pid)
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}
state() { # import-swtpm or export-swtpm; by the command, or where this build has none by the TPM's own program
    if holdfast help tpm state >/dev/null 2>&1; then
        holdfast tpm state "$1" "$2"
    else
        "$HOLDFAST_TPM_HELPER" --state "$HOLDFAST_STATE/tpm" "--$1" "$2"
    fi
}
SW=swtpm:host=127.0.0.1,port=$port

check "a swtpm is started" begin
check "a key in it" holdfast --tpm $SW tpm create --alg ecc-p256 --out k.pem
check "a persistent one" holdfast --tpm $SW tpm load --key k.pem --persist 0x81000060
check "flush finds nothing of others" sh -c "holdfast --tpm $SW --json tpm flush --all | jq -e '.flushed == 0'"
if command -v tpm2_createprimary >/dev/null; then
    check "tpm2-tools leave an object behind" tpm2_createprimary -Q -T $SW -C o -G ecc256 -c left.ctx
    check "it is flushed" sh -c "holdfast --tpm $SW --json tpm flush --all | jq -e '.flushed == 1'"
    check "the pipe works over a swtpm" env HOLDFAST_TPM=$SW tpm2_getrandom -T 'cmd:exec holdfast tpm pipe' -o random 8
fi
check "the swtpm is stopped" end

expect 0 state import-swtpm sw/tpm2-00.permall
check "the key works in the embedded TPM" holdfast tpm sign --key k.pem --in m --out s
check "its signature verifies" holdfast tpm verify --key k.pem --in m --signature s
check "the persistent one as well" holdfast tpm sign --key 0x81000060 --in m --out s
check "another persistent key is put there" holdfast tpm primary --alg ecc-p256 --use sign --persist 0x81000061
sleep 3 # the embedded TPM ends by itself when idle
expect 0 state export-swtpm back.permall
cp back.permall sw/tpm2-00.permall
check "the swtpm takes the state back" begin
check "with the first key" holdfast --tpm $SW tpm sign --key k.pem --in m --out s
check "and the new one" holdfast --tpm $SW tpm sign --key 0x81000061 --in m --out s
check "the swtpm is stopped again" end
