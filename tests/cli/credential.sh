# Credentials from outside.
. "$(dirname "$0")/lib.sh"

expect 0 holdfast tpm create --alg ecc-p256 --use attest --out ak.pem
expect 0 holdfast tpm create --alg ecc-p256 --use attest --out other.pem
expect 0 holdfast tpm show --key ak.pem --json
ak_name=$(jq -r .name .out)
head -c 31 /dev/urandom >secret
printf '\n' >>secret # a byte like any other

for kind in ecc-p256 rsa2048; do
    expect 0 holdfast tpm ek show --kind $kind --out ek.pem
    expect 0 holdfast tpm ek show --kind $kind --out ek.tpm --format tpm
    for form in pem tpm; do
        expect 0 holdfast tpm credential make --ek ek.$form --name "$ak_name" --in secret --out cred
        expect 0 holdfast tpm credential activate --key ak.pem --in cred --out opened
        check "it is the secret" cmp secret opened
    done
    expect 0 holdfast tpm credential make --ek ek.tpm --name "$ak_name" --in secret --out cred --in-tpm
    expect 0 holdfast tpm credential activate --key ak.pem --in cred --out opened --ek $kind
    check "made in the TPM, it is the secret too" cmp secret opened
done
check "for its owner alone" test "$(stat -c %a opened)" = 600

expect 65 holdfast tpm credential activate --key other.pem --in cred --out no
match_err "another key"
expect 65 holdfast tpm credential activate --key ak.pem --in cred --out no --ek ecc-p256
cp cred changed
printf 'X' | dd of=changed bs=1 seek=20 conv=notrunc 2>/dev/null
expect 65 holdfast tpm credential activate --key ak.pem --in changed --out no
head -c 50 cred >short
expect 65 holdfast tpm credential activate --key ak.pem --in short --out no
expect 65 holdfast tpm credential activate --key ak.pem --in secret --out no
check "nothing was written" test ! -e no
expect 64 holdfast tpm credential make --ek ek.pem --name 0011 --in secret --out no
head -c 33 /dev/urandom >long
expect 64 holdfast tpm credential make --ek ek.pem --name "$ak_name" --in long --out no
match_err "33 bytes"
expect 65 holdfast tpm credential make --ek secret --name "$ak_name" --in secret --out no
