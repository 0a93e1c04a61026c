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
