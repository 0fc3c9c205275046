package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"errors"
)

const (
	largestRequest = 8 * 1024

	tagAttributes = 0xa0 // [0] IMPLICIT

	oidExtensionRequest = "1.2.840.113549.1.9.14"
	oidSubjectAltName   = "2.5.29.17"
	oidExtendedKeyUsage = "2.5.29.37"

	bitKeyCertSign = 5
	bitCRLSign     = 6
)

// algorithmECKey is how the AlgorithmIdentifier of a key on an elliptic curve begins.
const algorithmECKey = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"

// purposes are the extended key usages with which nobody speaks for others.
var purposes = map[string]bool{
	"1.3.6.1.5.5.7.3.1":  true, // server
	"1.3.6.1.5.5.7.3.2":  true, // client
	"1.3.6.1.5.5.7.3.4":  true, // e-mail
	"1.3.6.1.5.5.7.3.14": true, // EAP over LAN
	"1.3.6.1.5.5.7.3.17": true, // IKE
}

// issuable is what may be issued for a request.
type issuable struct {
	Result     string `json:"result"`
	FoundIn    string `json:"foundIn"`
	Names      []name `json:"names"`
	SPKISHA256 string `json:"spkiSha256"`
}

// request is a CertificationRequest (RFC 2986), split.
type request struct {
	info, subject, key, attributes, algorithm, signature element
}

// validateRequest is for the request of a finalize: DER, key, signature, extensions, names.
func validateRequest(q question) (*issuable, error) {
	encoded, err := requestOctets(q)
	if err != nil {
		return nil, err
	}
	found, err := splitRequest(encoded)
	if err != nil {
		return nil, refuse("malformed-csr", "%v", err)
	}
	if err := checkRequestKey(found, q.AttestedKey); err != nil {
		return nil, err
	}
	extensions, err := requestedExtensions(found.attributes)
	if err != nil {
		return nil, err
	}
	alternatives, err := alternativeNames(extensions)
	if err != nil {
		return nil, err
	}
	subject, err := subjectNames(found.subject)
	if err != nil {
		return nil, err
	}
	ordered, err := parseIdentifier(q.Identifier.Type, q.Identifier.Value)
	if err != nil {
		return nil, errors.New("an order without an identifier")
	}
	expected := expectation{ordered, q.Binding, q.AllowedNames}
	foundIn, err := expected.judge(subject, alternatives)
	if err != nil {
		return nil, err
	}
	return &issuable{
		Result:     "valid",
		FoundIn:    foundIn,
		Names:      plain(append(subject, alternatives...)),
		SPKISHA256: hex.EncodeToString(digest(q.AttestedKey)),
	}, nil
}

func requestOctets(q question) ([]byte, error) {
	if q.CSRText != nil {
		octets, err := decodeBase64URL(*q.CSRText, largestRequest)
		if err != nil {
			return nil, refuse("malformed-csr", "%v", err)
		}
		return octets, nil
	}
	if len(q.CSR) > largestRequest {
		return nil, refuse("malformed-csr", "%d octets of request", len(q.CSR))
	}
	return q.CSR, nil
}

func splitRequest(encoded []byte) (*request, error) {
	content, err := onlyElement(encoded, tagSequence)
	if err != nil {
		return nil, err
	}
	parts, err := readElements(content)
	if err != nil || len(parts) != 3 || !isWholeOctets(parts[2]) {
		return nil, errors.New("not the three parts of a request")
	}
	fields, err := parts[0].children(tagSequence)
	if err != nil || len(fields) != 4 || !bytes.Equal(fields[0].raw, []byte{tagInteger, 1, 0}) {
		return nil, errors.New("not the four fields of version 1")
	}
	if err := errors.Join(checkName(fields[1]), checkSorted(fields[3], tagAttributes)); err != nil {
		return nil, err
	}
	return &request{parts[0], fields[1], fields[2], fields[3], parts[1], parts[2]}, nil
}

// checkSorted demands the order of a SET OF, which DER defines by the octets.
func checkSorted(set element, tag byte) error {
	members, err := set.children(tag)
	for i := 1; err == nil && i < len(members); i++ {
		if bytes.Compare(members[i-1].raw, members[i].raw) > 0 {
			err = errors.New("a SET OF that is not in order")
		}
	}
	return err
}

// checkRequestKey demands the attested key, and a signature of it: whoever knows a public key alone
// gets no certificate for it.
func checkRequestKey(r *request, attestedKey []byte) error {
	shown, err := requestKey(r.key)
	if err != nil {
		return err
	}
	attested, err := x509.ParsePKIXPublicKey(attestedKey)
	if err != nil {
		return errors.New("an attested key that is none")
	}
	if shown == nil || !shown.Equal(attested) {
		return refuse("key-mismatch", "another key than the attested one")
	}
	signed := digestFor(r.algorithm, r.info.raw)
	if signed == nil || !ecdsa.VerifyASN1(shown, signed, r.signature.content[1:]) {
		return refuse("bad-csr-signature", "no signature of the key over this request")
	}
	return nil
}

