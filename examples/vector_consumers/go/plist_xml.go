package main

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

var (
	// What encoding/xml hardly looks at. A document type with declarations of its own would decide
	// what the rest means.
	declaration = regexp.MustCompile(
		`^version=("1\.0"|'1\.0')(\s+encoding=("(?i:utf-8)"|'(?i:utf-8)'))?` +
			`(\s+standalone=("(yes|no)"|'(yes|no)'))?\s*$`)
	documentType = regexp.MustCompile(
		`^DOCTYPE\s+plist(\s+(SYSTEM|PUBLIC\s+"[-0-9A-Za-z ./:+]*")\s+"[!#-;=?-~]*")?\s*$`)

	integerPattern = regexp.MustCompile(`^[+-]?[0-9]{1,20}$`)
	realPattern    = regexp.MustCompile(`^[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?$`)
)

// xmlReader pulls tokens from encoding/xml, which checks that tags match, that characters are
// XML's, and that no entity is used but the five of XML.
type xmlReader struct {
	decoder *xml.Decoder
	left    int // elements that may still come
}

func readXMLList(document []byte) (any, error) {
	reader := &xmlReader{xml.NewDecoder(bytes.NewReader(document)), mostElements}
	if err := reader.root(); err != nil {
		return nil, err
	}
	value, err := reader.onlyValue()
	if err != nil {
		return nil, err
	}
	return value, reader.nothingMore()
}

// root reads up to and including <plist>.
func (r *xmlReader) root() error {
	for {
		token, err := r.token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local != "plist" {
				return errors.New("the root is no plist")
			}
			return nil
		case xml.Directive:
			if !documentType.Match(token) {
				return errors.New("a document type of another form")
			}
		}
	}
}

// onlyValue reads the one value of the list, and </plist>.
func (r *xmlReader) onlyValue() (any, error) {
	start, err := r.child()
	if err != nil {
		return nil, err
	}
	if start == nil {
		return nil, errors.New("no value")
	}
	value, err := r.value(start, 0)
	if err != nil {
		return nil, err
	}
	if another, err := r.child(); err != nil || another != nil {
		return nil, errors.Join(err, errors.New("not exactly one value"))
	}
	return value, nil
}

func (r *xmlReader) nothingMore() error {
	for {
		token, err := r.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, ok := token.(xml.CharData); !ok {
			return errors.New("something follows the list")
		}
	}
}

// token returns the next token outside of a scalar. Comments are passed over. Of processing
// instructions there is one, the declaration at the very beginning, though Go takes it anywhere.
func (r *xmlReader) token() (xml.Token, error) {
	for {
		offset := r.decoder.InputOffset()
		token, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.ProcInst:
			if token.Target != "xml" || offset != 0 || !declaration.Match(token.Inst) {
				return nil, errors.New("a processing instruction, or another declaration")
			}
			return token, nil
		case xml.CharData:
			if len(bytes.Trim(token, " \t\r\n")) > 0 {
				return nil, errors.New("text outside of a value")
			}
			return token, nil
		case xml.StartElement:
			if token.Name.Space != "" {
				return nil, errors.New("an element of a name space")
			}
			return token, nil
		case xml.Comment:
		default:
			return token, nil
		}
	}
}

// child returns the next element inside of a container, or nil at the container's end.
func (r *xmlReader) child() (*xml.StartElement, error) {
	for {
		token, err := r.token()
		if err != nil {
			return nil, unexpectedEnd(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if r.left--; r.left < 0 {
				return nil, errTooMany
			}
			return &token, nil
		case xml.EndElement:
			return nil, nil
		case xml.Directive:
			return nil, errors.New("a declaration inside of the list")
		}
	}
}

func (r *xmlReader) value(start *xml.StartElement, depth int) (any, error) {
	switch start.Name.Local {
	case "dict":
		return r.dictionary(depth + 1)
	case "array":
		return r.array(depth + 1)
	}
	text, err := r.text()
	if err != nil {
		return nil, err
	}
	return scalar(start.Name.Local, text)
}

func (r *xmlReader) dictionary(depth int) (any, error) {
	if depth > deepestList {
		return nil, errTooDeep
	}
	dictionary := map[string]any{}
	for {
		key, err := r.child()
		if err != nil || key == nil {
			return dictionary, err
		}
		if key.Name.Local != "key" {
			return nil, errors.New("a value without a key")
		}
		name, err := r.text()
		if err != nil {
			return nil, err
		}
		start, err := r.child()
		if err != nil {
			return nil, err
		}
		if start == nil {
			return nil, errors.New("a key without a value")
		}
		value, err := r.value(start, depth)
		if err != nil {
			return nil, err
		}
		if err := insert(dictionary, name, value); err != nil {
			return nil, err
		}
	}
}

func (r *xmlReader) array(depth int) (any, error) {
	if depth > deepestList {
		return nil, errTooDeep
	}
	array := []any{}
	for {
		start, err := r.child()
		if err != nil || start == nil {
			return array, err
		}
		value, err := r.value(start, depth)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
}

// text reads the characters of a scalar, and its end.
func (r *xmlReader) text() (string, error) {
	var text strings.Builder
	for {
		token, err := r.decoder.Token()
		if err != nil {
			return "", unexpectedEnd(err)
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			return text.String(), nil
		case xml.Comment:
		default:
			return "", errors.New("something else than text in a value")
		}
	}
}

func scalar(name, text string) (any, error) {
	switch name {
	case "string":
		return text, nil
	case "data":
		return decodeData(text)
	case "integer":
		return ignoredValue{}, matching(integerPattern.MatchString(text))
	case "real":
		return ignoredValue{}, matching(realPattern.MatchString(text))
	case "date":
		_, err := time.Parse("2006-01-02T15:04:05Z", text)
		return ignoredValue{}, err
	case "true", "false":
		return ignoredValue{}, matching(text == "")
	}
	return nil, fmt.Errorf("an element that is no value: %q", name)
}

func matching(matches bool) error {
	if !matches {
		return errors.New("a value that is not of its type")
	}
	return nil
}

// decodeData takes white space, as lines are broken, and nothing else beside canonical base64.
func decodeData(text string) ([]byte, error) {
	compact := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(text)
	return base64.StdEncoding.Strict().DecodeString(compact)
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
