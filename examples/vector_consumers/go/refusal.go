package main

import "fmt"

// refusal says why a message of a device is not accepted. The reasons are those of the vectors.
type refusal struct {
	reason string
	detail string
}

func (r *refusal) Error() string { return r.reason + ": " + r.detail }

func refuse(reason, format string, arguments ...any) error {
	return &refusal{reason, fmt.Sprintf(format, arguments...)}
}
