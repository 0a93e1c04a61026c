# Quotes judged from outside: genuine ones, and forgeries that tpm2_checkquote 5.4 accepts.
. "$(dirname "$0")/lib.sh"

expect 64 holdfast tpm quote-verify
expect 66 holdfast tpm quote-verify --key not-there --in not-there
vectors=${HOLDFAST_VECTORS:-}/tpm
if [ ! -d "$vectors" ]; then
    skip "real quotes" "HOLDFAST_VECTORS names no folder"
    exit 0
fi
own=$vectors/own-swtpm
nonce=0102030405060708090a0b0c0d0e0f10

for key in ak-ecc256-ecdsa ak-ecc384-ecdsa ak-ecc521-ecdsa ak-rsa2048-rsassa ak-rsa2048-rsapss ak-rsa3072-rsassa; do
    expect 0 holdfast tpm quote-verify --key "$own/$key.pub" --in "$own/$key.quote" --nonce $nonce
    match "verdict: affirming"
    expect 0 holdfast tpm quote-verify --key "$own/$key.pub" --in "$own/$key.q2" --nonce $nonce --json
    check "$key: every row is fine, and values are told" \
        jq -e '.verdict == "affirming" and (.checks | all(.status == "ok" or .status == "not applicable")) and
               (.pcrs.sha256 | keys == ["0", "16", "7"])' .out
done
key=$own/ak-ecc256-ecdsa
zeros=$(printf %064d 0)
expect 1 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote" --nonce 0002030405060708090a0b0c0d0e0f10 --json
check "the row is named, and nothing is told of the registers" \
    jq -e '([.checks[] | select(.status == "failed").name] == ["nonce"]) and (has("pcrs") | not)' .out
expect 3 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote"
expect 3 holdfast tpm quote-verify --key "$key.pem" --in "$key.quote" --nonce $nonce
match "absent          attributes"
expect 1 holdfast tpm quote-verify --key "$own/ak-ecc384-ecdsa.pub" --in "$key.quote" --nonce $nonce
expect 0 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote" --nonce $nonce --pcrs sha256:0,7,16+sha384:16
expect 1 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote" --nonce $nonce --pcrs sha256:0,7,16
expect 64 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote" --nonce $nonce --pcrs sha256:24
match_err "PCR 24 is out of range"
expect 0 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote" --nonce $nonce --expect "sha256:7=$zeros"
expect 1 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote" --nonce $nonce --expect "sha256:16=$zeros"
expect 1 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote" --nonce $nonce --expect "sha256:1=$zeros"
expect 64 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote" --nonce $nonce --expect "sha256:1=00"
expect 1 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote" --nonce $nonce --min-clock 18000000000000000000 \
    --min-resets 1653470492 --min-firmware 0
expect 64 holdfast tpm quote-verify --key "$key.pub" --in "$key.quote" --nonce $nonce --min-clock 1

# Forged: the magic and the type are not a TPM's quote; values of PCR 6 where 7 is signed.
bad=$vectors/own-negative
for forged in badmagic badtype; do
    cp "$bad/$forged.msg" forged.msg
    cp "$bad/$forged.sig" forged.sig
    cp "$key.q2.pcrs" forged.pcrs
    expect 1 holdfast tpm quote-verify --key "$bad/soft.pem" --in forged --nonce $nonce
    match "failed          ${forged#bad}"
done
expect 1 holdfast tpm quote-verify --key "$key.pub" --in "$key.q2" --nonce $nonce \
    --pcr-values "$bad/ak-ecc256-ecdsa.q2.swapped-selection.pcrs"
match "failed          pcr selection"

# Keylime's, with its key in PEM; and cut or missing parts.
q=$vectors/quotes/keylime-quote
expect 3 holdfast tpm quote-verify --key "$vectors/quotes/keylime-ak.pem" --in "$q" \
    --nonce "$(printf Ai5M5SjYjnkyv4P7itH1 | od -An -tx1 | tr -d ' \n')"
head -c 100 "$key.quote.msg" >cut.msg
cp "$key.quote.sig" cut.sig
cp "$key.quote.pcrs" cut.pcrs
expect 65 holdfast tpm quote-verify --key "$key.pub" --in cut --nonce $nonce
echo '{"holdfast": "tpm-quote/1"}' >short.json
expect 65 holdfast tpm quote-verify --key "$key.pub" --in short.json --nonce $nonce
