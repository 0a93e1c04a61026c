# Evidence judged from outside: what is printed, exit statuses, and everything bad that can be handed in.
. "$(dirname "$0")/lib.sh"

mkdir made
check "evidence is made" "$HOLDFAST_BUILD/tests/make_evidence" made
at=$(cat made/at)
nonce=$(printf 'a nonce of these tests' | od -An -tx1 | tr -d ' \n')
own="--root made/nitro-root.der --at $at"

# One file: affirming, warning, contraindicated.
expect 0 holdfast verify made/nitro.cbor $own --nonce "$nonce"
match "verdict: affirming"
expect 0 holdfast verify made/nitro.cbor $own --nonce "$nonce" --json
answer '.verdict == "affirming" and (.checks | all(.status == "ok" or .status == "not applicable"))'
answer '.claims.module_id == "i-0123-enc4567" and .claims.debug == false and .environment == "unknown"'
expect 3 holdfast verify made/nitro.cbor $own
match "absent          freshness"
expect 1 holdfast verify made/nitro.cbor $own --nonce 00ff
expect 1 holdfast verify made/nitro-debug.cbor $own --nonce "$nonce" --json
answer '[.checks[] | select(.status == "failed").name] == ["debug"]'
expect 1 holdfast verify made/nitro.cbor --at "$at" --nonce "$nonce"
match "failed          root"
expect 1 holdfast verify made/nitro.cbor --root made/snp-root.der --at "$at" --nonce "$nonce"
expect 0 holdfast verify made/nitro.cbor $own --nonce "$nonce" --expect module_id=i-0123-enc4567 --expect debug=false
expect 1 holdfast verify made/nitro.cbor $own --nonce "$nonce" --expect module_id=another
match "failed          expected module_id"
expect 1 holdfast verify made/nitro.cbor $own --nonce "$nonce" --expect no_such_claim=1
expect 64 holdfast verify made/nitro.cbor $own --expect module_id
expect 0 holdfast verify made/nitro.cbor --root made/nitro-root.der --nonce "$nonce" --at 2023-11-14T22:14:20Z
expect 1 holdfast verify made/nitro.cbor --root made/nitro-root.der --nonce "$nonce" --at 1969-12-31T23:59:59Z
match "failed          validity"
expect 1 holdfast verify made/nitro.cbor --root made/nitro-root.der --nonce "$nonce" --at -1
expect 1 holdfast verify made/nitro.cbor --root made/nitro-root.der --nonce "$nonce"

# A folder may hold anything: what is none is told, and many such files are counted.
mkdir junk
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "nothing of use $i" >junk/$i; done
expect 0 holdfast verify made/nitro.cbor $own --nonce "$nonce" --collateral junk
match_err "passed over: junk/1: "
match_err "passed over: 4 more files"
expect 65 holdfast verify made/nitro.cbor $own --nonce "$nonce" --collateral junk/1

# Forms that evidence is kept in, and standard input.
base64 made/nitro.cbor >nitro.b64
od -An -v -tx1 made/nitro.cbor | tr -d ' \n' >nitro.hex
expect 0 holdfast verify nitro.b64 $own --nonce "$nonce"
expect 0 holdfast verify nitro.hex $own --nonce "$nonce"
check "it reads standard input" sh -c "holdfast verify - $own --nonce $nonce <made/nitro.cbor"
expect 64 holdfast verify - - $own
expect 65 holdfast verify - $own

# Collateral: folders in any order, what is none of it passed over with a note.
snp="--root made/snp-root.der --at $at"
expect 3 holdfast verify made/snp.bin $snp --collateral made/snp
match_err "note: passed over: made/snp/README"
expect 3 holdfast verify made/snp.bin $snp -q --collateral made/snp/crl.der --collateral made/snp/vcek.der --collateral made/snp/ask.der
check "--quiet leaves notes out" test "$(wc -l <"$err")" -le 1
expect 65 holdfast verify made/snp.bin $snp --collateral made/snp/README
match_err "made/snp/README"
expect 66 holdfast verify made/snp.bin $snp --collateral not-there
ln -s . made/snp/loop
ln -s nothing made/snp/dangling
ln -s ../snp/ask.der made/snp/link.der
mkfifo made/snp/pipe
expect 3 holdfast verify made/snp.bin $snp --collateral made/snp
expect 1 holdfast verify made/snp.bin --at "$at" --collateral made/snp
match "failed          root"
expect 3 holdfast verify made/snp.bin $snp --collateral made/snp/ask.der --collateral made/snp/vcek.der
match "absent          revocation"

# Several files make one verdict, and one that is bad decides.
expect 1 holdfast verify made/nitro.cbor made/nitro-debug.cbor $own --nonce "$nonce"
expect 0 holdfast verify made/nitro.cbor made/nitro.cbor $own --nonce "$nonce"

