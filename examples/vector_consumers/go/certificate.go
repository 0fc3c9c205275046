package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"time"
)

// certificate is one that was presented, or an anchor, of which every field has been looked at.
type certificate struct {
	parsed     *x509.Certificate
	extensions map[string]extension // by dotted OID
}

const longestSerial = 20

// The octets of what is accepted, since each has one encoding: ECDSA with SHA-256, 384 and 512
// (RFC 5758, section 3.2), and keys on named curves (RFC 5480).
var (
	signatureAlgorithms = []string{
		"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
		"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03",
		"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04",
	}
	attestedKeyAlgorithms = []string{
		"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", // P-256
		"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22",             // P-384
	}
	keyAlgorithms = append([]string{
		"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23", // P-521
	}, attestedKeyAlgorithms...)
)

// setAside is a certificate that decodes, and that is outside of the lists of what a path may have.
type setAside struct {
	parsed *x509.Certificate
	why    error
}

// readCertificates decodes every certificate presented, also those that no path needs: the answer
// must not depend on their order. Copies are left out; the first is the leaf. One of the others that is
// outside of the lists makes no path, and no attestation is refused because it is there.
func readCertificates(presented [][]byte) ([]*certificate, []setAside, error) {
	var all []*certificate
	var aside []setAside
	seen := map[string]bool{}
	for _, encoded := range presented {
		if seen[string(encoded)] {
			continue
		}
		seen[string(encoded)] = true
		accepted := keyAlgorithms
		if len(all) == 0 {
			accepted = attestedKeyAlgorithms
		}
		found, err := readCertificate(encoded, accepted)
		if err == nil {
			all = append(all, found)
			continue
		}
		parsed, malformed := x509.ParseCertificate(encoded)
		if len(all) == 0 || malformed != nil || !isOutsideLists(err) {
			return nil, nil, err
		}
		aside = append(aside, setAside{parsed, err})
	}
	return all, aside, nil
}

// isOutsideLists tells what is no defect of the encoding.
func isOutsideLists(err error) bool {
	var why *refusal
	return errors.As(err, &why) && (why.reason == "weak-algorithm" ||
		why.reason == "critical-extension" || why.reason == "name-constraints")
}

// orSetAside names what keeps a certificate with the name of the leaf's issuer from the path, if
// there is one: otherwise the path has failed for a reason of its own.
func orSetAside(failed error, leaf *certificate, aside []setAside) error {
	for _, each := range aside {
		if failed != nil && bytes.Equal(each.parsed.RawSubject, leaf.parsed.RawIssuer) {
			return each.why
		}
	}
	return failed
}

func readAnchors(encoded [][]byte) ([]*certificate, error) {
	var anchors []*certificate
	for _, each := range encoded {
		anchor, err := readCertificate(each, keyAlgorithms)
		if err != nil {
			return nil, err
		}
		anchors = append(anchors, anchor)
	}
	return anchors, nil
}

// readCertificate looks at the DER itself before crypto/x509 does, which is lenient about bits
// that no signature covers, times, serial numbers and DEFAULT values, and keeps no encodings.
func readCertificate(encoded []byte, keys []string) (*certificate, error) {
	malformed := func(err error) error { return refuse("malformed-certificate", "%v", err) }
	fields, err := splitCertificate(encoded)
	if err != nil {
		return nil, malformed(err)
	}
	if err := checkFields(fields); err != nil {
		return nil, malformed(err)
	}
	if err := checkAlgorithms(fields, keys); err != nil {
		return nil, err
	}
	extensions, err := readExtensions(fields.extensions)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(encoded)
	if err != nil {
		return nil, malformed(err)
	}
	if _, ok := parsed.PublicKey.(*ecdsa.PublicKey); !ok {
		return nil, malformed(errors.New("a key that is none"))
	}
	return &certificate{parsed, extensions}, checkCritical(extensions)
}

// certificateFields are the elements of a certificate (RFC 5280, section 4.1).
type certificateFields struct {
	version, serial, signed, issuer, validity, subject, key element

	extensions      []element // none, or one
	outer, sigValue element
}

