# SEV platforms, CCEL and SIGSTRUCT judged from outside: real ones.
. "$(dirname "$0")/lib.sh"

vectors=${HOLDFAST_VECTORS:-}/evidence
if [ ! -d "$vectors" ]; then
    skip "real platforms" "HOLDFAST_VECTORS names no folder"
    exit 0
fi
for generation in naples rome; do
    cat "$vectors/sev/chain-$generation/pdh.cert" "$vectors/sev/chain-$generation/pek.cert" \
        "$vectors/sev/chain-$generation/oca.cert" "$vectors/sev/chain-$generation/cek.cert" >$generation.cert
    cat "$vectors/sev/pki/ask-$generation.cert" "$vectors/sev/pki/ark-$generation.cert" >ask_ark_$generation.cert
    expect 0 holdfast verify $generation.cert --collateral ask_ark_$generation.cert
    match "ok              pek chip"
    match "ok              root"
    expect 1 holdfast verify $generation.cert
    match "failed          certificate chain"
    # the whole export, as sevctl writes it, needs nothing else
    cat $generation.cert ask_ark_$generation.cert >full.cert
    expect 0 holdfast verify full.cert
    # as sevctl leaves it: a file for each
    expect 0 holdfast verify "$vectors/sev/chain-$generation"/*.cert --collateral ask_ark_$generation.cert --json
    answer '.kind == "sev-chain" and .verdict == "affirming"'
done
expect 1 holdfast verify naples.cert rome.cert --collateral ask_ark_naples.cert --json
answer '[.checks[].name | select(startswith("sev-chain:"))] | length > 8'
expect 1 holdfast verify rome.cert --collateral ask_ark_naples.cert
head -c 6252 rome.cert >no_cek.cert
expect 1 holdfast verify no_cek.cert --collateral ask_ark_rome.cert
match "failed          pek chip"
expect 0 holdfast evidence inspect rome.cert
match "PUBKEY_USAGE"

expect 3 holdfast verify "$vectors/tdx/ccel/ccel-cos113.bin"
match "absent          quote"
expect 3 holdfast verify "$vectors/tdx/ccel/ccel-cos113.bin" --json
answer '(.claims.rtmr0 | startswith("3fa2f61f395b7f5feefb4ec2df61297f")) and (.claims.rtmr3 | test("^0{96}$")) and
    .claims.events == 43'
expect 3 holdfast verify "$vectors/tdx/quotes/q4-00806f050000-00b2526a.bin" "$vectors/tdx/ccel/ccel-cos113.bin" \
    --at 2025-06-11T19:23:55Z
match "ok              cc-eventlog: rtmr0"
match "ok              cc-eventlog: rtmr3"
expect 1 holdfast verify "$vectors/sgx/sigstruct/gramine-test.sig"
match "ok              signature"
match "failed          root"
