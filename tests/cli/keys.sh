# shellcheck disable=SC2016 # for the shells and jq inside
# The key commands: primary, create, load, load-external, duplicate, show, evict, flush, list, pipe.
. "$(dirname "$0")/lib.sh"

printf 'the message' >m
printf 'right' >right
printf 'wrong' >wrong

# Everything that the issue lists as an algorithm.
for alg in ecc-p256 ecc-p384 ecc-p521 rsa2048 aes128 hmac; do
    expect 0 holdfast tpm create --alg $alg --out $alg.pem
    check "the key file is private" test "$(stat -c %a $alg.pem)" = 600
    expect 0 holdfast tpm show --key $alg.pem --json
    check "it is what was asked for, and says where it is" jq -e --arg a $alg '.algorithm == $a and .environment == "emulated"' .out
done
expect 0 holdfast tpm sign --key ecc-p256.pem --in m --out s --json
check "the signature is in the answer" jq -e '(.signature | length) > 80 and .bus != "plain" and .environment == "emulated"' .out
expect 0 holdfast tpm verify --key ecc-p256.pem --in m --signature s
match "good"
expect 1 holdfast tpm verify --key ecc-p256.pem --in right --signature s
match "BAD"
expect 1 holdfast tpm verify --key ecc-p384.pem --in m --signature s

# Authorization never stands on the command line.
expect 0 holdfast tpm create --alg ecc-p256 --auth file:right --out a.pem
expect 0 holdfast tpm sign --key a.pem --auth file:right --in m --out s
expect 77 holdfast tpm sign --key a.pem --auth file:wrong --in m --out s2
expect 77 holdfast tpm sign --key a.pem --in m --out s2
check "nothing is written on failure" test ! -e s2
expect 64 holdfast tpm sign --key a.pem --auth right --in m
match_err "file:"

# Primaries.
expect 0 holdfast tpm primary --json
check "the usual one is the storage root key's" jq -e '.algorithm == "ecc-p256" and .use == ["parent"]' .out
jq -r .name .out >first
expect 0 holdfast tpm primary --json
check "it is the same again" test "$(jq -r .name .out)" = "$(cat first)"
for hierarchy in owner endorsement platform null; do
    expect 0 holdfast tpm primary --hierarchy $hierarchy --use sign --context $hierarchy.ctx --out $hierarchy.pub
    expect 0 holdfast tpm sign --key $hierarchy.ctx --in m --out s
    check "openssl verifies" openssl dgst -sha256 -verify $hierarchy.pub -signature s m
done
expect 64 holdfast tpm primary --hierarchy lockout
expect 77 holdfast tpm primary --hierarchy-auth file:wrong
expect 69 holdfast tpm primary --alg rsa4096
expect 0 holdfast tpm primary --alg rsa2048 --persist 0x81000070
match "0x81000070"
expect 73 holdfast tpm primary --persist 0x81000070
match_err "occupied"
expect 0 holdfast tpm create --alg ecc-p256 --parent 0x81000070 --out child.pem
expect 0 holdfast tpm sign --key child.pem --in m --out s

# Persistent keys, and those of the system.
expect 0 holdfast tpm load --key ecc-p256.pem --persist 0x81000071
expect 0 holdfast tpm sign --key 0x81000071 --in m --out s
expect 0 holdfast tpm verify --key ecc-p256.pem --in m --signature s
expect 0 holdfast tpm list --json
check "the list says what each is" jq -e '
    (.persistent[] | select(.handle == "0x81000001") | .kind == "srk-keyfile" and .system) and
    (.persistent[] | select(.handle == "0x81000070") | .kind == "parent" and (.system | not) and .algorithm == "rsa2048") and
    (.persistent[] | select(.handle == "0x81000071") | .kind == "sign")' .out
