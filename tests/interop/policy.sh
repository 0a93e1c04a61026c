# The digests of tpm2-tools' trial sessions, and the Names that it gives outside keys, against ours.
. "$(dirname "$0")/../cli/lib.sh"

for tool in swtpm tpm2_startauthsession tpm2_policypcr tpm2_loadexternal; do
    if ! command -v "$tool" >/dev/null; then
        skip "policies of tpm2-tools" "$tool is not installed (packages swtpm, tpm2-tools)"
        exit 0
    fi
done

# A swtpm of our own on a free pair of ports, ended with the script.
mkdir tpm
server=
for port in 24931 25417 26113 27809 28541; do
    swtpm socket --tpm2 --tpmstate "dir=$PWD/tpm" --server "type=tcp,port=$port,bindaddr=127.0.0.1" \
        --ctrl "type=tcp,port=$((port + 1)),bindaddr=127.0.0.1" --flags not-need-init,startup-clear >swtpm.log 2>&1 &
    server=$!
    sleep 0.5
    kill -0 "$server" 2>/dev/null && break
    server=
done
[ -n "$server" ] || { point 1 "swtpm starts"; exit 1; }
stop() {
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
}
trap 'stop; finish' EXIT
TPM2TOOLS_TCTI="swtpm:host=127.0.0.1,port=$port"
export TPM2TOOLS_TCTI
HOLDFAST_TPM="swtpm:host=127.0.0.1,port=$port"
export HOLDFAST_TPM

unhex() {
    python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'
}

hash=sha256
trial() { # policy, then a tpm2-tools command and its arguments, which gets -S session
    policy=$1
    shift
    tpm2_startauthsession -S session.ctx -g "$hash" >/dev/null 2>tools.log || { point 1 "a trial session for $policy"; cat tools.log; return; }
    command=$1
    shift
    if ! "$command" -S session.ctx -L digest.bin "$@" >tools.log 2>&1; then
        point 1 "$command $*"
        sed 's/^/# /' tools.log
        tpm2_flushcontext session.ctx >/dev/null 2>&1
        return
    fi
    tpm2_flushcontext session.ctx >/dev/null 2>&1
    expect 0 holdfast tpm policy digest "$policy" --hash "$hash"
    match "$(od -An -v -tx1 digest.bin | tr -d ' \n')"
}

openssl ecparam -name prime256v1 -genkey -noout -out ec.pem 2>/dev/null
openssl pkey -in ec.pem -pubout -out ec.pub

# Outside keys: the Name of a PEM public key. For RSA tpm2-tools writes the exponent 65537 out, where Part 2, 12.2.3.5
# has 0 for it; we write 0 as TPMs, systemd and key files do, and so have another Name.
check "tpm2_loadexternal takes ec.pub" tpm2_loadexternal -C o -G ecc -u ec.pub -c ec.ctx -n ec.name
name=$(od -An -v -tx1 ec.name | tr -d ' \n')
expect 0 holdfast tpm policy digest "signed key=ec.pub" --json
match "name=$name"
tpm2_flushcontext -t >/dev/null 2>&1

# NV: a counter and an ordinary index.
check "a counter" tpm2_nvdefine 0x01500016 -C o -a "ownerwrite|ownerread|authread|no_da|nt=counter" -s 8
check "it is written" tpm2_nvincrement 0x01500016 -C o
check "an index" tpm2_nvdefine 0x01500017 -C o -a "ownerwrite|ownerread|authread|no_da" -s 32
printf '01234567890123456789012345678901' >content
check "it is written" tpm2_nvwrite 0x01500017 -C o -i content

