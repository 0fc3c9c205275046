package main

import "encoding/base64"

const (
	mostCertificates    = 5
	largestCertificate  = 4096
	largestChain        = 5 * 1024
	largestObject       = 16 * 1024
	largestPropertyList = 64 * 1024
)

// readResponse takes the chain out of MDM's response to a DeviceInformation command.
func readResponse(document []byte) ([][]byte, error) {
	if len(document) > largestPropertyList {
		return nil, refuse("too-large", "%d octets of property list", len(document))
	}
	top, err := readPropertyList(document)
	if err != nil {
		return nil, refuse("malformed-plist", "%v", err)
	}
	response, ok := top.(map[string]any)
	if !ok {
		return nil, refuse("malformed-plist", "no dictionary")
	}
	if response["Status"] != "Acknowledged" {
		return nil, refuse("not-acknowledged", "the status is another")
	}
	answers, present := response["QueryResponses"]
	if !present {
		return nil, refuse("no-attestation", "no QueryResponses")
	}
	queries, ok := answers.(map[string]any)
	if !ok {
		return nil, refuse("malformed-plist", "QueryResponses is no dictionary")
	}
	chain, present := queries["DevicePropertiesAttestation"]
	if !present {
		return nil, refuse("no-attestation", "no DevicePropertiesAttestation")
	}
	return octetStrings(chain, "malformed-plist")
}

// readAttestationObject takes the chain out of ACME's device-attest-01 response. Text is base64url
// and octets are CBOR: neither is ever tried as the other.
func readAttestationObject(q question) ([][]byte, error) {
	encoded := q.CBOR
	if q.AttObj != nil {
		var err error
		if encoded, err = decodeBase64URL(*q.AttObj, largestObject); err != nil {
			return nil, err
		}
	}
	if len(encoded) > largestObject {
		return nil, refuse("too-large", "%d octets of CBOR", len(encoded))
	}
	item, err := readCBOR(encoded)
	if err != nil {
		return nil, refuse("malformed-cbor", "%v", err)
	}
	object, ok := item.(map[string]any)
	if !ok {
		return nil, refuse("malformed-attestation-object", "no map")
	}
	format, present := object["fmt"]
	if !present {
		return nil, refuse("malformed-attestation-object", "no fmt")
	}
	if format != "apple" {
		return nil, refuse("unsupported-format", "%v", format)
	}
	statement, ok := object["attStmt"].(map[string]any)
	if !ok {
		return nil, refuse("malformed-attestation-object", "attStmt is no map")
	}
	return octetStrings(statement["x5c"], "malformed-attestation-object")
}

// decodeBase64URL is strict in what encoding/base64 is lenient in even when Strict: it skips line
// feeds. So the octets are encoded again, and must give the text.
func decodeBase64URL(text string, largest int) ([]byte, error) {
	if base64.RawURLEncoding.DecodedLen(len(text)) > largest {
		return nil, refuse("too-large", "%d characters of base64url", len(text))
	}
	octets, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodeToString(octets) != text {
		return nil, refuse("malformed-base64", "not canonical base64url")
	}
	return octets, nil
}

// octetStrings wants an array of nothing but octet strings.
func octetStrings(value any, malformed string) ([][]byte, error) {
	array, ok := value.([]any)
	if !ok {
		return nil, refuse(malformed, "the chain is no array")
	}
	if len(array) > mostCertificates {
		return nil, refuse("too-large", "%d certificates", len(array))
	}
	var chain [][]byte
	for _, each := range array {
		octets, ok := each.([]byte)
		if !ok {
			return nil, refuse(malformed, "a certificate that is no octets")
		}
		chain = append(chain, octets)
	}
	return counted(chain)
}

// counted refuses no certificates, and more than any device sends.
func counted(chain [][]byte) ([][]byte, error) {
	if len(chain) == 0 {
		return nil, refuse("no-attestation", "no certificate")
	}
	if len(chain) > mostCertificates {
		return nil, refuse("too-large", "%d certificates", len(chain))
	}
	together := 0
	for _, encoded := range chain {
		together += len(encoded)
		if len(encoded) > largestCertificate || together > largestChain {
			return nil, refuse("too-large", "%d octets of certificates", together)
		}
	}
	return chain, nil
}
