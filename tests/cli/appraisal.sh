# shellcheck disable=SC2086 # words, and names without spaces
# Appraisal policies from outside: checked, explained, shown, compared, made from evidence, and judged by.
. "$(dirname "$0")/lib.sh"

# check
printf 'allowed_providers: [nitro]\nmax_attestation_age: 600\n' >mine.yaml
expect 0 holdfast policy check mine.yaml
match "mine"
expect 0 holdfast policy check mine.yaml --json
answer '.valid == true and .name == "mine" and (.sha256 | length == 64)'
sum=$(jq -r .sha256 "$out")
printf '{"max_attestation_age": 600.0, "allowed_providers": ["nitro"]}' >other.json
expect 0 holdfast policy check other.json --json
expect 0 holdfast policy diff mine.yaml other.json
printf 'allow_test_mode: true\nallowed_provider: [nitro]\n' >slip.yaml
expect 78 holdfast policy check slip.yaml
match_err 'slip.yaml: line 2, column 1: unknown key "allowed_provider"; did you mean "allowed_providers"?'
printf 'snp:\n  policy_must_be_one: 1\n  policy_must_be_zero: 1\n' >against.yaml
expect 78 holdfast policy check against.yaml
match_err "line 3, column 3"
expect 78 holdfast policy check mine.yaml snp-strict-2026-11
match_err "policies mine and snp-strict-2026-11 contradict each other: allowed_providers"
expect 66 holdfast policy check no-such-policy
match_err "snp-strict-2026-11"
expect 66 holdfast policy check ./not-there
expect 64 holdfast policy check
expect 64 holdfast policy check .
: >empty
expect 78 holdfast policy check empty
printf 'required_security_level: low\n\0allowed_providers: [snp]\n' >nul.yaml
expect 78 holdfast policy check nul.yaml
head -c 2000000 /dev/zero | tr '\0' ' ' >large
expect 65 holdfast policy check large
check "standard input is read" sh -c 'holdfast policy check - <mine.yaml'

# A configuration of seed 002 with a policy inside.
cat >config.json <<'END'
{
  "tee_providers": {"sgx": {"provider_type": "sgx", "enabled": true, "config": {"mrenclave": null}, "priority": 10,
    "fallback_providers": ["vendor"]}},
  "default_provider": "sgx",
  "attestation_policy": {
    "required_security_level": "high", "max_attestation_age": 3600, "allowed_providers": ["sgx", "sev", "nitro"],
    "enforce_certificate_validation": true, "enforce_tcb_updates": true
  },
  "binding_policy": {"mode": "tee_attestation"},
  "security_thresholds": {"min_security_level": "high", "max_attestation_age_seconds": 3600,
    "max_verification_retries": 3, "confidence_threshold": 0.99}
}
END
expect 0 holdfast policy show config.json --json
answer '.required_security_level == "high" and .max_attestation_age == 3600 and
        .allowed_providers == ["nitro", "sev", "sgx"] and .allow_test_mode == false'
sed 's/"required_security_level": "high"/"required_security_level": "low"/' config.json >lax.json
expect 78 holdfast policy check lax.json
match_err "laxer than security_thresholds.min_security_level"

# show, explain, diff
expect 0 holdfast policy show
match "snp-strict-2026-11"
expect 0 holdfast policy show --json
answer '.policies | length >= 12 and all(.name | test("-[0-9]{4}-[0-9]{2}$"))'
expect 0 holdfast policy show strict
match_err "strict is strict-2026-11 now"
match "name: strict-2026-11"
for name in $(holdfast policy show | cut -d' ' -f1); do
    expect 0 holdfast policy show "$name"
    cp "$out" "$name.yaml"
    expect 0 holdfast policy diff "$name" "$name.yaml"
done
expect 0 holdfast policy explain snp-strict-2026-11
match "VMPL [0]"
check "each line says what it costs" sh -c "! grep -v '(.*)' '$out'"
expect 0 holdfast policy explain snp-strict-2026-11 --json
answer '.checks | all(.check and .costs and (.default | type == "boolean"))'
expect 1 holdfast policy diff strict-2026-11 moderate-2026-11
match "max_attestation_age: 3600 -> 7200 (stricter: strict-2026-11)"
expect 1 holdfast policy diff strict-2026-11 moderate-2026-11 --json
answer '.same == false and (.differences[] | select(.field == "max_attestation_age").stricter) == "a"'
expect 64 holdfast policy diff strict-2026-11

# Evidence under policies.
mkdir made
check "evidence is made" "$HOLDFAST_BUILD/tests/make_evidence" made
at=$(cat made/at)
nonce=$(printf 'a nonce of these tests' | od -An -tx1 | tr -d ' \n')
own="--root made/nitro-root.der --at $at --nonce $nonce"
expect 0 holdfast verify made/nitro.cbor $own --json
expect 1 holdfast verify made/nitro.cbor $own --policy nitro-strict --json
answer '[.checks[] | select(.status == "failed").name] == ["security level"] and
        .policy.name == "nitro-strict-2026-11" and (.policy.sha256 | length == 64)'
