#!/bin/sh
# Foreign tools on the embedded TPM: every tpm2_* command is a process and a connection of its own, and
# what they leave in context files must load in the next one, also when the TPM's process ended between.
#
#     tools.sh PIPE        PIPE: the relay program
#
set -eu
pipe=$1
if ! command -v tpm2_createprimary >/dev/null; then
    echo "1..0 # SKIP tpm2-tools is not installed"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOLDFAST_TPM_IDLE_MS=300
export TPM2TOOLS_TCTI="cmd:exec $pipe $dir/tpm"
cd "$dir"
n=0
ok() {
    n=$((n + 1))
    what=$1
    shift
    if "$@" >out 2>&1; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        sed 's/^/# /' out
        exit 1
    fi
}
fails() {
    n=$((n + 1))
    what=$1
    shift
    if "$@" >out 2>&1; then
        echo "not ok $n - $what"
        exit 1
    fi
    echo "ok $n - $what"
}
echo message >m
for i in 1 2 3 4 5; do
    ok "primary $i" tpm2_createprimary -Q -C o -c p$i.ctx
done
ok "a key under the first" tpm2_create -Q -C p1.ctx -G ecc -u k.pub -r k.priv
ok "loads" tpm2_load -Q -C p1.ctx -u k.pub -r k.priv -c k.ctx
ok "signs" tpm2_sign -Q -c k.ctx -g sha256 -o sig m
ok "verifies" tpm2_verifysignature -Q -c k.ctx -g sha256 -s sig -m m
echo other >m2
fails "does not verify what was not signed" tpm2_verifysignature -Q -c k.ctx -g sha256 -s sig -m m2
ok "a policy session" tpm2_startauthsession --policy-session -S s.ctx
ok "is used by another process" tpm2_policypcr -Q -S s.ctx -l sha256:7 -L policy
cp s.ctx old.ctx
ok "and by a third" tpm2_policycommandcode -Q -S s.ctx TPM2_CC_Unseal -L policy
fails "an older copy of it does not load" tpm2_policycommandcode -Q -S old.ctx TPM2_CC_Unseal -L policy
ok "PCR 16 is extended" tpm2_pcrextend 16:sha256=0000000000000000000000000000000000000000000000000000000000000001
ok "and read" tpm2_pcrread sha256:16
cp out before
sleep 1 # longer than the process stays without a client
ok "PCR 16 is still so after an idle end" tpm2_pcrread sha256:16
cp out after
ok "by the same value" cmp after before
ok "the key's context still loads" tpm2_sign -Q -c k.ctx -g sha256 -o sig m
ok "the session's context still loads" tpm2_flushcontext s.ctx
ok "a persistent key" tpm2_evictcontrol -Q -C o -c p2.ctx 0x81000020
ok "is read by its handle" tpm2_readpublic -Q -c 0x81000020 -o pub.pem -f pem
echo "1..$n"
