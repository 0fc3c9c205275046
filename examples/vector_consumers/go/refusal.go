package main

import "fmt"

// refusal says why a message of a device is not accepted. The reasons are those of the vectors.
type refusal struct {
	reason  string
	element string // the part at fault, where it is known
	detail  string
}

func (r *refusal) Error() string { return r.reason + ": " + r.detail }

func refuse(reason, format string, arguments ...any) error {
	return &refusal{reason: reason, detail: fmt.Sprintf(format, arguments...)}
}

// refuseElement says which part of the message is at fault, too.
func refuseElement(reason, element, detail string) error {
	return &refusal{reason, element, detail}
}
