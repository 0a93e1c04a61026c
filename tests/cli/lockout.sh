# holdfast tpm lockout: shown, set one by one, reset; and what is refused before it does harm.
. "$(dirname "$0")/lib.sh"

printf '1234' >pin
printf '4321' >bad
: >none

expect 0 holdfast tpm lockout show --json
match '"in_lockout": false'
match '"tries_left": 3'
match '"environment": "emulated"'
expect 64 holdfast tpm lockout set
expect 64 holdfast tpm lockout set --tries 0
expect 0 holdfast tpm lockout set --tries 4 --json
match '"max_tries": 4'
match '"recovery_seconds": 1000'
expect 0 holdfast tpm lockout set --recovery 500 --json
match '"max_tries": 4'
match '"recovery_seconds": 500'

expect 0 holdfast tpm create --alg ecc-p256 --pin --auth file:pin --out k.pem
printf m >m
for left in 3 2 1; do
    expect 77 holdfast tpm sign --key k.pem --auth file:bad --in m --out s
    match_err "$left of 4 tries left before lockout, one comes back every 500 s"
done
expect 77 holdfast tpm sign --key k.pem --auth file:bad --in m --out s
match_err "no tries are left"
expect 77 holdfast tpm sign --key k.pem --auth file:pin --in m --out s
match_err "lockout"
expect 0 holdfast tpm lockout show
match "in lockout:         yes"
match "within 500 s; all within 2000 s"
expect 0 holdfast tpm lockout reset --json
match '"counter": 0'
expect 0 holdfast tpm sign --key k.pem --auth file:pin --in m --out s

# What can be foreseen to be wrong is not sent.
expect 77 holdfast tpm lockout reset --auth file:bad
match_err "is empty, so the one given is wrong"
expect 0 holdfast tpm auth lockout --new file:pin
expect 77 holdfast tpm lockout reset
match_err "none was given"
expect 0 holdfast tpm lockout reset --auth file:pin
expect 77 holdfast tpm lockout reset --auth file:bad
match_err "takes none for 1000 s"
expect 77 holdfast tpm lockout reset --auth file:pin
match_err "given before was wrong"
expect 0 holdfast tpm lockout show --json
match '"lockout_auth_barred": true'
expect 77 holdfast tpm clear --yes --auth file:pin
expect 77 holdfast tpm lockout reset --auth file:pin --force
match_err "TPM_RC_LOCKOUT"

# What holdfast remembers of failures decides whether an authorization is tried: a file that cannot be read stops it,
# says so, and is left as it is.
for broken in garbage '12345' '12x45 embedded' '-1 embedded' '99999999999999999999 embedded' '18446744073709551615 embedded'; do
    printf '%s\n' "$broken" >"$HOLDFAST_STATE/tpm.lockout"
    expect 65 holdfast tpm lockout reset --auth file:pin
    match_err "tpm.lockout"
    check "it is left as it was" test "$(cat "$HOLDFAST_STATE/tpm.lockout")" = "$broken"
done
rm "$HOLDFAST_STATE/tpm.lockout"
