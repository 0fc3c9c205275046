package main

import "bytes"

const (
	oidAttestedSerial = appleArc + "9.1"
	oidAttestedUDID   = appleArc + "9.2"
)

// knownDevice is what an MDM server knows of a device: each field that is there must be as it is
// attested, of the two UDIDs one.
type knownDevice struct {
	SerialNumber, ProvisioningUDID, UDID *string
	SPKI                                 []byte
}

// validateResponse is for a response of MDM: attestation, the rest of the response, device, and
// where the device says other things of itself than Apple attests.
func validateResponse(q question) (*attestation, error) {
	var response map[string]any
	found, err := verify(q, func(found *attestation) error {
		top, err := readPropertyList(q.Response)
		if err != nil {
			return err // it has been read before
		}
		response = top.(map[string]any)
		if err := checkResponse(response); err != nil {
			return err
		}
		return checkDevice(found, q.KnownDevice)
	})
	if err != nil {
		return nil, err
	}
	discrepancies := findDiscrepancies(response, found)
	found.Discrepancies = &discrepancies
	return found, nil
}

// checkResponse looks at the documented keys that stand beside the attestation.
func checkResponse(response map[string]any) error {
	for _, key := range []string{"CommandUUID", "UDID", "EnrollmentID", "UserID"} {
		value, present := response[key]
		if _, ok := value.(string); present && !ok {
			return refuseElement("malformed-plist", key, "no text")
		}
	}
	chain, present := response["ErrorChain"]
	if !present {
		return nil
	}
	items, ok := chain.([]any)
	if !ok {
		return refuseElement("malformed-plist", "ErrorChain", "no array")
	}
	for _, each := range items {
		if _, ok := each.(map[string]any); !ok {
			return refuseElement("malformed-plist", "ErrorChain", "an entry that is no dictionary")
		}
	}
	return nil
}

func checkDevice(found *attestation, known *knownDevice) error {
	if known == nil {
		return nil
	}
	serial := given(known.SerialNumber)
	if err := checkIdentifier(found.Device, "serial_number", oidAttestedSerial, serial); err != nil {
		return err
	}
	udids := given(known.ProvisioningUDID, known.UDID)
	if err := checkIdentifier(found.Device, "udid", oidAttestedUDID, udids); err != nil {
		return err
	}
	if known.SPKI != nil && !bytes.Equal(known.SPKI, found.spki) {
		return refuseElement("key-mismatch", "spki", "the key of another enrolment")
	}
	return nil
}

func given(values ...*string) []string {
	var all []string
	for _, each := range values {
		if each != nil {
			all = append(all, *each)
		}
	}
	return all
}

// checkIdentifier wants one of the values that are known, if any is.
func checkIdentifier(device map[string]string, name, oid string, known []string) error {
	attested, present := device[name]
	switch {
	case len(known) == 0:
		return nil
	case !present:
		return refuseElement("identifier-missing", oid, "Apple attests none")
	}
	for _, each := range known {
		if each == attested {
			return nil
		}
	}
	return refuseElement("identifier-mismatch", oid, "Apple attests another")
}
