package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// challenge is what every peer is given: a response to a challenge, whatever the test is about.
type challenge struct {
	payload []byte
	token   string
	roots   *x509.CertPool
	// order is nil where the test does not say what was ordered.
	order *order
}

// order is what was ordered, and who may answer.
type order struct {
	kind, value string
	anyDevice   bool
	// devices holds serial numbers and UDIDs; nil means the ordered device.
	devices []string
}

// notAskable is why a test cannot be put to a peer.
type notAskable string

func (why notAskable) Error() string { return string(why) }

const (
	otherCarrier    = notAskable("it is not about ACME attestations")
	noToken         = notAskable("no token is known that has the freshness code expected")
	noText          = notAskable("a token is text, and what is hashed is none")
	unchecked       = notAskable("freshness is not to be checked, and a peer always checks it")
	beforeClock     = notAskable("the time is before the year 2000")
	unreadableRoots = notAskable("crypto/x509 cannot read an anchor")
)

// codedText is the text whose SHA-256 is the freshness code of most chains: as a token, it makes
// an ACME challenge of a test that is about a chain alone.
const codedText = "appleattest.testing"

var clockBegins = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

type question struct {
	Type    string
	Time    time.Time
	Anchors [][]byte
	Token   string

	Chain    [][]byte
	Exactly  *[]byte
	SHA256Of *[]byte

	CBOR   []byte
	AttObj *string

	Payload     []byte
	PayloadText *string
	MayAnswer   json.RawMessage
	Identifier  struct{ Type, Value string }
}

// read makes a challenge of a test; the error is notAskable where none can be made.
func read(line []byte) (challenge, time.Time, error) {
	var kind struct{ Type string }
	if err := json.Unmarshal(line, &kind); err != nil {
		return challenge{}, time.Time{}, err
	}
	ask, about := map[string]func(question) (challenge, error){
		"ChainVerify":       ofChain,
		"AcmeVerify":        ofObject,
		"ChallengeValidate": ofResponse,
	}[kind.Type]
	if !about {
		return challenge{}, time.Time{}, otherCarrier
	}
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return challenge{}, time.Time{}, err
	}
	if asked.Time.Before(clockBegins) {
		return challenge{}, time.Time{}, beforeClock
	}
	made, err := ask(asked)
	if err == nil {
		made.roots, err = rootsOf(asked.Anchors)
	}
	return made, asked.Time, err
}

func ofChain(asked question) (challenge, error) {
	token, err := tokenOf(asked)
	if err != nil {
		return challenge{}, err
	}
	object, err := cbor.Marshal(map[string]any{
		"fmt": "apple", "attStmt": map[string]any{"x5c": asked.Chain},
	})
	if err != nil {
		return challenge{}, err
	}
	return ofObject(question{Token: token, CBOR: object})
}

func tokenOf(asked question) (string, error) {
	if asked.SHA256Of != nil {
		if !utf8.Valid(*asked.SHA256Of) {
			return "", noText
		}
		return string(*asked.SHA256Of), nil
	}
	if asked.Exactly == nil {
		return "", unchecked
	}
	if code := sha256.Sum256([]byte(codedText)); bytes.Equal(*asked.Exactly, code[:]) {
		return codedText, nil
	}
	return "", noToken
}

func ofObject(asked question) (challenge, error) {
	text := base64.RawURLEncoding.EncodeToString(asked.CBOR)
	if asked.AttObj != nil {
		text = *asked.AttObj
	}
	payload, err := json.Marshal(map[string]string{"attObj": text})
	return challenge{payload: payload, token: asked.Token}, err
}

func ofResponse(asked question) (challenge, error) {
	made := challenge{payload: asked.Payload, token: asked.Token}
	if asked.PayloadText != nil {
		made.payload = []byte(*asked.PayloadText)
	}
	made.order = &order{kind: asked.Identifier.Type, value: asked.Identifier.Value}
	var word string
	if json.Unmarshal(asked.MayAnswer, &word) != nil {
		made.order.devices = []string{}
		return made, json.Unmarshal(asked.MayAnswer, &made.order.devices)
	}
	made.order.anyDevice = word == "vouched-elsewhere"
	if word != "ordered" && !made.order.anyDevice {
		return challenge{}, fmt.Errorf("who may answer is %q", word)
	}
	return made, nil
}

// mayAnswer is what a server that knows its order would say of a device.
func (o *order) mayAnswer(serial, udid string) bool {
	devices := o.devices
	if devices == nil && o.kind == "permanent-identifier" && !strings.Contains(o.value, "/") {
		devices = []string{o.value}
	}
	for _, device := range devices {
		if device != "" && (device == serial || device == udid) {
			return true
		}
	}
	return o.anyDevice
}

func rootsOf(anchors [][]byte) (*x509.CertPool, error) {
	roots := x509.NewCertPool()
	for _, der := range anchors {
		root, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, unreadableRoots
		}
		roots.AddCert(root)
	}
	return roots, nil
}
