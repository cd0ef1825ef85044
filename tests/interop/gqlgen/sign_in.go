package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"
)

// The API says nothing about its clock window; five minutes are usual.
const window = 5 * time.Minute

var (
	errRefused = errors.New("unauthorized")
	token      = regexp.MustCompile(`^UsernameToken Username="([^"]*)", PasswordDigest="([^"]*)", Nonce="([0-9a-f]{32})", Created="([^"]*)"$`)
)

type signedIn struct{}

// signIn verifies Authorization values, from a header or from an init payload: Basic and WSSE.
type signIn struct {
	mutex    sync.Mutex
	partners map[string]string
	nonces   map[string]bool
	accepted map[string]int // by scheme
	refused  map[string]int // by partner id
}

func newSignIn() *signIn {
	return &signIn{partners: map[string]string{}, nonces: map[string]bool{}, accepted: map[string]int{},
		refused: map[string]int{}}
}

func (s *signIn) setPartner(id, secret string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.partners[id] = secret
}

func (s *signIn) verify(authorization string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	scheme, id, good := "none", "", false
	if encoded, found := strings.CutPrefix(authorization, "Basic "); found {
		scheme = "basic"
		id, good = s.basic(encoded)
	} else if parts := token.FindStringSubmatch(authorization); parts != nil {
		scheme, id = "wsse", parts[1]
		good = s.wsse(parts[1], parts[2], parts[3], parts[4])
	}
	if !good {
		s.refused[id]++
		return errRefused
	}
	s.accepted[scheme]++
	return nil
}

func (s *signIn) basic(encoded string) (string, bool) {
	plain, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", false
	}
	id, secret, _ := strings.Cut(string(plain), ":")
	known, found := s.partners[id]
	return id, found && same(known, secret)
}

func (s *signIn) wsse(id, digest, nonce, created string) bool {
	secret, found := s.partners[id]
	at, err := time.Parse(time.RFC3339, created)
	if !found || err != nil || !strings.HasSuffix(created, "Z") || time.Since(at).Abs() > window || s.nonces[nonce] {
		return false
	}
	sum := sha256.Sum256([]byte(nonce + created + secret))
	if !same(base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:]))), digest) {
		return false
	}
	s.nonces[nonce] = true
	return true
}

func same(one, other string) bool {
	return subtle.ConstantTimeCompare([]byte(one), []byte(other)) == 1
}

// initOf accepts an init payload: what it holds must be right, and something must be right, here or in the header.
func (s *signIn) initOf(ctx context.Context, authorization string) error {
	if authorization != "" {
		return s.verify(authorization)
	}
	if ctx.Value(signedIn{}) == nil {
		return errRefused
	}
	return nil
}
