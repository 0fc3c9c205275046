package main

import (
	"regexp"
	"strconv"
	"strings"
)

// discrepancy is one thing that the device says of itself and that Apple does not attest. Said is
// nil where it is no text.
type discrepancy struct {
	Kind           string  `json:"kind"`
	Said           *string `json:"said"`
	Attested       string  `json:"attested"`
	ExplainedByAge bool    `json:"explainedByAge"`
}

// The UDID of a Mac is a UUID, and never what Apple attests.
var macUDID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// findDiscrepancies compares what both say. That one of them is silent is none.
func findDiscrepancies(response map[string]any, found *attestation) []discrepancy {
	said, _ := response["QueryResponses"].(map[string]any)
	all := []discrepancy{}
	compare := func(kind string, value any, property string) {
		attested, present := found.Device[property]
		if value == nil || !present || value == attested {
			return
		}
		all = append(all, discrepancy{Kind: kind, Said: shown(value), Attested: attested})
	}
	compare("SerialNumber", said["SerialNumber"], "serial_number")
	kind, udid := udidSaid(response, said)
	compare(kind, udid, "udid")
	if differs := comparedVersion(said, found); differs != nil {
		all = append(all, *differs)
	}
	compare("SoftwareUpdateDeviceID", said["SoftwareUpdateDeviceID"], "software_update_device_id")
	return all
}

func shown(value any) *string {
	if text, ok := value.(string); ok {
		return &text
	}
	return nil
}

// udidSaid returns the UDID that can be compared, nil where there is none: the response has one
// though nobody asked.
func udidSaid(response, said map[string]any) (kind string, udid any) {
	if udid, present := said["ProvisioningUDID"]; present {
		return "ProvisioningUDID", udid
	}
	udid, present := said["UDID"]
	if !present && response["UDID"] != "" {
		udid = response["UDID"]
	}
	if text, ok := udid.(string); ok && macUDID.MatchString(text) {
		return "UDID", nil
	}
	return "UDID", udid
}

// comparedVersion compares versions as versions, and the letter of a rapid security response where
// both have one. An honest device can have been updated since the attestation was made.
func comparedVersion(said map[string]any, found *attestation) *discrepancy {
	value, present := said["OSVersion"]
	attested, vouched := found.Device["os_version"]
	if !present || !vouched || value == attested {
		return nil
	}
	text := shown(value)
	differs := &discrepancy{Kind: "OSVersion", Said: text, Attested: attested}
	if text == nil {
		return differs
	}
	if extra, ok := said["SupplementalOSVersionExtra"].(string); ok {
		if whole := *text + " " + extra; versionPattern.MatchString(whole) {
			differs.Said = &whole
		}
	}
	ours, known := parseVersion(attested)
	theirs, told := parseVersion(*differs.Said)
	if !known || !told {
		return differs
	}
	if ours.letter == "" || theirs.letter == "" {
		ours.letter, theirs.letter = "", ""
	}
	order := ours.compare(theirs)
	if order == 0 {
		return nil
	}
	differs.ExplainedByAge = order < 0 && found.Freshness != "current"
	return differs
}

var versionPattern = regexp.MustCompile(
	`^((?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8})){0,7})(?: \(([a-z]{1,2})\))?$`)

// version is one of Apple's: 16.4.1 (a) is newer than 16.4.1 and older than 16.4.2.
type version struct {
	numbers [8]int // absent is 0
	letter  string
}

func parseVersion(text string) (version, bool) {
	match := versionPattern.FindStringSubmatch(text)
	if match == nil {
		return version{}, false
	}
	parsed := version{letter: match[2]}
	for i, number := range strings.Split(match[1], ".") {
		parsed.numbers[i], _ = strconv.Atoi(number)
	}
	return parsed, true
}

// compare is negative for an older version than the other, and positive for a newer one.
func (v version) compare(other version) int {
	for i, number := range v.numbers {
		if number != other.numbers[i] {
			return number - other.numbers[i]
		}
	}
	if len(v.letter) != len(other.letter) {
		return len(v.letter) - len(other.letter)
	}
	return strings.Compare(v.letter, other.letter)
}
