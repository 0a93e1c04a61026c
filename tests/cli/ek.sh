# Endorsement keys from outside. The embedded TPM has no certificate: one is issued here, as a maker would.
. "$(dirname "$0")/lib.sh"

expect 0 holdfast tpm ek show --json
check "two keys, not kept" jq -e '(.keys | length == 2) and (.keys | all(.handle == null)) and .environment == "emulated"' .out
p256_name=$(jq -r '.keys[1].name' .out)
expect 0 holdfast tpm ek show --kind ecc-p256 --persist
match "0x81010016"
match "$p256_name"
expect 0 holdfast tpm ek show --kind ecc-p256 --persist
expect 0 holdfast tpm ek show --kind ecc-p256 --out ek.pem
check "openssl reads it" openssl pkey -pubin -in ek.pem -noout
expect 0 holdfast tpm ek show --kind ecc-p256 --out ek.tpm --format tpm
check "TPM2B_PUBLIC" test "$(wc -c <ek.tpm)" = 124
expect 73 holdfast tpm ek show --kind ecc-p384 --persist
match_err "occupied"
expect 64 holdfast tpm ek show --kind dsa
expect 64 holdfast tpm ek show --out ek.pem

expect 0 holdfast tpm ek certificate
match "none in NV memory"
expect 66 holdfast tpm ek certificate --out ek.der
match_err "no EK certificate"

# TPM manufacturer, model and version; openssl drops what stands before the first dot.
# A maker's certificate with all that it must have, and one with another extended key usage.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -subj '/CN=TPM maker' \
    -days 30 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem -subj '/CN=Somebody' \
    -days 30 2>/dev/null
cat >ext <<'EOF'
basicConstraints=critical,CA:FALSE
keyUsage=critical,keyAgreement
extendedKeyUsage=2.23.133.8.1
subjectAltName=critical,dirName:maker
[maker]
1.2.23.133.2.1=id:53544D20
1.2.23.133.2.2=test
1.2.23.133.2.3=id:00010002
EOF

sed 's/2.23.133.8.1$/serverAuth/' ext >wrong
issue() { # extensions certificate
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj '/CN=EK' 2>/dev/null |
        openssl x509 -req -force_pubkey ek.pem -CA root.pem -CAkey root.key -set_serial 2 -days 20 -extfile "$1" -out "$2" \
            2>/dev/null
}
issue ext good.pem
issue wrong wrong.pem
check "the maker issues certificates" test -s good.pem -a -s wrong.pem
expect 0 holdfast tpm ek verify --kind ecc-p256 --root root.pem --certificate good.pem
match "certified, and held"
match "STM, model test"
match "emulated" # whatever its certificate says
expect 0 holdfast tpm ek verify --kind ecc-p256 --root root.pem --certificate good.pem --json
check "in JSON" jq -e '.trusted and .held and .reason == "good" and .environment == "emulated" and (.pinned | not)' .out
expect 1 holdfast tpm ek verify --kind ecc-p256 --root other.pem --certificate good.pem
match "unknown issuer"
expect 1 holdfast tpm ek verify --kind ecc-p256 --root root.pem --certificate wrong.pem
match "wrong usage"
expect 1 holdfast tpm ek verify --kind ecc-p256 --root root.pem --certificate good.pem --at 2100-01-01T00:00:00Z
match "expired"
expect 1 holdfast tpm ek verify --kind rsa2048 --root root.pem --certificate good.pem
match "key mismatch"
mkdir roots
cp other.pem root.pem roots/
echo "not a certificate" >roots/README
expect 0 holdfast tpm ek verify --kind ecc-p256 --root roots --certificate good.pem
match_err "passed over"
cp -r roots "$HOLDFAST_STATE/ek-roots"
expect 0 holdfast tpm ek verify --kind ecc-p256 --certificate good.pem --pin
match "pinned"
expect 0 holdfast tpm pcr read sha256:0 --json
check "sessions are salted with it" jq -e '.bus == "ek"' .out
expect 1 holdfast tpm ek verify --kind ecc-p256 --root root.pem
match "no certificate"
expect 66 holdfast tpm ek verify --root missing.pem
expect 65 holdfast tpm ek verify --root ext
