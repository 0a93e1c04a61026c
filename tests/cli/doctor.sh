# holdfast tpm doctor and holdfast doctor: what they find, and the pin.
. "$(dirname "$0")/lib.sh"

expect 3 holdfast tpm doctor
match "(!) emulated"
match "(!) tofu"
match "none at 0x81000001 yet"
match "3 of 3 tries left"
match "state encryption:   (!) off"
expect 3 holdfast doctor --json
match '"name": "audit trail"'
match '"name": "storage root key"'
match '"remedy"'

expect 0 holdfast tpm create --alg ecc-p256 --out k.pem
expect 3 holdfast tpm doctor --pin srk
match_err "pinned (srk): 000b"
match "bus:                srk"
match "systemd's template"
expect 0 holdfast tpm info --json
match '"bus": "srk"'

# Another TPM at the same place is refused until the operator says that it is right.
sleep 3 # the process of the TPM has ended
mv "$HOLDFAST_STATE/tpm" gone
expect 77 holdfast tpm info
match_err "--repin"
expect 3 holdfast doctor
match "pretends to be it"
expect 64 holdfast tpm doctor --repin
match_err "pinned (srk): 000b"
match_err "there now:   none"
match_err "with --yes it is done"
expect 77 holdfast tpm info
expect 64 holdfast tpm doctor --yes
expect 3 holdfast tpm doctor --repin --yes
expect 0 holdfast tpm info
expect 0 holdfast tpm create --alg ecc-p256 --out k2.pem

# An encrypted state is told from one that is not.
head -c 32 /dev/urandom >key
HOLDFAST_TPM_STATE_KEY=file:$PWD/key
export HOLDFAST_TPM_STATE_KEY
expect 3 holdfast tpm doctor --tpm embedded:"$PWD/sealed"
match "state encryption:   on"
