package main

import (
	"context"
	"crypto/x509"

	"github.com/smallstep/certificates/acme"
	"github.com/smallstep/certificates/acme/api"
	"github.com/smallstep/certificates/authority/provisioner"
)

const (
	orderedDeviceOnly = notAskable("step-ca asks for the ordered device, and for no other")
	// noDevice is ordered where a test does not say what was. step-ca compares it last, so that
	// this mismatch alone shows that it has accepted all the rest.
	noDevice = "a value that no device has"
)

// askStepCA has step-ca validate the order, where the test has one, and the challenge.
func askStepCA(asked challenge) (verdict, error) {
	if asked.order == nil {
		found := validated(asked, noDevice)
		if found.Error != nil && len(found.Error.Subproblems) == 1 {
			return accepted(), nil
		}
		return verdictOf(found), nil
	}
	if asked.order.anyDevice || asked.order.devices != nil {
		return verdict{}, orderedDeviceOnly
	}
	identifier := acme.Identifier{
		Type: acme.IdentifierType(asked.order.kind), Value: asked.order.value,
	}
	request := api.NewOrderRequest{Identifiers: []acme.Identifier{identifier}}
	if err := request.Validate(); err != nil {
		return refused(err.Error()), nil
	}
	return verdictOf(validated(asked, asked.order.value)), nil
}

// validated is the challenge as step-ca leaves it; an error that it does not keep is put there.
func validated(asked challenge, value string) *acme.Challenge {
	provisioner := &acme.MockProvisioner{
		MisAttFormatEnabled: func(_ context.Context, name provisioner.ACMEAttestationFormat) bool {
			return name == "apple"
		},
		MgetAttestationRoots: func() (*x509.CertPool, bool) { return asked.roots, true },
	}
	database := &acme.MockDB{
		MockGetAuthorization: func(context.Context, string) (*acme.Authorization, error) {
			return &acme.Authorization{}, nil
		},
		MockUpdateAuthorization: func(context.Context, *acme.Authorization) error { return nil },
		MockUpdateChallenge:     func(context.Context, *acme.Challenge) error { return nil },
	}
	made := &acme.Challenge{
		Type: acme.DEVICEATTEST01, Status: acme.StatusPending, Token: asked.token, Value: value,
	}
	ctx := acme.NewProvisionerContext(context.Background(), provisioner)
	if err := made.Validate(ctx, database, nil, asked.payload); err != nil {
		made.Status, made.Error = acme.StatusInvalid, acme.WrapErrorISE(err, "not kept")
	}
	return made
}

func verdictOf(found *acme.Challenge) verdict {
	if found.Status == acme.StatusValid {
		return accepted()
	}
	return refused(found.Error.Error())
}
