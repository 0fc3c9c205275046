package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/brandonweeks/nanoca"
	"github.com/brandonweeks/nanoca/verifiers/apple"
	"github.com/fxamacker/cbor/v2"
	"github.com/smallstep/certificates/acme"
)

// measured is one attestation that a subject verifies again and again. It is genuine now.
type measured struct {
	Object []byte
	Token  string
	Serial string
	ask    challenge
}

// exercise is what the first line of the standard input holds.
type exercise struct {
	Root         []byte
	Attestations []measured
}

// round is every further line: the subject verifies this many, on this many cores.
type round struct {
	Subject    string
	Operations int
	Cores      int
}

// took answers a round. Processor is the time of all threads, the garbage collector's too.
type took struct {
	Processor time.Duration `json:"processor_ns"`
	Wall      time.Duration `json:"wall_ns"`
}

type subject func(*measured) error

// measureAll answers rounds until its input ends.
func measureAll() error {
	lines := json.NewDecoder(bufio.NewReader(os.Stdin))
	var given exercise
	if err := lines.Decode(&given); err != nil {
		return err
	}
	subjects, err := prepared(&given)
	if err != nil {
		return err
	}
	for {
		var asked round
		if err := lines.Decode(&asked); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		run, known := subjects[asked.Subject]
		if !known || asked.Cores < 1 {
			return fmt.Errorf("no round: %+v", asked)
		}
		found, err := timed(asked, run, given.Attestations)
		if err != nil {
			return fmt.Errorf("%s: %w", asked.Subject, err)
		}
		tell(found)
	}
}

func prepared(given *exercise) (map[string]subject, error) {
	roots, err := rootsOf([][]byte{given.Root})
	if err != nil {
		return nil, err
	}
	for i := range given.Attestations {
		each := &given.Attestations[i]
		text := base64.RawURLEncoding.EncodeToString(each.Object)
		payload, err := json.Marshal(map[string]string{"attObj": text})
		if err != nil {
			return nil, err
		}
		each.ask = challenge{payload: payload, token: each.Token, roots: roots}
	}
	verifier := trusting(roots)
	return map[string]subject{
		"step-ca Challenge.Validate": validate,
		"step-ca steps":              func(a *measured) error { return steps(a, roots) },
		"nanoca":                     func(a *measured) error { return nanocaVerify(a, verifier) },
	}, nil
}

// timed divides the operations among goroutines, each with a core of its own.
func timed(asked round, run subject, attestations []measured) (took, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(asked.Cores))
	failures := make([]error, asked.Cores)
	var done sync.WaitGroup
	processor, start := processorTime(), time.Now()
	for worker := range asked.Cores {
		done.Go(func() {
			for i := worker; i < asked.Operations && failures[worker] == nil; i += asked.Cores {
				failures[worker] = run(&attestations[i%len(attestations)])
			}
		})
	}
	done.Wait()
	return took{processorTime() - processor, time.Since(start)}, errors.Join(failures...)
}

func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		fail(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// validate is step-ca's own code, with its database and its provisioner replaced.
func validate(a *measured) error {
	if found := validated(a.ask, a.Serial); found.Status != acme.StatusValid {
		return found.Error
	}
	return nil
}

var freshnessCode = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 8, 11, 1}

type attestationObject struct {
	Format    string         `cbor:"fmt"`
	Statement map[string]any `cbor:"attStmt"`
}

// steps is the least of what step-ca does with an attestation object: it decodes it, parses each
// certificate, verifies the chain, and compares the freshness code.
func steps(a *measured, roots *x509.CertPool) error {
	leaf, others, err := certificates(a.Object)
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{
		Intermediates: others,
		Roots:         roots,
		CurrentTime:   time.Now().Truncate(time.Second),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	if _, err := leaf.Verify(options); err != nil {
		return err
	}
	expected := sha256.Sum256([]byte(a.Token))
	for _, extension := range leaf.Extensions {
		if extension.Id.Equal(freshnessCode) &&
			subtle.ConstantTimeCompare(extension.Value, expected[:]) == 1 {
			return nil
		}
	}
	return errors.New("the freshness code does not match")
}

func certificates(object []byte) (*x509.Certificate, *x509.CertPool, error) {
	var decoded attestationObject
	if err := cbor.Unmarshal(object, &decoded); err != nil {
		return nil, nil, err
	}
	list, _ := decoded.Statement["x5c"].([]any)
	var leaf *x509.Certificate
	others := x509.NewCertPool()
	for _, item := range list {
		der, _ := item.([]byte)
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, nil, err
		}
		if leaf == nil {
			leaf = parsed
		} else {
			others.AddCert(parsed)
		}
	}
	if leaf == nil {
		return nil, nil, errors.New("there is no certificate")
	}
	return leaf, others, nil
}

// nanocaVerify is nanoca's own verifier, given what its handler decodes from the payload.
func nanocaVerify(a *measured, verifier *apple.AttestationVerifier) error {
	var decoded attestationObject
	if err := cbor.Unmarshal(a.Object, &decoded); err != nil {
		return err
	}
	statement := nanoca.AttestationStatement{Format: decoded.Format, AttStmt: decoded.Statement}
	_, err := verifier.Verify(context.Background(), statement, []byte(a.Token))
	return err
}
