package main

import (
	"encoding/json"
	"errors"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The identifiers of device attestation (draft-ietf-acme-device-attest, sections 3 and 4), each with
// the otherName that holds it (RFC 4043, section 2; RFC 4108, section 5).
const (
	permanentIdentifier = "permanent-identifier"
	hardwareModule      = "hardware-module"

	oidPermanentIdentifier = "1.3.6.1.5.5.7.8.3"
	oidHardwareModuleName  = "1.3.6.1.5.5.7.8.4"

	longestOID   = 64
	longestValue = 1024
)

// Go's $ is the very end of the text, and [0-9] is ASCII.
var dottedOID = regexp.MustCompile(
	`^(?:[01]\.[1-3]?[0-9]|2\.(?:0|[1-9][0-9]*))(?:\.(?:0|[1-9][0-9]*))*$`)

// identifier is equal to another if and only if == says so: octet for octet.
type identifier struct {
	kind, value, oid string
}

// identity is what is read of an identifier, in both of its forms.
type identity struct {
	Result string            `json:"result"`
	Parts  map[string]string `json:"parts"`
	Text   string            `json:"text"`
	DER    []byte            `json:"der"`
}

// readIdentifier reads one as text, as otherName, or as both, which must be the same.
func readIdentifier(q question) (*identity, error) {
	var found []identifier
	if q.Identifier != nil {
		ordered, err := parseIdentifier(q.Identifier.Type, q.Identifier.Value)
		if err != nil {
			return nil, err
		}
		found = append(found, ordered)
	}
	if q.OtherName != nil {
		shown, err := identifierInName(q.OtherName.OID, q.OtherName.Value)
		if err != nil {
			return nil, err
		}
		found = append(found, shown)
	}
	if len(found) == 0 {
		return nil, errors.New("a test without an identifier")
	}
	id := found[0]
	if id != found[len(found)-1] {
		return nil, refuse("identifier-mismatch", "two identifiers")
	}
	parts := map[string]string{"value": id.value}
	if id.oid != "" {
		parts[map[string]string{permanentIdentifier: "assigner", hardwareModule: "hwType"}[id.kind]] = id.oid
	}
	return &identity{"valid", parts, id.text(), id.otherName()}, nil
}

// parseIdentifier reads value, or value/OID.
func parseIdentifier(kind, text jsonText) (identifier, error) {
	if !kind.sound || !text.sound {
		return identifier{}, refuse("malformed-identifier", "half of a surrogate pair")
	}
	value, oid, slash := strings.Cut(text.value, "/")
	id := identifier{kind.value, value, oid}
	if slash && oid == "" {
		return id, refuse("malformed-identifier", "nothing after the slash")
	}
	return id, id.check()
}

// identifierInName reads the value of an otherName of one of the two types.
func identifierInName(oid string, value []byte) (identifier, error) {
	malformed := refuse("malformed-identifier", "an otherName that is not in its one encoding")
	content, err := onlyElement(value, tagSequence)
	if err != nil {
		return identifier{}, malformed
	}
	fields, err := readElements(content)
	if err != nil || len(fields) == 0 || len(fields) > 2 {
		return identifier{}, malformed
	}
	id := identifier{kind: permanentIdentifier}
	if oid == oidHardwareModuleName {
		id.kind = hardwareModule
		if len(fields) != 2 || fields[0].tag != tagOID || fields[1].tag != tagOctetString ||
			!utf8.Valid(fields[1].content) {
			return id, malformed
		}
		fields[0], fields[1] = fields[1], fields[0]
	} else if fields[0].tag != tagUTF8String || fields[len(fields)-1].tag != tagOID && len(fields) == 2 {
		return id, malformed
	}
	id.value = string(fields[0].content)
	if len(fields) == 2 {
		if len(fields[1].content) > longestOID {
			return id, malformed
		}
		id.oid = dotted(fields[1].content)
	}
	return id, id.check()
}

// check demands the grammar of an order, of which a name need not be: its value may hold a slash.
func (id identifier) check() error {
	switch {
	case id.kind != permanentIdentifier && id.kind != hardwareModule:
		return refuse("unsupported-identifier", "the type %q", id.kind)
	case id.value == "" || len(id.value) > longestValue || strings.Contains(id.value, "/"):
		return refuse("malformed-identifier", "the value %q", id.value)
	case id.oid == "" && id.kind == permanentIdentifier:
		return nil
	case !dottedOID.MatchString(id.oid) || len(encodeOID(id.oid)) > longestOID:
		return refuse("malformed-identifier", "the OID %q", id.oid)
	}
	return nil
}

func (id identifier) text() string {
	if id.oid == "" {
		return id.value
	}
	return id.value + "/" + id.oid
}

// otherName returns the value of the name, in DER.
func (id identifier) otherName() []byte {
	var oid []byte
	if id.oid != "" {
		oid = encode(tagOID, encodeOID(id.oid))
	}
	if id.kind == hardwareModule {
		return encode(tagSequence, append(oid, encode(tagOctetString, []byte(id.value))...))
	}
	return encode(tagSequence, append(encode(tagUTF8String, []byte(id.value)), oid...))
}

// encode writes an element of less than 64 KiB.
func encode(tag byte, content []byte) []byte {
	header := []byte{tag, byte(len(content))}
	switch {
	case len(content) > 0xff:
		header = []byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}
	case len(content) > 0x7f:
		header = []byte{tag, 0x81, byte(len(content))}
	}
	return append(header, content...)
}

