# shellcheck disable=SC2086 # words, and names without spaces
# Plain openssl verifies what the TPM signs, by every scheme, and the TPM what openssl signs.
. "$(dirname "$0")/../cli/lib.sh"

command -v openssl >/dev/null || { skip "plain openssl" "the package openssl is not installed"; exit 0; }
printf 'the message' >m
for row in ecc-p256:sha256: ecc-p384:sha384: ecc-p521:sha512: ecc-p256:sha384: rsa2048:sha256:rsassa rsa2048:sha512:rsassa \
    rsa2048:sha256:rsapss rsa3072:sha384:rsapss; do
    alg=${row%%:*} rest=${row#*:}
    hash=${rest%%:*} scheme=${rest#*:}
    set -- --hash "$hash"
    [ -z "$scheme" ] || set -- "$@" --scheme "$scheme"
    pss=''
    [ "$scheme" != rsapss ] || pss='-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:auto'
    [ -f $alg.pem ] || check "a $alg key is made" holdfast tpm create --alg $alg --out $alg.pem
    [ -f $alg.pub ] || check "its public part is written" holdfast tpm show --key $alg.pem --out $alg.pub
    check "$row is signed" holdfast tpm sign --key $alg.pem --in m "$@" --out s
    check "openssl verifies $row" openssl dgst -$hash $pss -verify $alg.pub -signature s m
    expect 1 openssl dgst -$hash $pss -verify $alg.pub -signature s $alg.pub
    for format in raw tpm; do
        check "$row is signed as $format" holdfast tpm sign --key $alg.pem --in m "$@" --format $format --out s.$format
        check "$row verifies as $format" holdfast tpm verify --key $alg.pem --in m "$@" --format $format --signature s.$format
        check "$row verifies in the TPM as $format" holdfast tpm verify --in-tpm --key $alg.pem --in m "$@" --format $format --signature s.$format
    done
    [ "$scheme" != rsassa ] || check "the raw block of $row is what openssl takes" cmp s.raw s
done

openssl ecparam -name prime256v1 -genkey -noout -out outside.pem 2>/dev/null
openssl pkey -in outside.pem -pubout -out outside.pub
openssl dgst -sha256 -sign outside.pem -out s m
check "the TPM verifies openssl's signature" holdfast tpm verify --in-tpm --key outside.pub --in m --signature s
expect 1 holdfast tpm verify --in-tpm --key outside.pub --in outside.pub --signature s
check "an openssl key is imported" holdfast tpm import --in outside.pem --out in.pem
check "and signs" holdfast tpm sign --key in.pem --in m --out s
check "as openssl sees it" openssl dgst -sha256 -verify outside.pub -signature s m
check "an rsa key that decrypts is made" holdfast tpm create --alg rsa2048 --use decrypt --out d.pem
check "its public part is written" holdfast tpm show --key d.pem --out d.pub
check "openssl encrypts for it" openssl pkeyutl -encrypt -pubin -inkey d.pub -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -in m -out c
check "the TPM decrypts" holdfast tpm decrypt --key d.pem --in c --out back
check "what was encrypted" cmp m back
