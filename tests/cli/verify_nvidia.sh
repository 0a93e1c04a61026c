# GPU reports judged from outside, alone and beside other evidence.
. "$(dirname "$0")/lib.sh"

vectors=${HOLDFAST_VECTORS:-}/evidence/nvidia
if [ ! -d "$vectors" ]; then
    skip "real reports" "HOLDFAST_VECTORS names no folder"
    exit 0
fi
nonce=931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb
report=$vectors/nvtrust-hopper-c438e7e7.spdm.bin
chain=$vectors/nvtrust-hopper-c438e7e7.chain.pem
when=2024-06-02T00:00:00Z

expect 3 holdfast verify "$report" --collateral "$chain" --collateral "$vectors/rim" --nonce $nonce --at $when --json
check "measurements are as released, and only revocation is not known" \
    jq -e '[.checks[] | select(.status == "absent").name] ==
           ["revocation", "driver RIM revocation", "VBIOS RIM revocation"] and
           .claims.driver_version == "550.90.07" and .claims.vbios_version == "96.00.9F.00.01"' .out
expect 3 holdfast verify "$report" --collateral "$chain" --nonce $nonce
match "v1/rim/NV_GPU_DRIVER_GH100_550.90.07"
match "v1/rim/NV_GPU_VBIOS_1010_0200_882_96009F0001"
match "ocsp.ndis.nvidia.com"
expect 1 holdfast verify "$report" --nonce $nonce
match "failed          signature"
expect 1 holdfast verify "$report" --collateral "$vectors/hopper-a-daf8ea2a.chain.pem" --nonce $nonce
expect 1 holdfast verify "$report" --collateral "$chain" --nonce 00
expect 1 holdfast verify "$vectors/hopper-badsig-53e05508.spdm.bin" --collateral "$vectors/hopper-badsig-53e05508.chain.pem"
expect 3 holdfast verify "$vectors/switch-352fc991.spdm.bin" --collateral "$vectors/switch-352fc991.chain.pem" --nonce $nonce
match "not applicable  fwid"

# As NVIDIA's tools write it: base64 of report and chain, device by device.
jq -n --arg e "$(base64 -w0 "$report")" --arg c "$(base64 -w0 "$chain")" \
    --arg e2 "$(base64 -w0 "$vectors/switch-352fc991.spdm.bin")" --arg c2 "$(base64 -w0 "$vectors/switch-352fc991.chain.pem")" \
    '{result_code: 0, evidences: [{arch: "HOPPER", evidence: $e, certificate: $c},
                                  {arch: "LS10", evidence: $e2, certificate: $c2}]}' >two.json
expect 3 holdfast verify two.json --nonce $nonce --json
check "each has its rows, and the nonce binds them" \
    jq -e '[.checks[] | select(.name == "binding").status] == ["ok"] and
           ([.checks[].name | select(endswith(": signature"))] | length == 2)' .out
expect 3 holdfast verify two.json --json
check "without a nonce nothing does" jq -e '[.checks[] | select(.name == "binding").status] == ["warning"]' .out
expect 0 holdfast evidence inspect "$report"
match "measurement 64"
