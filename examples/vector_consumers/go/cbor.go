package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

const deepestCBOR = 8

// CBOR's major types (RFC 8949, section 3.1).
const (
	cborUnsigned = iota
	cborNegative
	cborOctets
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple
)

var errTruncated = errors.New("truncated")

// ignoredItem stands for what an attestation object has no use for: a number, a simple value.
type ignoredItem struct{}

// readCBOR reads the one item that the octets hold: map[string]any, []any, string, []byte or
// ignoredItem. Refused are tags, indefinite lengths, keys that are no text or stand twice, what
// is nested too deep, and whatever follows the item.
func readCBOR(octets []byte) (any, error) {
	reader := cborReader{octets}
	item, err := reader.item(0)
	if err == nil && len(reader.rest) > 0 {
		err = errors.New("octets follow the item")
	}
	return item, err
}

type cborReader struct{ rest []byte }

// take returns the next octets. A count comes from the sender, so it is compared before anything
// is added to it or allocated for it.
func (r *cborReader) take(count uint64) ([]byte, error) {
	if count > uint64(len(r.rest)) {
		return nil, errTruncated
	}
	taken := r.rest[:count]
	r.rest = r.rest[count:]
	return taken, nil
}

// head reads the major type, the additional information and the number that it stands for.
func (r *cborReader) head() (major, information byte, number uint64, err error) {
	initial, err := r.take(1)
	if err != nil {
		return 0, 0, 0, err
	}
	major, information = initial[0]>>5, initial[0]&0x1f
	if information < 24 {
		return major, information, uint64(information), nil
	}
	if information > 27 {
		return 0, 0, 0, errors.New("an indefinite length, a break or a reserved value")
	}
	octets, err := r.take(1 << (information - 24))
	if err != nil {
		return 0, 0, 0, err
	}
	var padded [8]byte
	copy(padded[8-len(octets):], octets)
	return major, information, binary.BigEndian.Uint64(padded[:]), nil
}

func (r *cborReader) item(depth int) (any, error) {
	major, information, number, err := r.head()
	if err != nil {
		return nil, err
	}
	if (major == cborArray || major == cborMap) && depth == deepestCBOR {
		return nil, errors.New("nested too deep")
	}
	switch major {
	case cborUnsigned, cborNegative:
		return ignoredItem{}, nil
	case cborOctets:
		return r.take(number)
	case cborText:
		return r.text(number)
	case cborArray:
		return r.array(number, depth+1)
	case cborMap:
		return r.entries(number, depth+1)
	case cborTag:
		return nil, fmt.Errorf("tag %d", number)
	}
	if information == 24 && number < 32 {
		return nil, errors.New("a simple value in two octets that is none")
	}
	return ignoredItem{}, nil
}

func (r *cborReader) text(length uint64) (string, error) {
	octets, err := r.take(length)
	if err == nil && !utf8.Valid(octets) {
		err = errors.New("text that is not UTF-8")
	}
	return string(octets), err
}

func (r *cborReader) array(count uint64, depth int) ([]any, error) {
	array := []any{}
	for ; count > 0; count-- {
		item, err := r.item(depth)
		if err != nil {
			return nil, err
		}
		array = append(array, item)
	}
	return array, nil
}

func (r *cborReader) entries(count uint64, depth int) (map[string]any, error) {
	entries := map[string]any{}
	for ; count > 0; count-- {
		key, err := r.item(depth)
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, errors.New("a key that is not text")
		}
		if _, twice := entries[name]; twice {
			return nil, fmt.Errorf("the key %q stands twice", name)
		}
		if entries[name], err = r.item(depth); err != nil {
			return nil, err
		}
	}
	return entries, nil
}
