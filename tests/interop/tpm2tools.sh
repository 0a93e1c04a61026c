# shellcheck disable=SC2016 # for the shells and jq inside
# tpm2-tools on holdfast's TPM, through holdfast tpm pipe: keys, blobs, contexts and signatures go both ways.
. "$(dirname "$0")/../cli/lib.sh"

command -v tpm2_sign >/dev/null || { skip "tpm2-tools" "the package tpm2-tools is not installed"; exit 0; }
TPM2TOOLS_TCTI='cmd:exec holdfast tpm pipe'
export TPM2TOOLS_TCTI
printf 'the message' >m

# Ours, used by them.
check "a key is made" holdfast tpm create --alg ecc-p256 --out k.pem
check "tpm2_load takes its key file" tpm2_load -Q -r k.pem -c k.ctx
check "tpm2_sign signs with it" tpm2_sign -Q -c k.ctx -g sha256 -f plain -o s m
check "and we verify" holdfast tpm verify --key k.pem --in m --signature s
check "our context file is written" holdfast tpm load --key k.pem --context ours.ctx
check "tpm2_sign signs with it, too" tpm2_sign -Q -c ours.ctx -g sha256 -o s.tpm m
check "and we verify TPMT_SIGNATURE" holdfast tpm verify --key k.pem --in m --format tpm --signature s.tpm
check "we sign" holdfast tpm sign --key k.pem --in m --format tpm --out s.tpm
check "tpm2_verifysignature accepts it" tpm2_verifysignature -Q -c ours.ctx -g sha256 -m m -s s.tpm
check "we sign with rsapss" sh -c 'holdfast tpm create --alg rsa2048 --out r.pem && holdfast tpm sign --key r.pem --scheme rsapss --format tpm --in m --out r.tpm && holdfast tpm load --key r.pem --context r.ctx'
check "tpm2_verifysignature accepts it" tpm2_verifysignature -Q -c r.ctx -g sha256 -m m -s r.tpm
expect 1 tpm2_verifysignature -Q -c r.ctx -g sha256 -m k.pem -s r.tpm

# Theirs, used by us.
check "tpm2_createprimary" tpm2_createprimary -Q -C o -G ecc256 -c p.ctx
check "tpm2_create" tpm2_create -Q -C p.ctx -G ecc256 -u t.pub -r t.priv
expect 65 holdfast tpm load --public t.pub --private t.priv
match_err "another parent"
check "their blobs load under their primary" holdfast tpm load --public t.pub --private t.priv --parent p.ctx --context t.ctx
check "they sign with the context that we saved" tpm2_sign -Q -c t.ctx -g sha256 -o t.sig m
check "we sign with it" holdfast tpm sign --key t.ctx --in m --format tpm --out t2.sig
check "they verify" tpm2_verifysignature -Q -c t.ctx -g sha256 -m m -s t2.sig
check "their context file is read" sh -c 'tpm2_load -Q -C p.ctx -u t.pub -r t.priv -c t3.ctx && holdfast tpm verify --key t3.ctx --in m --format tpm --signature t.sig'
check "tpm2_evictcontrol makes their primary persistent" tpm2_evictcontrol -Q -C o -c p.ctx 0x81000050
check "their blobs become a key file" holdfast tpm load --public t.pub --private t.priv --parent 0x81000050 --out t.pem
check "with which we sign" holdfast tpm sign --key t.pem --in m --out t.der
check "tpm2_readpublic gives a PEM" sh -c 'tpm2_readpublic -Q -c t3.ctx -f pem -o t.pubpem && openssl dgst -sha256 -verify t.pubpem -signature t.der m'
check "a key that they make under the storage root key" sh -c 'tpm2_create -Q -C 0x81000001 -G rsa2048 -u u.pub -r u.priv && holdfast tpm load --public u.pub --private u.priv --out u.pem'
check "works as a key file" sh -c 'holdfast tpm sign --key u.pem --in m --out u.sig && holdfast tpm verify --key u.pem --in m --signature u.sig'

# Sealed data.
check "we seal" sh -c 'printf secret | holdfast tpm seal --out sealed.pem && holdfast tpm load --key sealed.pem --context sealed.ctx'
check "they unseal" sh -c 'test "$(tpm2_unseal -c sealed.ctx)" = secret'
check "they seal" sh -c 'printf theirs | tpm2_create -Q -C 0x81000001 -i - -u z.pub -r z.priv && holdfast tpm load --public z.pub --private z.priv --out z.pem'
check "we unseal" sh -c 'test "$(holdfast tpm unseal --in z.pem)" = theirs'

# Duplication: tpm2_duplicate for a parent of ours, and tpm2_import's own kind of key.
check "a parent for the duplicate" sh -c 'holdfast tpm primary --alg ecc-p256 --auth file:m --persist 0x81000051 && tpm2_readpublic -Q -c 0x81000051 -o other.pub'
check "a policy for duplicating" sh -c 'tpm2_startauthsession -S d.ses && tpm2_policycommandcode -Q -S d.ses -L d.pol TPM2_CC_Duplicate && tpm2_flushcontext d.ses'
check "a key under it" sh -c 'tpm2_create -Q -C 0x81000001 -G ecc256 -L d.pol -a "sensitivedataorigin|userwithauth|sign" -u d.pub -r d.priv && tpm2_load -Q -C 0x81000001 -u d.pub -r d.priv -c d.ctx && tpm2_loadexternal -Q -C o -u other.pub -c other.ctx'
check "tpm2_duplicate" sh -c 'tpm2_startauthsession --policy-session -S d2.ses && tpm2_policycommandcode -Q -S d2.ses TPM2_CC_Duplicate && tpm2_duplicate -Q -C other.ctx -c d.ctx -G null -p session:d2.ses -r dup.priv -s dup.seed; e=$?; tpm2_flushcontext d2.ses; exit $e'
check "we import what they duplicated" holdfast tpm load --public d.pub --private dup.priv --seed dup.seed --parent 0x81000051 --parent-auth file:m --context dup.ctx
check "it is the same key" sh -c 'holdfast tpm sign --key dup.ctx --in m --out d.sig && holdfast tpm verify --key d.pub --in m --signature d.sig'

# The pipe keeps clients apart, ends with its input, and does not start itself.
check "tpm2_getcap lists no leftovers" sh -c 'test -z "$(tpm2_getcap handles-transient)"'
check "a command that is no TPM command ends it" sh -c 'printf nonsense.nonsense | holdfast tpm pipe >answer; test $? = 65 && ! test -s answer'
check "an input that ends inside a command" sh -c 'printf "\200\001\000" | holdfast tpm pipe >answer; test $? = 65'
unset HOLDFAST_TPM
check "the pipe does not look at the variable that started it" sh -c 'timeout 20 tpm2_getrandom 8 >random && test -s random'
