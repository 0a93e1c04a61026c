# shellcheck disable=SC2086 # words, and names without spaces
# EARs read and verified by other programs: Python's json, cbor2, and openssl for the signatures.
. "$(dirname "$0")/../cli/lib.sh"

mkdir made
check "evidence is made" "$HOLDFAST_BUILD/tests/make_evidence" made
at=$(cat made/at)
nonce=$(printf 'a nonce of these tests' | od -An -tx1 | tr -d ' \n')
printf 'required_security_level: low\n' >low.yaml
ask="made/nitro.cbor --root made/nitro-root.der --at $at --nonce $nonce --policy low.yaml"

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ES256.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out ES384.pem 2>/dev/null
openssl genpkey -algorithm ED25519 -out EdDSA.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.pem 2>/dev/null

# Takes a token apart by its standard alone: what is signed, the signature as openssl wants it, the claims as JSON.
cat >apart.py <<'END'
import base64, json, sys
token, form = open(sys.argv[1], "rb").read(), sys.argv[2]
if form == "jwt":
    head, body, sig = token.strip().split(b".")
    unb = lambda b: base64.urlsafe_b64decode(b + b"=" * (-len(b) % 4))
    assert b"=" not in token
    alg = json.loads(unb(head))["alg"]
    signed, sig, claims = head + b"." + body, unb(sig), json.loads(unb(body))
else:
    import cbor2
    tag = cbor2.loads(token)
    assert tag.tag == 18
    head, unprotected, body, sig = tag.value
    alg = {-7: "ES256", -35: "ES384", -8: "EdDSA"}[cbor2.loads(head)[1]]
    signed, claims = cbor2.dumps(["Signature1", head, b"", body]), cbor2.loads(body)
    names = {265: "eat_profile", 6: "iat", 10: "eat_nonce", 266: "submods", 1000: "ear_status", 1004: "ear_verifier_id"}
    claims = {names.get(k, k): v for k, v in claims.items()}
    sub = {1000: "ear_status", 1001: "ear_trustworthiness_vector", 1003: "ear_appraisal_policy_ids", 1005: "ear_attester_claims"}
    claims["submods"] = {n: {sub.get(k, k): v for k, v in s.items()} for n, s in claims["submods"].items()}
    claims["eat_nonce"] = base64.urlsafe_b64encode(claims["eat_nonce"]).rstrip(b"=").decode()
def integer(b):
    b = b.lstrip(b"\0") or b"\0"
    b = (b"\0" if b[0] & 0x80 else b"") + b
    return b"\x02" + bytes([len(b)]) + b
if alg != "EdDSA":
    half = len(sig) // 2
    body = integer(sig[:half]) + integer(sig[half:])
    sig = b"\x30" + bytes([len(body)]) + body
open("signed", "wb").write(signed)
open("sig", "wb").write(sig)
json.dump(claims, open("claims.json", "w"), default=lambda b: b.hex() if isinstance(b, bytes) else str(b))
print(alg)
END

by_openssl() { # key alg
    openssl pkey -in "$1" -pubout -out pub.pem
    case $2 in
    ES256) openssl dgst -sha256 -verify pub.pem -signature sig signed ;;
    ES384) openssl dgst -sha384 -verify pub.pem -signature sig signed ;;
    *) openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in signed -sigfile sig ;;
    esac
}

forms=jwt
if /usr/bin/python3 -c 'import cbor2' 2>/dev/null; then forms="jwt cwt"; else skip "CWT" "python3-cbor2 is not installed"; fi
for alg in ES256 ES384 EdDSA; do
    for form in $forms; do
        format=ear
        [ "$form" = jwt ] || format=ear-cwt
        expect 0 holdfast verify $ask --format $format --ear-key $alg.pem --out token
        check "$alg, $form: it is taken apart" sh -c "test \"\$(/usr/bin/python3 apart.py token $form)\" = $alg"
        check "$alg, $form: openssl finds the signature good" by_openssl $alg.pem $alg
        printf x >>signed
        if by_openssl $alg.pem $alg >/dev/null 2>&1; then point 1 "$alg, $form: a changed message is refused"; else
            point 0 "$alg, $form: a changed message is refused"
        fi
        check "$alg, $form: its claims are those of the draft" jq -e --arg at "$at" \
            '.eat_profile == "tag:ietf.org,2026:rats/ear#03" and .iat == ($at | tonumber) and
             (.ear_status == "affirming" or .ear_status == 2) and .eat_nonce == "YSBub25jZSBvZiB0aGVzZSB0ZXN0cw" and
             (.submods["nitro-document"] | (.ear_status == "affirming" or .ear_status == 2) and
              .ear_appraisal_policy_ids[0] == "holdfast:policy/low") and
             .submods["nitro-document"].ear_attester_claims.module_id == "i-0123-enc4567" and
             (.submods["nitro-document"].ear_trustworthiness_vector | length > 0)' claims.json
    done
done
expect 64 holdfast verify $ask --ear --ear-key p521.pem
expect 64 holdfast verify $ask --ear
expect 64 holdfast verify made/nitro.cbor --root made/nitro-root.der --at "$at" --nonce 00112233445566 --ear --ear-key ES256.pem
match_err "an EAR carries 8 to 64"