expect 0 holdfast tpm list
match "srk-keyfile"
match "environment"
expect 77 holdfast tpm evict --handle 0x81000001
match_err "--system"
expect 73 holdfast tpm evict --key ecc-p256.pem --handle 0x81000001
match_err "belongs to the system"
expect 77 holdfast tpm load --key ecc-p256.pem --persist 0x81020000
match_err "IDevID"
expect 77 holdfast tpm load --key ecc-p256.pem --persist 0x81010002
match_err "IAK"
expect 64 holdfast tpm load --key ecc-p256.pem --persist 0x80000001
expect 0 holdfast tpm evict --handle 0x81000071 --json
check "it says what it removed" jq -e '.removed == "0x81000071"' .out
expect 66 holdfast tpm evict --handle 0x81000071
expect 66 holdfast tpm sign --key 0x81000071 --in m
expect 0 holdfast tpm evict --key ecc-p256.pem --handle 0x81010002 --system
expect 0 holdfast tpm evict --handle 0x81010002 --system

# Other forms of a key.
expect 0 holdfast tpm load --key ecc-p256.pem --context k.ctx --out again.pem
check "a loadable key file loads as the same file" cmp ecc-p256.pem again.pem
expect 0 holdfast tpm sign --key k.ctx --in m --out s
expect 0 holdfast tpm verify --key again.pem --in m --signature s
expect 64 holdfast tpm load
match_err "--key"
expect 64 holdfast tpm load --key k.ctx --public m --private m
expect 64 holdfast tpm load --public m
expect 64 holdfast tpm load --key k.ctx --out x.pem
match_err "no blob"
head -c 100 k.ctx >cut.ctx
expect 65 holdfast tpm load --key cut.ctx
expect 0 holdfast tpm show --key ecc-p256.pem --out pub.pem
expect 0 holdfast tpm load-external --in pub.pem --context pub.ctx
expect 0 holdfast tpm verify --in-tpm --key pub.ctx --in m --signature s
expect 0 holdfast tpm verify --in-tpm --key pub.pem --in m --signature s
expect 64 holdfast tpm sign --key pub.pem --in m
match_err "only the public part"
expect 65 holdfast tpm load-external --in ecc-p256.pem
match_err "no public key"

# A key for another TPM: a second state directory is a second TPM.
mkdir -m 700 other
expect 0 holdfast --state other tpm create --alg ecc-p256 --out there.pem
expect 0 holdfast --state other tpm show --key 0x81000001 --format tpm --out other.pub
expect 0 holdfast tpm create --alg ecc-p256 --movable --policy 'command duplicate' --out move.pem
expect 0 holdfast tpm duplicate --key move.pem --parent-public other.pub --out moved.pem
expect 0 holdfast --state other tpm sign --key moved.pem --in m --out s
expect 0 holdfast tpm verify --key move.pem --in m --signature s
expect 0 holdfast --state other tpm load --key moved.pem --out home.pem
expect 0 holdfast --state other tpm sign --key home.pem --in m --out s
expect 65 holdfast tpm sign --key moved.pem --in m
expect 65 holdfast tpm sign --key home.pem --in m
expect 0 holdfast --state other tpm show --key 0x81000001 --out other.pem
expect 0 holdfast tpm duplicate --key move.pem --parent-public other.pem --out moved2.pem
expect 0 holdfast --state other tpm sign --key moved2.pem --in m --out s
expect 77 holdfast tpm duplicate --key ecc-p256.pem --parent-public other.pub
match_err "--movable"
expect 64 holdfast tpm duplicate --key move.pem --parent-public pub.ctx
match_err "no storage key"

# flush and pipe.
expect 69 holdfast tpm flush --all
match_err "resource manager"
expect 64 holdfast tpm flush
expect 66 holdfast tpm flush --handle 0x80000000
check "raw commands go through the pipe" sh -c "printf '\200\001\000\000\000\014\000\000\001\173\000\010' | holdfast tpm pipe >answer && test \$(wc -c <answer) = 20"
check "many in one stream" sh -c "for i in 1 2 3 4 5; do printf '\200\001\000\000\000\014\000\000\001\173\000\010'; done | holdfast tpm pipe >answer && test \$(wc -c <answer) = 100"
check "an empty input is well" sh -c ': | holdfast tpm pipe'
expect 0 holdfast audit verify
expect 0 holdfast audit tail --lines 200
match "tpm.pipe"
match "tpm.duplicate"
match "tpm.evict"
