package main

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Tags of DER (X.690) that occur in certificates.
const (
	tagBoolean         = 0x01
	tagInteger         = 0x02
	tagBitString       = 0x03
	tagOctetString     = 0x04
	tagNull            = 0x05
	tagOID             = 0x06
	tagUTF8String      = 0x0c
	tagUTCTime         = 0x17
	tagGeneralizedTime = 0x18
	tagSequence        = 0x30
	tagSet             = 0x31
	tagVersion         = 0xa0 // [0] EXPLICIT
	tagExtensions      = 0xa3 // [3] EXPLICIT

	constructed   = 0x20
	classAndForm  = 0xe0
	longTagNumber = 0x1f
)

const deepestDER = 16

// element is one element of DER. raw has its tag and length, content has not.
type element struct {
	tag          byte
	content, raw []byte
}

// readElement reads the first element. A length has one encoding, the shortest.
func readElement(octets []byte) (element, []byte, error) {
	if len(octets) < 2 {
		return element{}, nil, errTruncated
	}
	if octets[0]&longTagNumber == longTagNumber {
		return element{}, nil, errors.New("a tag of several octets")
	}
	start, length := 2, int(octets[1])
	if length >= 0x80 {
		more := length - 0x80
		if more < 1 || more > 3 || len(octets) < 2+more {
			return element{}, nil, errors.New("a length that is indefinite, too long or truncated")
		}
		length = 0
		for _, octet := range octets[2 : 2+more] {
			length = length<<8 | int(octet)
		}
		if start += more; length < 0x80 || length>>(8*(more-1)) == 0 {
			return element{}, nil, errors.New("a length that is not the shortest")
		}
	}
	if length > len(octets)-start {
		return element{}, nil, errTruncated
	}
	end := start + length
	return element{octets[0], octets[start:end], octets[:end]}, octets[end:], nil
}

// readElements reads everything there is.
func readElements(octets []byte) ([]element, error) {
	var all []element
	for len(octets) > 0 {
		next, rest, err := readElement(octets)
		if err != nil {
			return nil, err
		}
		all = append(all, next)
		octets = rest
	}
	return all, nil
}

// onlyElement returns the content of the one element that the octets hold, in DER throughout.
func onlyElement(octets []byte, tag byte) ([]byte, error) {
	only, rest, err := readElement(octets)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, errors.New("octets follow the element")
	}
	if only.tag != tag {
		return nil, fmt.Errorf("tag %#x where %#x was expected", only.tag, tag)
	}
	return only.content, checkDER(only, 0)
}

// children returns the elements inside of one that must have this tag.
func (e element) children(tag byte) ([]element, error) {
	if e.tag != tag {
		return nil, fmt.Errorf("tag %#x where %#x was expected", e.tag, tag)
	}
	return readElements(e.content)
}

// checkDER refuses what is not DER, as far as tags tell: the content of an octet string or of an
// implicit tag can be anything.
func checkDER(e element, depth int) error {
	if depth > deepestDER {
		return errors.New("nested too deep")
	}
	if e.tag&constructed != 0 {
		return checkConstructed(e, depth)
	}
	switch e.tag {
	case tagSequence &^ constructed, tagSet &^ constructed:
		return errors.New("a primitive SEQUENCE or SET")
	case tagBoolean:
		return expect(len(e.content) == 1 && (e.content[0] == 0 || e.content[0] == 0xff), "BOOLEAN")
	case tagInteger:
		return expect(isInteger(e.content), "INTEGER")
	case tagBitString:
		return expect(isBitString(e.content), "BIT STRING")
	case tagNull:
		return expect(len(e.content) == 0, "NULL")
	case tagOID:
		return expect(isOID(e.content), "OBJECT IDENTIFIER")
	case tagUTF8String:
		return expect(utf8.Valid(e.content), "UTF8String")
	}
	return nil
}

func checkConstructed(e element, depth int) error {
	isUniversal := e.tag&classAndForm == constructed
	if isUniversal && e.tag != tagSequence && e.tag != tagSet {
		return errors.New("a string in pieces")
	}
	inner, err := readElements(e.content)
	if err != nil {
		return err
	}
	for _, each := range inner {
		if err := checkDER(each, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func expect(holds bool, what string) error {
	if !holds {
		return fmt.Errorf("%s that is not DER", what)
	}
	return nil
}

// isInteger demands the fewest octets, at least one.
func isInteger(content []byte) bool {
	if len(content) < 2 {
		return len(content) == 1
	}
	firstNineBits := int(content[0])<<1 | int(content[1])>>7
	return firstNineBits != 0 && firstNineBits != 0x1ff
}

// isBitString demands that unused bits be zero.
func isBitString(content []byte) bool {
	if len(content) == 0 || content[0] > 7 {
		return false
	}
	if len(content) == 1 {
		return content[0] == 0
	}
	return content[len(content)-1]&(1<<content[0]-1) == 0
}

// isOID demands that each arc have the fewest octets and an end.
func isOID(content []byte) bool {
	begins := true
	for _, octet := range content {
		if begins && octet == 0x80 {
			return false
		}
		begins = octet&0x80 == 0
	}
	return len(content) > 0 && begins
}
