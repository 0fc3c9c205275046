// Command vectorconsumer verifies Apple Managed Device Attestation, as a server of MDM or of ACME has to,
// with nothing but Go's standard library, to show that the vectors need no particular implementation.
//
// It reads one JSON object for each test from standard input and answers each with one line:
//
//	python -m appleattest.testing.vectors run -- ./vectorconsumer
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"time"
)

// question is a test as the runner asks it. Octets are base64, which encoding/json decodes.
type question struct {
	Type    string
	Time    time.Time
	Anchors [][]byte

	// MdmVerify and MdmValidate
	Response       []byte
	Nonce          []byte
	PreviousNonces []sentNonce

	// MdmValidate; nil where any device may have sent it
	KnownDevice *knownDevice

	// AcmeVerify: one of the first two
	AttObj *string
	CBOR   []byte

	// AcmeVerify and ChallengeValidate
	Token string

	// ChallengeValidate: one of the first two
	PayloadText *string
	Payload     []byte
	MayAnswer   *answerers

	// ChainVerify
	Chain    [][]byte
	Exactly  []byte
	SHA256Of []byte

	// CsrValidate: one of the first two
	CSRText      *string
	CSR          []byte
	AttestedKey  []byte
	Binding      string
	AllowedNames []name

	// The first of these two in ChallengeValidate and CsrValidate; in IdentifierRead either, or both
	Identifier *struct {
		Type, Value jsonText
	}
	OtherName *struct {
		OID   string
		Value []byte
	}
}

// sentNonce is a nonce of an earlier command. The time is handed back as it came.
type sentNonce struct {
	Nonce  []byte
	SentAt string
}

type refused struct {
	Result  string `json:"result"`
	Reason  string `json:"reason"`
	Element string `json:"element,omitempty"`
}

// attestation is what a genuine one says, and of MdmValidate, what the device says beside it.
type attestation struct {
	Result      string            `json:"result"`
	Freshness   string            `json:"freshness"`
	RequestedAt string            `json:"requestedAt,omitempty"`
	SPKISHA256  string            `json:"spkiSha256"`
	Device      map[string]string `json:"device"`

	Discrepancies *[]discrepancy `json:"discrepancies,omitempty"`

	spki []byte // of the attested key, in DER
}

func main() {
	questions := json.NewDecoder(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		var q question
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		if err := answers.Encode(answerTo(q)); err != nil {
			log.Fatal(err)
		}
	}
}

// answerTo returns what was read of what is accepted, or why it is not.
func answerTo(q question) any {
	read, err := judge(q)
	if err == nil {
		return read
	}
	var why *refusal
	if !errors.As(err, &why) {
		log.Fatal(err) // the question itself cannot be understood
	}
	return refused{"invalid", why.reason, why.element}
}

func judge(q question) (any, error) {
	switch q.Type {
	case "ChallengeValidate":
		return validateChallenge(q)
	case "MdmValidate":
		return validateResponse(q)
	case "CsrValidate":
		return validateRequest(q)
	case "IdentifierRead":
		return readIdentifier(q)
	}
	return verify(q, anyDevice)
}
