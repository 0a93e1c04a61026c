# Quotes and certificates from outside.
. "$(dirname "$0")/lib.sh"

expect 0 holdfast tpm create --alg ecc-p256 --use attest --out ak.pem
expect 0 holdfast tpm create --alg rsa2048 --use attest --scheme rsapss --out pss.pem
expect 0 holdfast tpm create --alg ecc-p384 --out any.pem
for key in ak pss any; do
    expect 0 holdfast tpm show --key $key.pem --out $key.pub
done

# The line of the manual, word for word.
expect 0 holdfast tpm quote --key ak.pem --pcrs sha256:0,1,2,3+sha384:7 --nonce 00112233 --out q
match "emulated"
mismatch "signs anything"
check "four files" test -s q.msg -a -s q.sig -a -s q.pcrs -a -s q.json
check "values alone: four of 32 bytes, one of 48" test "$(wc -c <q.pcrs)" = 176
expect 0 holdfast tpm quote-verify --key ak.pub --nonce 00112233 --in q
expect 1 holdfast tpm quote-verify --key ak.pub --nonce 00112234 --in q
expect 1 holdfast tpm quote-verify --key any.pub --nonce 00112233 --in q
expect 0 holdfast tpm quote --key pss.pem --pcrs sha256:all --nonce aa --out p
expect 0 holdfast tpm quote-verify --key pss.pub --nonce aa --in p
tail -c 256 p.sig >p.raw
check "plain openssl verifies it" openssl dgst -sha256 -verify pss.pub -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:auto -signature p.raw p.msg

# A key that signs anything is marked.
expect 0 holdfast tpm quote --key any.pem --pcrs sha256:0 --nonce aa --out u
match "signs anything"
expect 0 holdfast tpm quote --key any.pem --pcrs sha256:0 --nonce aa --out u --json
check "in JSON too" jq -e '.restricted == false' .out

# The envelope alone, from a persistent key without a file.
expect 0 holdfast tpm quote --key ak.pem --pcrs sha256:0 --nonce aa
cp .out envelope.json
check "the envelope on standard output" jq -e '.holdfast == "tpm-quote/1" and .environment == "emulated"' envelope.json
expect 3 holdfast tpm quote-verify --key ak.pub --nonce aa --in envelope.json

expect 64 holdfast tpm quote --key ak.pem --pcrs sha256:0 --out q
expect 64 holdfast tpm quote --key ak.pem --pcrs sha256:0 --nonce "" --out q
expect 64 holdfast tpm quote --key ak.pem --nonce aa --out q
expect 64 holdfast tpm quote --key ak.pem --pcrs sha256:24 --nonce aa --out q
expect 69 holdfast tpm quote --key ak.pem --pcrs sm3_256:0 --nonce aa --out q
expect 64 holdfast tpm quote --key ak.pem --pcrs sha256:0 --nonce aa --scheme rsapss --out q
expect 66 holdfast tpm quote --key 0x81000099 --pcrs sha256:0 --nonce aa --out q
expect 64 holdfast tpm quote --key ak.pem --pcrs sha256:0 --nonce "$(printf '%0130d' 0)" --out q
match_err "65 bytes"

expect 0 holdfast tpm certify --key ak.pem --object any.pem --nonce 0011 --out c
check "two files" test -s c.msg -a -s c.sig
expect 0 holdfast tpm show --key any.pem --json
any_name=$(jq -r .name .out)
check "the Name is in it" sh -c "xxd -p c.msg | tr -d '\n' | grep -q $any_name"
expect 0 holdfast tpm certify --key ak.pem --time --nonce 0011 --out t --json
expect 64 holdfast tpm certify --key ak.pem --nonce 0011 --out c
expect 64 holdfast tpm certify --key ak.pem --object any.pem --time --nonce 0011 --out c
expect 64 holdfast tpm certify --key ak.pem --object any.pem --creation-hash 00 --nonce 0011 --out c
