# Policies: digests without a TPM, what is shown, runs, approvals and their end.
. "$(dirname "$0")/lib.sh"

zeros=0000000000000000000000000000000000000000000000000000000000000000

# Digests that other implementations have as vectors; none of these asks a TPM.
digest() { # wanted policy [option]...
    wanted=$1
    shift
    expect 0 holdfast --tpm swtpm:path=/nonexistent tpm policy digest "$@"
    match "$wanted"
}
digest 8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e authvalue
digest 8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e password
digest bef56b8c1cc84e11edd717528d2cd99356bd2bbf8f015209c3f84aeeaba8e8a2 'command duplicate'
digest 62fd94980db2a746545cab626e9df21a1d0f00472f637d4bf567026e40a6ebed 'secret owner ref="foo"'
digest 837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa 'secret endorsement'
digest 8bbf2266537c171cb56e403c4dc1d4b64f432611dc386e6f532050c3278c930e143e8bb1133824ccb431053871c6db53 'secret endorsement' --hash sha384

# Errors of the text have line and column, and exit with 65.
expect 65 holdfast tpm policy digest 'pcr sha256:7,16; authvalu'
match_err 'line 1, column 18: saw "authvalu"'
expect 65 holdfast tpm policy digest 'pcr sha256:24'
match_err 'wanted a PCR, 0 to 23'
expect 65 holdfast tpm policy show 'or { authvalue }'
expect 65 holdfast tpm policy digest ''
expect 64 holdfast tpm policy digest
expect 64 holdfast tpm policy digest authvalue --hash md5
expect 69 holdfast --tpm swtpm:path=/nonexistent tpm policy digest 'pcr sha256:7'
expect 66 holdfast tpm policy digest 'signed key="missing.pem"'

# A policy in a file, with comments and labels; what is open is said.
cat >policy.txt <<END
# the boot chain, or the owner
or boot {
    pcr sha256:16
} recovery {
    secret owner ref="recovery"
    command unseal
}
END
expect 0 holdfast tpm policy show policy.txt
match 'or boot { pcr sha256:16 } recovery { secret owner ref="recovery"; command unseal }'
match 'open: filled in when it is bound to a TPM'
expect 0 holdfast tpm policy show policy.txt --json
check "the tree has branches with labels" jq -e '.steps[0].branches[1].label == "recovery" and .digest == null' .out
expect 0 holdfast tpm policy digest policy.txt --json
match "pcr sha256:16=$zeros"
jq -r .policy .out >bound.txt
jq -r .digest .out >digest.txt
expect 0 holdfast --tpm swtpm:path=/nonexistent tpm policy digest bound.txt
match "$(cat digest.txt)"

# On the TPM.
expect 0 holdfast tpm policy try policy.txt
match "holds:              yes"
match "$(cat digest.txt)"
expect 0 holdfast tpm policy try policy.txt --branch recovery --json
check "it holds, emulated" jq -e '.holds and .environment == "emulated"' .out
expect 64 holdfast tpm policy try policy.txt --branch nobody
expect 1 holdfast tpm policy try "pcr sha256:16=$(printf '11%.0s' $(seq 32))"
match_err "PCR sha256:16 is $zeros, wanted 1111"
expect 1 holdfast tpm policy try 'counter-timer clock ult 1' --json
check "why it does not hold" jq -se '.[0].holds == false and (.[0].why | contains("wanted ult"))' .out
expect 1 holdfast tpm policy try 'locality 3'
expect 64 holdfast tpm policy try authvalue --secret nonsense

# `signed`: the key outside signs, another one does not do.
openssl ecparam -name prime256v1 -genkey -noout -out approver.pem 2>/dev/null
openssl pkey -in approver.pem -pubout -out approver.pub
openssl ecparam -name prime256v1 -genkey -noout -out other.pem 2>/dev/null
expect 0 holdfast tpm policy try 'signed key=approver.pub ref="shift"' --signer approver.pem
expect 1 holdfast tpm policy try 'signed key=approver.pub ref="shift"'
match_err 'nobody to sign'

# Seal once, approve, update, approve again, supersede.
printf 'the secret' >secret
expect 0 holdfast tpm policy approve 'pcr sha256:16' --key approver.pem --ref boot --out first.json --json
seal=$(jq -r .seal_policy .out)
limit=$(jq -r .limit .out)
check "the limit is the counter's" jq -e '.limit > 0 and .approval.holdfast == "policy-approval/1"' .out
expect 0 holdfast tpm policy show first.json
match "nv 0x01500016 name="
match "ule u64:$limit"
expect 0 holdfast tpm seal --in secret --policy "$seal" --out sealed.pem
expect 0 holdfast tpm seal --in secret --policy 'authorize key=approver.pub ref="boot"' --out same.pem
expect 0 holdfast tpm policy digest sealed.pem
digest=$(cat .out)
expect 0 holdfast tpm policy digest same.pem
match "$digest"
expect 0 holdfast tpm policy digest "$seal"
match "$digest"
expect 77 holdfast tpm unseal --in sealed.pem
match_err 'no approval by this key for this ref'
expect 0 holdfast tpm unseal --in sealed.pem --approval first.json
match "the secret"
expect 0 holdfast tpm policy approve 'pcr sha256:16' --key approver.pem --ref boot --supersede --out second.json --json
check "superseding raises the limit by one" jq -e ".limit == $limit + 1" .out
expect 77 holdfast tpm unseal --in sealed.pem --approval first.json
match_err "wanted ule"
expect 0 holdfast tpm unseal --in sealed.pem --approval first.json --approval second.json
match "the secret"

# Approvals that were changed, or are by another key, or about something else.
sed 's/ule u64:'"$((limit + 1))"'/ule u64:9999/' second.json >changed.json
expect 65 holdfast tpm unseal --in sealed.pem --approval changed.json
match_err "digest is not that of its policy"
expect 0 holdfast tpm policy sign 'command unseal' --key other.pem --ref boot --out foreign.json
expect 77 holdfast tpm unseal --in sealed.pem --approval foreign.json
expect 0 holdfast tpm policy sign 'command unseal' --key approver.pem --ref other --out elsewhere.json
expect 77 holdfast tpm unseal --in sealed.pem --approval elsewhere.json
expect 64 holdfast tpm policy approve 'pcr sha256:16' --key approver.pem --supersede
expect 0 holdfast tpm policy sign 'command unseal' --key approver.pem --ref boot --out plain.json
jq '.signature = "AAAA"' plain.json >unsigned.json
expect 69 holdfast tpm unseal --in sealed.pem --approval unsigned.json
expect 0 holdfast tpm unseal --in sealed.pem --approval plain.json

# The approver's key in the TPM.
expect 0 holdfast tpm create --alg ecc-p256 --out approver-tpm.pem
expect 0 holdfast tpm policy sign 'command unseal' --key approver-tpm.pem --ref tpm --out by-tpm.json --json
seal=$(jq -r .seal_policy .out)
expect 0 holdfast tpm seal --in secret --policy "$seal" --out sealed-tpm.pem
expect 0 holdfast tpm unseal --in sealed-tpm.pem --approval by-tpm.json
match "the secret"
