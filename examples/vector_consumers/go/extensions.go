package main

import (
	"encoding/asn1"
	"errors"
	"strings"
)

// Extensions that a verifier of attestations has to understand (RFC 5280, section 4.2.1).
const (
	oidKeyUsage               = "2.5.29.15"
	oidBasicConstraints       = "2.5.29.19"
	oidNameConstraints        = "2.5.29.30"
	oidAuthorityKeyIdentifier = "2.5.29.35"

	arcCertificateExtensions = "2.5.29."
	arcPrivateExtensions     = "1.3.6.1.5.5.7.1."
)

type extension struct {
	critical bool
	value    []byte
}

// readExtensions splits the extensions and refuses one that stands twice: of two values, one
// reader takes the first and another the last.
func readExtensions(field []element) (map[string]extension, error) {
	all := map[string]extension{}
	if len(field) == 0 {
		return all, nil
	}
	malformed := refuse("malformed-certificate", "extensions that are none")
	wrapped, err := field[0].children(tagExtensions)
	if err != nil || len(wrapped) != 1 {
		return nil, malformed
	}
	each, err := wrapped[0].children(tagSequence)
	if err != nil {
		return nil, malformed
	}
	for _, encoded := range each {
		oid, found, err := readExtension(encoded)
		if err != nil {
			return nil, refuse("malformed-certificate", "extension %s: %v", oid, err)
		}
		if _, twice := all[oid]; twice {
			return nil, refuse("duplicate-extension", "%s", oid)
		}
		all[oid] = found
	}
	return all, nil
}

// readExtension reads SEQUENCE { OID, BOOLEAN DEFAULT FALSE, OCTET STRING }. DER leaves a default out.
func readExtension(encoded element) (string, extension, error) {
	parts, err := encoded.children(tagSequence)
	if err != nil || len(parts) < 2 || len(parts) > 3 {
		return "", extension{}, errors.New("not the parts of an extension")
	}
	var oid asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(parts[0].raw, &oid); err != nil {
		return "", extension{}, err
	}
	critical := len(parts) == 3
	if critical && !isTrue(parts[1]) {
		return oid.String(), extension{}, errors.New("a criticality that is not TRUE")
	}
	value := parts[len(parts)-1]
	if value.tag != tagOctetString {
		return oid.String(), extension{}, errors.New("a value that is no OCTET STRING")
	}
	return oid.String(), extension{critical, value.content}, checkValue(oid.String(), value.content)
}

// isTrue is for a BOOLEAN DEFAULT FALSE: where it stands, it is TRUE.
func isTrue(e element) bool { return e.tag == tagBoolean && e.content[0] == 0xff }

// checkValue demands DER of the extensions that RFC 5280 defines, also where crypto/x509 reads less.
// Apple's hold bare octets, and those that nobody knows hold anything.
func checkValue(oid string, value []byte) error {
	switch {
	case oid == oidBasicConstraints:
		return checkBasicConstraints(value)
	case oid == oidKeyUsage:
		_, err := keyUsageBits(value)
		return err
	case oid == oidAuthorityKeyIdentifier:
		return checkAuthorityKeyIdentifier(value)
	case strings.HasPrefix(oid, arcCertificateExtensions), strings.HasPrefix(oid, arcPrivateExtensions):
		return checkStandardValue(value)
	}
	return nil
}

// checkStandardValue demands one element of DER. Those that are lists have at least one member.
func checkStandardValue(value []byte) error {
	only, rest, err := readElement(value)
	if err != nil || len(rest) > 0 {
		return errors.New("not one element of DER")
	}
	if only.tag == tagSequence && len(only.content) == 0 {
		return errors.New("a list of nothing")
	}
	return checkDER(only, 0)
}

// checkAuthorityKeyIdentifier reads SEQUENCE { [0] key, [1] names, [2] serial number }, all optional.
func checkAuthorityKeyIdentifier(value []byte) error {
	content, err := onlyElement(value, tagSequence)
	if err != nil {
		return err
	}
	parts, err := readElements(content)
	for _, tag := range []byte{0x80, 0xa1, 0x82} {
		if len(parts) > 0 && parts[0].tag == tag {
			parts = parts[1:]
		}
	}
	if err == nil && len(parts) > 0 {
		err = errors.New("something else than the key, the names and the number of an issuer")
	}
	return err
}

// checkBasicConstraints reads SEQUENCE { BOOLEAN DEFAULT FALSE, INTEGER (0..MAX) OPTIONAL }.
func checkBasicConstraints(value []byte) error {
	content, err := onlyElement(value, tagSequence)
	if err != nil {
		return err
	}
	parts, err := readElements(content)
	if err != nil {
		return err
	}
	if len(parts) > 0 && parts[0].tag == tagBoolean {
		if !isTrue(parts[0]) {
			return errors.New("a default that is spelt out")
		}
		parts = parts[1:]
	} else if len(parts) > 0 {
		return errors.New("a path length without cA")
	}
	if len(parts) > 1 || len(parts) == 1 && (parts[0].tag != tagInteger || parts[0].content[0]&0x80 != 0) {
		return errors.New("something else than cA and a path length")
	}
	return nil
}

// keyUsageBits returns the bits of the value. DER trims zeros at the end of a list of named bits.
func keyUsageBits(value []byte) (asn1.BitString, error) {
	content, err := onlyElement(value, tagBitString)
	if err != nil {
		return asn1.BitString{}, err
	}
	bits := asn1.BitString{Bytes: content[1:], BitLength: 8*len(content[1:]) - int(content[0])}
	if bits.BitLength > 0 && bits.At(bits.BitLength-1) == 0 {
		return bits, errors.New("zeros that are not trimmed")
	}
	return bits, nil
}

// checkCritical refuses every critical extension but two. crypto/x509 processes some more, for
// purposes that no attestation has. Validators differ about name constraints, so none is accepted.
func checkCritical(extensions map[string]extension) error {
	for oid, each := range extensions {
		if oid == oidNameConstraints {
			return refuse("name-constraints", "name constraints")
		}
		if each.critical && oid != oidBasicConstraints && oid != oidKeyUsage {
			return refuse("critical-extension", "%s", oid)
		}
	}
	return nil
}
