# holdfast tpm auth, clear, clock, info, caps, state.
. "$(dirname "$0")/lib.sh"

printf 'one' >one
printf 'two' >two
: >none

expect 0 holdfast tpm info --json
match '"environment": "emulated"'
match '"bus": "tofu"'
match '"nv_index_max": 2048'
expect 0 holdfast tpm caps commands
match "TPM2_NV_Certify"
expect 0 holdfast tpm caps curves --json
match '"name": "ecc-p521"'
expect 64 holdfast tpm caps nonsense

expect 0 holdfast tpm clock --json
match '"safe": true'
expect 64 holdfast tpm clock --set 1
match_err "only forward"
expect 65 holdfast tpm clock --set yesterday
expect 0 holdfast tpm clock --set 2100-01-01T00:00:00Z
match "as wall time 2100-01-01"

expect 64 holdfast tpm auth nobody --new file:one
expect 64 holdfast tpm auth owner
expect 0 holdfast tpm auth owner --new file:one
expect 77 holdfast tpm auth owner --new file:two
match_err "no consequences"
expect 77 holdfast tpm nv define 0x01800010 --size 8
expect 0 holdfast tpm nv define 0x01800010 --size 8 --owner-auth file:one
expect 0 holdfast tpm auth owner --auth file:one --new file:none

expect 0 holdfast tpm create --alg ecc-p256 --out k.pem
expect 64 holdfast tpm clear
match_err "nothing was done"
expect 0 holdfast tpm nv show 0x01800010
expect 0 holdfast tpm clear --yes --json
match '"cleared": true'
match '"name": "storage seed"'
match "1 before, 0 now"
expect 66 holdfast tpm nv show 0x01800010
printf m >m
expect 65 holdfast tpm sign --key k.pem --in m --out s
expect 0 holdfast tpm create --alg ecc-p256 --out k2.pem
expect 0 holdfast tpm sign --key k2.pem --in m --out s

expect 0 holdfast tpm state export-swtpm saved
check "the state is private" test "$(stat -c %a saved)" = 600
expect 73 holdfast tpm state export-swtpm saved
expect 0 holdfast tpm state import-swtpm saved --tpm embedded:"$PWD/other"
expect 0 holdfast tpm sign --key k2.pem --in m --out s --tpm embedded:"$PWD/other"
expect 73 holdfast tpm state import-swtpm saved --tpm embedded:"$PWD/other"
match_err "holds a TPM already"
expect 0 holdfast tpm state import-swtpm saved --replace --tpm embedded:"$PWD/other"
head -c 100 saved >short
expect 65 holdfast tpm state import-swtpm short --tpm embedded:"$PWD/third"
expect 64 holdfast tpm state export-swtpm x --tpm device:/dev/null
match_err "only an embedded one"
