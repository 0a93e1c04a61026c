# Bad input: each has its exit status, and a message that says what was seen and what to do.
. "$(dirname "$0")/lib.sh"

printf 'the message' >m
printf 'right' >right
printf 'wrong' >wrong

# A device that is missing, and one that may not be opened: different errors.
expect 69 holdfast --tpm device:/dev/no-such-tpm tpm random
match_err "/dev/no-such-tpm"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    mknod -m 600 node c 10 224 2>/dev/null && mkdir -m 700 theirs && chown 65534 theirs && chmod 755 . &&
        expect 77 env HOLDFAST_STATE="$PWD/theirs" setpriv --reuid 65534 --clear-groups holdfast --tpm "device:$PWD/node" tpm random &&
        match_err "tss"
else
    skip "a device without permission" "needs root and setpriv"
fi
expect 64 holdfast --tpm nonsense:x tpm random
match_err "embedded"
expect 69 holdfast --tpm swtpm:host=127.0.0.1,port=1 tpm random
match_err "127.0.0.1"
expect 64 holdfast --tpm swtpm:prot=1 tpm random

# Algorithms and schemes.
expect 64 holdfast tpm create --alg rsa1234
match_err "rsa2048"
expect 69 holdfast tpm create --alg ed25519
match_err "ecc-p256"
expect 69 holdfast tpm create --alg rsa4096
match_err "rsa4096"
expect 69 holdfast tpm create --alg aes192
match_err "aes192"
expect 64 holdfast tpm create --alg rsa2048 --scheme ecdsa
expect 0 holdfast tpm create --alg ecc-p256 --out k.pem
expect 64 holdfast tpm sign --key k.pem --in m --scheme rsapss
match_err "ecdsa"
expect 0 holdfast tpm create --alg ecc-p256 --use decrypt --out d.pem
expect 64 holdfast tpm sign --key d.pem --in m
match_err "decrypt"
expect 64 holdfast tpm decrypt --key k.pem --in m
expect 64 holdfast tpm create --alg ecc-p256 --movable
match_err "policy"
expect 64 holdfast tpm create --alg ecc-p256 --parent k.pem
match_err "storage key"
openssl genpkey -algorithm ed25519 -out ed.pem 2>/dev/null
expect 69 holdfast tpm import --in ed.pem
match_err "ed25519"

# Key files: damaged, cut, with more behind, in BER, empty, something else.
sed '3s/./A/;3s/./B/2' k.pem >flipped.pem
expect 65 holdfast tpm sign --key flipped.pem --in m
head -n 3 k.pem >cut.pem
expect 65 holdfast tpm sign --key cut.pem --in m
match_err "END"
openssl base64 -d -A >k.der <<EOT
$(grep -v -- ----- k.pem | tr -d '\n')
EOT
pem() { # DER on standard input
    echo '-----BEGIN TSS2 PRIVATE KEY-----'
    openssl base64
    echo '-----END TSS2 PRIVATE KEY-----'
}
head -c -3 k.der | pem >short.pem
expect 65 holdfast tpm sign --key short.pem --in m
{
    cat k.der
    printf 'xyz'
} | pem >long.pem
expect 65 holdfast tpm sign --key long.pem --in m
{ # an indefinite length, which BER has and DER has not
    printf '\060\200'
    tail -c +4 k.der
    printf '\000\000'
} | pem >ber.pem
expect 65 holdfast tpm sign --key ber.pem --in m
: >empty.pem
expect 65 holdfast tpm sign --key empty.pem --in m
match_err "empty.pem is empty"
expect 65 holdfast tpm sign --key m --in m
match_err "TSS2 PRIVATE KEY"
expect 66 holdfast tpm sign --key no-such.pem --in m
match_err "no-such.pem"
expect 66 holdfast tpm sign --key 0x81000099 --in m
expect 66 holdfast tpm sign --key k.pem --in no-such-file

# Another TPM's key, and the wrong parent.
mkdir -m 700 other
expect 0 holdfast --state other tpm create --alg ecc-p256 --out theirs.pem
expect 65 holdfast tpm sign --key theirs.pem --in m
match_err "another TPM"

# Wrong authorization: without and with dictionary-attack protection.
expect 0 holdfast tpm create --alg ecc-p256 --auth file:right --out a.pem
expect 77 holdfast tpm sign --key a.pem --auth file:wrong --in m
match_err "does not count towards lockout"
expect 0 holdfast tpm create --alg ecc-p256 --auth file:right --pin --out p.pem
expect 77 holdfast tpm sign --key p.pem --auth file:wrong --in m
match_err "left"
expect 0 holdfast tpm sign --key p.pem --auth file:right --in m --out s
expect 66 holdfast tpm sign --key p.pem --auth file:no-such-file --in m
expect 64 holdfast tpm create --alg ecc-p256 --pin
match_err "--auth"
printf '%040d' 0 >long-auth
expect 64 holdfast tpm create --alg ecc-p256 --auth file:long-auth
match_err "40 bytes"

# Sealing and policies.
head -c 129 /dev/zero >big
expect 65 holdfast tpm seal --in big
match_err "129 bytes"
expect 65 holdfast tpm seal --in m --policy 'pcr sha256:7; pcrs sha256:8'
match_err "line 1, column 15"
expect 65 holdfast tpm seal --in m --policy 'pcr sha256:24'
match_err "24"
expect 65 holdfast tpm seal --in m --policy 'pcr sha257:7'
expect 0 holdfast tpm seal --in m --policy 'locality 1' --out sealed.pem
expect 77 holdfast tpm unseal --in sealed.pem
match_err "locality"
expect 64 holdfast tpm unseal --in k.pem
match_err "no sealed data"

# Lockout, last: three wrong PINs on this TPM's defaults.
for _ in 1 2 3; do holdfast tpm sign --key p.pem --auth file:wrong --in m >/dev/null 2>&1; done
expect 77 holdfast tpm sign --key p.pem --auth file:right --in m
match_err "lockout"
expect 0 holdfast tpm sign --key k.pem --in m --out s
