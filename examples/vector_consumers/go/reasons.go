package main

import (
	"bytes"
	"crypto/x509"
	"errors"
	"time"
)

// reasonOf translates a refusal of crypto/x509 into one of the vectors' reasons. It decides nothing.
func reasonOf(err error, certificates, anchors []*certificate, at time.Time) string {
	var invalid x509.CertificateInvalidError
	if !errors.As(err, &invalid) {
		return missingLink(certificates, anchors)
	}
	switch invalid.Reason {
	case x509.Expired:
		if at.Before(invalid.Cert.NotBefore) {
			return "not-yet-valid"
		}
		return "expired"
	case x509.NotAuthorizedToSign:
		return "issuer-not-ca"
	case x509.TooManyIntermediates:
		return "path-length"
	}
	return "untrusted"
}

// missingLink walks up from the leaf, by names, to the first link that does not hold: crypto/x509
// calls all of them an unknown authority.
func missingLink(certificates, anchors []*certificate) string {
	candidates := append(append([]*certificate{}, anchors...), certificates[1:]...)
	child := certificates[0].parsed
	for range certificates {
		issuer := named(child, candidates)
		switch {
		case issuer == nil:
			return "unknown-issuer"
		case issuer.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) != nil:
			return "bad-signature"
		case child.CheckSignatureFrom(issuer) != nil:
			return "issuer-not-ca"
		}
		child = issuer
	}
	return "untrusted"
}

// named returns the first candidate of the name of the child's issuer, the child itself left out.
func named(child *x509.Certificate, candidates []*certificate) *x509.Certificate {
	for _, each := range candidates {
		if bytes.Equal(each.parsed.RawSubject, child.RawIssuer) && !each.parsed.Equal(child) {
			return each.parsed
		}
	}
	return nil
}