answer '[.checks[] | select(.name == "policy").note][0] | contains("nitro-strict-2026-11 now")'
expect 1 holdfast verify made/nitro.cbor $own --policy snp-strict-2026-11 --json
answer '[.checks[] | select(.name == "provider").status] == ["failed"]'
printf 'required_security_level: low\n' >low.yaml
expect 0 holdfast verify made/nitro.cbor $own --policy low.yaml --json
answer ".policy.sha256 != \"$sum\" and .policy.name == \"low\""
expect 0 holdfast verify made/nitro.cbor $own --policy low.yaml --policy low.yaml
expect 78 holdfast verify made/nitro.cbor $own --policy low.yaml --policy slip.yaml
printf 'required_security_level: low\nallowed_providers: [snp]\n' >snp.yaml
printf 'required_security_level: low\nallowed_providers: [nitro]\n' >nitro.yaml
expect 78 holdfast verify made/nitro.cbor $own --policy snp.yaml --policy nitro.yaml
match_err "contradict each other"
expect 3 holdfast verify made/nitro.cbor --at "$at" --policy relaxed-2026-11 --nonce "$nonce" --json
answer '[.checks[] | select(.name == "root").status] == ["warning"]'
expect 1 holdfast verify made/nitro.cbor --root made/nitro-root.der --at $((at + 3601)) --nonce "$nonce" --policy low.yaml --format pot
answer '.status == "expired" and .failures == ["expired_attestation"] and .provider_type == "nitro"'
expect 1 holdfast verify made/nitro.cbor --root made/nitro-root.der --at "$at" --nonce 0011223344556677 --policy low.yaml --format pot
answer '.status == "partial" and (.failures | sort == ["expired_attestation", "nonce_mismatch"])'

# From evidence: what it wrote lets this evidence pass, and no other.
expect 0 holdfast policy from-evidence made/nitro.cbor $own --name ours -o ours.yaml
check "it marks what it relaxed" grep -q 'required_security_level: low # relaxed' ours.yaml
check "it pins what was measured" grep -q 'pcr0: ' ours.yaml
expect 0 holdfast policy check ours.yaml
expect 0 holdfast verify made/nitro.cbor $own --policy ours.yaml
sed 's/\(pcr0: \[\)[0-9a-f]\{8\}/\1ffffffff/; s/\(pcr0: \["\)[0-9a-f]\{8\}/\1ffffffff/' ours.yaml >theirs.yaml
expect 1 holdfast verify made/nitro.cbor $own --policy theirs.yaml --json
answer '[.checks[] | select(.status == "failed").name] == ["measurement pcr0"]'
expect 0 holdfast policy from-evidence made/nitro-debug.cbor $own
match "allow_debug: true # relaxed"
expect 1 holdfast policy from-evidence made/nitro.cbor --at "$at"
match_err 'no policy lets this pass: "root"'
expect 64 holdfast policy from-evidence made/nitro.cbor $own --policy ours.yaml
expect 65 holdfast policy from-evidence empty

# Custom validators.
mkdir validators
printf '#!/bin/sh\nexec grep -q "\\"module_id\\": \\"i-0123-enc4567\\""\n' >validators/module
printf '#!/bin/sh\necho "not on Sundays"\nexit 1\n' >validators/never
chmod 755 validators/*
printf 'required_security_level: low\ncustom_validators: [module]\n' >valid.yaml
expect 0 holdfast verify made/nitro.cbor $own --policy valid.yaml --validators validators
match "validator module"
printf 'required_security_level: low\ncustom_validators: [module, never, absent]\n' >valid.yaml
expect 1 holdfast verify made/nitro.cbor $own --policy valid.yaml --validators validators --json
answer '[.checks[] | select(.name | startswith("validator")) | .status] == ["failed", "ok", "failed"]'
match "not on Sundays"
expect 1 holdfast verify made/nitro.cbor $own --policy valid.yaml --validators validators --format pot
answer '.metadata.custom_validations == {"module": true, "never": false, "absent": false}'
expect 1 holdfast verify made/nitro.cbor $own --policy valid.yaml

# A policy from a pipe is read once; validators that it names are not run, which is a refusal.
printf 'required_security_level: low\n' >pipe.yaml
mkfifo pipe
cat pipe.yaml >pipe &
expect 0 holdfast verify made/nitro.cbor $own --policy pipe
cat valid.yaml >pipe &
expect 1 holdfast verify made/nitro.cbor $own --policy pipe --validators validators
match "failed          validator module"
expect 66 holdfast verify made/nitro.cbor $own --policy stric
match_err 'did you mean "strict-2026-11"?'
