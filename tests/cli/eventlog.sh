# Event logs and IMA lists from outside.
. "$(dirname "$0")/lib.sh"

# A log of one event in the old format: a separator in PCR 7.
separator=07000000040000009069ca78e7450a285173431b3e52c5c25299e4730400000000000000
printf %s "$separator" >sep.hex
printf '\007\000\000\000\004\000\000\000\220\151\312\170\347\105\012\050\121\163\103\033\076\122\305\302\122\231\344\163\004\000\000\000\000\000\000\000' >sep.bin
base64 sep.bin >sep.b64

expect 0 holdfast tpm eventlog show sep.bin
match "EV_SEPARATOR"
expect 0 holdfast tpm eventlog replay sep.bin
match "sha1:7  b2a83b0ebf2f8374299a5b2bdfc31ea955ad7236"
for form in sep.hex sep.b64; do
    expect 0 holdfast tpm eventlog replay $form --json --strict
    check "$form replays to the same value" \
        jq -e '.pcrs.sha1."7" == "b2a83b0ebf2f8374299a5b2bdfc31ea955ad7236" and .findings == [] and .events == 1' .out
done
expect 0 holdfast tpm eventlog show sep.bin --json
check "the event is an object" jq -e '.events[0] | .type == "EV_SEPARATOR" and .register == 7' .out

# A second separator is a finding: noted, and refused by --strict alone.
cat sep.bin sep.bin >twice.bin
expect 0 holdfast tpm eventlog replay twice.bin
match_err "a second separator"
expect 1 holdfast tpm eventlog replay twice.bin --strict

head -c 30 sep.bin >cut.bin
expect 65 holdfast tpm eventlog replay cut.bin
expect 65 holdfast tpm eventlog show cut.bin
: >empty
expect 65 holdfast tpm eventlog replay empty
expect 66 holdfast tpm eventlog replay not-there
expect 64 holdfast tpm eventlog replay
expect 64 holdfast tpm eventlog replay .

# One IMA entry, and the value of PCR 10 after it.
zero=0000000000000000000000000000000000000000
zero1=0000000000000000000000000000000000000001
printf '10 1d8d532d463c9f8c205d0df7787669a85f93e260 ima-ng sha1:%s boot_aggregate\n' $zero >ima.txt
expect 0 holdfast tpm ima replay ima.txt --bank sha1 --json
value=$(jq -r .value .out)
check "one entry" jq -e '.entries == 1 and .differ == 0 and .violations == 0' .out
expect 0 holdfast tpm ima replay ima.txt --bank sha1 --pcr10 "$value"
match "1 entries"
expect 1 holdfast tpm ima replay ima.txt --bank sha1 --pcr10 $zero1
expect 64 holdfast tpm ima replay ima.txt --bank md5
expect 64 holdfast tpm ima replay ima.txt --bank sha256 --pcr10 "$value"
expect 64 holdfast tpm ima replay ima.txt --bank sha1 --pcr10 ""
printf '10 %s ima-ng sha1:%s a_file\n' $zero $zero >>ima.txt
expect 3 holdfast tpm ima replay ima.txt --bank sha1
match "violations:"
# The list may be ahead of the value: the violation then lies behind what the value vouches for.
expect 0 holdfast tpm ima replay ima.txt --bank sha1 --pcr10 "$value" --json
check "one of two entries is vouched for" jq -e '.matched == 1 and .entries == 2 and .violations == 0' .out
sed 's/boot_aggregate/boot_aggregatf/' ima.txt >changed.txt
expect 1 holdfast tpm ima replay changed.txt --bank sha1
echo "no list" >none.txt
expect 65 holdfast tpm ima replay none.txt

# Real logs.
vectors=${HOLDFAST_VECTORS:-}/tpm/eventlogs
if [ -d "$vectors" ]; then
    expect 0 holdfast tpm eventlog replay "$vectors/gotpmtools-glinux-alex.bin"
    match "sha256:0  0e5ea849d7647a1ac1becc096fee4df98f00f8015f934afadaab0b8aa20b38a5"
    expect 1 holdfast tpm eventlog replay --strict "$vectors/goeventlog-cos113-tdx-dupe-separator.bin"
    expect 0 holdfast tpm eventlog show "$vectors/tss-binary_measurements_hcrtm.b64"
    match "EV_EFI_HCRTM_EVENT"
else
    skip "real logs" "HOLDFAST_VECTORS names no folder"
fi
