package main

import (
	"bytes"
	"encoding/json"
	"errors"
)

// answerers says who may answer a challenge: devices, each by a serial number or UDID, or one of
// two words.
type answerers struct {
	word    string
	devices []string
}

func (a *answerers) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return json.Unmarshal(raw, &a.word)
	}
	return json.Unmarshal(raw, &a.devices)
}

// validateChallenge is for the response to a device-attest-01 challenge: JSON, attestation, device.
func validateChallenge(q question) (*attestation, error) {
	sent, err := attestationObjectIn(q)
	if err != nil {
		return nil, err
	}
	q.AttObj = &sent
	return verify(q, func(found *attestation) error { return checkAnswerer(found.Device, q) })
}

// attestationObjectIn returns the attObj of the response, which is base64url if it is valid.
// Members of other names are ignored.
func attestationObjectIn(q question) (string, error) {
	document := q.Payload
	if q.PayloadText != nil {
		document = []byte(*q.PayloadText)
	}
	if len(document) > largestJSON {
		return "", refuse("too-large", "%d octets of JSON", len(document))
	}
	value, err := readJSON(document)
	if err != nil {
		return "", refuse("malformed-json", "%v", err)
	}
	response, ok := value.(map[string]any)
	if !ok {
		return "", refuse("malformed-json", "no object")
	}
	member, present := response["attObj"]
	if !present {
		return "", refuse("no-attestation", "no attObj")
	}
	text, ok := member.(string)
	if !ok {
		return "", refuseElement("malformed-json", "attObj", "no text")
	}
	return text, nil
}

// checkAnswerer compares octet for octet. Apple attests no assigner and no hardware module, so an
// order for one of these names no device.
func checkAnswerer(device map[string]string, q question) error {
	if q.MayAnswer == nil || q.Identifier == nil {
		return errors.New("a challenge of nobody")
	}
	allowed := q.MayAnswer.devices
	switch q.MayAnswer.word {
	case "vouched-elsewhere":
		return nil
	case "ordered":
		ordered, err := parseIdentifier(q.Identifier.Type, q.Identifier.Value)
		if err != nil {
			return errors.New("an order without an identifier")
		}
		if ordered.kind == permanentIdentifier && ordered.oid == "" {
			allowed = []string{ordered.value}
		}
	}
	attested := 0
	for _, name := range []string{"serial_number", "udid"} {
		value, present := device[name]
		if !present {
			continue
		}
		attested++
		for _, each := range allowed {
			if each == value {
				return nil
			}
		}
	}
	if attested == 0 {
		return refuse("identifier-missing", "nothing that tells the device is attested")
	}
	return refuse("identifier-mismatch", "another device")
}
