# Our quotes before other programs: tpm2_checkquote and plain openssl.
. "$(dirname "$0")/../cli/lib.sh"

if ! command -v tpm2_checkquote >/dev/null; then
    skip "tpm2_checkquote accepts our quotes" "tpm2-tools is not installed"
    exit 0
fi
pcrs=sha256:0,1,2,3,16+sha384:7
printf x >x
expect 0 holdfast tpm pcr extend 16 --in x
for alg in ecc-p256 ecc-p384 rsa2048; do
    hash=sha256
    [ $alg = ecc-p384 ] && hash=sha384
    expect 0 holdfast tpm create --alg $alg --use attest --out ak.pem
    expect 0 holdfast tpm show --key ak.pem --out ak.pub
    expect 0 holdfast tpm quote --key ak.pem --pcrs $pcrs --nonce 00112233 --out q --format tpm2-tools
    check "tpm2_checkquote accepts a quote by $alg" \
        tpm2_checkquote -u ak.pub -m q.msg -s q.sig -f q.pcrs -g $hash -q 00112233
    check "and refuses it for another nonce" sh -c \
        "! tpm2_checkquote -u ak.pub -m q.msg -s q.sig -f q.pcrs -g $hash -q 00112234"
    printf x >x
    expect 0 holdfast tpm pcr extend 16 --in x
    expect 0 holdfast tpm quote --key ak.pem --pcrs $pcrs --nonce 00112233 --out later --format tpm2-tools
    check "and with the values of another moment" sh -c \
        "! tpm2_checkquote -u ak.pub -m q.msg -s q.sig -f later.pcrs -g $hash -q 00112233"
done
