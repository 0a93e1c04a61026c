# holdfast tpm nv: what each command answers, and how it fails.
. "$(dirname "$0")/lib.sh"

printf 'right' >right
printf 'wrong' >wrong
head -c 2048 /dev/urandom >data

expect 0 holdfast tpm nv list
match "no NV index is defined"
match "environment:"
expect 0 holdfast tpm nv define 0x01800010 --size 2048
match_err "defined (environment: emulated"
expect 73 holdfast tpm nv define 0x01800010 --size 8
match_err "defined already"
expect 65 holdfast tpm nv define 0x01800011 --size 2049
match_err "this TPM permits 2048"
expect 64 holdfast tpm nv define 0x01800011
match_err "needs a size"
expect 64 holdfast tpm nv define 0x81000001 --size 8
expect 64 holdfast tpm nv define 0x01800011 --size 8 --attributes 'ownerreed'
match_err "ownerreed"
expect 64 holdfast tpm nv define 0x01800011 --size 8 --attributes 'policyread|ownerwrite'
expect 66 holdfast tpm nv read 0x01800010
match_err "never written"
expect 0 holdfast tpm nv write 0x01800010 --in data
expect 0 holdfast tpm nv read 0x01800010 --out back
check "what was read is what was written" cmp data back
check "what was read is private" test "$(stat -c %a back)" = 600
expect 64 holdfast tpm nv write 0x01800010 --in data --offset 1
match_err "leave the NV index"
expect 66 holdfast tpm nv read 0x01800099
match_err "not defined"
expect 64 holdfast tpm nv increment 0x01800010
match_err "of kind ordinary"
expect 0 holdfast tpm nv show 0x01800010 --json
match '"attributes": "ownerwrite|ownerread|no_da|written"'
match '"writes_through_holdfast": 1'
match '"environment": "emulated"'

expect 0 holdfast tpm nv define 0x01800011 --kind counter --auth file:right
expect 77 holdfast tpm nv increment 0x01800011 --auth file:wrong
expect 0 holdfast tpm nv increment 0x01800011 --auth file:right --json
match '"value": 1'
expect 77 holdfast tpm nv read 0x01800011 --as owner
match_err "does not permit"

expect 0 holdfast tpm nv define 0x01800012 --size 4 --auth file:right --da
expect 0 sh -c 'printf kept | holdfast tpm nv write 0x01800012 --auth file:right'
expect 77 holdfast tpm nv read 0x01800012 --auth file:wrong
match_err "2 of 3 tries left"
expect 0 holdfast tpm lockout reset

expect 0 holdfast tpm nv define 0x01800013 --size 6 --policy 'pcr sha256:16'
expect 0 sh -c "printf sealed | holdfast tpm nv write 0x01800013 --policy 'pcr sha256:16'"
expect 0 holdfast tpm nv read 0x01800013 --policy 'pcr sha256:16'
match "sealed"
expect 77 holdfast tpm nv read 0x01800013
match_err "--policy"
expect 77 holdfast tpm nv read 0x01800013 --policy 'pcr sha256:17'

expect 0 holdfast tpm nv define 0x01800014 --size 4 --attributes writedefine
expect 0 sh -c 'printf once | holdfast tpm nv write 0x01800014'
expect 0 holdfast tpm nv lock 0x01800014
expect 77 sh -c 'printf more | holdfast tpm nv write 0x01800014'
match_err "for good"
expect 64 holdfast tpm nv lock 0x01800014 --read

expect 0 holdfast tpm nv define 0x01800015 --kind pin-fail --auth file:right --limit 3
expect 0 holdfast tpm nv read 0x01800015 --auth file:right --json
match '"number": 3'
expect 64 holdfast tpm nv define 0x01800016 --kind bits --limit 3
expect 0 holdfast tpm nv define 0x01800016 --kind bits
expect 0 holdfast tpm nv write 0x01800016 --bits 0x5
expect 0 holdfast tpm nv read 0x01800016 --json
match '"number": 5'

expect 0 holdfast tpm nv list
match "0x01800010  ordinary   2048 bytes  owner"
match "nt=counter"
for index in 10 11 12 13 14 15 16; do expect 0 holdfast tpm nv undefine 0x018000$index; done
expect 66 holdfast tpm nv undefine 0x01800010
expect 0 holdfast tpm nv list --json
match '"indices": []'