// encodeOID is for a dotted OID of the grammar. Arcs have no bound, so encoding/asn1 is no help.
func encodeOID(text string) []byte {
	var content []byte
	arcs := strings.Split(text, ".")
	for i := 1; i < len(arcs); i++ {
		arc, _ := new(big.Int).SetString(arcs[i], 10)
		if i == 1 {
			first, _ := strconv.Atoi(arcs[0])
			arc.Add(arc, big.NewInt(int64(first)*40))
		}
		octets := []byte{byte(arc.Uint64() & 0x7f)}
		for arc.Rsh(arc, 7); arc.Sign() > 0; arc.Rsh(arc, 7) {
			octets = append([]byte{byte(arc.Uint64()&0x7f) | 0x80}, octets...)
		}
		content = append(content, octets...)
	}
	return content
}

// dotted is for the content of an OID that checkDER has accepted.
func dotted(content []byte) string {
	var arcs []string
	arc := new(big.Int)
	for _, octet := range content {
		arc.Lsh(arc, 7).Or(arc, big.NewInt(int64(octet&0x7f)))
		if octet&0x80 != 0 {
			continue
		}
		if len(arcs) == 0 {
			first := int64(2)
			if arc.IsInt64() {
				first = min(arc.Int64()/40, 2)
			}
			arcs = append(arcs, strconv.FormatInt(first, 10))
			arc.Sub(arc, big.NewInt(first*40))
		}
		arcs = append(arcs, arc.String())
		arc = new(big.Int)
	}
	return strings.Join(arcs, ".")
}

// jsonText is text that knows whether the JSON spelt it soundly: encoding/json replaces half of a
// surrogate pair by U+FFFD, unnoticed, and then it looks like any other character.
type jsonText struct {
	value string
	sound bool
}

func (t *jsonText) UnmarshalJSON(raw []byte) error {
	t.sound = !hasLoneSurrogate(raw)
	return json.Unmarshal(raw, &t.value)
}

func hasLoneSurrogate(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++ // past what is escaped, a backslash perhaps
		first, escaped := unitAt(raw, i)
		if !escaped {
			continue
		}
		i += 4
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, escaped := unitAt(raw, i+2)
		if !escaped || raw[i+1] != '\\' || utf16.DecodeRune(first, second) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// unitAt reads the u and the four digits of an escape.
func unitAt(raw []byte, at int) (rune, bool) {
	if at+5 > len(raw) || raw[at] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(raw[at+1:at+5]), 16, 16)
	return rune(unit), err == nil
}
