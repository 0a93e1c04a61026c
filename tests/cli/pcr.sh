# PCRs from outside: read, extend, reset, predict.
. "$(dirname "$0")/lib.sh"

zeros=0000000000000000000000000000000000000000000000000000000000000000
golden=5433ed987346f859c05ade7a5382c819db4f04fd37c734749b6a11b19f50ab83
printf 'Measurement data' >data

expect 0 holdfast tpm pcr read sha256:16
match "sha256:16  $zeros"
expect 0 holdfast tpm pcr read --json
check "every register of every bank" jq -e '.pcrs.sha256 | length == 24' .out
check "it says what the TPM is" jq -e '.environment == "emulated"' .out
expect 64 holdfast tpm pcr read sha256:24
match_err "position"
expect 64 holdfast tpm pcr read sha256
expect 69 holdfast tpm pcr read sm3_256:0
match_err "no sm3_256 bank"

expect 0 holdfast tpm pcr extend 16 --in data
match "sha256:16  $golden"
expect 0 holdfast tpm pcr reset 16
match "sha256:16  $zeros"
expect 77 holdfast tpm pcr reset 0
expect 64 holdfast tpm pcr reset 24
expect 64 holdfast tpm pcr extend 24 --in data
expect 64 holdfast tpm pcr extend --in data
expect 66 holdfast tpm pcr extend 16 --in missing
expect 64 holdfast tpm pcr extend 16 --in data --digest "sha256=$golden"
expect 64 holdfast tpm pcr extend 16 --digest sha256=00
match_err "hex digits"
expect 64 holdfast tpm pcr extend 16 --digest "sha256=$golden" --digest "sha256=$golden"
expect 0 holdfast tpm pcr extend 23 --digest "sha256=$(sha256sum <data | cut -d' ' -f1)"
match "sha256:23  $golden"
match "sha384:23  ${zeros}00000000000000000000000000000000"

# What is predicted is what comes.
expect 0 holdfast tpm pcr predict sha256:16 --extend 16=data
match "sha256:16  $golden"
match "policy  pcr sha256:16=$golden"
expect 0 holdfast tpm pcr predict sha256:16 --extend "16=$(sha256sum <data | cut -d' ' -f1)"
match "sha256:16  $golden"
expect 0 holdfast tpm pcr predict sha256:16 --extend 16=data --extend 16=data --json
predicted=$(jq -r '.pcrs.sha256."16"' .out)
expect 0 holdfast tpm pcr extend 16 --in data
expect 0 holdfast tpm pcr extend 16 --in data
match "sha256:16  $predicted"

# From an event log: a separator in PCR 7.
printf '07000000040000009069ca78e7450a285173431b3e52c5c25299e4730400000000000000' >boot.log
expect 0 holdfast tpm eventlog replay boot.log --json
before=$(jq -r '.pcrs.sha1."7"' .out)
expect 0 holdfast tpm pcr predict --eventlog boot.log
match "sha1:7  $before"
expect 0 holdfast tpm pcr predict --eventlog boot.log --replace 0=data
mismatch "$before"
expect 0 holdfast tpm pcr predict --eventlog boot.log --replace 0=9069ca78e7450a285173431b3e52c5c25299e473
match "sha1:7  $before"
expect 66 holdfast tpm pcr predict --eventlog boot.log --replace 1=data
match_err "its last is 0"
expect 66 holdfast tpm pcr predict sha1:8 --eventlog boot.log
match_err "cannot be known"
expect 64 holdfast tpm pcr predict --eventlog boot.log --replace "0=sha256:$golden"
expect 64 holdfast tpm pcr predict --replace 0=data
expect 64 holdfast tpm pcr predict --extend 24=data
expect 64 holdfast tpm pcr predict --extend 16
head -c 20 boot.log >cut.log
expect 65 holdfast tpm pcr predict --eventlog cut.log
