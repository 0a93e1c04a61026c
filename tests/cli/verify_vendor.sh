# Vendor commitments signed by the openssl command, mock evidence, and envelopes around them, judged from outside.
. "$(dirname "$0")/lib.sh"

# The canonical form of everything but the signature, as RFC 8785 has it: what a vendor signs.
openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null
openssl pkey -in key.pem -pubout -out key.pub
openssl genpkey -algorithm ed25519 2>/dev/null | openssl pkey -pubout -out other.pub
id=$(openssl pkey -in key.pem -pubout -outform DER | sha256sum | cut -d' ' -f1)
commitment='"commitment":{"api":{"endpoint":"https://api.example.com","version":"v1"},"model":{"hash":"abc123","name":"llama-2-7b"},"nonce":"00ff00ff00ff00ff00ff00ff00ff00ff","timestamp":1700000000,"vendor":"Example AI"}'
signed="{\"algorithm\":\"Ed25519\",$commitment,\"expires_at\":1700003600,\"issued_at\":1700000000,\"key_id\":\"$id\",\"type\":\"vendor_commitment\",\"version\":\"1.0\"}"
printf '%s' "$signed" >signed
openssl pkeyutl -sign -rawin -inkey key.pem -in signed -out sig
jq --arg s "$(base64 -w0 sig)" '. + {signature: $s}' signed >doc.json
nonce=00ff00ff00ff00ff00ff00ff00ff00ff
at="--at 2023-11-14T22:13:21Z"

expect 0 holdfast verify doc.json $at --nonce $nonce --collateral key.pub --json
answer '.verdict == "affirming" and .claims.model_hash == "abc123" and .claims.vendor_name == "Example AI"'
expect 0 holdfast verify doc.json $at --nonce $nonce --collateral key.pub --expect api_endpoint=https://api.example.com
expect 1 holdfast verify doc.json $at --nonce $nonce
match "failed          root"
expect 1 holdfast verify doc.json $at --nonce $nonce --collateral other.pub
expect 1 holdfast verify doc.json $at --nonce 0011 --collateral key.pub
match "failed          nonce"
expect 3 holdfast verify doc.json $at --collateral key.pub
expect 1 holdfast verify doc.json --at 2023-11-14T23:13:21Z --nonce $nonce --collateral key.pub
match "failed          commitment validity"
jq '.expires_at += 100' doc.json >later.json
expect 1 holdfast verify later.json $at --nonce $nonce --collateral key.pub
match "failed          signature"
jq '.algorithm = "HMAC-SHA256"' doc.json >hmac.json
expect 1 holdfast verify hmac.json $at --nonce $nonce --collateral key.pub
match "whoever can verify it can forge it"

# The key beside the evidence, in one envelope: nobody's word for itself.
jq --rawfile k key.pub '{evidence: ., key: $k}' doc.json >with_key.json
expect 1 holdfast verify with_key.json $at --nonce $nonce
match "failed          root"
expect 0 holdfast verify with_key.json $at --nonce $nonce --collateral key.pub

# Envelopes.
base64 doc.json >doc.b64
od -An -v -tx1 doc.json >doc.hex
expect 0 holdfast verify doc.b64 $at --nonce $nonce --collateral key.pub
expect 0 holdfast verify doc.hex $at --nonce $nonce --collateral key.pub
u=$(base64 -w0 doc.json | tr '+/' '-_' | tr -d =)
echo "[\"application/vnd.holdfast.vendor-commitment+json\",\"$u\",4]" >doc.cmw
expect 0 holdfast verify doc.cmw $at --nonce $nonce --collateral key.pub
echo "[\"application/vnd.holdfast.mock+json\",\"$u\",4]" >wrong.cmw
expect 65 holdfast verify wrong.cmw $at --nonce $nonce --collateral key.pub
match_err "of kind vendor-commitment, not mock"
expect 65 holdfast verify doc.json --kind nitro $at
match_err "of kind vendor-commitment, not nitro"
echo '{"quote":"AAAA","note":"nothing of it"}' >nothing.json
expect 65 holdfast verify nothing.json
match_err "JSON, an object with"
expect 0 holdfast evidence inspect doc.json
match "vendor_commitment"

# Mock evidence is refused, and for one reason alone.
echo '{"holdfast":"mock/1","mock_measurement":"m","nonce":"00ff","timestamp":1700000000}' >mock.json
expect 1 holdfast verify mock.json --at 1700000000 --nonce 00ff --json
answer '[.checks[] | select(.status == "failed").name] == ["environment"] and .environment == "emulated"'
