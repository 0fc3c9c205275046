package main

import (
	"crypto/sha256"
	"crypto/subtle"
)

// checkFreshness compares the leaf's freshness code with what this request asks for, and then with
// earlier nonces. It returns one of the words of the vectors and, for an earlier nonce, its time.
func checkFreshness(code []byte, q question) (freshness, requestedAt string, err error) {
	expected := expectedCode(q)
	// An absent or blank code equals nothing. This comes first: no octets equal no octets.
	if len(code) > 0 {
		if expected != nil && same(code, expected) {
			return "current", "", nil
		}
		for _, earlier := range q.PreviousNonces {
			if same(code, earlier.Nonce) {
				return "earlier", earlier.SentAt, nil
			}
		}
	}
	switch {
	case expected == nil:
		return "unchecked", "", nil
	case len(code) == 0:
		return "", "", refuse("freshness-missing", "no freshness code")
	}
	return "", "", refuse("freshness-mismatch", "made for another request")
}

// expectedCode is nil where freshness is not to be checked: MDM compares the nonce as it was sent,
// ACME the SHA-256 of the token's ASCII, without the account's key authorization.
func expectedCode(q question) []byte {
	switch {
	case q.Type == "MdmVerify" || q.Type == "MdmValidate":
		return q.Nonce
	case q.Type == "AcmeVerify" || q.Type == "ChallengeValidate":
		return digest([]byte(q.Token))
	case q.SHA256Of != nil:
		return digest(q.SHA256Of)
	}
	return q.Exactly
}

func digest(octets []byte) []byte {
	sum := sha256.Sum256(octets)
	return sum[:]
}

func same(one, other []byte) bool { return subtle.ConstantTimeCompare(one, other) == 1 }
