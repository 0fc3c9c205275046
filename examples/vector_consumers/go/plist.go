package main

import (
	"bytes"
	"errors"
	"fmt"
)

const (
	mostElements = 1024
	deepestList  = 16
)

// ignoredValue stands for what a response's chain has no use for: a number, a date, a truth value.
type ignoredValue struct{}

var (
	errTooMany = errors.New("more elements than any response has")
	errTooDeep = errors.New("nested deeper than any response")
)

// readPropertyList reads XML or binary: map[string]any, []any, string, []byte or ignoredValue.
// What nobody needs is read as strictly as what is needed: readers differ about what follows it.
func readPropertyList(document []byte) (any, error) {
	if bytes.HasPrefix(document, []byte("bplist00")) {
		return readBinaryList(document)
	}
	return readXMLList(document)
}

// insert refuses a key that stands twice: one reader takes the first, another the last.
func insert(dictionary map[string]any, key string, value any) error {
	if _, twice := dictionary[key]; twice {
		return fmt.Errorf("the key %q stands twice", key)
	}
	dictionary[key] = value
	return nil
}
