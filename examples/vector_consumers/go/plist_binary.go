package main

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

const binaryTrailer = 32

// binaryReader reads the objects of a binary property list: `bplist00`, objects, a table of their
// offsets, a trailer. Objects refer to each other by number, so that few octets can describe a
// list without end: references are counted each time they are followed.
type binaryReader struct {
	document      []byte // without the trailer
	offsetSize    int
	referenceSize int
	objects       uint64
	table         uint64 // where the offset table begins: objects end there
	left          int    // elements that may still come
	octetsLeft    int    // octets of text and data that may still come: objects can overlap
}

func readBinaryList(document []byte) (any, error) {
	if len(document) < len("bplist00")+binaryTrailer {
		return nil, errTruncated
	}
	body := document[:len(document)-binaryTrailer]
	trailer := document[len(body):]
	reader := &binaryReader{
		document:      body,
		offsetSize:    int(trailer[6]),
		referenceSize: int(trailer[7]),
		objects:       binary.BigEndian.Uint64(trailer[8:]),
		table:         binary.BigEndian.Uint64(trailer[24:]),
		left:          mostElements,
		octetsLeft:    largestPropertyList,
	}
	sizes := [2]int{reader.offsetSize, reader.referenceSize}
	if min(sizes[0], sizes[1]) < 1 || max(sizes[0], sizes[1]) > 8 {
		return nil, errors.New("a trailer with impossible sizes")
	}
	if reader.objects == 0 || reader.objects > mostElements {
		return nil, errTooMany
	}
	tableSize := reader.objects * uint64(reader.offsetSize)
	if size := uint64(len(body)); tableSize > size || reader.table != size-tableSize {
		return nil, errors.New("a table of offsets that does not end where the trailer begins")
	}
	return reader.object(binary.BigEndian.Uint64(trailer[16:]), 0)
}

// at returns octets of the document; both numbers may be anything.
func (r *binaryReader) at(offset, count uint64) ([]byte, error) {
	size := uint64(len(r.document))
	if offset > size || count > size-offset {
		return nil, errTruncated
	}
	return r.document[offset : offset+count], nil
}

func (r *binaryReader) number(offset uint64, size int) (uint64, error) {
	octets, err := r.at(offset, uint64(size))
	if err != nil {
		return 0, err
	}
	var padded [8]byte
	copy(padded[8-len(octets):], octets)
	return binary.BigEndian.Uint64(padded[:]), nil
}

func (r *binaryReader) object(reference uint64, depth int) (any, error) {
	if r.left--; r.left < 0 {
		return nil, errTooMany
	}
	if reference >= r.objects {
		return nil, errors.New("a reference to no object")
	}
	offset, err := r.number(r.table+reference*uint64(r.offsetSize), r.offsetSize)
	if err != nil {
		return nil, err
	}
	if offset < uint64(len("bplist00")) || offset >= r.table {
		return nil, errors.New("an object outside of the objects' place")
	}
	octets, err := r.at(offset, 1)
	if err != nil {
		return nil, err
	}
	marker := octets[0]
	switch marker {
	case 0x08, 0x09: // false, true
		return ignoredValue{}, nil
	case 0x10, 0x11, 0x12, 0x13, 0x14, 0x22, 0x23: // integers and reals of 1 to 16 octets
		_, err := r.at(offset+1, 1<<(marker&0x0f))
		return ignoredValue{}, err
	case 0x33:
		return r.date(offset + 1)
	}
	return r.sized(marker>>4, marker&0x0f, offset+1, depth)
}

// date reads seconds since 2001, which must be in a year of four digits.
func (r *binaryReader) date(offset uint64) (any, error) {
	bits, err := r.number(offset, 8)
	seconds := math.Float64frombits(bits)
	const year1, year10000 = -63113904000, 252423993600
	if err == nil && !(seconds >= year1 && seconds < year10000) {
		err = errors.New("a date that is none")
	}
	return ignoredValue{}, err
}

// sized reads an object whose marker tells how many of something follow.
func (r *binaryReader) sized(kind, low byte, offset uint64, depth int) (any, error) {
	count, offset, err := r.count(low, offset)
	if err != nil {
		return nil, err
	}
	switch kind {
	case 0x4:
		return r.octets(offset, count)
	case 0x5:
		return r.ascii(offset, count)
	case 0x6:
		return r.utf16(offset, count)
	case 0xa:
		return r.array(offset, count, depth+1)
	case 0xd:
		return r.dictionary(offset, count, depth+1)
	}
	return nil, errors.New("an object of a kind that no response has")
}

// count returns how many, and where they start: 15 stands for an integer object that follows.
func (r *binaryReader) count(low byte, offset uint64) (uint64, uint64, error) {
	if low < 0x0f {
		return uint64(low), offset, nil
	}
	marker, err := r.at(offset, 1)
	if err != nil {
		return 0, 0, err
	}
	if marker[0]&^3 != 0x10 {
		return 0, 0, errors.New("a size that is no integer of up to eight octets")
	}
	size := 1 << (marker[0] & 3)
	count, err := r.number(offset+1, size)
	if err == nil && count > largestPropertyList {
		err = errTruncated
	}
	return count, offset + 1 + uint64(size), err
}

func (r *binaryReader) octets(offset, count uint64) ([]byte, error) {
	octets, err := r.at(offset, count)
	if r.octetsLeft -= len(octets); r.octetsLeft < 0 {
		return nil, errors.New("more octets than the document has")
	}
	return octets, err
}

func (r *binaryReader) ascii(offset, count uint64) (string, error) {
	octets, err := r.octets(offset, count)
	for _, octet := range octets {
		if octet >= utf8.RuneSelf {
			return "", errors.New("text that is not ASCII")
		}
	}
	return string(octets), err
}

func (r *binaryReader) utf16(offset, count uint64) (string, error) {
	octets, err := r.octets(offset, 2*count)
	if err != nil {
		return "", err
	}
	units := make([]uint16, count)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(octets[2*i:])
	}
	text := utf16.Decode(units)
	// Decode writes U+FFFD for half of a pair; encoded again it is no longer what it was.
	for i, unit := range utf16.Encode(text) {
		if units[i] != unit {
			return "", errors.New("half of a surrogate pair")
		}
	}
	return string(text), nil
}

func (r *binaryReader) reference(offset, index uint64) (uint64, error) {
	return r.number(offset+index*uint64(r.referenceSize), r.referenceSize)
}

func (r *binaryReader) follow(offset, index uint64, depth int) (any, error) {
	reference, err := r.reference(offset, index)
	if err != nil {
		return nil, err
	}
	return r.object(reference, depth)
}

func (r *binaryReader) array(offset, count uint64, depth int) (any, error) {
	if depth > deepestList {
		return nil, errTooDeep
	}
	array := []any{}
	for index := uint64(0); index < count; index++ {
		value, err := r.follow(offset, index, depth)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	return array, nil
}

func (r *binaryReader) dictionary(offset, count uint64, depth int) (any, error) {
	if depth > deepestList {
		return nil, errTooDeep
	}
	dictionary := map[string]any{}
	for index := uint64(0); index < count; index++ {
		key, err := r.follow(offset, index, depth)
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, errors.New("a key that is not text")
		}
		value, err := r.follow(offset, count+index, depth)
		if err != nil {
			return nil, err
		}
		if err := insert(dictionary, name, value); err != nil {
			return nil, err
		}
	}
	return dictionary, nil
}
