#!/bin/sh
# SEV-SNP reports of real chips judged from outside.
. "$(dirname "$0")/lib.sh"

vectors=${HOLDFAST_VECTORS:-}/evidence/snp
if [ ! -d "$vectors" ]; then
    skip "real reports" "HOLDFAST_VECTORS names no folder"
    exit 0
fi
milan=$vectors/report-v3-milan-ca270376.bin
turin=$vectors/report-v5-turin-85da705e.bin
data=af2910341dd8108360e485f1b72494255190b9cdd5ccb44b73b883037cf99f21$(printf %064d 0)

# All of it there, and the report data as expected: yes.
expect 0 holdfast verify "$milan" --collateral "$vectors/pki" --at 2025-10-01T00:00:00Z --report-data "$data" --json
answer '.verdict == "affirming" and .claims.product == "Milan" and .claims.reported_ucode == 219'
answer '[.checks[] | select(.name == "platform level")][0].found == "reported: bl=4 tee=0 snp=24 ucode=219"'
expect 1 holdfast verify "$milan" --collateral "$vectors/pki" --at 2025-10-01T00:00:00Z --report-data "00$data"
expect 1 holdfast verify "$milan" --collateral "$vectors/pki" --at 2025-10-01T00:00:00Z --expect measurement=00
expect 3 holdfast verify "$milan" --collateral "$vectors/pki" --at 2025-10-01T00:00:00Z --expect vmpl=0
match "absent          freshness"
expect 1 holdfast verify "$milan" --collateral "$vectors/pki" --at 2045-10-01T00:00:00Z
match "failed          validity"

# Turin has no list here: its address is told.
expect 3 holdfast verify "$turin" --collateral "$vectors/pki" --at 2026-06-01T00:00:00Z
match "https://kdsintf.amd.com/vcek/v1/Turin/crl"
expect 1 holdfast verify "$turin" --at 2026-06-01T00:00:00Z
match "https://kdsintf.amd.com/vcek/v1/Turin/59790fb1c39f35c1?fmcSPL=01"

# Damaged ones.
for bad in t-reportdata t-r t-r-highbytes t-policy-bit17; do
    expect 1 holdfast verify "$vectors/negative/$bad.bin" --collateral "$vectors/pki" --at 2026-06-01T00:00:00Z
    match "failed          signature"
done
expect 65 holdfast verify "$vectors/negative/t-trunc1183.bin" --collateral "$vectors/pki"
expect 65 holdfast verify "$vectors/negative/report-v1-unknown-13038f22.bin" --collateral "$vectors/pki"
match "unknown report version 1; known are 2 to 5"

# Azure's, whose nonce would be in a TPM quote.
expect 3 holdfast verify "$vectors/azure-hcl/hcl-12afe089.bin" --collateral "$vectors/pki" --at 2025-10-01T00:00:00Z
match "ok              hcl binding"
match "absent          quote binding"
expect 0 holdfast evidence inspect "$vectors/azure-hcl/hcl-12afe089.bin"
match "reported_tcb"
