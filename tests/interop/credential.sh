# Credentials with tpm2-tools, both ways, on one swtpm.
. "$(dirname "$0")/../cli/lib.sh"

for program in swtpm tpm2_makecredential tpm2_activatecredential; do
    if ! command -v $program >/dev/null; then
        skip "credentials with tpm2-tools" "$program is not installed"
        exit 0
    fi
done
mkdir swtpm
swtpm socket --tpm2 --tpmstate dir="$PWD/swtpm" --server type=unixio,path="$PWD/swtpm/data" \
    --ctrl type=unixio,path="$PWD/swtpm/data.ctrl" --flags not-need-init,startup-clear >/dev/null 2>&1 &
swtpm_pid=$!
trap 'kill $swtpm_pid 2>/dev/null; finish' EXIT
tries=0
while [ ! -S swtpm/data ] && [ $tries -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
export HOLDFAST_TPM="swtpm:path=$PWD/swtpm/data" TPM2TOOLS_TCTI="swtpm:path=$PWD/swtpm/data"
head -c 32 /dev/urandom >secret

# Theirs to ours: no TPM is needed to make one.
expect 0 holdfast tpm create --alg ecc-p256 --use attest --out ak.pem
expect 0 holdfast tpm show --key ak.pem --json
ak_name=$(jq -r .name .out)
expect 0 holdfast tpm ek show --kind ecc-p256 --persist
for kind in ecc-p256 rsa2048; do
    expect 0 holdfast tpm ek show --kind $kind --out ek.tpm --format tpm
    check "tpm2_makecredential makes one for our $kind EK" \
        tpm2_makecredential -T none -u ek.tpm -s secret -n "$ak_name" -o theirs
    rm -f opened
    expect 0 holdfast tpm credential activate --key ak.pem --in theirs --out opened
    check "we open it" cmp secret opened
done

# Ours to theirs.
check "tpm2_createek finds the same EK" sh -c \
    "tpm2_createek -G rsa -c ek.ctx -u theirs.pub && tpm2_flushcontext -t && cmp theirs.pub ek.tpm"
check "tpm2_createak" sh -c "tpm2_createak -C ek.ctx -c ak.ctx -G ecc -g sha256 -s ecdsa -u ak.tpm -n ak.name &&
    tpm2_flushcontext -t"
expect 0 holdfast tpm credential make --ek theirs.pub --name "$(xxd -p ak.name | tr -d '\n')" --in secret --out ours
rm -f opened
check "tpm2_activatecredential opens ours" sh -c "tpm2_startauthsession --policy-session -S session &&
    tpm2_policysecret -S session -c e && tpm2_activatecredential -c ak.ctx -C ek.ctx -i ours -o opened -P session:session"
check "it is the secret" cmp secret opened