for hash in sha256 sha1 sha384 sha512; do
    trial 'pcr sha256:0,7,16' tpm2_policypcr -l sha256:0,7,16
    trial 'pcr sha256:16+sha1:7' tpm2_policypcr -l sha256:16+sha1:7
    trial 'authvalue' tpm2_policyauthvalue
    trial 'password' tpm2_policypassword
    trial 'secret owner' tpm2_policysecret -c o
    trial 'secret owner ref=0a0b' tpm2_policysecret -c o -q 0a0b
    trial 'secret 0x01500017 ref=01' tpm2_policysecret -c 0x01500017 -q 01
    trial 'command unseal' tpm2_policycommandcode TPM2_CC_Unseal
    trial 'command nv-write' tpm2_policycommandcode TPM2_CC_NV_Write
    trial 'locality 3' tpm2_policylocality three
    trial 'nv-written yes' tpm2_policynvwritten s
    trial 'nv-written no' tpm2_policynvwritten c
    printf '\000\000\000\000\000\000\000\005' >five
    trial 'nv 0x01500016 ule u64:5' tpm2_policynv 0x01500016 ule -C o -i five
    trial 'nv 0x01500017 offset=2 neq u64:5' tpm2_policynv 0x01500017 neq -C o -i five --offset 2
    trial 'counter-timer reset-count ult 5' tpm2_policycountertimer --ult resets=5
    trial 'counter-timer clock ugt 5' tpm2_policycountertimer --ugt clock=5
    trial 'counter-timer safe eq yes' tpm2_policycountertimer safe
    trial 'authorizenv 0x01500017' tpm2_policyauthorizenv 0x01500017 -C o
    name=$(od -An -v -tx1 ec.name | tr -d ' \n')
    printf 'boot' >ref
    trial 'authorize key=ec.pub ref="boot"' tpm2_policyauthorize -n ec.name -q "$(od -An -tx1 ref | tr -d ' \n')"
    trial "duplicate-to $name" tpm2_policyduplicationselect -N ec.name -n ec.name
done

# Or: of two digests made above, at the start of a session.
hash=sha256
for policy in authvalue 'secret owner'; do
    holdfast tpm policy digest "$policy" | unhex >"$(echo "$policy" | tr ' ' _).bin"
done
trial 'or { authvalue } { secret owner }' tpm2_policyor sha256:authvalue.bin,secret_owner.bin

# What tpm2-tools seals under our digest, tpm2-tools opens by the same steps, and a wrong digest it does not.
holdfast tpm policy digest 'pcr sha256:16; authvalue' | unhex >seal.policy
check "a primary" tpm2_createprimary -C o -c primary.ctx
printf 'the secret' >secret
check "sealed" tpm2_create -C primary.ctx -i secret -L seal.policy -p hello -u sealed.pub -r sealed.priv
tpm2_flushcontext -t >/dev/null 2>&1
check "loaded" tpm2_load -C primary.ctx -u sealed.pub -r sealed.priv -c sealed.ctx
tpm2_flushcontext -t >/dev/null 2>&1
tpm2_startauthsession -S policy.ctx --policy-session >/dev/null
tpm2_policypcr -S policy.ctx -l sha256:16 >/dev/null
tpm2_policyauthvalue -S policy.ctx >/dev/null
check "unsealed" sh -c 'tpm2_unseal -c sealed.ctx -p session:policy.ctx+hello >unsealed'
check "it is the secret" cmp secret unsealed
tpm2_flushcontext policy.ctx >/dev/null 2>&1

# An NV index decides which policy holds, on a real session: the one whose digest it has now (PolicyAuthorizeNV).
openssl ecparam -name prime256v1 -genkey -noout -out approver.pem 2>/dev/null
expect 0 holdfast tpm policy approve 'command unseal' --key approver.pem --counter 0x01500019 --out app.json
check "an index for a policy" tpm2_nvdefine 0x01500018 -C o -a "ownerwrite|ownerread|authread|no_da" -s 34
{ printf '\000\013' && jq -r .digest app.json | unhex; } >content
check "it is written" tpm2_nvwrite 0x01500018 -C o -i content
expect 0 holdfast tpm seal --in secret --policy 'authorizenv 0x01500018' --out nv.pem
expect 0 holdfast tpm unseal --in nv.pem --approval app.json
match "the secret"
expect 77 holdfast tpm unseal --in nv.pem
{ printf '\000\013' && holdfast tpm policy digest 'authvalue' | unhex; } >content
check "another policy's digest is written" tpm2_nvwrite 0x01500018 -C o -i content
expect 77 holdfast tpm unseal --in nv.pem --approval app.json
match_err "no policy at hand has the digest that the index holds"
