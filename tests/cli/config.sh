# The configuration file: precedence, places, secrets, bad files.
. "$(dirname "$0")/lib.sh"

expect 0 holdfast config default
cp "$out" config.yaml
expect 0 holdfast config check config.yaml
match "config.yaml is good"
expect 0 holdfast config check
match "there is no configuration file"

# The file says where the TPM is; the environment goes before it, and the option before that.
printf 'tpm: {uri: "device:/dev/no-such-tpm"}\n' >device.yaml
expect 69 env -u HOLDFAST_TPM holdfast --config device.yaml tpm random
match_err "/dev/no-such-tpm"
expect 0 holdfast --config device.yaml tpm random
expect 0 env -u HOLDFAST_TPM holdfast --config device.yaml --tpm embedded tpm random
expect 69 env -u HOLDFAST_TPM HOLDFAST_CONFIG=device.yaml holdfast tpm random
mkdir -p conf/holdfast && cp device.yaml conf/holdfast/config.yaml
expect 69 env -u HOLDFAST_TPM XDG_CONFIG_HOME="$PWD/conf" holdfast tpm random
expect 0 env -u HOLDFAST_TPM XDG_CONFIG_HOME="$PWD/conf" holdfast config show --json
answer '.tpm.uri == "device:/dev/no-such-tpm"'
printf 'state: %s/elsewhere\n' "$PWD" >state.yaml
expect 0 env -u HOLDFAST_STATE holdfast --config state.yaml tpm create --alg ecc-p256 --out k.pem
check "the state is where the file says" test -d elsewhere/tpm

# Bad files say the line, and stop every command but help.
printf 'tpm:\n  devise: /dev/tpm0\n' >bad.yaml
expect 78 holdfast --config bad.yaml tpm random
match_err "line 2"
match_err "devise"
expect 78 holdfast config check bad.yaml
expect 0 holdfast --config bad.yaml version
expect 66 holdfast --config nowhere.yaml tpm random
match_err "nowhere.yaml"

# Authorizations come from where the file says.
printf 'owner secret' >owner
expect 0 holdfast tpm auth owner --new file:owner
expect 77 holdfast tpm nv define 0x01500020 --size 8
printf 'tpm: {owner_auth: "file:%s/owner"}\n' "$PWD" >auth.yaml
expect 0 holdfast --config auth.yaml tpm nv define 0x01500020 --size 8
printf 'tpm: {owner_auth: "credential:owner"}\n' >credential.yaml
mkdir -m 700 credentials && cp owner credentials/
expect 0 env CREDENTIALS_DIRECTORY="$PWD/credentials" holdfast --config credential.yaml tpm nv define 0x01500021 --size 8
expect 64 holdfast --config credential.yaml tpm nv define 0x01500022 --size 8
match_err "CREDENTIALS_DIRECTORY"

# A secret in the file itself: only where nobody else can read it, and never without a warning.
printf 'tpm: {owner_auth: "owner secret"}\n' >literal.yaml
chmod 644 literal.yaml
expect 78 holdfast --config literal.yaml tpm nv define 0x01500022 --size 8
match_err "chmod 600"
chmod 600 literal.yaml
expect 0 holdfast --config literal.yaml tpm nv define 0x01500022 --size 8
match_err "warning"
expect 3 holdfast config check literal.yaml
expect 0 holdfast config show literal.yaml
mismatch "owner secret"

# The lockout authorization too.
expect 0 holdfast tpm auth lockout --new file:owner
printf 'tpm: {lock_auth: "file:%s/owner"}\n' "$PWD" >lock.yaml
expect 77 holdfast tpm lockout reset
expect 0 holdfast --config lock.yaml tpm lockout reset

# The appraisal policy in it is read as strictly as `holdfast verify --policy` reads it, beside any other group.
printf 'tpm: {uri: embedded}\nattestation_policy: {allowed_providers: [sgx]}\n' >appraisal.yaml
expect 0 holdfast config check appraisal.yaml
expect 0 holdfast policy check appraisal.yaml
printf 'attestation_policy:\n  allowed_provider: [sgx]\n' >appraisal.yaml
expect 78 holdfast config check appraisal.yaml
match_err 'line 2, column 3: unknown key "allowed_provider"; did you mean "allowed_providers"?'
