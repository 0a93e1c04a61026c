# TPM quotes judged like all evidence, from outside.
. "$(dirname "$0")/lib.sh"

expect 0 holdfast tpm create --alg ecc-p256 --use attest --out ak.pem
expect 0 holdfast tpm show --key ak.pem --out ak.pub
expect 0 holdfast tpm quote --key ak.pem --pcrs sha256:0,1,7 --nonce 00112233
cp .out emulated.json
sed 's/"emulated"/"unknown"/' emulated.json >quote.json

# Nobody vouches for the key that came with it.
expect 1 holdfast verify quote.json --nonce 00112233
match "failed          ak"
match "ok              signature"
expect 0 holdfast verify quote.json --nonce 00112233 --collateral ak.pub
match "ok              ak"
match "ok              pcr digest"
expect 3 holdfast verify quote.json --collateral ak.pub
match "absent          freshness"
expect 1 holdfast verify quote.json --nonce 00112234 --collateral ak.pub
match "failed          nonce"
expect 0 holdfast verify quote.json --nonce 00112233 --collateral ak.pub --json
pcr7=$(jq -r .claims.pcr7 .out)
check "claims have their names" jq -e '.claims.pcr_bank == "sha256" and .claims.nonce == "00112233" and
    (.claims | has("pcr2") | not)' .out
expect 0 holdfast verify quote.json --nonce 00112233 --collateral ak.pub --expect pcr7="$pcr7"
expect 1 holdfast verify quote.json --nonce 00112233 --collateral ak.pub --expect pcr7="${pcr7%?}f" --expect pcr0=00

# The producer's word lowers, and never raises.
expect 1 holdfast verify emulated.json --nonce 00112233 --collateral ak.pub
match "failed          environment"
sed 's/"emulated"/"hardware"/' emulated.json >proud.json
expect 0 holdfast verify proud.json --nonce 00112233 --collateral ak.pub
match "not applicable  environment"

# Inside other envelopes the key is as little believed.
jq -n --rawfile k ak.pub --slurpfile q quote.json '{key: $k, quote: $q[0]}' >wrapped.json
expect 1 holdfast verify wrapped.json --nonce 00112233
match "failed          ak"
expect 0 holdfast verify wrapped.json --nonce 00112233 --collateral ak.pub

# As tpm2_quote leaves it: message, signature and values, in any order; the key is named, and never comes with them.
expect 0 holdfast tpm quote --key ak.pem --pcrs sha256:0,1,7 --nonce 00112233 --out loose
for order in "loose.msg loose.sig loose.pcrs" "loose.pcrs loose.sig loose.msg"; do
    expect 3 holdfast verify $order --nonce 00112233 --collateral ak.pub --json
    answer '.kind == "tpm-quote" and (.claims | has("pcr7")) and
        ([.checks[] | select(.status == "absent").name] == ["attributes"])'
done
expect 3 holdfast verify loose.msg loose.sig --nonce 00112233 --collateral ak.pub
match "absent          pcr digest"
expect 1 holdfast verify loose.msg loose.sig loose.pcrs --nonce 00112233
match "failed          ak"
holdfast tpm create --alg ecc-p256 --use attest --out other.pem >/dev/null
holdfast tpm show --key other.pem --out other.pub >/dev/null
expect 1 holdfast verify loose.msg loose.sig loose.pcrs --nonce 00112233 --collateral other.pub
match "failed          signature"
expect 3 holdfast verify loose.msg loose.sig loose.pcrs --nonce 00112233 --collateral other.pub --collateral ak.pub
head -c 96 /dev/zero | tr '\000' '\001' >other.pcrs
expect 1 holdfast verify loose.msg loose.sig other.pcrs --nonce 00112233 --collateral ak.pub
match "failed          pcr digest"
expect 65 holdfast verify loose.msg loose.sig loose.sig --collateral ak.pub
expect 65 holdfast verify loose.sig loose.pcrs --collateral ak.pub

# A log of TPM 1.2 has no header: all of it must be a log.
{
    printf '\000\000\000\000\010\000\000\00012345678901234567890\004\000\000\000abcd'
    printf '\007\000\000\000\004\000\000\00012345678901234567890\004\000\000\000\000\000\000\000'
} >sha1.log
expect 3 holdfast verify sha1.log --json
answer '.kind == "tpm-eventlog" and .claims.events == 2'
expect 0 holdfast evidence inspect sha1.log
match "EV_SEPARATOR"
head -c 71 sha1.log >cut.log
expect 65 holdfast verify cut.log
{
    cat sha1.log
    echo and more of something else
} >more.log
expect 65 holdfast verify more.log

expect 0 holdfast evidence inspect quote.json
match "firmwareVersion"
expect 65 holdfast verify quote.json --kind sgx
vectors=${HOLDFAST_VECTORS:-}/evidence
if [ ! -d "$vectors" ]; then
    skip "real quotes" "HOLDFAST_VECTORS names no folder"
    exit 0
fi
expect 3 holdfast verify "$vectors/tpm/trustee.evidence.json" --collateral "$vectors/tpm/trustee.ak.pem"
match "ok              ak"
expect 1 holdfast verify "$vectors/tpm/trustee.evidence.json"
match "failed          ak"
for log in goattest-option_rom.bin goattest-ebs_event_missing.bin gotpmtools-debian-10.bin \
    tss-binary_measurements_nuc.b64; do
    expect 3 holdfast verify "$HOLDFAST_VECTORS/tpm/eventlogs/$log" --json
    answer '.kind == "tpm-eventlog" and .claims.events > 15'
done
for name in az-snp-12afe089 az-snp-47a66c13; do
    expect 3 holdfast verify "$vectors/tpm/$name".attest.bin "$vectors/tpm/$name".sig.bin \
        "$vectors/tpm/$name".pcrs-sha256.bin --collateral "$vectors/tpm/$name.ak.pem"
    match "ok              signature"
    match "ok              pcr digest"
    expect 3 holdfast verify "$vectors/tpm/$name".hcl.bin "$vectors/tpm/$name".pcrs-sha256.bin \
        "$vectors/tpm/$name".sig.bin "$vectors/tpm/$name".attest.bin --collateral "$vectors/snp/pki" --at 1750000000
    match "ok              tpm-quote: ak binding"
done
