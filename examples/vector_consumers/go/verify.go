package main

import (
	"encoding/hex"
	"fmt"
)

// verify runs the checks in order; the first that fails is the error.
func verify(q question) (*attestation, error) {
	anchors, err := readAnchors(q.Anchors)
	if err != nil {
		return nil, err
	}
	presented, err := presentedBy(q)
	if err != nil {
		return nil, err
	}
	certificates, err := readCertificates(presented)
	if err != nil {
		return nil, err
	}
	leaf := certificates[0]
	if err := checkPath(certificates, anchors, q.Time); err != nil {
		return nil, err
	}
	if err := checkLeaf(leaf); err != nil {
		return nil, err
	}
	device, err := readProperties(leaf)
	if err != nil {
		return nil, err
	}
	freshness, requestedAt, err := checkFreshness(leaf.extensions[oidFreshness].value, q)
	if err != nil {
		return nil, err
	}
	return &attestation{
		Result:      "valid",
		Freshness:   freshness,
		RequestedAt: requestedAt,
		SPKISHA256:  hex.EncodeToString(digest(leaf.parsed.RawSubjectPublicKeyInfo)),
		Device:      device,
		spki:        leaf.parsed.RawSubjectPublicKeyInfo,
	}, nil
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
