# CCA and PSA tokens judged from outside.
. "$(dirname "$0")/lib.sh"

printf '\331\001\217\241\031\254\312\100' >empty.cbor # tag 399, and a platform token of no bytes
expect 65 holdfast verify empty.cbor
match "failed          structure"
expect 65 holdfast verify empty.cbor --kind psa
vectors=${HOLDFAST_VECTORS:-}/evidence/cca
if [ ! -d "$vectors" ]; then
    skip "real tokens" "HOLDFAST_VECTORS names no folder"
    exit 0
fi
challenge=57e979ae2618de0c1ab73144c440d741cf9236dc9d52ed190053382a4d190252f9f0370403c35dcb155fb4362d73c66d5b0494bf939315d3dc52b8cdc8b85a96
token=$vectors/cca-token-trustee.cbor
key=$vectors/cpak-tfa.pem

expect 0 holdfast verify "$token" --collateral "$key" --nonce $challenge
match "ok              realm signature"
match "ok              binding"
expect 0 holdfast verify "$token" --collateral "$key" --nonce $challenge --json
check "claims have their names" jq -e '.claims.platform_lifecycle == 12291 and .claims.debug == false and
    (.claims.platform_software | length == 13) and (.claims.realm_initial_measurement | length == 128)' .out
expect 3 holdfast verify "$token" --collateral "$key"
match "absent          freshness"
expect 1 holdfast verify "$token" --collateral "$key" --nonce 00
expect 1 holdfast verify "$token" --nonce $challenge
match "failed          signature"
match "instance id"
expect 1 holdfast verify "$token" --collateral "$vectors/cpak-02.pem" --nonce $challenge
expect 1 holdfast verify "$token" --collateral "$key" --nonce $challenge --expect platform_lifecycle=12288
expect 0 holdfast verify "$token" --collateral "$key" --nonce $challenge --expect platform_lifecycle=0x3003
expect 65 holdfast verify "$token" --kind nvidia
expect 1 holdfast verify "$vectors/psa-2_0_0_mac0.bin"
match "COSE_Mac0"
expect 0 holdfast evidence inspect "$token"
match "realm token"
match "12291"
