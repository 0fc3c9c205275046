package main

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// verify runs the checks in order; the first that fails is the error. The last is whose device it is,
// and it is asked before freshness is refused: a genuine attestation of another device is the graver
// fact, and out of date is a common one.
func verify(q question, isAsked func(*attestation) error) (*attestation, error) {
	anchors, err := readAnchors(q.Anchors)
	if err != nil {
		return nil, err
	}
	presented, err := presentedBy(q)
	if err != nil {
		return nil, err
	}
	certificates, aside, err := readCertificates(presented)
	if err != nil {
		return nil, err
	}
	leaf := certificates[0]
	if err := orSetAside(checkPath(certificates, anchors, q.Time), leaf, aside); err != nil {
		return nil, err
	}
	if err := checkLeaf(leaf); err != nil {
		return nil, err
	}
	device, err := readProperties(leaf)
	if err != nil {
		return nil, err
	}
	freshness, requestedAt, stale := checkFreshness(leaf.extensions[oidFreshness].value, q)
	found := &attestation{
		Result:      "valid",
		Freshness:   freshness,
		RequestedAt: requestedAt,
		SPKISHA256:  hex.EncodeToString(digest(leaf.parsed.RawSubjectPublicKeyInfo)),
		Device:      device,
		spki:        leaf.parsed.RawSubjectPublicKeyInfo,
	}
	other := isAsked(found)
	if stale != nil && !isAnotherDevice(other) {
		return nil, stale
	}
	if other != nil {
		return nil, other
	}
	return found, nil
}

// anyDevice is for those who do not ask which device it is.
func anyDevice(*attestation) error { return nil }

func isAnotherDevice(err error) bool {
	var why *refusal
	return errors.As(err, &why) && (why.reason == "identifier-mismatch" || why.reason == "key-mismatch")
}

// presentedBy returns the certificates as the carrier brought them, the leaf first.
func presentedBy(q question) ([][]byte, error) {
	switch q.Type {
	case "MdmVerify", "MdmValidate":
		return readResponse(q.Response)
	case "AcmeVerify", "ChallengeValidate":
		return readAttestationObject(q)
	case "ChainVerify":
		return counted(q.Chain)
	}
	return nil, fmt.Errorf("a test of the unknown type %q", q.Type)
}
