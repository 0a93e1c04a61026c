# tpm2-openssl, the OpenSSL provider, over our key files: dgst, req, cms, TLS 1.3; and its key files here.
. "$(dirname "$0")/../cli/lib.sh"

TPM2OPENSSL_TCTI='cmd:exec holdfast tpm pipe'
export TPM2OPENSSL_TCTI
openssl list -providers -provider tpm2 >/dev/null 2>&1 || { skip "tpm2-openssl" "the package tpm2-openssl is not installed"; exit 0; }
P='-provider tpm2 -provider default -propquery ?provider=tpm2'
printf 'the message' >m

for alg in ecc-p256 ecc-p384 rsa2048; do
    check "a $alg key of ours" sh -c "holdfast tpm create --alg $alg --out $alg.pem && holdfast tpm show --key $alg.pem --out $alg.pub"
    check "openssl dgst signs with it" sh -c "openssl dgst $P -sha256 -sign $alg.pem -out s m"
    check "and it verifies" openssl dgst -sha256 -verify $alg.pub -signature s m
    check "openssl req certifies it" sh -c "openssl req $P -x509 -new -key $alg.pem -subj /CN=robot-1 -days 2 -out $alg.crt"
    check "the certificate verifies" sh -c "openssl verify -CAfile $alg.crt $alg.crt && openssl x509 -in $alg.crt -noout -pubkey | cmp - $alg.pub"
done
check "openssl cms signs with it" sh -c "openssl cms -sign $P -nodetach -md sha256 -signer ecc-p256.crt -inkey ecc-p256.pem -in m -binary -outform DER -out m.cms"
check "and it verifies" openssl cms -verify -CAfile ecc-p256.crt -inform DER -binary -in m.cms -out back -purpose any
check "to the same message" cmp m back

# A TLS 1.3 server whose key is in the TPM.
for alg in ecc-p256 rsa2048; do
    port=$((20000 + $$ % 20000))
    # shellcheck disable=SC2086 # words
    openssl s_server $P -tls1_3 -accept 127.0.0.1:$port -cert $alg.crt -key $alg.pem -naccept 1 -quiet >server.log 2>&1 </dev/null &
    server=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 0.3
        printf 'hello\n' | timeout 10 openssl s_client -connect 127.0.0.1:$port -tls1_3 -CAfile $alg.crt -verify_return_error >client.log 2>&1 && break
    done
    check "TLS 1.3 with $alg in the TPM" grep -q 'Verify return code: 0 (ok)' client.log
    kill $server 2>/dev/null
    wait $server 2>/dev/null
done

# Theirs, used by us.
check "openssl genpkey makes a key in the TPM" sh -c "openssl genpkey $P -algorithm EC -pkeyopt group:P-256 -out theirs.pem && grep -q 'TSS2 PRIVATE KEY' theirs.pem"
check "we sign with it" holdfast tpm sign --key theirs.pem --in m --out s
check "we verify" holdfast tpm verify --key theirs.pem --in m --signature s
check "their rsa key" sh -c "openssl genpkey $P -algorithm RSA -pkeyopt bits:2048 -out rsa.pem && holdfast tpm sign --key rsa.pem --scheme rsapss --in m --out s && holdfast tpm verify --key rsa.pem --scheme rsapss --in m --signature s"
