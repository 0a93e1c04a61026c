# python3-tpm2-pytss, a third reader of key files.
. "$(dirname "$0")/../cli/lib.sh"

/usr/bin/python3 -c 'import tpm2_pytss' 2>/dev/null || { skip "pytss" "the package python3-tpm2-pytss is not installed"; exit 0; }
cat >use.py <<'PY'
import sys
from tpm2_pytss import *
from tpm2_pytss.tsskey import TSSPrivKey

pem, message, signature = sys.argv[1:]
ectx = ESAPI("cmd:exec holdfast tpm pipe")
handle = TSSPrivKey.from_pem(open(pem, "rb").read()).load(ectx)
digest, ticket = ectx.hash(open(message, "rb").read(), TPM2_ALG.SHA256, ESYS_TR.OWNER)
scheme = TPMT_SIG_SCHEME(scheme=TPM2_ALG.ECDSA)
scheme.details.any.hashAlg = TPM2_ALG.SHA256
sig = ectx.sign(handle, digest, scheme, TPMT_TK_HASHCHECK(tag=TPM2_ST.HASHCHECK, hierarchy=TPM2_RH.OWNER))
ectx.flush_context(handle)
open(signature, "wb").write(sig.marshal())
PY
cat >make.py <<'PY'
import sys
from tpm2_pytss import *
from tpm2_pytss.tsskey import TSSPrivKey

ectx = ESAPI("cmd:exec holdfast tpm pipe")
open(sys.argv[1], "wb").write(TSSPrivKey.create_ecc(ectx).to_pem())
PY
printf 'the message' >m
check "a key of ours" holdfast tpm create --alg ecc-p256 --out k.pem
check "pytss loads it and signs" /usr/bin/python3 use.py k.pem m s.tpm
check "and we verify" holdfast tpm verify --key k.pem --in m --format tpm --signature s.tpm
check "pytss makes a key" /usr/bin/python3 make.py theirs.pem
check "we sign with it" holdfast tpm sign --key theirs.pem --in m --out s
check "and verify" holdfast tpm verify --key theirs.pem --in m --signature s