// digestFor returns nil unless the algorithm is on the list of those of certificates.
func digestFor(algorithm element, signed []byte) []byte {
	switch string(algorithm.raw) {
	case signatureAlgorithms[0]:
		return digest(signed)
	case signatureAlgorithms[1]:
		sum := sha512.Sum384(signed)
		return sum[:]
	case signatureAlgorithms[2]:
		sum := sha512.Sum512(signed)
		return sum[:]
	}
	return nil
}

// requestKey is nil for a key that cannot be an attested one.
func requestKey(key element) (*ecdsa.PublicKey, error) {
	parts, err := key.children(tagSequence)
	if err != nil || len(parts) != 2 || parts[0].tag != tagSequence || !isWholeOctets(parts[1]) {
		return nil, refuse("malformed-csr", "a public key that is none")
	}
	if !bytes.HasPrefix(parts[0].content, []byte(algorithmECKey)) {
		return nil, nil
	}
	named, err := onlyElement(parts[0].content[len(algorithmECKey):], tagOID)
	if err != nil {
		return nil, refuse("malformed-csr", "a curve that is not named (RFC 5480, section 2.1.1)")
	}
	curve := map[string]elliptic.Curve{
		"1.2.840.10045.3.1.7": elliptic.P256(), "1.3.132.0.34": elliptic.P384(),
	}[dotted(named)]
	if curve == nil {
		return nil, nil
	}
	point := parts[1].content[1:]
	x, y := elliptic.UnmarshalCompressed(curve, point)
	if len(point) > 0 && point[0] == 4 {
		x, y = elliptic.Unmarshal(curve, point)
	}
	if x == nil {
		return nil, refuse("malformed-csr", "no point of the curve")
	}
	return &ecdsa.PublicKey{Curve: curve, X: x, Y: y}, nil
}

// requestedExtensions takes the extensions out of the one value of the one extensionRequest. A second
// one is what a CA might issue from, and other attributes nobody has looked at.
func requestedExtensions(attributes element) (map[string][]byte, error) {
	malformed := refuse("malformed-csr", "not one extensionRequest of one value")
	all, _ := attributes.children(tagAttributes)
	if len(all) == 0 {
		return nil, nil
	}
	for _, each := range all {
		parts, err := each.children(tagSequence)
		if err != nil || len(parts) == 0 || parts[0].tag != tagOID {
			return nil, malformed
		}
		if dotted(parts[0].content) != oidExtensionRequest {
			return nil, refuse("unexpected-extension", "another attribute")
		}
	}
	parts, _ := all[0].children(tagSequence)
	if len(all) != 1 || len(parts) != 2 {
		return nil, malformed
	}
	values, err := parts[1].children(tagSet)
	if err != nil || len(values) != 1 {
		return nil, malformed
	}
	encoded, err := values[0].children(tagSequence)
	if err != nil {
		return nil, malformed
	}
	extensions := map[string][]byte{}
	for _, each := range encoded {
		oid, value, err := requestedExtension(each)
		if err != nil {
			return nil, err
		}
		if _, twice := extensions[oid]; twice {
			return nil, refuse("malformed-csr", "an extension that stands twice")
		}
		extensions[oid] = value
	}
	return extensions, nil
}

// requestedExtension judges one extension; names are judged later.
func requestedExtension(encoded element) (string, []byte, error) {
	parts, err := encoded.children(tagSequence)
	if err != nil || len(parts) == 0 || parts[0].tag != tagOID {
		return "", nil, refuse("malformed-csr", "an extension that is none")
	}
	oid := dotted(parts[0].content)
	powers, allowed := map[string]func([]byte) (bool, error){
		oidSubjectAltName:   func([]byte) (bool, error) { return false, nil },
		oidKeyUsage:         signsCertificates,
		oidBasicConstraints: isAuthority,
		oidExtendedKeyUsage: hasOtherPurpose,
	}[oid]
	if !allowed {
		return oid, nil, refuse("unexpected-extension", "%s", oid)
	}
	value := parts[len(parts)-1]
	if len(parts) > 3 || len(parts) == 3 && !isTrue(parts[1]) || value.tag != tagOctetString {
		return oid, nil, refuse("malformed-csr", "an extension that is none")
	}
	power, err := powers(value.content)
	if err != nil {
		return oid, nil, refuse("malformed-csr", "%s: %v", oid, err)
	}
	if power {
		return oid, nil, refuse("unexpected-extension", "the power of %s", oid)
	}
	return oid, value.content, nil
}

func signsCertificates(value []byte) (bool, error) {
	bits, err := keyUsageBits(value)
	return bits.At(bitKeyCertSign)|bits.At(bitCRLSign) == 1, err
}

func isAuthority(value []byte) (bool, error) {
	return len(value) > 2, checkBasicConstraints(value)
}

func hasOtherPurpose(value []byte) (bool, error) {
	content, err := onlyElement(value, tagSequence)
	if err != nil {
		return false, err
	}
	usages, err := readElements(content)
	if err != nil || len(usages) == 0 {
		return false, errors.New("no purposes")
	}
	other := false
	for _, each := range usages {
		if each.tag != tagOID {
			return false, errors.New("a purpose that is none")
		}
		other = other || !purposes[dotted(each.content)]
	}
	return other, nil
}
