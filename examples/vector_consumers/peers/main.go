// Vectorpeers puts the vectors to verifiers that others wrote.
//
// It reads a test on each line of its standard input and answers with a line, as
// python -m appleattest.testing.vectors run -- vectorpeers PEER
// expects. The verdict is that of the peer's own code; here is only what brings a test to it.
//
// A peer cannot be asked everything: such a test is answered with the result "not asked", and why.
// What it was built from it tells with "vectorpeers versions". How long the peers take it measures
// with "vectorpeers measure", for benchmarks/peer_times.py.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"testing"
	"testing/synctest"
	"time"
)

// A peer judges the response to a challenge, at the time that time.Now tells.
type peer func(challenge) (verdict, error)

var peers = map[string]peer{
	"nanoca":  askNanoca,
	"step-ca": askStepCA,
}

var modules = map[string]string{
	"github.com/brandonweeks/nanoca":    "nanoca",
	"github.com/smallstep/certificates": "step-ca",
}

// verdict is an answer in the terms of the vectors; reason is in the peer's words.
type verdict struct {
	Result string `json:"result"`
	Reason string `json:"reason,omitempty"`
}

func accepted() verdict { return verdict{Result: "valid"} }

func refused(reason string) verdict { return verdict{Result: "invalid", Reason: reason} }

func main() {
	if len(os.Args) == 2 && os.Args[1] == "versions" {
		tell(versions())
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "measure" {
		if err := measureAll(); err != nil {
			fail(err)
		}
		return
	}
	// The package testing has the only clock that code which calls time.Now can be given.
	answerAll := testing.InternalTest{Name: "answers", F: answers}
	testing.Main(
		func(_, _ string) (bool, error) { return true, nil },
		[]testing.InternalTest{answerAll}, nil, nil,
	)
}

// answers does not return: what testing prints at the end would be no answer.
func answers(t *testing.T) {
	ask, known := peers[flag.Arg(0)]
	if !known || flag.NArg() != 1 {
		fail(fmt.Errorf("usage: vectorpeers versions, measure, or one of %v", names()))
	}
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 {
			os.Exit(0)
		}
		if err != nil {
			fail(err)
		}
		tell(answered(t, ask, line))
	}
}

// versions holds that of Go, whose crypto/x509 decides much, and that of each peer.
func versions() map[string]string {
	found := map[string]string{"go": runtime.Version()}
	if built, known := debug.ReadBuildInfo(); known {
		for _, module := range built.Deps {
			if name, isPeer := modules[module.Path]; isPeer {
				found[name] = module.Version
			}
		}
	}
	return found
}

func tell(answer any) {
	line, err := json.Marshal(answer)
	if err != nil {
		fail(err)
	}
	fmt.Println(string(line))
}

func answered(t *testing.T, ask peer, line []byte) verdict {
	asked, at, err := read(line)
	var found verdict
	if err == nil {
		atTime(t, at, func() { found, err = withoutPanic(ask, asked) })
	}
	if cannot, ok := err.(notAskable); ok {
		return verdict{Result: "not asked", Reason: string(cannot)}
	}
	if err != nil {
		fail(err)
	}
	return found
}

// atTime runs a function to which time.Now tells this time. The clock of a synctest bubble
// begins with the year 2000, and sleeping moves it without a wait.
func atTime(t *testing.T, at time.Time, f func()) {
	synctest.Test(t, func(*testing.T) {
		time.Sleep(time.Until(at))
		f()
	})
}

// withoutPanic is what a server does: the request is lost, and nothing is accepted.
func withoutPanic(ask peer, asked challenge) (found verdict, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			found, err = refused(fmt.Sprint("panic: ", recovered)), nil
		}
	}()
	return ask(asked)
}

func names() []string {
	var found []string
	for name := range peers {
		found = append(found, name)
	}
	sort.Strings(found)
	return found
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "vectorpeers:", err)
	os.Exit(1)
}
