package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

const (
	largestJSON      = 128 * 1024
	mostJSONElements = 1024
	deepestJSON      = 16
	longestNumber    = 32
)

// jsonReader pulls tokens from encoding/json, which takes members that stand twice, and puts U+FFFD
// in the place of what is no UTF-8.
type jsonReader struct {
	decoder *json.Decoder
	left    int // containers, members and elements that may still come
}

// readJSON reads one document: map[string]any, []any, string, or nil for anything else.
func readJSON(document []byte) (any, error) {
	if !utf8.Valid(document) {
		return nil, errors.New("no UTF-8")
	}
	if !json.Valid(document) {
		return nil, errors.New("not the grammar of JSON")
	}
	reader := jsonReader{json.NewDecoder(bytes.NewReader(document)), mostJSONElements}
	reader.decoder.UseNumber()
	return reader.value(0)
}

func (r *jsonReader) value(depth int) (any, error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == deepestJSON {
			return nil, errors.New("nested too deep")
		}
		if err := r.count(); err != nil {
			return nil, err
		}
		if token == '{' {
			return r.object(depth + 1)
		}
		return r.array(depth + 1)
	case json.Number:
		return nil, checkNumber(token)
	case string:
		return token, nil
	}
	return nil, nil
}

// object reads members up to the closing brace.
func (r *jsonReader) object(depth int) (any, error) {
	members := map[string]any{}
	for r.decoder.More() {
		name, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		value, err := r.inner(len(members), depth)
		if err != nil {
			return nil, err
		}
		if err := insert(members, name.(string), value); err != nil {
			return nil, err
		}
	}
	_, err := r.decoder.Token()
	return members, err
}

// array reads elements up to the closing bracket.
func (r *jsonReader) array(depth int) (any, error) {
	elements := []any{}
	for r.decoder.More() {
		value, err := r.inner(len(elements), depth)
		if err != nil {
			return nil, err
		}
		elements = append(elements, value)
	}
	_, err := r.decoder.Token()
	return elements, err
}

// inner reads a value inside of a container, of which the first is counted with its container.
func (r *jsonReader) inner(before, depth int) (any, error) {
	if before > 0 {
		if err := r.count(); err != nil {
			return nil, err
		}
	}
	return r.value(depth)
}

func (r *jsonReader) count() error {
	if r.left--; r.left < 0 {
		return errTooMany
	}
	return nil
}

func checkNumber(number json.Number) error {
	if len(number) > longestNumber {
		return fmt.Errorf("a number of %d characters", len(number))
	}
	_, err := strconv.ParseFloat(number.String(), 64)
	return err
}
