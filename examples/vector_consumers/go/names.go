package main

import (
	"encoding/base64"
	"regexp"
	"unicode/utf8"
)

const (
	tagPrintableString = 0x13
	tagIA5String       = 0x16

	tagOtherName = 0xa0 // [0] IMPLICIT, and [0] EXPLICIT inside

	oidCommonName   = "2.5.4.3"
	oidSerialNumber = "2.5.4.5"
	oidCountry      = "2.5.4.6"
	oidUserID       = "0.9.2342.19200300.100.1.1"
	longestCN       = 64
)

var (
	printable = regexp.MustCompile(`^[A-Za-z0-9 '()+,./:=?-]*$`)
	ascii     = regexp.MustCompile(`^[\x00-\x7f]*$`)
)

// name is one of a request, as the vectors write it. The value of an otherName is base64.
type name struct {
	Kind  string `json:"kind"`
	OID   string `json:"oid,omitempty"`
	Value string `json:"value"`
}

// shownName is a name with what is known of its place; id is the identifier in an otherName.
type shownName struct {
	name
	tag   byte
	inRDN int
	id    *identifier
}

func plain(names []shownName) []name {
	all := []name{}
	for _, each := range names {
		all = append(all, each.name)
	}
	return all
}

// subjectNames returns the attributes of a subject whose structure has been checked.
func subjectNames(subject element) ([]shownName, error) {
	var all []shownName
	sets, _ := subject.children(tagSequence)
	for _, set := range sets {
		if err := checkSorted(set, tagSet); err != nil {
			return nil, refuse("malformed-csr", "%v", err)
		}
		attributes, _ := set.children(tagSet)
		for _, each := range attributes {
			pair, _ := each.children(tagSequence)
			oid, value := dotted(pair[0].content), pair[1]
			if err := checkString(oid, value); err != nil {
				return nil, err
			}
			attribute := name{"attribute", oid, string(value.content)}
			all = append(all, shownName{attribute, value.tag, len(attributes), nil})
		}
	}
	return all, nil
}

// checkString demands one of three string types, and only characters that its type can hold.
func checkString(oid string, value element) error {
	length := len(value.content)
	fits := map[byte]bool{
		tagUTF8String:      utf8.Valid(value.content),
		tagPrintableString: printable.Match(value.content),
		tagIA5String:       ascii.Match(value.content),
	}
	fit, known := fits[value.tag]
	switch {
	case oid == oidCommonName && (length == 0 || length > longestCN), oid == oidCountry && length != 2:
		return refuse("malformed-csr", "a name of %d octets", length)
	case !known:
		return refuse("unexpected-name", "a string of type %#x", value.tag)
	case !fit:
		return refuse("malformed-csr", "a string with characters that its type cannot hold")
	}
	return nil
}

// alternativeNames returns the names of the subjectAltName, of which there is at least one.
func alternativeNames(extensions map[string][]byte) ([]shownName, error) {
	value, present := extensions[oidSubjectAltName]
	if !present {
		return nil, nil
	}
	content, err := onlyElement(value, tagSequence)
	if err != nil {
		return nil, refuse("malformed-csr", "%v", err)
	}
	encoded, err := readElements(content)
	if err != nil || len(encoded) == 0 {
		return nil, refuse("malformed-csr", "a subjectAltName without names")
	}
	var all []shownName
	for _, each := range encoded {
		found, err := alternativeName(each)
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	return all, nil
}

func alternativeName(encoded element) (shownName, error) {
	kinds := map[byte]string{0x81: "rfc822Name", 0x82: "dNSName", 0x86: "uniformResourceIdentifier"}
	kind, isText := kinds[encoded.tag]
	switch {
	case encoded.tag == tagOtherName:
		return otherName(encoded)
	case !isText:
		return shownName{}, refuse("unexpected-name", "a name of type %#x", encoded.tag)
	case !ascii.Match(encoded.content):
		return shownName{}, refuse("malformed-csr", "a name that is not ASCII")
	}
	return shownName{name: name{Kind: kind, Value: string(encoded.content)}}, nil
}

func otherName(encoded element) (shownName, error) {
	parts, err := encoded.children(tagOtherName)
	if err != nil || len(parts) != 2 || parts[0].tag != tagOID || parts[1].tag != tagOtherName {
		return shownName{}, refuse("malformed-csr", "an otherName that is none")
	}
	if _, rest, err := readElement(parts[1].content); err != nil || len(rest) > 0 {
		return shownName{}, refuse("malformed-csr", "an otherName that is not one element")
	}
	oid, value := dotted(parts[0].content), parts[1].content
	found := shownName{name: name{"otherName", oid, base64.StdEncoding.EncodeToString(value)}}
	if oid == oidPermanentIdentifier || oid == oidHardwareModuleName {
		id, err := identifierInName(oid, value)
		if err != nil {
			return found, err
		}
		found.id = &id
	}
	return found, nil
}

// expectation is what the names of a request must be.
type expectation struct {
	ordered identifier
	binding string
	allowed []name
}

// judge returns where the order's identifier is found, if every name is that or allowed.
func (e expectation) judge(subject, alternatives []shownName) (string, error) {
	var inSubject, inAlternatives bool
	for _, each := range alternatives {
		matches := each.id != nil && *each.id == e.ordered
		if err := e.check(each, matches, each.id != nil); err != nil {
			return "", err
		}
		inAlternatives = inAlternatives || matches
	}
	for _, each := range subject {
		identifies := each.OID == oidCommonName || each.OID == oidSerialNumber || each.OID == oidUserID
		matches := identifies && each.Value == e.ordered.text()
		if err := e.check(each, matches, identifies); err != nil {
			return "", err
		}
		inSubject = inSubject || matches && each.OID == oidCommonName
	}
	switch {
	case e.binding == "forbidden":
		return "nowhere", nil
	case inAlternatives:
		return "san", nil
	case e.binding == "san-required", e.binding == "cn-or-san" && !inSubject:
		return "", refuse("identifier-missing", "the order's identifier is not shown")
	case !inSubject:
		return "nowhere", nil
	}
	return "cn", checkCommonName(subject)
}

// check is for one name. What identifies a device is the order's, and where none may show, no device
// may: what is allowed beside it is that name and no other.
func (e expectation) check(shown shownName, matches, identifies bool) error {
	forbidden := e.binding == "forbidden"
	if matches && !forbidden {
		return nil
	}
	for _, each := range e.allowed {
		if each == shown.name && !matches {
			return nil
		}
	}
	if identifies && !forbidden {
		return refuse("identifier-mismatch", "%q is not the order's", shown.Value)
	}
	return refuse("unexpected-name", "%q", shown.Value)
}

// checkCommonName is for one that identifies the device: which counts must not depend on the reader.
func checkCommonName(subject []shownName) error {
	var found []shownName
	for _, each := range subject {
		if each.OID == oidCommonName {
			found = append(found, each)
		}
	}
	if len(found) != 1 || found[0].inRDN != 1 || found[0].tag == tagIA5String {
		return refuse("unexpected-name", "not the one common name")
	}
	return nil
}
