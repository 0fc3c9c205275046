package main

import (
	"bytes"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	appleArc       = "1.2.840.113635.100.8."
	oidFreshness   = appleArc + "11.1"
	longestText    = 256
	longestInteger = 16
)

// property is one of those that Apple documents. Its value is not DER unless decode says so.
type property struct {
	oid, name string
	decode    func([]byte) (string, bool)
}

var properties = []property{
	{appleArc + "9.1", "serial_number", word},
	{appleArc + "9.2", "udid", word},
	{appleArc + "9.4", "software_update_device_id", word},
	{appleArc + "10.1", "os_version", text},
	{appleArc + "10.2", "sepos_version", text},
	{appleArc + "10.3", "llb_version", text},
	{appleArc + "13.1", "sip", integrityProtection},
	{appleArc + "13.2", "secure_boot", secureBoot},
	{appleArc + "13.3", "third_party_kexts", kernelExtensions},
}

// readProperties decodes what the leaf says of the device. What is absent or blank is left out:
// Apple did not vouch for it. What is neither blank nor well formed is never guessed at: it is left
// out as well, and refuses the attestation where it should tell which device it is.
func readProperties(leaf *certificate) (map[string]string, error) {
	device := map[string]string{}
	for _, each := range properties {
		value, ok := each.decode(leaf.extensions[each.oid].value)
		if !ok && identifies(each.oid) {
			return nil, refuse("malformed-property", "%s", each.oid)
		}
		if ok && value != "" {
			device[each.name] = value
		}
	}
	return device, nil
}

func identifies(oid string) bool { return oid == oidAttestedSerial || oid == oidAttestedUDID }

// text is bare printable UTF-8, "" when blank. unicode.IsPrint refuses control and format
// characters and every space but U+0020, whatever could hide in an identifier.
func text(value []byte) (string, bool) {
	if len(bytes.Trim(value, " ")) == 0 {
		return "", true
	}
	if len(value) > longestText || !utf8.Valid(value) {
		return "", false
	}
	found := string(value)
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if strings.IndexFunc(found, unprintable) >= 0 || strings.Trim(found, " ") != found {
		return "", false
	}
	return found, true
}

// word is text without any space.
func word(value []byte) (string, bool) {
	found, ok := text(value)
	return found, ok && !strings.Contains(found, " ")
}

// integer is an INTEGER in the one encoding that DER has for it; nil when there are no octets.
func integer(value []byte) (*big.Int, bool) {
	if len(value) == 0 {
		return nil, true
	}
	found, err := onlyElement(value, tagInteger)
	if err != nil || len(value) > longestInteger {
		return nil, false
	}
	number := new(big.Int).SetBytes(found)
	if found[0]&0x80 != 0 { // two's complement
		number.Sub(number, new(big.Int).Lsh(big.NewInt(1), uint(8*len(found))))
	}
	return number, true
}

func integrityProtection(value []byte) (string, bool) {
	number, ok := integer(value)
	switch {
	case number == nil:
		return "", ok
	case number.Sign() == 0:
		return "enabled", true
	case number.Cmp(big.NewInt(1)) == 0:
		return "disabled", true
	}
	return "unrecognized", true
}

func kernelExtensions(value []byte) (string, bool) {
	number, ok := integer(value)
	switch {
	case number == nil:
		return "", ok
	case number.Sign() == 0:
		return "none-allowed", true
	}
	return "some-allowed", true
}

func secureBoot(value []byte) (string, bool) {
	found, ok := text(value)
	switch found {
	case "":
		return "", ok
	case "Full Security":
		return "full", true
	case "Reduced Security":
		return "reduced", true
	case "Permissive Security":
		return "permissive", true
	}
	return "unrecognized", true
}
