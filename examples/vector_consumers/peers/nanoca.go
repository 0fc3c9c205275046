package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"time"
	"unsafe"

	"github.com/brandonweeks/nanoca"
	"github.com/brandonweeks/nanoca/verifiers/apple"
	"github.com/go-jose/go-jose/v4"
)

const (
	nanocaURL    = "https://nanoca.example"
	challengeURL = nanocaURL + "/challenge/1"
	accountURL   = nanocaURL + "/account/1"
	usableNonce  = "MTIzNDU2Nzg5MDEyMzQ1Ng"
)

var quiet = slog.New(slog.DiscardHandler)

// askNanoca posts the response to the challenge to nanoca's own handler.
func askNanoca(asked challenge) (verdict, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return verdict{}, err
	}
	storage, err := withChallenge(asked.token, key)
	if err != nil {
		return verdict{}, err
	}
	authorizer := admission{asked.order}
	issuer := struct{ nanoca.CertificateIssuer }{} // no test comes as far as that
	verifier := nanoca.WithVerifier(trusting(asked.roots))
	ca, err := nanoca.New(quiet, issuer, authorizer, storage, nanocaURL, verifier)
	if err != nil {
		return verdict{}, err
	}
	request, err := signed(asked.payload, key)
	if err != nil {
		return verdict{}, err
	}
	answer := httptest.NewRecorder()
	ca.Handler().ServeHTTP(answer, request)
	return outcome(answer)
}

func outcome(answer *httptest.ResponseRecorder) (verdict, error) {
	// A problem has a status too, which is a number.
	var said struct {
		Status any
		Detail string
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &said); err != nil {
		return verdict{}, err
	}
	if answer.Code == http.StatusOK && said.Status == "valid" {
		return accepted(), nil
	}
	if said.Detail == "" { // an empty payload asks for the challenge, and answers nothing
		return refused(fmt.Sprint("the challenge is left ", said.Status)), nil
	}
	return refused(said.Detail), nil
}

// trusting is nanoca's verifier with other roots than Apple's, for which it has no option.
func trusting(roots *x509.CertPool) *apple.AttestationVerifier {
	made := apple.New(quiet)
	field := reflect.ValueOf(made).Elem().FieldByName("trustedRoots")
	*(**x509.CertPool)(unsafe.Pointer(field.UnsafeAddr())) = roots
	return made
}

// admission is an authorizer that knows the order; without one it admits every device.
type admission struct{ order *order }

func (a admission) Authorize(_ context.Context, device *nanoca.DeviceInfo) (bool, error) {
	if a.order == nil {
		return true, nil
	}
	var serial, udid string
	if device.PermanentIdentifier != nil {
		serial = device.PermanentIdentifier.Identifier
	}
	if device.HardwareModule != nil {
		udid = string(device.HardwareModule.Value)
	}
	return a.order.mayAnswer(serial, udid), nil
}

// withChallenge is a storage in which this challenge waits for an answer of the key's account.
func withChallenge(token string, key *ecdsa.PrivateKey) (nanoca.Storage, error) {
	ctx := context.Background()
	storage := nanoca.NewMemoryStorage()
	expires := time.Now().Add(time.Hour)
	account := &nanoca.Account{
		ID: "1", Status: "valid", KeyThumbprint: "1",
		Key: &jose.JSONWebKey{Key: key.Public()},
	}
	order := &nanoca.Order{
		ID: "1", AccountID: "1", Status: "pending", Expires: &expires,
		AuthorizationIDs: []string{"1"},
	}
	authorization := &nanoca.Authorization{
		ID: "1", AccountID: "1", OrderID: "1", Status: "pending", Expires: &expires,
		ChallengeIDs: []string{"1"},
	}
	waiting := &nanoca.Challenge{
		ID: "1", AuthzID: "1", Type: "device-attest-01", Status: "pending", Token: token,
	}
	nonce := &nanoca.Nonce{Value: usableNonce, CreatedAt: time.Now()}
	return storage, errors.Join(
		storage.CreateAccount(ctx, account),
		storage.CreateOrder(ctx, order,
			[]*nanoca.Authorization{authorization}, []*nanoca.Challenge{waiting}),
		storage.CreateNonce(ctx, nonce, time.Hour),
	)
}

type nonces struct{}

func (nonces) Nonce() (string, error) { return usableNonce, nil }

// signed is the request of an ACME client with this payload.
func signed(payload []byte, key *ecdsa.PrivateKey) (*http.Request, error) {
	options := (&jose.SignerOptions{NonceSource: nonces{}}).WithHeader("url", challengeURL)
	withID := jose.JSONWebKey{Key: key, KeyID: accountURL}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: withID}, options)
	if err != nil {
		return nil, err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return nil, err
	}
	body := bytes.NewReader([]byte(jws.FullSerialize()))
	request := httptest.NewRequest(http.MethodPost, challengeURL, body)
	request.Header.Set("Content-Type", "application/jose+json")
	request.TLS = &tls.ConnectionState{}
	return request, nil
}