func splitCertificate(encoded []byte) (*certificateFields, error) {
	content, err := onlyElement(encoded, tagSequence)
	if err != nil {
		return nil, err
	}
	parts, err := readElements(content)
	if err != nil {
		return nil, err
	}
	if len(parts) != 3 {
		return nil, errors.New("not the three parts of a certificate")
	}
	inner, err := parts[0].children(tagSequence)
	if err != nil {
		return nil, err
	}
	if len(inner) < 7 || len(inner) > 8 {
		return nil, errors.New("not the fields of a version 3 certificate")
	}
	return &certificateFields{
		version: inner[0], serial: inner[1], signed: inner[2], issuer: inner[3],
		validity: inner[4], subject: inner[5], key: inner[6], extensions: inner[7:],
		outer: parts[1], sigValue: parts[2],
	}, nil
}

func checkFields(fields *certificateFields) error {
	if !bytes.Equal(fields.version.raw, []byte{tagVersion, 3, tagInteger, 1, 2}) {
		return errors.New("not version 3")
	}
	serial := fields.serial
	if serial.tag != tagInteger || serial.content[0]&0x80 != 0 || len(serial.content) > longestSerial ||
		len(bytes.Trim(serial.content, "\x00")) == 0 {
		return errors.New("a serial number that is not of 1 to 20 positive octets")
	}
	if !bytes.Equal(fields.signed.raw, fields.outer.raw) {
		return errors.New("two signature algorithms")
	}
	if !isWholeOctets(fields.sigValue) {
		return errors.New("a signature of a fraction of an octet")
	}
	if err := errors.Join(checkName(fields.issuer), checkName(fields.subject)); err != nil {
		return err
	}
	return checkValidity(fields.validity)
}

func isWholeOctets(bits element) bool {
	return bits.tag == tagBitString && bits.content[0] == 0
}

// checkName demands the structure of a name: a SEQUENCE of SETs of attributes.
func checkName(name element) error {
	sets, err := name.children(tagSequence)
	if err != nil {
		return err
	}
	for _, set := range sets {
		if err := checkAttributes(set); err != nil {
			return err
		}
	}
	return nil
}

// checkAttributes wants at least one, and each of another type (X.501, section 9.3).
func checkAttributes(set element) error {
	attributes, err := set.children(tagSet)
	if err != nil {
		return err
	}
	types := map[string]bool{}
	for _, attribute := range attributes {
		pair, err := attribute.children(tagSequence)
		if err != nil || len(pair) != 2 || pair[0].tag != tagOID {
			return errors.New("a name with something else than attributes")
		}
		types[string(pair[0].content)] = true
	}
	if len(attributes) == 0 || len(types) < len(attributes) {
		return errors.New("a part of a name with no attribute, or with one twice")
	}
	return nil
}

var timeLayouts = map[byte]string{
	tagUTCTime:         "060102150405Z",
	tagGeneralizedTime: "20060102150405Z",
}

// checkValidity demands the two forms of RFC 5280, section 4.1.2.5. time.Parse alone takes fractions
// of a second, and crypto/x509 times without seconds and with an offset.
func checkValidity(validity element) error {
	times, err := validity.children(tagSequence)
	if err != nil || len(times) != 2 {
		return errors.New("a validity that is not two times")
	}
	for _, each := range times {
		layout, known := timeLayouts[each.tag]
		text := string(each.content)
		parsed, err := time.Parse(layout, text)
		if !known || err != nil || len(text) != len(layout) {
			return errors.New("a time that is none of RFC 5280")
		}
		if each.tag == tagGeneralizedTime && parsed.Year() < 2050 {
			return errors.New("a time before 2050 that is no UTCTime")
		}
	}
	return nil
}

// checkAlgorithms holds the algorithms against the lists above, and demands an uncompressed point, so
// that one key has one encoding. crypto/x509 accepts RSA, Ed25519 and P-224 as well.
func checkAlgorithms(fields *certificateFields, keys []string) error {
	if !isOneOf(fields.signed.raw, signatureAlgorithms) {
		return refuse("weak-algorithm", "signed with %x", fields.signed.raw)
	}
	parts, err := fields.key.children(tagSequence)
	if err != nil || len(parts) != 2 || !isWholeOctets(parts[1]) {
		return refuse("malformed-certificate", "a public key that is none")
	}
	if !isOneOf(parts[0].raw, keys) {
		return refuse("weak-algorithm", "a key of %x", parts[0].raw)
	}
	if !bytes.HasPrefix(parts[1].content, []byte{0, 4}) {
		return refuse("malformed-certificate", "a key that is no uncompressed point")
	}
	return nil
}

func isOneOf(octets []byte, accepted []string) bool {
	for _, each := range accepted {
		if string(octets) == each {
			return true
		}
	}
	return false
}