# Kinds.
expect 0 holdfast verify made/nitro.cbor $own --nonce "$nonce" --kind nitro
expect 0 holdfast verify made/nitro.cbor $own --nonce "$nonce" --kind nitro-document
expect 65 holdfast verify made/nitro.cbor $own --kind snp
match_err "nitro-document"
expect 65 holdfast verify made/nitro.cbor made/snp.bin $own --kind nitro
expect 64 holdfast verify made/nitro.cbor $own --kind teapot
expect 64 holdfast verify made/nitro.cbor $own --kind "$(printf %05000d 0)"

# Bad input.
: >empty
expect 65 holdfast verify empty
match_err "empty is empty"
expect 64 holdfast verify made
match_err "is a directory"
truncate -s 4G big
expect 65 holdfast verify big
match_err "4294967296 bytes"
expect 65 holdfast verify made/nitro.cbor --collateral big
rm big
ln -s round round
expect 64 holdfast verify round
expect 66 holdfast verify not-there
expect 65 holdfast verify /dev/zero
expect 65 holdfast verify /dev/null
head -c 2000 made/nitro.cbor >cut.cbor
expect 65 holdfast verify cut.cbor $own
match "failed          structure"
expect 64 holdfast verify
expect 64 holdfast verify made/nitro.cbor --nonce ''
match_err "an unset variable?"
expect 64 holdfast verify made/nitro.cbor --nonce 0g
expect 64 holdfast verify made/nitro.cbor --report-data 123
expect 64 holdfast verify made/nitro.cbor --at yesterday
expect 64 holdfast verify made/nitro.cbor --recipe soup
expect 64 holdfast verify made/nitro.cbor --format xml
expect 64 holdfast verify made/nitro.cbor --json --format text
expect 65 holdfast verify made/nitro.cbor --root empty
expect 65 holdfast verify made/nitro.cbor --root made/nitro.cbor

# Policies: a name that is none, a file with an unknown key, and its place.
expect 66 holdfast verify made/nitro.cbor $own --policy no-such-policy
printf 'required_security_level: low\nallow_tset_mode: true\n' >typo.yaml
expect 78 holdfast verify made/nitro.cbor $own --policy typo.yaml
match_err "typo.yaml"
match_err "line 2, column 1"

# Every verdict is recorded, and an answer that cannot be recorded is not given.
check "the record has the verdict" grep -q '"op":"evidence.verify","object":"nitro-debug.cbor","result":"HF_E_UNTRUSTED"' \
    "$HOLDFAST_STATE/audit.log"
expect 66 holdfast verify made/nitro.cbor $own --state made/at
check "no verdict is printed then" test ! -s "$out"

# The judge is a process of its own, and confined.
if command -v strace >/dev/null; then
    strace -f -o trace holdfast verify made/nitro.cbor $own --nonce "$nonce" >/dev/null 2>&1
    judge=$(awk '/SECCOMP_SET_MODE_FILTER, 0, .* = 0/ {print $1; exit}' trace)
    check "the judge is another process than the command" test -n "$judge" -a "$judge" != "$(awk 'NR == 1 {print $1}' trace)"
    check "once confined it reads, writes and has memory; all else is refused" awk -v judge="$judge" '
        $1 == judge && /SECCOMP_SET_MODE_FILTER, 0, / {inside = 1; next}
        $1 == judge && inside && !/ (read|write|brk|mmap|munmap|mremap|madvise|futex|mprotect|getrandom|sigaltstack|exit_group)\(/ &&
            !/ = -1 EPERM|resumed>|\+\+\+/ {print; bad = 1}
        END {exit bad || !inside}' trace
else
    skip "the judge's system calls" "there is no strace"
fi

vectors=${HOLDFAST_VECTORS:-}/evidence
if [ ! -d "$vectors" ]; then
    skip "real evidence" "HOLDFAST_VECTORS names no folder"
    exit 0
fi
q=$vectors/sgx/quotes/q3-00606a000000-2008020f.bin
expect 1 holdfast verify "$q" --at 1750324941 --json --collateral "$vectors/sgx/pki" \
    --collateral "$vectors/sgx/collateral/tcbinfo-sgx-v2-00606a000000-ev17-2025-06-04-5d6827.json" \
    --collateral "$vectors/sgx/collateral/identity-qe-ev17-2025-06-04-0fbb4b.json"
answer '.claims.tcb_status == "OutOfDateConfigurationNeeded" and .environment == "hardware" and
        .claims.mrenclave == "21f21b2c3a7db9bff95e96a391182fc79adb14f1e7251f3398aa9430c3c47f21"'
expect 1 holdfast verify "$q" --at 1750324941 --collateral "$vectors"/sgx/pki --collateral "$vectors"/sgx/collateral
expect 3 holdfast verify "$vectors/nitro/doc-2022-11-09-8ff485d8.cbor" --at 1668034320
