package main

import (
	"bytes"
	"crypto/x509"
	"time"
)

const mostIntermediates = 2

// Bits of a keyUsage (RFC 5280, section 4.2.1.3).
const (
	digitalSignature = 0
	keyCertSign      = 5
	crlSign          = 6
)

// checkPath wants one path from the leaf to an anchor that crypto/x509 accepts, and that
// passes the checks that crypto/x509 does not make.
func checkPath(certificates, anchors []*certificate, at time.Time) error {
	leaf, others := certificates[0], certificates[1:]
	for _, anchor := range anchors {
		// crypto/x509 accepts an anchor in the place of the leaf without looking at a signature.
		if bytes.Equal(leaf.parsed.Raw, anchor.parsed.Raw) {
			return refuse("leaf-profile", "the leaf is an anchor")
		}
	}
	chains, err := leaf.parsed.Verify(x509.VerifyOptions{
		Roots:         pool(anchors),
		Intermediates: pool(others),
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return refuse(reasonOf(err, certificates, anchors, at), "%v", err)
	}
	for _, chain := range chains {
		if err = checkIssuers(chain[1:]); err == nil {
			return nil
		}
	}
	return err
}

func pool(certificates []*certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, each := range certificates {
		pool.AddCert(each.parsed)
	}
	return pool
}

// checkIssuers adds to what crypto/x509 asks of issuers. It takes a keyUsage without a single bit for
// none, an issuer may be nameless (RFC 5280, section 4.1.2.4), and nothing bounds the depth.
func checkIssuers(issuers []*x509.Certificate) error {
	if len(issuers) == 0 {
		return refuse("leaf-profile", "no issuer")
	}
	if len(issuers)-1 > mostIntermediates {
		return refuse("path-length", "%d intermediates", len(issuers)-1)
	}
	for _, issuer := range issuers {
		if !issuer.IsCA || hasKeyUsage(issuer) && issuer.KeyUsage&x509.KeyUsageCertSign == 0 {
			return refuse("issuer-not-ca", "%s", issuer.Subject)
		}
		if len(issuer.Subject.Names) == 0 {
			return refuse("untrusted", "an issuer without a name")
		}
	}
	return nil
}

func hasKeyUsage(issuer *x509.Certificate) bool {
	for _, each := range issuer.Extensions {
		if each.Id.String() == oidKeyUsage {
			return true
		}
	}
	return false
}

// checkLeaf refuses a leaf that could be anything else: whoever owns a device owns a key that was
// certified. crypto/x509 asks nothing of a leaf. A leaf without basicConstraints is no authority, and
// one without a keyUsage is not restricted (RFC 5280, sections 4.2.1.9 and 4.2.1.3).
func checkLeaf(leaf *certificate) error {
	usage, present := leaf.extensions[oidKeyUsage]
	bits, _ := keyUsageBits(usage.value) // as read before
	switch {
	case leaf.parsed.IsCA:
		return refuse("leaf-profile", "basicConstraints asserts cA")
	case !present:
		return nil
	case bits.At(digitalSignature) == 0:
		return refuse("leaf-profile", "a keyUsage without digitalSignature")
	case bits.At(keyCertSign) == 1 || bits.At(crlSign) == 1:
		return refuse("leaf-profile", "a keyUsage that signs certificates or revocation lists")
	}
	return nil
}
