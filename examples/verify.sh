#!/bin/sh
# Judge evidence in a script or a CI job, and act on the exit status.
#
#     verify.sh FOLDER      with the files that tests/make_evidence writes; yours will have other names
#
# What matters: the nonce is fresh and yours, what is expected is said, and every status is handled. A warning is not
# a yes unless you say so.
set -u
folder=$1
nonce=$(printf 'a nonce of these tests' | od -An -tx1 | tr -d ' \n') # yours: holdfast nonce new
at=$(cat "$folder/at")                                                # yours: leave --at out

judge() {
    holdfast verify "$@" --at "$at" >verdict.txt
    case $? in
    0) echo "trusted: $1" ;;
    3) echo "trusted with warnings: $1" && grep -E '^(warning|absent)' verdict.txt ;;
    1) echo "not trusted: $1" && grep '^failed' verdict.txt ;;
    *) echo "no verdict: $1" ;; # standard error says why: not evidence, no such file, ...
    esac
}

# An enclave's document, for our nonce, of the enclave we expect.
judge "$folder/nitro.cbor" --root "$folder/nitro-root.der" --nonce "$nonce" --expect module_id=i-0123-enc4567

# The same enclave in debug mode: its host can read and change it.
judge "$folder/nitro-debug.cbor" --root "$folder/nitro-root.der" --nonce "$nonce"

# A confidential VM's report, with what AMD says about the processor; without a nonce it may be a replay.
judge "$folder/snp.bin" --root "$folder/snp-root.der" --collateral "$folder/snp/ask.der" \
    --collateral "$folder/snp/vcek.der" --collateral "$folder/snp/crl.der"

# One claim out of the answer, for a program.
holdfast verify "$folder/sgx.bin" --root "$folder/sgx-root.der" --collateral "$folder/sgx" --at "$at" --json \
    >verdict.json
grep -o '"mrenclave": "[0-9a-f]*"' verdict.json

# Everything in a folder, summed up.
mkdir evidence
cp "$folder/sgx.bin" "$folder/nitro.cbor" evidence
printf '%s' "$nonce" >evidence/nitro.cbor.nonce
holdfast verify-batch evidence --root "$folder/sgx-root.der" --root "$folder/nitro-root.der" \
    --collateral "$folder/sgx" --at "$at" --lines
